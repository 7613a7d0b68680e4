/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Garbage of networks: records that nothing leads to, addresses without a record, and networks half made or half removed. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/gc_internal.h"
#include "cnm/outside.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A record that no sandbox's link leads to. */
static bool is_orphan(struct cnm_gc *gc, const struct cnm_endpoint *endpoint)
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

static int drop_orphan(struct cnm_gc *gc, struct cnm_store_network *net, struct cnm_endpoint *endpoint,
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

static void collect_orphans(struct cnm_gc *gc, const char *network, struct cnm_store_network *net)
{
	_cleanup_names_ struct cnm_names keys = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_endpoint_keys(net, &keys, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_store_endpoint_load(net, keys.items[i], &endpoint, &one) < 0) {
			cnm_gc_note(gc, &one);
			continue;
		}
		if (!is_orphan(gc, endpoint))
			continue;
		cnm_gc_tell(gc, endpoint->container[0] ? "no sandbox knows it" : "its making was interrupted",
		            "endpoint %s/%s", network, keys.items[i]);
		if (!gc->dry_run && drop_orphan(gc, net, endpoint, &one) < 0)
			cnm_gc_note(gc, &one);
	}
}

/* Addresses whose owner has no record. The container's link may still be there; it leads to nothing. */
static void collect_addresses(struct cnm_gc *gc, const char *network, struct cnm_store_network *net)
{
	_cleanup_names_ struct cnm_names keys = {0}, addresses = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	char owner[CNM_KEY_MAX + 1];
	size_t i;

	if (cnm_store_endpoint_keys(net, &keys, &err) < 0 ||
	    cnm_store_address_list(net, &addresses, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < addresses.count; i++) {
		struct cnm_addr addr;

		if (cnm_addr_parse(&addr, addresses.items[i], &err) < 0 ||
		    cnm_store_address_owner(net, &addr, owner, &err) != 1 || cnm_names_has(&keys, owner))
			continue;
		cnm_gc_tell(gc, "its endpoint was never recorded", "address %s of network %s, taken for %s",
		            addresses.items[i], network, owner);
		if (!gc->dry_run && cnm_store_address_release(net, &addr, owner, &err) < 0)
			cnm_gc_note(gc, &err);
	}
}

/* Whether the network's durable folder is absent, or holds nothing that somebody could miss. */
static bool is_hollow(struct cnm_gc *gc, const char *name)
{
	_cleanup_names_ struct cnm_names inside = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int dir_fd = cnm_dir_open_at(gc->controller->store->networks_fd, name, false, &err);

	if (dir_fd < 0)
		return err.code == CNM_E_NOT_FOUND;
	return cnm_name_check(name, "network name", &err) == 0 && cnm_dir_list(dir_fd, &inside, &err) == 0 &&
	       inside.count == 0;
}

/* A folder without a record: a creation or deletion that was killed, which comes before and after all that the kernel holds of a
 * network. Creation holds the lock that we hold. What still has endpoints has lost its record in some other way, and stays. */
static void collect_half_network(struct cnm_gc *gc, const char *name)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names keys = {0};
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int lock = cnm_store_networks_lock(gc->controller->store, &err);

	if (lock < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	if (cnm_store_network_load(gc->controller->store, name, &network, &err) == 0 ||
	    err.code != CNM_E_NOT_FOUND || !is_hollow(gc, name))
		return;
	cnm_error_clear(&err);
	if (cnm_store_network_open_live(gc->controller->store, name, &net, &err) == 0 &&
	    (cnm_store_endpoint_keys(&net, &keys, &err) < 0 || keys.count > 0))
		return;
	cnm_error_clear(&err);
	cnm_gc_tell(gc, "its making or removal was interrupted", "network %s", name);
	if (!gc->dry_run && cnm_store_network_delete(gc->controller->store, name, &err) < 0)
		cnm_gc_note(gc, &err);
}

void cnm_gc_collect_half_networks(struct cnm_gc *gc)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_half_network_names(gc->controller->store, &names, &err) < 0) {
		cnm_gc_note(gc, &err);
		return;
	}
	for (i = 0; i < names.count; i++)
		collect_half_network(gc, names.items[i]);
}

void cnm_gc_collect_network(struct cnm_gc *gc, const char *name)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_store_network_lock(gc->controller->store, name, CNM_LOCK_EXCLUSIVE, &net, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND) {
			cnm_gc_note(gc, &err);
			return;
		}
		cnm_error_clear(&err); /* a lost network: what lives of it is collected all the same */
		if (cnm_store_network_open_live(gc->controller->store, name, &net, &err) < 0)
			return;
	}
	collect_orphans(gc, name, &net);
	collect_addresses(gc, name, &net);
}
