/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge network's objects on the host: firewall elements, then the bridge, its addresses, forwarding.
 * In that order, so that no packet passes before the rules that bound it.
 */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_link_tuning.h"
#include "cnm/sys/sysctl.h"
#include "drivers/bridge.h"
#include "drivers/forwarding.h"
#include "drivers/ruleset.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int set_conf(const char *ifname, const char *key, const char *value, struct cnm_error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/%s", ifname, key);
	return cnm_sysctl_write_if_present(path, value, err);
}

int cnm_bridge_find(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, struct cnm_link *link,
                    struct cnm_error *err)
{
	if (cnm_link_get(rtnl, bridge->name, 0, link, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (strcmp(link->kind, "bridge") != 0)
		return cnm_fail(err, CNM_E_EXISTS, "link %s exists and is no bridge", bridge->name);
	return memcmp(&link->mac, &bridge->mac, sizeof(bridge->mac)) == 0 ? 1 : 2;
}

static int create_bridge(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, struct cnm_link *link,
                         struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_add_bridge(&batch, bridge->name, &bridge->mac);
	return cnm_link_batch_send_and_get(rtnl, &batch, bridge->name, link, err);
}

/* Before the link comes up: no address of its own choosing, no listening to routers. On a bridge of somebody else only what we need. */
static int set_ipv6(const struct cnm_bridge *bridge, bool foreign, struct cnm_error *err)
{
	/* Of an isolated network the host has no address at all, not even a link-local one. */
	bool has_address = bridge->ipv6 && bridge->mode6 != CNM_GATEWAY_ISOLATED;

	if (foreign)
		return has_address ? set_conf(bridge->name, "disable_ipv6", "0", err) : 0;
	/* Its link-local address asks for the neighbours of forwarded packets; waiting for it to be proved unique would be a second without IPv6. */
	if (set_conf(bridge->name, "accept_ra", "0", err) < 0 ||
	    set_conf(bridge->name, "accept_dad", "0", err) < 0)
		return -1;
	return set_conf(bridge->name, "disable_ipv6", has_address ? "0" : "1", err);
}

bool cnm_bridge_gateway(const struct cnm_bridge *bridge, const struct cnm_pool *pool, struct cnm_addr *ret)
{
	bool is_ipv4 = pool->gateway.family == AF_INET;

	if (!cnm_addr_is_set(&pool->gateway) || (is_ipv4 ? bridge->inhibit_ipv4 : bridge->inhibit_ipv6) ||
	    (is_ipv4 ? bridge->mode4 : bridge->mode6) == CNM_GATEWAY_ISOLATED)
		return false;
	*ret = pool->gateway;
	ret->prefix = pool->subnet.prefix;
	return true;
}

bool cnm_bridge_has_gateway(const struct cnm_network *network, const struct cnm_pool *pool)
{
	struct cnm_error unreadable = CNM_ERROR_INIT;
	struct cnm_bridge bridge;
	struct cnm_addr addr;

	return cnm_bridge_settings(network, &bridge, &unreadable) == 0 &&
	       cnm_bridge_gateway(&bridge, pool, &addr);
}

static int set_addresses_and_up(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                                const struct cnm_bridge *bridge, const struct cnm_link *link, bool foreign,
                                struct cnm_error *err)
{
	/* An MTU given at creation would go with the last port; a change pins it (br_mtu_auto_adjust). */
	struct cnm_link_change up = {
	        .ifindex = link->ifindex, .up = CNM_ON, .mtu = foreign ? 0 : bridge->mtu};
	struct cnm_link_tuning promisc = CNM_LINK_TUNING_NONE;
	struct cnm_rtnl_batch batch;
	size_t i;

	promisc.promisc = 1;
	cnm_rtnl_batch_init(&batch);
	for (i = 0; i < network->pool_count; i++) {
		struct cnm_addr addr;

		if (cnm_bridge_gateway(bridge, &network->pools[i], &addr))
			cnm_ifaddr_add(&batch, link->ifindex, &addr, true);
	}
	cnm_link_set(&batch, &up);
	if (bridge->promisc)
		cnm_link_tune(&batch, link->ifindex, &promisc);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

bool cnm_bridge_forwards(const struct cnm_network *network, const struct cnm_bridge *bridge, int family)
{
	size_t i;

	/* Who is no gateway forwards nothing. */
	if (network->internal || (family == AF_INET ? bridge->inhibit_ipv4 : bridge->inhibit_ipv6))
		return false;
	for (i = 0; i < network->pool_count; i++)
		if (network->pools[i].subnet.family == family)
			return true;
	return false;
}

static int ensure_forwarding(struct cnm_controller *controller, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, struct cnm_error *err)
{
	if (cnm_bridge_forwards(network, bridge, AF_INET) &&
	    cnm_forwarding_ensure(controller, AF_INET, err) < 0)
		return -1;
	return cnm_bridge_forwards(network, bridge, AF_INET6)
	               ? cnm_forwarding_ensure(controller, AF_INET6, err)
	               : 0;
}

#define FIREWALL_TRIES 4

/* Another controller, with roots of its own, may take the table away between the two steps: its last network went. */
static int ensure_firewall(struct cnm_controller *controller, const struct cnm_network *network,
                           const struct cnm_bridge *bridge, struct cnm_error *err)
{
	unsigned tries;

	for (tries = 1;; tries++) {
		if (cnm_ruleset_ensure(controller, err) < 0)
			return -1;
		if (cnm_bridge_guard_network_add(controller, bridge, err) == 0 &&
		    cnm_bridge_firewall_add(controller, network, bridge, err) == 0)
			return 0;
		if (err->code != CNM_E_NOT_FOUND || tries == FIREWALL_TRIES)
			return -1;
		cnm_error_clear(err);
	}
}

int cnm_bridge_network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_error undo_err = CNM_ERROR_INIT;
	struct cnm_bridge bridge;
	struct cnm_link link;
	int found;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	found = cnm_bridge_find(rtnl, &bridge, &link, err);
	if (found < 0 ||
	    (found == 2 && cnm_bridge_settle_others(rtnl, network, &bridge, link.ifindex, err) < 0))
		return -1;
	if (ensure_firewall(controller, network, &bridge, err) == 0 &&
	    cnm_bridge_gates_open(controller, network, &bridge, err) == 0 &&
	    (found || create_bridge(rtnl, &bridge, &link, err) == 0) &&
	    set_ipv6(&bridge, found == 2, err) == 0 &&
	    set_addresses_and_up(rtnl, network, &bridge, &link, found == 2, err) == 0 &&
	    ensure_forwarding(controller, network, &bridge, err) == 0)
		return 0;
	if (!found)
		cnm_bridge_network_delete(controller, network, &undo_err);
	return -1;
}

/* A bridge that was there before stays as it was: without the addresses that we gave it, with those that it had. */
static void remove_addresses(struct cnm_rtnl_batch *batch, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, int ifindex)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++) {
		struct cnm_addr addr;

		if (cnm_bridge_gateway(bridge, &network->pools[i], &addr) &&
		    !cnm_bridge_had_address(network, &addr))
			cnm_ifaddr_delete(batch, ifindex, &addr);
	}
}

int cnm_bridge_network_delete(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_rtnl_batch batch;
	struct cnm_bridge bridge;
	struct cnm_link link;
	int found;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	found = cnm_bridge_find(rtnl, &bridge, &link, err);
	if (found < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	if (found == 1)
		cnm_link_delete_index(&batch, link.ifindex);
	else if (found == 2)
		remove_addresses(&batch, network, &bridge, link.ifindex);
	if (found && cnm_rtnl_batch_send(rtnl, &batch, err) < 0)
		return -1;
	if (cnm_bridge_gates_close(controller, network, err) < 0 ||
	    cnm_bridge_firewall_remove(controller, network, &bridge, err) < 0 ||
	    cnm_bridge_guard_network_remove(controller, &bridge, err) < 0)
		return -1;
	return cnm_ruleset_release(controller, network, err);
}
