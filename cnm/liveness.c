/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what a record describes is still alive. A number alone proves nothing: process ids and namespace inodes are used again; so the
 * start time, the device and inode together, and the boot id are compared.
 */
#include "cnm/liveness.h"
#include "cnm/base/cleanup.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cnm_life cnm_sandbox_life(const struct cnm_sandbox *sandbox)
{
	return (struct cnm_life){.key = sandbox->key,
	                         .netns = sandbox->netns,
	                         .pid = sandbox->pid,
	                         .start_time = sandbox->start_time,
	                         .boot_id = sandbox->boot_id};
}

struct cnm_life cnm_endpoint_life(const struct cnm_endpoint *endpoint)
{
	return (struct cnm_life){.key = endpoint->key,
	                         .netns = endpoint->netns,
	                         .pid = endpoint->pid,
	                         .start_time = endpoint->start_time,
	                         .boot_id = endpoint->boot_id};
}

__attribute__((format(printf, 2, 3))) static bool over(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, CNM_WHY_MAX, format, args);
	va_end(args);
	return true;
}

/* Errors of open() that prove that there is nothing; others (EMFILE, EACCES, ...) prove nothing. */
static bool proves_absence(const struct cnm_error *err)
{
	return err->sys_errno == ENOENT || err->sys_errno == ENOTDIR || err->sys_errno == ESRCH ||
	       (err->code == CNM_E_NETNS && err->sys_errno == 0);
}

bool cnm_life_is_over(const struct cnm_controller *controller, const struct cnm_life *life,
                      char why[CNM_WHY_MAX])
{
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int fd = -1;
	struct cnm_netns_id now;

	if (life->boot_id[0] && strcmp(life->boot_id, controller->boot_id) != 0)
		return over(why, "it is of another boot");
	if (life->pid > 0 && !cnm_proc_is_alive(life->pid, life->start_time))
		return over(why, "its process %d has ended", (int)life->pid);
	if (!life->key[0])
		return false;
	fd = cnm_netns_open(life->key, true, &now, &err);
	if (fd < 0)
		return proves_absence(&err) && over(why, "its namespace is gone (%.180s)", err.text);
	if (!cnm_netns_id_equal(&now, &life->netns))
		return over(why, "%.180s is another namespace now", life->key);
	return false;
}

int cnm_life_open_netns(const struct cnm_life *life)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int fd = -1;
	struct cnm_netns_id now;

	if (!life->key[0])
		return -1;
	fd = cnm_netns_open(life->key, true, &now, &ignored);
	if (fd < 0 || !cnm_netns_id_equal(&now, &life->netns))
		return -1;
	return TAKE_FD(fd);
}
