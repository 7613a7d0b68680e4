/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks in the store: the durable directory with its record, the live directories, and the network's lock. A network exists
 * while its record does; a directory without one is what a killed creation or deletion left.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/store.h"
#include "cnm/store_record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD "network.json"

void cnm_store_network_close(struct cnm_store_network *net)
{
	cnm_closep(&net->dir_fd);
	cnm_closep(&net->live_fd);
	cnm_closep(&net->endpoints_fd);
	cnm_closep(&net->addresses_fd);
	*net = (struct cnm_store_network)CNM_STORE_NETWORK_INIT;
}

/* 1 it has, 0 it has not, -1 error. */
static int has_record(int dir_fd, struct cnm_error *err)
{
	if (faccessat(dir_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : cnm_fail_sys(err, errno, "cannot examine " RECORD);
}

static int open_live(struct cnm_store *store, const char *name, bool create, struct cnm_store_network *net,
                     struct cnm_error *err)
{
	net->live_fd = cnm_dir_open_below(store->live_fd, name, create, err);
	if (net->live_fd < 0)
		return -1;
	net->endpoints_fd = cnm_dir_open_below(net->live_fd, "endpoints", create, err);
	if (net->endpoints_fd < 0)
		return -1;
	net->addresses_fd = cnm_dir_open_below(net->live_fd, "addresses", create, err);
	return net->addresses_fd < 0 ? -1 : 0;
}

/* Opens and locks the directory; while we waited it may have been removed, or replaced by another of its name. */
static int lock_dir(struct cnm_store *store, const char *name, bool create, enum cnm_lock_mode mode,
                    struct cnm_error *err)
{
	for (;;) {
		_cleanup_close_ int fd = cnm_dir_open_below(store->networks_fd, name, create, err);
		int current;

		if (fd < 0 || cnm_dir_lock(fd, mode, err) < 0)
			return -1;
		current = cnm_dir_is_current(store->networks_fd, name, fd, err);
		if (current != 0)
			return current > 0 ? TAKE_FD(fd) : -1;
	}
}

int cnm_store_network_lock(struct cnm_store *store, const char *name, enum cnm_lock_mode mode,
                           struct cnm_store_network *ret, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	int found;

	net.dir_fd = lock_dir(store, name, false, mode, err);
	if (net.dir_fd < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_NOT_FOUND, "network %s does not exist", name)
		               : cnm_wrap(err, "network %s", name);
	found = has_record(net.dir_fd, err);
	if (found <= 0)
		return found < 0 ? cnm_wrap(err, "network %s", name)
		                 : cnm_fail(err, CNM_E_NOT_FOUND, "network %s does not exist", name);
	if (open_live(store, name, true, &net, err) < 0)
		return cnm_wrap(err, "network %s", name);
	*ret = net;
	net = (struct cnm_store_network)CNM_STORE_NETWORK_INIT;
	return 0;
}

int cnm_store_network_relock(struct cnm_store_network *net, enum cnm_lock_mode mode, struct cnm_error *err)
{
	return cnm_dir_lock(net->dir_fd, mode, err);
}

int cnm_store_network_open_live(struct cnm_store *store, const char *name, struct cnm_store_network *ret,
                                struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (open_live(store, name, false, &net, err) < 0)
		return -1;
	*ret = net;
	net = (struct cnm_store_network)CNM_STORE_NETWORK_INIT;
	return 0;
}

int cnm_store_network_create(struct cnm_store *store, const char *name, struct cnm_store_network *ret,
                             struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	int found = 0;

	net.dir_fd = lock_dir(store, name, true, CNM_LOCK_EXCLUSIVE, err);
	if (net.dir_fd >= 0)
		found = has_record(net.dir_fd, err);
	if (found > 0)
		return cnm_fail(err, CNM_E_EXISTS, "network %s exists already", name);
	if (net.dir_fd < 0 || found < 0 || open_live(store, name, true, &net, err) < 0) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		/* Of a folder that holds anything, the second is refused. */
		cnm_dir_delete_at(store->live_fd, name, &ignored);
		unlinkat(store->networks_fd, name, AT_REMOVEDIR);
		return -1;
	}
	*ret = net;
	net = (struct cnm_store_network)CNM_STORE_NETWORK_INIT;
	return 0;
}

int cnm_store_network_save(struct cnm_store_network *net, const struct cnm_network *network,
                           struct cnm_error *err)
{
	return cnm_record_write(net->dir_fd, RECORD, cnm_network_to_json(network, err), true, err);
}

int cnm_store_network_load_from(struct cnm_store *store, int dir_fd, const char *name,
                                struct cnm_network **ret, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_RECORD_MAX);
	_cleanup_network_ struct cnm_network *network = NULL;

	if (dir_fd < 0 || cnm_record_read(dir_fd, RECORD, &text, err) < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_NOT_FOUND, "network %s does not exist", name)
		               : cnm_wrap(err, "network %s", name);
	if (cnm_network_decode(&network, cnm_buf_text(&text), text.len, err) < 0)
		return cnm_wrap(err, "%s/networks/%s/" RECORD, store->root_path, name);
	if (strcmp(network->name, name) != 0)
		return cnm_fail(err, CNM_E_STORE, "%s/networks/%s/" RECORD ": it is the record of network %s",
		                store->root_path, name, network->name);
	*ret = TAKE_PTR(network);
	return 0;
}

int cnm_store_network_load(struct cnm_store *store, const char *name, struct cnm_network **ret,
                           struct cnm_error *err)
{
	_cleanup_close_ int dir_fd = cnm_dir_open_below(store->networks_fd, name, false, err);

	return cnm_store_network_load_from(store, dir_fd, name, ret, err);
}

/* The record goes first: from then on the network does not exist, and what is left is swept up by the next one of that name. */
int cnm_store_network_delete(struct cnm_store *store, const char *name, struct cnm_error *err)
{
	_cleanup_close_ int dir_fd = cnm_dir_open_below(store->networks_fd, name, false, err);

	if (dir_fd < 0 && err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	if ((dir_fd >= 0 && cnm_file_delete_at(dir_fd, RECORD, err) < 0) ||
	    cnm_dir_delete_at(store->live_fd, name, err) < 0)
		return -1;
	return cnm_dir_delete_at(store->networks_fd, name, err);
}

int cnm_store_network_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err)
{
	size_t i = 0;

	if (cnm_dir_list(store->networks_fd, ret, err) < 0)
		return -1;
	while (i < ret->count) {
		char file[CNM_FILE_NAME_MAX + sizeof(RECORD)];
		int len = snprintf(file, sizeof(file), "%s/" RECORD, ret->items[i]);

		/* Where it cannot be known, the load will tell. */
		if (len < (int)sizeof(file) &&
		    (faccessat(store->networks_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		     (errno != ENOENT && errno != ENOTDIR)))
			i++;
		else
			cnm_names_drop(ret, i);
	}
	return 0;
}

static bool has_record_in(struct cnm_store *store, const char *name)
{
	char file[CNM_FILE_NAME_MAX + sizeof(RECORD)];
	int len = snprintf(file, sizeof(file), "%s/" RECORD, name);

	return len >= (int)sizeof(file) ||
	       faccessat(store->networks_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int cnm_store_half_network_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names live = {0};
	char **items;
	size_t i;

	if (cnm_dir_list(store->networks_fd, ret, err) < 0 || cnm_dir_list(store->live_fd, &live, err) < 0)
		return -1;
	items = reallocarray(ret->items, ret->count + live.count + 1, sizeof(*items));
	if (!items)
		return cnm_fail_nomem(err);
	ret->items = items;
	for (i = 0; i < live.count; i++)
		ret->items[ret->count++] = TAKE_PTR(live.items[i]);
	live.count = 0;
	cnm_names_unique(ret);
	i = 0;
	while (i < ret->count) {
		if (has_record_in(store, ret->items[i]))
			cnm_names_drop(ret, i);
		else
			i++;
	}
	return 0;
}

int cnm_store_live_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err)
{
	return cnm_dir_list(store->live_fd, ret, err);
}
