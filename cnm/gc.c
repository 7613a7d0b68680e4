/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Garbage collection: what belongs to containers that are provably gone, and what a killed process left half done. While a lock is held that
 * every join holds too, an incomplete record is nobody's work in progress, unless it names a living process that asks a plugin.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct gc {
	struct cnm_controller *controller;
	bool dry_run;
	cnm_gc_fn fn;
	void *arg;
	struct cnm_error first; /* an error with one item does not spare the others */
};

__attribute__((format(printf, 3, 4))) static void tell(struct gc *gc, const char *why, const char *format,
                                                       ...)
{
	char what[512];
	va_list args;

	if (!gc->fn)
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	gc->fn(what, why, gc->arg);
}

static void note(struct gc *gc, const struct cnm_error *err)
{
	if (gc->first.code == CNM_OK)
		gc->first = *err;
}

/* Why the endpoint behind a link is garbage although its sandbox lives; false: it is not. */
static bool link_is_garbage(struct gc *gc, const struct cnm_link_ref *ref, char why[CNM_WHY_MAX])
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_life life;
	uint64_t start;
	pid_t pid;

	if (cnm_store_network_open_live(gc->controller->store, ref->network, &net, &err) < 0 ||
	    cnm_store_endpoint_load(&net, ref->key, &endpoint, &err) < 0) {
		snprintf(why, CNM_WHY_MAX, "its join was interrupted before its record was written");
		return err.code == CNM_E_NOT_FOUND;
	}
	if (cnm_asking_process(gc->controller, endpoint, &pid, &start))
		return false;
	if (endpoint->joining) {
		snprintf(why, CNM_WHY_MAX, "its join was interrupted");
		return true;
	}
	life = cnm_endpoint_life(endpoint);
	return cnm_life_is_over(gc->controller, &life, why);
}

static void collect_links(struct gc *gc, struct cnm_store_sandbox *sb)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	char why[CNM_WHY_MAX];
	size_t i;

	if (cnm_store_links_list(sb, &refs, &err) < 0) {
		note(gc, &err);
		return;
	}
	for (i = 0; i < refs.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (!link_is_garbage(gc, &refs.items[i], why))
			continue;
		tell(gc, why, "endpoint %s/%s", refs.items[i].network, refs.items[i].key);
		if (!gc->dry_run && cnm_detach(gc->controller, sb, &refs.items[i], &one) < 0)
			note(gc, &one);
	}
}

static int drop_sandbox(struct gc *gc, struct cnm_store_sandbox *sb, struct cnm_sandbox *sandbox,
                        struct cnm_error *err)
{
	if (cnm_detach_all(gc->controller, sb, NULL, err) < 0)
		return -1;
	if (!sandbox->explicit_)
		return 0;
	sandbox->explicit_ = false;
	return cnm_store_sandbox_save(sb, sandbox, err);
}

static void tell_links(struct gc *gc, struct cnm_store_sandbox *sb, const char *why)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_links_list(sb, &refs, &ignored) < 0)
		return;
	for (i = 0; i < refs.count; i++)
		tell(gc, why, "endpoint %s/%s", refs.items[i].network, refs.items[i].key);
}

static void collect_sandbox(struct gc *gc, const char *id)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	char why[CNM_WHY_MAX];
	struct cnm_life life;

	if (cnm_store_sandbox_lock(gc->controller->store, id, false, &sb, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND)
			note(gc, &err);
		return;
	}
	if (cnm_store_sandbox_load(gc->controller->store, id, &sandbox, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND) {
			note(gc, &err);
			return;
		}
		cnm_error_clear(&err);
		tell(gc, "its making was interrupted", "sandbox %s", id);
	}
	if (sandbox) {
		life = cnm_sandbox_life(sandbox);
		if (cnm_life_is_over(gc->controller, &life, why)) {
			tell_links(gc, &sb, why);
			tell(gc, why, "sandbox %s", id);
			if (!gc->dry_run && drop_sandbox(gc, &sb, sandbox, &err) < 0)
				note(gc, &err);
		} else {
			collect_links(gc, &sb);
		}
	}
	if (!gc->dry_run && cnm_sandbox_release_unused(gc->controller, &sb, id, &err) < 0)
		note(gc, &err);
}

/* A record that no sandbox's link leads to. */
static bool is_orphan(struct gc *gc, const struct cnm_endpoint *endpoint)
{
	_cleanup_close_ int sandbox_fd = -1, links_fd = -1;
	struct cnm_error err = CNM_ERROR_INIT;
	char target[8];

	if (!endpoint->container[0])
		return cnm_endpoint_making_is_over(gc->controller, endpoint);
	sandbox_fd = cnm_dir_open_at(gc->controller->store->sandboxes_fd, endpoint->container, false, &err);
	if (sandbox_fd < 0)
		return err.code == CNM_E_NOT_FOUND;
	links_fd = cnm_dir_open_at(sandbox_fd, "links", false, &err);
	if (links_fd < 0)
		return err.code == CNM_E_NOT_FOUND;
	return readlinkat(links_fd, endpoint->ifname, target, sizeof(target)) < 0 && errno == ENOENT;
}

static int drop_orphan(struct gc *gc, struct cnm_store_network *net, struct cnm_endpoint *endpoint,
                       struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&endpoint->driver_state, "driver");
	const struct cnm_driver *driver =
	        name ? cnm_controller_known_driver(gc->controller, name, err) : NULL;

	if (driver && driver->leave(gc->controller, NULL, endpoint, -1, err) < 0)
		return -1;
	if (cnm_addresses_release(gc->controller, net, endpoint, err) < 0)
		return -1;
	return cnm_store_endpoint_delete(net, endpoint->name, err);
}

static void collect_orphans(struct gc *gc, const char *network, struct cnm_store_network *net)
{
	_cleanup_names_ struct cnm_names keys = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_endpoint_keys(net, &keys, &err) < 0) {
		note(gc, &err);
		return;
	}
	for (i = 0; i < keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_store_endpoint_load(net, keys.items[i], &endpoint, &one) < 0) {
			note(gc, &one);
			continue;
		}
		if (!is_orphan(gc, endpoint))
			continue;
		tell(gc, endpoint->container[0] ? "no sandbox knows it" : "its making was interrupted",
		     "endpoint %s/%s", network, keys.items[i]);
		if (!gc->dry_run && drop_orphan(gc, net, endpoint, &one) < 0)
			note(gc, &one);
	}
}

static bool holds(const struct cnm_names *keys, const char *key)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i], key) == 0)
			return true;
	return false;
}

/* Addresses whose owner has no record. The container's link may still be there; it leads to nothing. */
static void collect_addresses(struct gc *gc, const char *network, struct cnm_store_network *net)
{
	_cleanup_names_ struct cnm_names keys = {0}, addresses = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	char owner[CNM_KEY_MAX + 1];
	size_t i;

	if (cnm_store_endpoint_keys(net, &keys, &err) < 0 ||
	    cnm_store_address_list(net, &addresses, &err) < 0) {
		note(gc, &err);
		return;
	}
	for (i = 0; i < addresses.count; i++) {
		struct cnm_addr addr;

		if (cnm_addr_parse(&addr, addresses.items[i], &err) < 0 ||
		    cnm_store_address_owner(net, &addr, owner, &err) != 1 || holds(&keys, owner))
			continue;
		tell(gc, "its endpoint was never recorded", "address %s of network %s, taken for %s",
		     addresses.items[i], network, owner);
		if (!gc->dry_run && cnm_store_address_release(net, &addr, owner, &err) < 0)
			note(gc, &err);
	}
}

static void collect_network(struct gc *gc, const char *name)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_store_network_lock(gc->controller->store, name, CNM_LOCK_EXCLUSIVE, &net, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND) {
			note(gc, &err);
			return;
		}
		cnm_error_clear(&err); /* a lost network: what lives of it is collected all the same */
		if (cnm_store_network_open_live(gc->controller->store, name, &net, &err) < 0)
			return;
	}
	collect_orphans(gc, name, &net);
	collect_addresses(gc, name, &net);
}

/* Pinned namespaces without a sandbox: the folder is made first and deleted last. */
static void collect_netns(struct gc *gc)
{
	struct cnm_store *store = gc->controller->store;
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_dir_list(store->netns_fd, &names, &err) < 0) {
		note(gc, &err);
		return;
	}
	for (i = 0; i < names.count; i++) {
		if (faccessat(store->sandboxes_fd, names.items[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		tell(gc, "no sandbox knows it", "namespace %s/%s", store->netns_path, names.items[i]);
		if (!gc->dry_run &&
		    cnm_netns_delete_pinned(store->netns_fd, store->netns_path, names.items[i], &err) < 0)
			note(gc, &err);
	}
}

static void collect_described(struct gc *gc)
{
	struct cnm_network **networks = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	size_t count = 0, i;

	if (cnm_network_list(gc->controller, &networks, &count, &err) < 0) {
		note(gc, &err);
		return;
	}
	for (i = 0; i < count; i++) {
		struct cnm_endpoint **endpoints = NULL;
		struct cnm_error one = CNM_ERROR_INIT;
		size_t used = 0;

		if (!networks[i]->described)
			continue;
		if (cnm_endpoint_list(gc->controller, networks[i], &endpoints, &used, &one) < 0)
			note(gc, &one);
		cnm_endpoint_list_free(endpoints, used);
		if (used > 0 || one.code != CNM_OK)
			continue;
		/* An ADD that has just found it makes it again. */
		if (!gc->dry_run && cnm_network_delete(gc->controller, networks[i], &one) < 0) {
			if (one.code != CNM_E_BUSY && one.code != CNM_E_NOT_FOUND)
				note(gc, &one);
			continue;
		}
		tell(gc, "only a configuration describes it, and nobody is on it", "network %s",
		     networks[i]->name);
	}
	cnm_network_list_free(networks, count);
}

int cnm_gc(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg, struct cnm_error *err)
{
	struct gc gc = {.controller = controller, .dry_run = dry_run, .fn = fn, .arg = arg};
	_cleanup_names_ struct cnm_names ids = {0}, networks = {0};
	size_t i;

	if (cnm_store_sandbox_ids(controller->store, &ids, err) < 0 ||
	    cnm_store_live_names(controller->store, &networks, err) < 0)
		return -1;
	for (i = 0; i < ids.count; i++)
		collect_sandbox(&gc, ids.items[i]);
	for (i = 0; i < networks.count; i++)
		collect_network(&gc, networks.items[i]);
	collect_described(&gc);
	collect_netns(&gc);
	if (controller->outside && controller->outside->collect(controller, dry_run, fn, arg, err) < 0)
		note(&gc, err);
	if (gc.first.code == CNM_OK)
		return 0;
	*err = gc.first;
	return -1;
}
