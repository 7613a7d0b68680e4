/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Garbage collection: what belongs to containers that are provably gone, and what a killed process left half done. While a lock is held that
 * every join holds too, an incomplete record is nobody's work in progress, unless it names a living process that asks a plugin.
 */
#include "cnm/gc.h"
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/gc_internal.h"
#include "cnm/ipam.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cnm_gc_tell(struct cnm_gc *gc, const char *why, const char *format, ...)
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

void cnm_gc_note(struct cnm_gc *gc, const struct cnm_error *err)
{
	if (gc->first.code == CNM_OK)
		gc->first = *err;
}

/* Why the endpoint behind a link is garbage although its sandbox lives; false: it is not. */
static bool link_is_garbage(struct cnm_gc *gc, const struct cnm_link_ref *ref, char why[CNM_WHY_MAX])
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
		if (err.code != CNM_E_NOT_FOUND)
			cnm_gc_note(gc, &err);
		return err.code == CNM_E_NOT_FOUND;
	}
	if (cnm_asking_process(gc->controller, endpoint, &pid, &start))
		return false;
	if (endpoint->joining) {
		snprintf(why, CNM_WHY_MAX, "its join or leave was interrupted");
		return true;
	}
	if (!endpoint->container[0]) {
		snprintf(why, CNM_WHY_MAX, "it has left already");
		return true;
	}
	life = cnm_endpoint_life(endpoint);
	return cnm_life_is_over(gc->controller, &life, why);
}

static void collect_links(struct cnm_gc *gc, struct cnm_store_sandbox *sb)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	char why[CNM_WHY_MAX];
	size_t i;

	if (cnm_store_links_list(sb, &refs, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < refs.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (!link_is_garbage(gc, &refs.items[i], why))
			continue;
		cnm_gc_tell(gc, why, "endpoint %s/%s", refs.items[i].network, refs.items[i].key);
		if (!gc->dry_run && cnm_detach(gc->controller, sb, &refs.items[i], &one) < 0)
			cnm_gc_note(gc, &one);
	}
}

static int drop_sandbox(struct cnm_gc *gc, struct cnm_store_sandbox *sb, struct cnm_sandbox *sandbox,
                        struct cnm_error *err)
{
	if (cnm_detach_all(gc->controller, sb, NULL, err) < 0)
		return -1;
	if (!sandbox->explicit_)
		return 0;
	sandbox->explicit_ = false;
	return cnm_store_sandbox_save(sb, sandbox, err);
}

static void tell_links(struct cnm_gc *gc, struct cnm_store_sandbox *sb, const char *why)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_links_list(sb, &refs, &ignored) < 0)
		return;
	for (i = 0; i < refs.count; i++)
		cnm_gc_tell(gc, why, "endpoint %s/%s", refs.items[i].network, refs.items[i].key);
}

static void collect_sandbox(struct cnm_gc *gc, const char *id)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	char why[CNM_WHY_MAX];
	struct cnm_life life;

	if (cnm_store_sandbox_lock(gc->controller->store, id, false, &sb, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND)
			cnm_gc_note(gc, &err);
		return;
	}
	if (cnm_store_sandbox_load(gc->controller->store, id, &sandbox, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND) {
			cnm_gc_note(gc, &err);
			return;
		}
		cnm_error_clear(&err);
		cnm_gc_tell(gc, "its making was interrupted", "sandbox %s", id);
	}
	if (sandbox) {
		life = cnm_sandbox_life(sandbox);
		if (cnm_life_is_over(gc->controller, &life, why)) {
			tell_links(gc, &sb, why);
			cnm_gc_tell(gc, why, "sandbox %s", id);
			if (!gc->dry_run && drop_sandbox(gc, &sb, sandbox, &err) < 0)
				cnm_gc_note(gc, &err);
		} else {
			collect_links(gc, &sb);
		}
	}
	if (!gc->dry_run && cnm_sandbox_release_unused(gc->controller, &sb, id, &err) < 0)
		cnm_gc_note(gc, &err);
}

/* Pinned namespaces without a sandbox: the folder is made first and deleted last. */
static void collect_netns(struct cnm_gc *gc)
{
	struct cnm_store *store = gc->controller->store;
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_dir_list(store->netns_fd, &names, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < names.count; i++) {
		if (faccessat(store->sandboxes_fd, names.items[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT) {
			cnm_fail_sys(&err, errno, "cannot examine sandbox %s", names.items[i]);
			cnm_gc_note(gc, &err);
			continue;
		}
		cnm_gc_tell(gc, "no sandbox knows it", "namespace %s/%s", store->netns_path, names.items[i]);
		if (!gc->dry_run &&
		    cnm_netns_delete_pinned(store->netns_fd, store->netns_path, names.items[i], &err) < 0)
			cnm_gc_note(gc, &err);
	}
}

/* The containers of the network's endpoints; a name may come more than once. */
static int list_containers(struct cnm_controller *controller, const char *network, struct cnm_names *ret,
                           struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names keys = {0};
	size_t i;

	if (cnm_store_network_open_live(controller->store, network, &net, err) < 0 ||
	    cnm_store_endpoint_keys(&net, &keys, err) < 0)
		return -1;
	ret->items = calloc(keys.count + 1, sizeof(*ret->items));
	if (!ret->items)
		return cnm_fail_nomem(err);
	for (i = 0; i < keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		struct cnm_error unreadable = CNM_ERROR_INIT;
		struct cnm_life life;
		char why[CNM_WHY_MAX];

		if (cnm_store_endpoint_load(&net, keys.items[i], &endpoint, &unreadable) < 0 ||
		    !endpoint->container[0])
			continue;
		life = cnm_endpoint_life(endpoint);
		if (!cnm_life_is_over(controller, &life, why))
			continue;
		ret->items[ret->count] = strdup(endpoint->container);
		if (!ret->items[ret->count])
			return cnm_fail_nomem(err);
		ret->count++;
	}
	return 0;
}

static void count_item(const char *what, const char *why, void *arg)
{
	(*(size_t *)arg)++;
}

size_t cnm_gc_network(struct cnm_controller *controller, const char *name)
{
	size_t released = 0, i;
	struct cnm_gc gc = {.controller = controller, .fn = count_item, .arg = &released};
	_cleanup_names_ struct cnm_names containers = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (list_containers(controller, name, &containers, &ignored) < 0)
		return 0;
	for (i = 0; i < containers.count; i++)
		collect_sandbox(&gc, containers.items[i]);
	cnm_gc_collect_network(&gc, name);
	return released;
}

bool cnm_gc_makes_room(struct cnm_controller *controller, const char *network, struct cnm_error *err)
{
	if ((err->code != CNM_E_EXHAUSTED && err->code != CNM_E_EXISTS) ||
	    cnm_gc_network(controller, network) == 0)
		return false;
	cnm_error_clear(err);
	return true;
}

static void collect_described(struct cnm_gc *gc)
{
	struct cnm_network **networks = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	size_t count = 0, i;

	if (cnm_network_list(gc->controller, &networks, &count, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < count; i++) {
		struct cnm_endpoint **endpoints = NULL;
		struct cnm_error one = CNM_ERROR_INIT;
		size_t used = 0;

		if (!networks[i]->described)
			continue;
		if (cnm_endpoint_list(gc->controller, networks[i], &endpoints, &used, &one) < 0)
			cnm_gc_note(gc, &one);
		cnm_endpoint_list_free(endpoints, used);
		if (used > 0 || one.code != CNM_OK)
			continue;
		/* An ADD that has just found it makes it again. */
		if (!gc->dry_run && cnm_network_delete(gc->controller, networks[i], &one) < 0) {
			if (one.code != CNM_E_BUSY && one.code != CNM_E_NOT_FOUND)
				cnm_gc_note(gc, &one);
			continue;
		}
		cnm_gc_tell(gc, "only a configuration describes it, and nobody is on it", "network %s",
		            networks[i]->name);
	}
	cnm_network_list_free(networks, count);
}

int cnm_gc(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg, struct cnm_error *err)
{
	struct cnm_gc gc = {.controller = controller, .dry_run = dry_run, .fn = fn, .arg = arg};
	_cleanup_names_ struct cnm_names ids = {0}, networks = {0};
	size_t i;

	if (cnm_store_sandbox_ids(controller->store, &ids, err) < 0 ||
	    cnm_store_live_names(controller->store, &networks, err) < 0)
		return -1;
	for (i = 0; i < ids.count; i++)
		collect_sandbox(&gc, ids.items[i]);
	for (i = 0; i < networks.count; i++)
		cnm_gc_collect_network(&gc, networks.items[i]);
	collect_described(&gc);
	cnm_gc_collect_half_networks(&gc);
	collect_netns(&gc);
	if (controller->outside && controller->outside->collect(controller, dry_run, fn, arg, err) < 0)
		cnm_gc_note(&gc, err);
	if (gc.first.code == CNM_OK)
		return 0;
	*err = gc.first;
	return -1;
}
