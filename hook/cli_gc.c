/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm gc`: releases what belongs to containers that are gone, and says why for each. */
#include <stdio.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/describe.h"

enum { KEY_DRY_RUN = CNM_CLI_KEY_VERB };

struct gc {
	bool dry_run;
};

static const struct argp_option options[] = {
        {"dry-run", KEY_DRY_RUN, NULL, 0, "Only say what would be released", 0},
        {0},
};

static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct gc *gc = input;

	if (key != KEY_DRY_RUN)
		return ARGP_ERR_UNKNOWN;
	gc->dry_run = true;
	return 0;
}

static void print_item(const char *what, const char *why, void *arg)
{
	printf("%s: %s\n", what, why);
}

struct items {
	json_object *array;
	bool failed;
};

static void collect_item(const char *what, const char *why, void *arg)
{
	struct items *items = arg;
	json_object *item = json_object_new_object();
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_json_add_string(item, "Item", what, &err) < 0 ||
	    cnm_json_add_string(item, "Reason", why, &err) < 0) {
		json_object_put(item);
		items->failed = true;
	} else if (cnm_describe_append(items->array, item, &err) < 0) {
		items->failed = true;
	}
}

/* What was released is told even when the rest could not be. */
static int run_json(struct cnm_cli *cli, bool dry_run, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();
	struct items items = {.array = array};
	struct cnm_error print_err = CNM_ERROR_INIT;
	int result = cnm_gc(cli->controller, dry_run, collect_item, &items, err);

	if (cnm_cli_print(array, &print_err) < 0)
		cnm_cli_report(cli, &print_err);
	if (result == 0 && items.failed)
		return cnm_fail_nomem(err);
	return result;
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct gc *gc = input;

	if (!cnm_cli_controller(cli, err))
		return -1;
	if (cli->format == CNM_FORMAT_JSON)
		return run_json(cli, gc->dry_run, err);
	return cnm_gc(cli->controller, gc->dry_run, print_item, NULL, err);
}

const struct cnm_cli_command cnm_cli_gc = {
        .name = "gc",
        .summary = "Release what belongs to containers that are gone",
        .options = options,
        .option = option,
        .input_size = sizeof(struct gc),
        .run = run,
};
