/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm sandbox`: makes, adopts, shows and removes sandboxes. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/cli_dns.h"
#include "hook/cli_join.h"
#include "hook/cli_model.h"
#include "hook/describe.h"
#include "hook/table.h"

#define NETWORKS_MAX 4096

/* create ---------------------------------------------------------------------------------------- */

enum {
	KEY_NETNS = CNM_CLI_KEY_VERB,
	KEY_PID,
	KEY_HOSTNAME,
};

struct create {
	const char *netns_path;
	const char *hostname;
	pid_t pid;
	struct cnm_cli_dns_args dns;
};

static const struct argp_option create_options[] = {
        {"netns", KEY_NETNS, "PATH", 0, "Adopt the network namespace at PATH instead of making one", 0},
        {"pid", KEY_PID, "PID", 0,
         "The container's init; its network namespace is adopted unless --netns names one", 0},
        {"hostname", KEY_HOSTNAME, "NAME", 0, "Host name in the sandbox's hosts file", 0},
        CNM_CLI_DNS_OPTIONS,
        {0},
};

static error_t create_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct create *create = input;
	long pid;

	switch (key) {
	case KEY_NETNS:
		create->netns_path = arg;
		return 0;
	case KEY_PID:
		if (cnm_cli_number(arg, 1, INT_MAX, "--pid", &pid, err) < 0)
			return -1;
		create->pid = (pid_t)pid;
		return 0;
	case KEY_HOSTNAME:
		create->hostname = arg;
		return 0;
	default:
		return cnm_cli_dns_option(key, arg, &create->dns, err);
	}
}

static void create_free(void *input)
{
	struct create *create = input;

	cnm_cli_dns_args_free(&create->dns);
}

static int create_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct create *create = input;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error undo_err = CNM_ERROR_INIT;
	char path[64];
	struct cnm_sandbox_spec spec = {
	        .id = cli->args[0],
	        .netns_path = create->netns_path,
	        .pid = create->pid,
	        .hostname = create->hostname,
	};

	cnm_cli_dns_spec(&create->dns, &spec);
	if (create->pid > 0 && !create->netns_path) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)create->pid);
		spec.netns_path = path;
	}
	if (!cnm_cli_controller(cli, err) || cnm_sandbox_create(cli->controller, &spec, &sandbox, err) < 0)
		return -1;
	if (cnm_cli_answer(cli, "SandboxKey", sandbox->key, err) == 0 && cnm_cli_flush(err) == 0)
		return 0;
	cnm_sandbox_delete(cli->controller, sandbox, &undo_err);
	return cnm_wrap(err, "sandbox %s", sandbox->id);
}

static const struct cnm_cli_command create_command = {
        .name = "create",
        .args = "ID",
        .summary = "Make a sandbox that stays until it is removed; prints its key",
        .min_args = 1,
        .max_args = 1,
        .options = create_options,
        .option = create_option,
        .input_size = sizeof(struct create),
        .input_free = create_free,
        .run = create_run,
};

/* ls and inspect -------------------------------------------------------------------------------- */

static json_object *describe(struct cnm_cli *cli, const struct cnm_sandbox *sandbox,
                             const struct cnm_cli_endpoints *endpoints, struct cnm_error *err)
{
	const char *state = cli->settings.state ? cli->settings.state : CNM_DEFAULT_STATE;

	return cnm_describe_sandbox(sandbox, state, endpoints->items, endpoints->count, err);
}

static int add_row(struct cnm_table *table, const struct cnm_sandbox *sandbox,
                   const struct cnm_cli_endpoints *endpoints, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf networks = CNM_BUF_INIT(NETWORKS_MAX);
	char id[CNM_CONTAINER_MAX + 1];

	for (size_t i = 0; i < endpoints->count; i++) {
		if (strcmp(endpoints->items[i]->container, sandbox->id) == 0)
			cnm_buf_printf(&networks, "%s%s", networks.len ? "," : "",
			               endpoints->items[i]->network);
	}
	return cnm_table_add(table,
	                     (const char *[]){cnm_cli_short_id(sandbox->id, id),
	                                      sandbox->ours ? "made" : "adopted", cnm_buf_text(&networks),
	                                      sandbox->key},
	                     err);
}

static int ls_table(const struct cnm_cli_sandboxes *sandboxes, const struct cnm_cli_endpoints *endpoints,
                    struct cnm_error *err)
{
	static const char *const headers[] = {"SANDBOX ID", "KIND", "NETWORKS", "KEY", NULL};
	_cleanup_table_ struct cnm_table table = {0};

	cnm_table_init(&table, headers);
	for (size_t i = 0; i < sandboxes->count; i++) {
		if (add_row(&table, sandboxes->items[i], endpoints, err) < 0)
			return -1;
	}
	cnm_table_print(&table, stdout);
	return 0;
}

static int ls_quiet(const struct cnm_cli_sandboxes *sandboxes)
{
	for (size_t i = 0; i < sandboxes->count; i++)
		puts(sandboxes->items[i]->id);
	return 0;
}

static int ls_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct cnm_cli_ls_args *ls = input;
	_cleanup_sandboxes_ struct cnm_cli_sandboxes sandboxes = {0};
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};
	_cleanup_json_ json_object *array = NULL;

	if (cnm_cli_sandboxes_list(cli, &sandboxes, err) < 0 ||
	    cnm_cli_endpoints_list_all(cli, &endpoints, err) < 0)
		return -1;
	if (ls->quiet)
		return ls_quiet(&sandboxes);
	if (cli->format == CNM_FORMAT_TEXT)
		return ls_table(&sandboxes, &endpoints, err);
	array = json_object_new_array();
	for (size_t i = 0; i < sandboxes.count; i++) {
		if (cnm_describe_append(array, describe(cli, sandboxes.items[i], &endpoints, err), err) < 0)
			return -1;
	}
	return cnm_cli_print(array, err);
}

static const struct cnm_cli_command ls_command = {
        .name = "ls",
        .summary = "List sandboxes",
        .options = cnm_cli_ls_options,
        .option = cnm_cli_ls_option,
        .input_size = sizeof(struct cnm_cli_ls_args),
        .run = ls_run,
};

static json_object *inspect_one(struct cnm_cli *cli, const char *name, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	_cleanup_endpoints_ struct cnm_cli_endpoints endpoints = {0};

	if (cnm_cli_sandbox_find(cli, name, &sandbox, err) < 0 ||
	    cnm_cli_endpoints_list_all(cli, &endpoints, err) < 0)
		return NULL;
	return describe(cli, sandbox, &endpoints, err);
}

static int inspect_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_inspect(cli, inspect_one, err);
}

static const struct cnm_cli_command inspect_command = {
        .name = "inspect",
        .args = "SANDBOX...",
        .summary = "Show sandboxes as a JSON array",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .run = inspect_run,
};

/* rm -------------------------------------------------------------------------------------------- */

static int rm_one(struct cnm_cli *cli, void *input, const char *name, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;

	if (cnm_cli_sandbox_find(cli, name, &sandbox, err) < 0)
		return -1;
	return cnm_sandbox_delete(cli->controller, sandbox, err);
}

static int rm_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	return cnm_cli_each(cli, rm_one, input, err);
}

static const struct cnm_cli_command rm_command = {
        .name = "rm",
        .args = "SANDBOX...",
        .summary = "Leave all networks, then remove; an adopted namespace stays",
        .min_args = 1,
        .max_args = CNM_CLI_MANY,
        .tells_items = true,
        .run = rm_run,
};

static const struct cnm_cli_command *const verbs[] = {
        &create_command, &ls_command, &inspect_command, &rm_command, NULL,
};

const struct cnm_cli_command cnm_cli_sandbox = {
        .name = "sandbox",
        .summary = "Make, adopt, show and remove sandboxes",
        .verbs = verbs,
};
