/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm reconcile`: restores what others took away, and says what. */
#include <stdio.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/cli_items.h"

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	_cleanup_cli_items_ struct cnm_cli_items items = {.cli = cli};
	size_t count = 0;

	if (!cnm_cli_controller(cli, err) || cnm_cli_items_begin(&items, err) < 0)
		return -1;
	if (cnm_reconcile(cli->controller, cnm_cli_items_add, &items, &count, err) < 0)
		return -1;
	if (count == 0 && cli->format == CNM_FORMAT_TEXT)
		printf("nothing was missing\n");
	return cnm_cli_items_end(&items, err);
}

const struct cnm_cli_command cnm_cli_reconcile = {
        .name = "reconcile",
        .summary = "Restore what others took away from the kernel",
        .run = run,
};
