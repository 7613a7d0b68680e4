/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks: small files in the live root that hold the boot they are true for. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/store.h"
#include "cnm/sys/proc.h"
#include <stdio.h>
#include <string.h>

#define MARK_NAME_MAX 64

static const char *file_of(const char *name, char ret[MARK_NAME_MAX])
{
	snprintf(ret, MARK_NAME_MAX, "%s.mark", name);
	return ret;
}

int cnm_store_mark_set(struct cnm_store *store, const char *name, const char *boot_id, struct cnm_error *err)
{
	char file[MARK_NAME_MAX];

	return cnm_file_write_at(store->state_fd, file_of(name, file), boot_id, strlen(boot_id), false, false,
	                         err);
}

int cnm_store_mark_is_set(struct cnm_store *store, const char *name, const char *boot_id,
                          struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_BOOT_ID_MAX);
	char file[MARK_NAME_MAX];

	if (cnm_file_read_at(store->state_fd, file_of(name, file), CNM_BOOT_ID_MAX, &text, err) == 0)
		return strcmp(cnm_buf_text(&text), boot_id) == 0;
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

int cnm_store_mark_clear(struct cnm_store *store, const char *name, struct cnm_error *err)
{
	char file[MARK_NAME_MAX];

	return cnm_file_delete_at(store->state_fd, file_of(name, file), err);
}
