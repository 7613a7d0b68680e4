/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's roots, and the locks that are not one network's. Every descriptor is of a directory checked to be our own. */
#include "cnm/store.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include <stdio.h>
#include <string.h>

static int open_roots(struct cnm_store *store, struct cnm_error *err)
{
	store->root_fd = cnm_dir_open_root(store->root_path, true, err);
	if (store->root_fd < 0)
		return cnm_wrap(err, "root directory");
	store->state_fd = cnm_dir_open_root(store->state_path, true, err);
	if (store->state_fd < 0)
		return cnm_wrap(err, "state directory");
	store->networks_fd = cnm_dir_open_at(store->root_fd, "networks", true, err);
	if (store->networks_fd < 0)
		return cnm_wrap(err, "%s", store->root_path);
	store->live_fd = cnm_dir_open_at(store->state_fd, "networks", true, err);
	if (store->live_fd < 0)
		return cnm_wrap(err, "%s", store->state_path);
	store->sandboxes_fd = cnm_dir_open_at(store->state_fd, "sandboxes", true, err);
	if (store->sandboxes_fd < 0)
		return cnm_wrap(err, "%s", store->state_path);
	store->netns_fd = cnm_dir_open_at(store->state_fd, "netns", true, err);
	return store->netns_fd < 0 ? cnm_wrap(err, "%s", store->state_path) : 0;
}

int cnm_store_open(struct cnm_store **ret, const char *root, const char *state, struct cnm_error *err)
{
	struct cnm_store *store = calloc(1, sizeof(*store));

	if (!store)
		return cnm_fail_nomem(err);
	store->root_fd = store->state_fd = store->networks_fd = store->live_fd = -1;
	store->sandboxes_fd = store->netns_fd = -1;
	store->root_path = strdup(root);
	store->state_path = strdup(state);
	if (!store->root_path || !store->state_path || asprintf(&store->netns_path, "%s/netns", state) < 0) {
		store->netns_path = NULL;
		cnm_store_close(store);
		return cnm_fail_nomem(err);
	}
	if (open_roots(store, err) < 0) {
		cnm_store_close(store);
		return -1;
	}
	*ret = store;
	return 0;
}

void cnm_store_close(struct cnm_store *store)
{
	if (!store)
		return;
	cnm_closep(&store->root_fd);
	cnm_closep(&store->state_fd);
	cnm_closep(&store->networks_fd);
	cnm_closep(&store->live_fd);
	cnm_closep(&store->sandboxes_fd);
	cnm_closep(&store->netns_fd);
	free(store->root_path);
	free(store->state_path);
	free(store->netns_path);
	free(store);
}

/* A descriptor of its own: a lock belongs to the open file, and the store's descriptors may be locked twice in one process. */
static int lock_fresh(int parent_fd, const char *name, struct cnm_error *err)
{
	_cleanup_close_ int fd = cnm_dir_open_at(parent_fd, name, false, err);

	if (fd < 0 || cnm_dir_lock(fd, CNM_LOCK_EXCLUSIVE, err) < 0)
		return -1;
	return TAKE_FD(fd);
}

int cnm_store_networks_lock(struct cnm_store *store, struct cnm_error *err)
{
	return lock_fresh(store->root_fd, "networks", err);
}

int cnm_store_hosts_lock(struct cnm_store *store, struct cnm_error *err)
{
	return lock_fresh(store->state_fd, "sandboxes", err);
}

int cnm_store_firewall_lock(struct cnm_store *store, struct cnm_error *err)
{
	return lock_fresh(store->state_fd, "networks", err);
}
