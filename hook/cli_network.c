/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm network`: lists, shows and removes networks. How one is made is in cli_network_create.c. */
#include <stdio.h>
#include <string.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/cli_model.h"
#include "hook/describe.h"
#include "hook/table.h"

#define SUBNETS_MAX 4096

/* NULL where the driver is not known to this build; that is no reason not to show the network. */
static const struct cnm_driver *driver_of(struct cnm_cli *cli, const struct cnm_network *network)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_controller_driver(cli->controller, network->driver, &ignored);
}

static json_object *describe(struct cnm_cli *cli, struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};

	if (cnm_cli_endpoints_list(cli, network, &endpoints, err) < 0)
		return NULL;
	return cnm_describe_network(network, driver_of(cli, network), endpoints.items, endpoints.count, err);
}

/* ls -------------------------------------------------------------------------------------------- */

struct ls {
	bool quiet;
};

static const struct argp_option ls_options[] = {
        {"quiet", 'q', NULL, 0, "Print only the ids", 0},
        {0},
};

static error_t ls_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct ls *ls = input;

	if (key != 'q')
		return ARGP_ERR_UNKNOWN;
	ls->quiet = true;
	return 0;
}

static void subnets_text(const struct cnm_network *network, struct cnm_buf *buf)
{
	char text[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < network->pool_count; i++)
		cnm_buf_printf(buf, "%s%s", i ? "," : "",
		               cnm_addr_format_cidr(&network->pools[i].subnet, text));
}

static int add_row(struct cnm_cli *cli, struct cnm_table *table, struct cnm_network *network,
                   struct cnm_error *err)
{
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};
	_cleanup_(cnm_buf_free) struct cnm_buf subnets = CNM_BUF_INIT(SUBNETS_MAX);
	char id[CNM_CONTAINER_MAX + 1], count[24];

	if (cnm_cli_endpoints_list(cli, network, &endpoints, err) < 0)
		return -1;
	subnets_text(network, &subnets);
	snprintf(count, sizeof(count), "%zu", endpoints.count);
	return cnm_table_add(table,
	                     (const char *[]){cnm_cli_short_id(network->id, id), network->name,
	                                      network->driver,
	                                      cnm_describe_network_scope(network, driver_of(cli, network)),
	                                      cnm_buf_text(&subnets), count},
	                     err);
}

static int ls_table(struct cnm_cli *cli, const struct cnm_cli_networks *networks, struct cnm_error *err)
{
	static const char *const headers[] = {"NETWORK ID", "NAME",      "DRIVER", "SCOPE",
	                                      "SUBNETS",    "ENDPOINTS", NULL};
	_cleanup_table_ struct cnm_table table = {0};

	cnm_table_init(&table, headers);
	for (size_t i = 0; i < networks->count; i++) {
		if (add_row(cli, &table, networks->items[i], err) < 0) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
		}
	}
	cnm_table_print(&table, stdout);
	return 0;
}

static json_object *ls_item(struct cnm_cli *cli, struct cnm_network *network, bool quiet,
                            struct cnm_error *err)
{
	char id[CNM_CONTAINER_MAX + 1];

	return quiet ? json_object_new_string(cnm_cli_short_id(network->id, id))
	             : describe(cli, network, err);
}

static int ls_json(struct cnm_cli *cli, const struct cnm_cli_networks *networks, bool quiet,
                   struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < networks->count; i++) {
		if (cnm_describe_append(array, ls_item(cli, networks->items[i], quiet, err), err) < 0) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
		}
	}
	return cnm_cli_print(array, err);
}

static int ls_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct ls *ls = input;
	_cleanup_networks_ struct cnm_cli_networks networks = {0};
	char id[CNM_CONTAINER_MAX + 1];

	if (cnm_cli_networks_list(cli, &networks, err) < 0)
		return -1;
	if (cli->format == CNM_FORMAT_JSON)
		return ls_json(cli, &networks, ls->quiet, err);
	if (!ls->quiet)
		return ls_table(cli, &networks, err);
	for (size_t i = 0; i < networks.count; i++)
		puts(cnm_cli_short_id(networks.items[i]->id, id));
	return 0;
}

static const struct cnm_cli_command ls_command = {
        .name = "ls",
        .summary = "List networks",
        .options = ls_options,
        .option = ls_option,
        .input_size = sizeof(struct ls),
        .run = ls_run,
};

/* inspect --------------------------------------------------------------------------------------- */

static json_object *inspect_one(struct cnm_cli *cli, const char *name, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cnm_cli_network_find(cli, name, &network, err) < 0)
		return NULL;
	return describe(cli, network, err);
}

static int inspect_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_inspect(cli, inspect_one, err);
}

static const struct cnm_cli_command inspect_command = {
        .name = "inspect",
        .args = "NETWORK...",
        .summary = "Show networks as a JSON array",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .run = inspect_run,
};

/* rm -------------------------------------------------------------------------------------------- */

static int rm_one(struct cnm_cli *cli, void *input, const char *name, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cnm_cli_network_find(cli, name, &network, err) < 0)
		return -1;
	return cnm_network_delete(cli->controller, network, err);
}

static int rm_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_each(cli, rm_one, input, err);
}

static const struct cnm_cli_command rm_command = {
        .name = "rm",
        .args = "NETWORK...",
        .summary = "Remove networks that have no endpoints",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .tells_items = true,
        .run = rm_run,
};

/* prune ----------------------------------------------------------------------------------------- */

/* 1: removed, 0: it is in use, also by an endpoint that came meanwhile. */
static int prune_one(struct cnm_cli *cli, struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};

	if (cnm_cli_endpoints_list(cli, network, &endpoints, err) < 0)
		return -1;
	if (endpoints.count > 0)
		return 0;
	if (cnm_network_delete(cli->controller, network, err) == 0)
		return 1;
	if (err->code != CNM_E_BUSY && err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

static int prune_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	_cleanup_networks_ struct cnm_cli_networks networks = {0};

	if (cnm_cli_networks_list(cli, &networks, err) < 0)
		return -1;
	for (size_t i = 0; i < networks.count; i++) {
		int pruned = prune_one(cli, networks.items[i], err);

		if (pruned < 0) {
			cnm_cli_report(cli, err);
			cnm_error_clear(err);
		} else if (pruned && cnm_cli_done(cli, networks.items[i]->name, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static const struct cnm_cli_command prune_command = {
        .name = "prune",
        .summary = "Remove every network that has no endpoints",
        .tells_items = true,
        .run = prune_run,
};

static const struct cnm_cli_command *const verbs[] = {
        &cnm_cli_network_create, &ls_command, &inspect_command, &rm_command, &prune_command, NULL,
};

const struct cnm_cli_command cnm_cli_network = {
        .name = "network",
        .summary = "Make, show and remove networks",
        .verbs = verbs,
};
