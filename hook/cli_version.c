/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm version` */
#include <stdio.h>

#include "hook/cli_commands.h"

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	if (cli->format == CNM_FORMAT_JSON)
		return cnm_cli_answer(cli, "Version", cnm_version(), err);
	printf("cnm %s\n", cnm_version());
	return 0;
}

const struct cnm_cli_command cnm_cli_version = {
        .name = "version",
        .summary = "Print the version",
        .run = run,
};
