/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm endpoint`: reserves endpoints, joins them to sandboxes and takes them back. */
#include <stdio.h>
#include <string.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/cli_join.h"
#include "hook/cli_model.h"
#include "hook/cli_options.h"
#include "hook/describe.h"
#include "hook/table.h"

#define ADDRESSES_MAX 1024

/* create ---------------------------------------------------------------------------------------- */

static const struct argp_option create_options[] = {
        CNM_CLI_ENDPOINT_OPTIONS,
        {0},
};

static error_t create_option(int key, char *arg, void *input, struct cnm_error *err)
{
	return cnm_cli_endpoint_option(key, arg, input, err);
}

static void create_free(void *input)
{
	cnm_cli_endpoint_args_free(input);
}

static int create_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_endpoint_spec spec;

	if (cnm_cli_endpoint_spec(input, cli->args[1], &spec, err) < 0 ||
	    cnm_cli_network_find(cli, cli->args[0], &network, err) < 0 ||
	    cnm_endpoint_create(cli->controller, network, &spec, &endpoint, err) < 0)
		return -1;
	return cnm_cli_answer(cli, "Id", endpoint->id, err);
}

static const struct cnm_cli_command create_command = {
        .name = "create",
        .args = "NETWORK NAME",
        .summary = "Reserve an endpoint on a network; prints its id",
        .min_args = 2,
        .max_args = 2,
        .options = create_options,
        .option = create_option,
        .input_size = sizeof(struct cnm_cli_endpoint_args),
        .input_free = create_free,
        .run = create_run,
};

/* ls -------------------------------------------------------------------------------------------- */

static int list(struct cnm_cli *cli, struct cnm_cli_endpoints *ret, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cli->arg_count == 0)
		return cnm_cli_endpoints_list_all(cli, ret, err);
	if (cnm_cli_network_find(cli, cli->args[0], &network, err) < 0)
		return -1;
	return cnm_cli_endpoints_list(cli, network, ret, err);
}

static int add_row(struct cnm_table *table, const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf addresses = CNM_BUF_INIT(ADDRESSES_MAX);
	char id[CNM_CONTAINER_MAX + 1], container[CNM_CONTAINER_MAX + 1], text[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < endpoint->addr_count; i++)
		cnm_buf_printf(&addresses, "%s%s", i ? "," : "",
		               cnm_addr_format_cidr(&endpoint->addrs[i].addr, text));
	return cnm_table_add(table,
	                     (const char *[]){cnm_cli_short_id(endpoint->id, id), endpoint->network,
	                                      endpoint->name,
	                                      cnm_cli_short_id(endpoint->container, container),
	                                      endpoint->ifname, cnm_buf_text(&addresses)},
	                     err);
}

static int ls_table(const struct cnm_cli_endpoints *endpoints, struct cnm_error *err)
{
	static const char *const headers[] = {"ENDPOINT ID", "NETWORK",   "NAME", "SANDBOX",
	                                      "INTERFACE",   "ADDRESSES", NULL};
	_cleanup_table_ struct cnm_table table = {0};

	cnm_table_init(&table, headers);
	for (size_t i = 0; i < endpoints->count; i++) {
		if (add_row(&table, endpoints->items[i], err) < 0)
			return -1;
	}
	cnm_table_print(&table, stdout);
	return 0;
}

/* The name by which the other verbs take it. */
static int ls_quiet(const struct cnm_cli_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++)
		printf("%s/%s\n", endpoints->items[i]->network, endpoints->items[i]->name);
	return 0;
}

static int ls_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct cnm_cli_ls_args *ls = input;
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};
	_cleanup_json_ json_object *array = NULL;

	if (list(cli, &endpoints, err) < 0)
		return -1;
	if (ls->quiet)
		return ls_quiet(&endpoints);
	if (cli->format == CNM_FORMAT_TEXT)
		return ls_table(&endpoints, err);
	array = json_object_new_array();
	for (size_t i = 0; i < endpoints.count; i++) {
		if (cnm_describe_append(array, cnm_describe_endpoint(endpoints.items[i], err), err) < 0)
			return -1;
	}
	return cnm_cli_print(array, err);
}

static const struct cnm_cli_command ls_command = {
        .name = "ls",
        .args = "[NETWORK]",
        .summary = "List endpoints",
        .max_args = 1,
        .options = cnm_cli_ls_options,
        .option = cnm_cli_ls_option,
        .input_size = sizeof(struct cnm_cli_ls_args),
        .run = ls_run,
};

/* inspect --------------------------------------------------------------------------------------- */

/* What a plugin says of the endpoint; a plugin that does not answer does not keep the rest from being shown. */
static int add_driver_info(struct cnm_cli *cli, const struct cnm_endpoint *endpoint, json_object *obj,
                           struct cnm_error *err)
{
	struct cnm_error silent = CNM_ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	json_object *info = NULL;

	if (cnm_endpoint_info(cli->controller, endpoint, &text, &silent) < 0)
		return silent.code == CNM_E_UNSUPPORTED
		               ? 0
		               : cnm_json_add_string(obj, "DriverInfoError", silent.text, err);
	if (cnm_json_parse_object(&info, text, strlen(text), "the driver's information", err) < 0)
		return -1;
	return cnm_json_add(obj, "DriverInfo", info, err);
}

static json_object *inspect_one(struct cnm_cli *cli, const char *name, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_json_ json_object *obj = NULL;

	if (cnm_cli_endpoint_find(cli, name, &endpoint, err) < 0)
		return NULL;
	obj = cnm_describe_endpoint(endpoint, err);
	if (!obj || add_driver_info(cli, endpoint, obj, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int inspect_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_inspect(cli, inspect_one, err);
}

static const struct cnm_cli_command inspect_command = {
        .name = "inspect",
        .args = "NETWORK/NAME...",
        .summary = "Show endpoints as a JSON array",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .run = inspect_run,
};

/* join ------------------------------------------------------------------------------------------ */

static const struct argp_option join_options[] = {
        CNM_CLI_JOIN_OPTIONS,
        {0},
};

static error_t join_option(int key, char *arg, void *input, struct cnm_error *err)
{
	return cnm_cli_join_option(key, arg, input, err);
}

static int join_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct cnm_cli_join_args *args = input;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_sandbox_ struct cnm_sandbox *known = NULL;
	struct cnm_sandbox_spec sandbox;

	if (cnm_cli_endpoint_find(cli, cli->args[0], &endpoint, err) < 0 ||
	    cnm_cli_sandbox_spec(cli, cli->args[1], args->netns_path, &known, &sandbox, err) < 0 ||
	    cnm_endpoint_join(cli->controller, endpoint, &sandbox, &args->join, err) < 0)
		return -1;
	return cnm_cli_answer(cli, "SandboxKey", cnm_endpoint_sandbox_key(endpoint), err);
}

static const struct cnm_cli_command join_command = {
        .name = "join",
        .args = "NETWORK/NAME SANDBOX",
        .summary = "Bring an endpoint into a sandbox; prints the sandbox's key",
        .min_args = 2,
        .max_args = 2,
        .options = join_options,
        .option = join_option,
        .input_size = sizeof(struct cnm_cli_join_args),
        .run = join_run,
};

/* leave and rm ---------------------------------------------------------------------------------- */

static int leave_one(struct cnm_cli *cli, void *input, const char *name, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;

	if (cnm_cli_endpoint_find(cli, name, &endpoint, err) < 0)
		return -1;
	return cnm_endpoint_leave(cli->controller, endpoint, err);
}

static int leave_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_each(cli, leave_one, input, err);
}

static const struct cnm_cli_command leave_command = {
        .name = "leave",
        .args = "NETWORK/NAME...",
        .summary = "Take endpoints out of their sandboxes",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .tells_items = true,
        .run = leave_run,
};

struct rm {
	bool force;
};

static const struct argp_option rm_options[] = {
        {"force", 'f', NULL, 0, "Also one that is in a sandbox", 0},
        {0},
};

static error_t rm_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct rm *rm = input;

	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	rm->force = true;
	return 0;
}

static int rm_one(struct cnm_cli *cli, void *input, const char *name, struct cnm_error *err)
{
	const struct rm *rm = input;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;

	if (cnm_cli_endpoint_find(cli, name, &endpoint, err) < 0)
		return -1;
	return cnm_endpoint_delete(cli->controller, endpoint, rm->force, err);
}

static int rm_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_each(cli, rm_one, input, err);
}

static const struct cnm_cli_command rm_command = {
        .name = "rm",
        .args = "NETWORK/NAME...",
        .summary = "Remove endpoints",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .options = rm_options,
        .option = rm_option,
        .input_size = sizeof(struct rm),
        .tells_items = true,
        .run = rm_run,
};

static const struct cnm_cli_command *const verbs[] = {
        &create_command, &ls_command, &inspect_command, &join_command, &leave_command, &rm_command, NULL,
};

const struct cnm_cli_command cnm_cli_endpoint = {
        .name = "endpoint",
        .summary = "Make, join and remove endpoints of networks",
        .verbs = verbs,
};
