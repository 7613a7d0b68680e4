/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on directories. A lock belongs to the open file description: it ends with the process,
 * whatever way that ends, and no stale lock can be left.
 */
#include <errno.h>
#include <sys/file.h>

#include "cnm/base/error.h"
#include "cnm/sys/file.h"

/* flock's answer, with EINTR retried. */
static int lock(int dir_fd, enum cnm_lock_mode mode, int flags)
{
	int operation = (mode == CNM_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH) | flags;
	int result;

	do
		result = flock(dir_fd, operation);
	while (result < 0 && errno == EINTR);
	return result;
}

int cnm_dir_lock(int dir_fd, enum cnm_lock_mode mode, struct cnm_error *err)
{
	if (lock(dir_fd, mode, 0) < 0)
		return cnm_fail_sys(err, errno, "cannot lock the directory");
	return 0;
}

int cnm_dir_try_lock(int dir_fd, enum cnm_lock_mode mode, struct cnm_error *err)
{
	if (lock(dir_fd, mode, LOCK_NB) == 0)
		return 1;
	if (errno == EWOULDBLOCK)
		return 0;
	return cnm_fail_sys(err, errno, "cannot lock the directory");
}
