/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the copies of hosts and resolv.conf are that a bundle mounts. The bundle names their place, so two containers of one bundle would
 * read each other's: one at a time has them.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define OWNER "owner" /* the container's id */

/* A folder without a record is a container that is being made, if somebody holds its lock. */
static bool is_being_made(struct cnm_store *store, const char *id)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int fd = cnm_dir_open_at(store->sandboxes_fd, id, false, &ignored);

	return fd >= 0 && cnm_dir_try_lock(fd, CNM_LOCK_EXCLUSIVE, &ignored) == 0;
}

static bool is_used_by(struct cnm_controller *controller, const char *id, const char *mirror)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;
	char why[CNM_WHY_MAX];
	struct cnm_life life;

	if (cnm_container_check(id, &missing) < 0)
		return false;
	if (cnm_store_sandbox_load(controller->store, id, &sandbox, &missing) < 0)
		return missing.code == CNM_E_NOT_FOUND && is_being_made(controller->store, id);
	life = cnm_sandbox_life(sandbox);
	return strcmp(sandbox->files_mirror, mirror) == 0 && !cnm_life_is_over(controller, &life, why);
}

int cnm_files_mirror_claim(struct cnm_controller *controller, const struct cnm_sandbox *sandbox,
                           struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf owner = CNM_BUF_INIT(CNM_CONTAINER_MAX + 1);
	struct cnm_error missing = CNM_ERROR_INIT;
	_cleanup_close_ int dir = -1;

	if (!sandbox->files_mirror[0])
		return 0;
	dir = cnm_dir_open_root(sandbox->files_mirror, false, &missing);
	if (dir < 0)
		return 0; /* who mounts nothing from there shares nothing */
	if (cnm_dir_lock(dir, CNM_LOCK_EXCLUSIVE, err) < 0)
		return -1;
	if (cnm_file_read_at(dir, OWNER, CNM_CONTAINER_MAX, &owner, &missing) == 0 &&
	    strcmp(cnm_buf_text(&owner), sandbox->id) != 0 &&
	    is_used_by(controller, cnm_buf_text(&owner), sandbox->files_mirror))
		return cnm_fail(err, CNM_E_BUSY,
		                "hosts and resolv.conf in %s are container %s's: each container needs a "
		                "bundle of its own",
		                sandbox->files_mirror, cnm_buf_text(&owner));
	return cnm_file_write_at(dir, OWNER, sandbox->id, strlen(sandbox->id), false, false, err);
}
