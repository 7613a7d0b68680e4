/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm exec`: runs a command in the network namespace of a sandbox, and changes nothing else about it. */
#include <errno.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "hook/cli_commands.h"
#include "hook/cli_model.h"

/* The namespace at the key's path, if it still is the sandbox's: behind /proc/PID a dead container may have been followed by another
 * process. */
static int open_netns(const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	struct cnm_netns_id id;
	_cleanup_close_ int fd = cnm_netns_open(sandbox->key, true, &id, err);

	if (fd < 0)
		return cnm_wrap(err, "sandbox %s", sandbox->id);
	if (!cnm_netns_id_equal(&id, &sandbox->netns))
		return cnm_fail(err, CNM_E_NETNS, "sandbox %s: %s is another network namespace now",
		                sandbox->id, sandbox->key);
	return TAKE_FD(fd);
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	_cleanup_close_ int fd = -1;
	char **command = cli->args + 1;

	if (cnm_cli_sandbox_find(cli, cli->args[0], &sandbox, err) < 0)
		return -1;
	fd = open_netns(sandbox, err);
	if (fd < 0 || cnm_netns_enter(fd, err) < 0)
		return -1;
	execvp(command[0], command);
	/* As a shell has it. */
	cli->failed_status = errno == ENOENT ? 127 : 126;
	return cnm_fail_sys(err, errno, "%s", command[0]);
}

const struct cnm_cli_command cnm_cli_exec = {
        .name = "exec",
        .args = "SANDBOX -- COMMAND [ARGUMENT...]",
        .summary = "Run a command in the network namespace of a sandbox",
        .min_args = 2,
        .max_args = CNM_CLI_MANY,
        .runs_command = true,
        .run = run,
};
