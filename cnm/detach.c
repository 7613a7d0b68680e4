/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The leave: one code path for leave, DEL, poststop, gc and the undo of a failed join. Kernel first, then addresses, then the record, then
 * the interface name: whatever a kill leaves is still reachable from what is deleted later.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include "cnm/sandbox_net.h"
#include <string.h>
#include <sys/socket.h>

/* Locks the network, or opens what is left of a lost one. 0, or CNM_E_NOT_FOUND when there is nothing. */
static int open_network(struct cnm_controller *controller, const char *name, struct cnm_store_network *net,
                        struct cnm_network **network, struct cnm_error *err)
{
	if (cnm_store_network_lock(controller->store, name, CNM_LOCK_SHARED, net, err) == 0) {
		/* Without the network's record the endpoint's own has all that a leave needs. */
		if (cnm_store_network_load(controller->store, name, network, err) < 0) {
			if (!cnm_store_is_lost(err))
				return -1;
			cnm_error_clear(err);
		}
		return 0;
	}
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return cnm_store_network_open_live(controller->store, name, net, err);
}

static int leave_kernel(struct cnm_controller *controller, const struct cnm_network *network,
                        const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&endpoint->driver_state, "driver");
	struct cnm_life life = cnm_endpoint_life(endpoint);
	const struct cnm_driver *driver;
	_cleanup_close_ int netns_fd = -1;

	if (!endpoint->container[0] || !name)
		return 0;
	driver = cnm_controller_known_driver(controller, name, err);
	if (!driver)
		return -1;
	netns_fd = cnm_life_open_netns(&life);
	return driver->leave(controller, network, endpoint, netns_fd, err);
}

/* An endpoint that a person made stays, with its addresses, as it was before the join. */
static int keep_unjoined(struct cnm_controller *controller, struct cnm_store_network *net,
                         struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	size_t start = offsetof(struct cnm_endpoint, container);
	const char *name = cnm_kvs_get(&endpoint->driver_state, "driver");
	const struct cnm_driver *driver = name ? cnm_controller_known_driver(controller, name, err) : NULL;

	if (driver && driver->forget)
		driver->forget(endpoint);
	cnm_kvs_free(&endpoint->driver_state);
	memset((char *)endpoint + start, 0, sizeof(*endpoint) - start);
	return cnm_store_endpoint_save(net, endpoint, err);
}

static int release_record(struct cnm_controller *controller, struct cnm_store_network *net,
                          struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (!endpoint->transient)
		return keep_unjoined(controller, net, endpoint, err);
	if (cnm_addresses_release(controller, net, endpoint, err) < 0)
		return -1;
	return cnm_store_endpoint_delete(net, endpoint->name, err);
}

/* A record that was never written, or not to its end: then the kernel was not touched. */
static int release_without_record(struct cnm_store_network *net, const char *key, struct cnm_error *err)
{
	cnm_error_clear(err);
	if (cnm_store_address_release_all(net, key, err) < 0)
		return -1;
	return cnm_store_endpoint_delete(net, key, err);
}

static int detach_endpoint(struct cnm_controller *controller, const struct cnm_link_ref *ref,
                           struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_network_ struct cnm_network *network = NULL;

	if (open_network(controller, ref->network, &net, &network, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (cnm_store_endpoint_load(&net, ref->key, &endpoint, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND && err->code != CNM_E_STORE)
			return -1;
		return release_without_record(&net, ref->key, err);
	}
	if (endpoint->container[0] && cnm_store_endpoint_begin_leave(&net, endpoint, err) < 0)
		return -1;
	if (leave_kernel(controller, network, endpoint, err) < 0)
		return -1;
	return release_record(controller, &net, endpoint, err);
}

/* Where the one that left gave the default route, the next gives it now. */
static int elect_again(struct cnm_controller *controller, const struct cnm_endpoint_set *before,
                       const struct cnm_link_ref *left, int family, struct cnm_error *err)
{
	const struct cnm_endpoint *const *all = (const struct cnm_endpoint *const *)before->items;
	const struct cnm_endpoint *winner = cnm_gateway_elect(all, before->count, family);
	_cleanup_free_ const struct cnm_endpoint **rest = NULL;
	size_t i, count = 0;
	struct cnm_life life;
	_cleanup_close_ int netns_fd = -1;

	if (!winner || strcmp(winner->ifname, left->ifname) != 0)
		return 0;
	rest = calloc(before->count, sizeof(const struct cnm_endpoint *));
	if (!rest)
		return cnm_fail_nomem(err);
	for (i = 0; i < before->count; i++)
		if (all[i] != winner)
			rest[count++] = all[i];
	winner = cnm_gateway_elect(rest, count, family);
	if (!winner)
		return 0;
	life = cnm_endpoint_life(winner);
	netns_fd = cnm_life_open_netns(&life);
	if (netns_fd < 0)
		return 0;
	if (cnm_sandbox_net_set_default(controller, netns_fd, winner, family, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err); /* the container removed its interface itself */
	}
	return 0;
}

/* The drivers of those that stay hear who gives the default routes now. */
static int tell_elected(struct cnm_controller *controller, const struct cnm_endpoint_set *before,
                        const struct cnm_link_ref *left, struct cnm_error *err)
{
	_cleanup_free_ struct cnm_endpoint **rest = calloc(before->count, sizeof(struct cnm_endpoint *));
	size_t i, count = 0;

	if (!rest)
		return cnm_fail_nomem(err);
	for (i = 0; i < before->count; i++)
		if (strcmp(before->items[i]->ifname, left->ifname) != 0)
			rest[count++] = before->items[i];
	return cnm_outside_elected(controller, rest, count, NULL, err);
}

static int rewrite_files(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                         const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};

	if (sandbox->no_files)
		return 0;
	if (cnm_endpoint_set_load(controller, sb, NULL, &set, err) < 0)
		return -1;
	return cnm_files_write(controller, sb, sandbox, (const struct cnm_endpoint *const *)set.items,
	                       set.count, err);
}

int cnm_detach(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
               const struct cnm_link_ref *ref, struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set before = {0};

	if (cnm_endpoint_set_load(controller, sb, NULL, &before, err) < 0)
		return -1;
	if (detach_endpoint(controller, ref, err) < 0 ||
	    cnm_files_tell_readers(controller, ref->network, sb, ref->ifname, err) < 0 ||
	    cnm_store_link_release(sb, ref->ifname, err) < 0)
		return cnm_wrap(err, "network %s, endpoint %s", ref->network, ref->key);
	if (before.count < 2)
		return 0;
	cnm_ports_hand_over(controller, &before, ref->ifname);
	if (elect_again(controller, &before, ref, AF_INET, err) < 0 ||
	    elect_again(controller, &before, ref, AF_INET6, err) < 0 ||
	    tell_elected(controller, &before, ref, err) < 0)
		return cnm_wrap(err, "network %s, endpoint %s: default route", ref->network, ref->key);
	return 0;
}

int cnm_detach_all(struct cnm_controller *controller, struct cnm_store_sandbox *sb, size_t *count,
                   struct cnm_error *err)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error first = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_links_list(sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < refs.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_detach(controller, sb, &refs.items[i], &one) < 0) {
			if (first.code == CNM_OK)
				first = one;
			continue;
		}
		if (count)
			(*count)++;
	}
	if (first.code == CNM_OK)
		return 0;
	*err = first;
	return -1;
}

static int delete_sandbox(struct cnm_controller *controller, const char *id,
                          const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	struct cnm_store *store = controller->store;

	/* A folder without a record may have a namespace that was pinned just before its writer was killed. */
	if ((!sandbox || sandbox->ours) &&
	    cnm_netns_delete_pinned(store->netns_fd, store->netns_path, id, err) < 0)
		return -1;
	return cnm_store_sandbox_delete(store, id, err);
}

int cnm_sandbox_release_unused(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                               const char *id, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};

	if (cnm_store_links_list(sb, &refs, err) < 0)
		return -1;
	if (cnm_store_sandbox_load(controller->store, id, &sandbox, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND && err->code != CNM_E_STORE)
			return -1;
		cnm_error_clear(err);
	}
	if (refs.count == 0 && !(sandbox && sandbox->explicit_))
		return delete_sandbox(controller, id, sandbox, err);
	return sandbox ? rewrite_files(controller, sb, sandbox, err) : 0;
}
