/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sandboxes in the store: a folder per container, which is also its lock. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/store.h"
#include "cnm/store_record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORD "sandbox.json"

void cnm_store_sandbox_close(struct cnm_store_sandbox *sb)
{
	cnm_closep(&sb->dir_fd);
	cnm_closep(&sb->links_fd);
	*sb = (struct cnm_store_sandbox)CNM_STORE_SANDBOX_INIT;
}

static int fail_missing(const char *id, struct cnm_error *err)
{
	if (err->code == CNM_E_NOT_FOUND)
		return cnm_fail(err, CNM_E_NOT_FOUND, "sandbox %s does not exist", id);
	return cnm_wrap(err, "sandbox %s", id);
}

/* What a lock that failed has made. A folder with anything in it is not removed; who waits for its lock makes another. */
static void drop_empty(struct cnm_store *store, const char *id, bool create)
{
	char links[CNM_FILE_NAME_MAX + sizeof("/links")], record[CNM_FILE_NAME_MAX + sizeof("/" RECORD)];

	if (!create || snprintf(links, sizeof(links), "%s/links", id) >= (int)sizeof(links) ||
	    snprintf(record, sizeof(record), "%s/" RECORD, id) >= (int)sizeof(record))
		return;
	/* It was there before. */
	if (faccessat(store->sandboxes_fd, record, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return;
	unlinkat(store->sandboxes_fd, links, AT_REMOVEDIR);
	unlinkat(store->sandboxes_fd, id, AT_REMOVEDIR);
}

int cnm_store_sandbox_lock(struct cnm_store *store, const char *id, bool create,
                           struct cnm_store_sandbox *ret, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	int current = 0;

	while (current == 0) {
		cnm_store_sandbox_close(&sb); /* removed while we waited */
		sb.dir_fd = cnm_dir_open_below(store->sandboxes_fd, id, create, err);
		if (sb.dir_fd < 0) {
			drop_empty(store, id, create);
			return fail_missing(id, err);
		}
		current = cnm_dir_lock(sb.dir_fd, CNM_LOCK_EXCLUSIVE, err);
		if (current == 0)
			current = cnm_dir_is_current(store->sandboxes_fd, id, sb.dir_fd, err);
	}
	if (current < 0) {
		drop_empty(store, id, create);
		return cnm_wrap(err, "sandbox %s", id);
	}
	sb.links_fd = cnm_dir_open_below(sb.dir_fd, "links", true, err);
	if (sb.links_fd < 0) {
		drop_empty(store, id, create);
		return cnm_wrap(err, "sandbox %s", id);
	}
	*ret = sb;
	sb = (struct cnm_store_sandbox)CNM_STORE_SANDBOX_INIT;
	return 0;
}

int cnm_store_sandbox_load_from(struct cnm_store *store, int dir_fd, const char *id, struct cnm_sandbox **ret,
                                struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_RECORD_MAX);
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;

	if (dir_fd < 0 || cnm_record_read(dir_fd, RECORD, &text, err) < 0)
		return fail_missing(id, err);
	if (cnm_sandbox_decode(&sandbox, cnm_buf_text(&text), text.len, err) < 0)
		return cnm_wrap(err, "%s/sandboxes/%s/" RECORD, store->state_path, id);
	if (strcmp(sandbox->id, id) != 0)
		return cnm_fail(err, CNM_E_STORE,
		                "%s/sandboxes/%s/" RECORD ": it is the record of sandbox %s",
		                store->state_path, id, sandbox->id);
	*ret = TAKE_PTR(sandbox);
	return 0;
}

int cnm_store_sandbox_load(struct cnm_store *store, const char *id, struct cnm_sandbox **ret,
                           struct cnm_error *err)
{
	_cleanup_close_ int dir_fd = cnm_dir_open_below(store->sandboxes_fd, id, false, err);

	return cnm_store_sandbox_load_from(store, dir_fd, id, ret, err);
}

int cnm_store_sandbox_save(struct cnm_store_sandbox *sb, const struct cnm_sandbox *sandbox,
                           struct cnm_error *err)
{
	return cnm_record_write(sb->dir_fd, RECORD, cnm_sandbox_to_json(sandbox, err), false, err);
}

int cnm_store_sandbox_delete(struct cnm_store *store, const char *id, struct cnm_error *err)
{
	/* Who writes its files for it, since a peer came or went, must not find half of it gone. */
	_cleanup_close_ int lock = cnm_store_hosts_lock(store, err);

	return lock < 0 ? -1 : cnm_dir_delete_at(store->sandboxes_fd, id, err);
}

int cnm_store_sandbox_ids(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err)
{
	return cnm_dir_list(store->sandboxes_fd, ret, err);
}
