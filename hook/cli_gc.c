/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm gc`: releases what belongs to containers that are gone, and says why for each. */
#include "hook/cli_commands.h"
#include "hook/cli_items.h"
#include "hook/cni_bandwidth.h"

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

static int collect(struct cnm_cli *cli, bool dry_run, struct cnm_cli_items *items, struct cnm_error *err)
{
	struct cnm_error more = CNM_ERROR_INIT;
	int r = cnm_gc(cli->controller, dry_run, cnm_cli_items_add, items, err);

	/* After the endpoints: what was theirs is garbage then. */
	if (cnm_cni_bandwidth_gc(cli->controller, dry_run, cnm_cli_items_add, items, &more) == 0 || r < 0)
		return r;
	*err = more;
	return -1;
}

/* What was released is told even when the rest could not be. */
static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	_cleanup_cli_items_ struct cnm_cli_items items = {.cli = cli};
	struct cnm_error print_err = CNM_ERROR_INIT;
	const struct gc *gc = input;
	int result;

	if (!cnm_cli_controller(cli, err) || cnm_cli_items_begin(&items, err) < 0)
		return -1;
	result = collect(cli, gc->dry_run, &items, err);
	if (cnm_cli_items_end(&items, &print_err) == 0)
		return result;
	if (result < 0)
		cnm_cli_report(cli, &print_err);
	else
		*err = print_err;
	return -1;
}

const struct cnm_cli_command cnm_cli_gc = {
        .name = "gc",
        .summary = "Release what belongs to containers that are gone",
        .options = options,
        .option = option,
        .input_size = sizeof(struct gc),
        .run = run,
};
