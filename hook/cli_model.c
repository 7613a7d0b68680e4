/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and lists the model's objects for the verbs. */
#include "hook/cli_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/describe.h"

void cnm_cli_networks_free(struct cnm_cli_networks *list)
{
	cnm_network_list_free(list->items, list->count);
	*list = (struct cnm_cli_networks){0};
}

void cnm_cli_endpoints_free(struct cnm_cli_endpoints *list)
{
	cnm_endpoint_list_free(list->items, list->count);
	*list = (struct cnm_cli_endpoints){0};
}

void cnm_cli_sandboxes_free(struct cnm_cli_sandboxes *list)
{
	cnm_sandbox_list_free(list->items, list->count);
	*list = (struct cnm_cli_sandboxes){0};
}

int cnm_cli_networks_list(struct cnm_cli *cli, struct cnm_cli_networks *ret, struct cnm_error *err)
{
	struct cnm_controller *controller = cnm_cli_controller(cli, err);

	return controller ? cnm_network_list(controller, &ret->items, &ret->count, err) : -1;
}

int cnm_cli_sandboxes_list(struct cnm_cli *cli, struct cnm_cli_sandboxes *ret, struct cnm_error *err)
{
	struct cnm_controller *controller = cnm_cli_controller(cli, err);

	return controller ? cnm_sandbox_list(controller, &ret->items, &ret->count, err) : -1;
}

int cnm_cli_endpoints_list(struct cnm_cli *cli, struct cnm_network *network, struct cnm_cli_endpoints *ret,
                           struct cnm_error *err)
{
	if (cnm_endpoint_list(cli->controller, network, &ret->items, &ret->count, err) == 0)
		return 0;
	*ret = (struct cnm_cli_endpoints){0};
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

/* Moves all from one list to another. */
static int move_endpoints(struct cnm_cli_endpoints *to, struct cnm_cli_endpoints *from, struct cnm_error *err)
{
	struct cnm_endpoint **items = reallocarray(to->items, to->count + from->count + 1, sizeof(*items));

	if (!items)
		return cnm_fail_nomem(err);
	to->items = items;
	for (size_t i = 0; i < from->count; i++)
		to->items[to->count++] = TAKE_PTR(from->items[i]);
	free(TAKE_PTR(from->items));
	from->count = 0;
	return 0;
}

int cnm_cli_endpoints_list_all(struct cnm_cli *cli, struct cnm_cli_endpoints *ret, struct cnm_error *err)
{
	_cleanup_networks_ struct cnm_cli_networks networks = {0};
	_cleanup_endpoints_ struct cnm_cli_endpoints all = {0};

	if (cnm_cli_networks_list(cli, &networks, err) < 0)
		return -1;
	for (size_t i = 0; i < networks.count; i++) {
		_cleanup_endpoints_ struct cnm_cli_endpoints some = {0};

		if (cnm_cli_endpoints_list(cli, networks.items[i], &some, err) < 0) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
			continue;
		}
		if (move_endpoints(&all, &some, err) < 0)
			return -1;
	}
	*ret = all;
	all = (struct cnm_cli_endpoints){0};
	return 0;
}

int cnm_cli_network_find(struct cnm_cli *cli, const char *name, struct cnm_network **ret,
                         struct cnm_error *err)
{
	struct cnm_controller *controller = cnm_cli_controller(cli, err);

	return controller ? cnm_network_find(controller, name, ret, err) : -1;
}

int cnm_cli_sandbox_find(struct cnm_cli *cli, const char *name, struct cnm_sandbox **ret,
                         struct cnm_error *err)
{
	struct cnm_controller *controller = cnm_cli_controller(cli, err);

	return controller ? cnm_sandbox_find(controller, name, ret, err) : -1;
}

/* By its id or a prefix of it that no other endpoint's begins with. */
static int endpoint_find_by_id(struct cnm_cli *cli, const char *prefix, struct cnm_endpoint **ret,
                               struct cnm_error *err)
{
	_cleanup_endpoints_ struct cnm_cli_endpoints all = {0};
	struct cnm_endpoint **found = NULL;

	if (cnm_cli_endpoints_list_all(cli, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.count; i++) {
		if (strncmp(all.items[i]->id, prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return cnm_fail(err, CNM_E_INVALID, "id prefix %s fits more than one endpoint",
			                prefix);
		found = &all.items[i];
	}
	if (!found)
		return cnm_fail(err, CNM_E_NOT_FOUND, "endpoint %s: no such endpoint", prefix);
	*ret = TAKE_PTR(*found);
	return 0;
}

int cnm_cli_endpoint_find(struct cnm_cli *cli, const char *name, struct cnm_endpoint **ret,
                          struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_free_ char *network_name = NULL;
	const char *slash = strchr(name, '/');

	if (!slash && cnm_id_is_prefix(name))
		return endpoint_find_by_id(cli, name, ret, err);
	if (!slash || slash == name || slash[1] == '\0')
		return cnm_fail(err, CNM_E_INVALID, "endpoint \"%s\": expected NETWORK/NAME, or an id", name);
	network_name = strndup(name, (size_t)(slash - name));
	if (!network_name)
		return cnm_fail_nomem(err);
	if (cnm_cli_network_find(cli, network_name, &network, err) < 0)
		return -1;
	return cnm_endpoint_find(cli->controller, network, slash + 1, ret, err);
}

/* A namespace that was asked for must be the one that the sandbox has. */
static int check_same_netns(const struct cnm_sandbox *sandbox, const char *netns_path, struct cnm_error *err)
{
	if (!netns_path || cnm_netns_path_is(netns_path, &sandbox->netns))
		return 0;
	return cnm_fail(err, CNM_E_CONFLICT, "sandbox %s: its network namespace is %s, not %s", sandbox->id,
	                sandbox->key, netns_path);
}

int cnm_cli_sandbox_spec(struct cnm_cli *cli, const char *name, const char *netns_path,
                         struct cnm_sandbox **ret_known, struct cnm_sandbox_spec *ret, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *known = NULL;

	if (cnm_cli_sandbox_find(cli, name, &known, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
	}
	/* A prefix finds an existing sandbox, but does not stand for it where a new one may be meant. */
	if (netns_path && (!known || strcmp(known->id, name) != 0)) {
		*ret = (struct cnm_sandbox_spec){.id = name, .netns_path = netns_path};
		*ret_known = NULL;
		return 0;
	}
	if (!known)
		return cnm_fail(err, CNM_E_NOT_FOUND,
		                "sandbox %s: not found; make it by `cnm sandbox create`, or name its network "
		                "namespace by --netns",
		                name);
	if (check_same_netns(known, netns_path, err) < 0)
		return -1;
	*ret = (struct cnm_sandbox_spec){.id = known->id, .netns_path = known->key, .pid = known->pid};
	*ret_known = TAKE_PTR(known);
	return 0;
}

int cnm_cli_each(struct cnm_cli *cli, int (*one)(struct cnm_cli *, void *, const char *, struct cnm_error *),
                 void *input, struct cnm_error *err)
{
	for (int i = 0; i < cli->arg_count; i++) {
		if (one(cli, input, cli->args[i], err) < 0) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
		} else if (cnm_cli_done(cli, cli->args[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

int cnm_cli_inspect(struct cnm_cli *cli,
                    json_object *(*one)(struct cnm_cli *, const char *, struct cnm_error *),
                    struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (int i = 0; i < cli->arg_count; i++) {
		json_object *item = one(cli, cli->args[i], err);

		if (!item) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
		} else if (cnm_describe_append(array, item, err) < 0) {
			return -1;
		}
	}
	return cnm_cli_print(array, err);
}

const char *cnm_cli_short_id(const char *id, char out[CNM_CONTAINER_MAX + 1])
{
	bool whole = strlen(id) != CNM_ID_LEN || !cnm_id_is_prefix(id);

	snprintf(out, CNM_CONTAINER_MAX + 1, "%.*s", whole ? CNM_CONTAINER_MAX : CNM_SHORT_ID, id);
	return out;
}

const struct argp_option cnm_cli_ls_options[] = {
        {"quiet", 'q', NULL, 0, "Print identifiers only", 0},
        {0},
};

error_t cnm_cli_ls_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct cnm_cli_ls_args *ls = input;

	if (key != 'q')
		return ARGP_ERR_UNKNOWN;
	ls->quiet = true;
	return 0;
}
