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

/* The bridge as a link: 1 it is there and ours, 2 it is there and somebody else's, 0 missing. */
static int find_bridge(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, struct cnm_link *link,
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
	if (foreign)
		return bridge->ipv6 ? set_conf(bridge->name, "disable_ipv6", "0", err) : 0;
	/* Its link-local address asks for the neighbours of forwarded packets; waiting for it to be proved unique would be a second without IPv6. */
	if (set_conf(bridge->name, "accept_ra", "0", err) < 0 ||
	    set_conf(bridge->name, "accept_dad", "0", err) < 0)
		return -1;
	return set_conf(bridge->name, "disable_ipv6", bridge->ipv6 ? "0" : "1", err);
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

static int ensure_forwarding(struct cnm_controller *controller, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, struct cnm_error *err)
{
	bool seen[2] = {false, false};
	size_t i;

	if (network->internal)
		return 0;
	for (i = 0; i < network->pool_count; i++) {
		int family = network->pools[i].subnet.family;
		size_t at = family == AF_INET ? 0 : 1;

		/* Who is no gateway forwards nothing. */
		if (at == 0 ? bridge->inhibit_ipv4 : bridge->inhibit_ipv6)
			continue;
		if (!seen[at] && cnm_forwarding_ensure(controller, family, err) < 0)
			return -1;
		seen[at] = true;
	}
	return 0;
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
	found = find_bridge(rtnl, &bridge, &link, err);
	if (found < 0 ||
	    (found == 2 && cnm_bridge_settle_others(rtnl, network, &bridge, link.ifindex, err) < 0))
		return -1;
	if (cnm_ruleset_ensure(controller, err) == 0 &&
	    cnm_bridge_firewall_add(controller, network, &bridge, err) == 0 &&
	    (found || create_bridge(rtnl, &bridge, &link, err) == 0) &&
	    set_ipv6(&bridge, found == 2, err) == 0 &&
	    set_addresses_and_up(rtnl, network, &bridge, &link, found == 2, err) == 0 &&
	    ensure_forwarding(controller, network, &bridge, err) == 0)
		return 0;
	if (!found)
		cnm_bridge_network_delete(controller, network, &undo_err);
	return -1;
}

int cnm_bridge_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                                struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_bridge bridge;
	struct cnm_link link;
	int found;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	found = find_bridge(rtnl, &bridge, &link, err);
	if (found <= 0)
		return found;
	if (!(link.flags & IFF_UP))
		return 0;
	return cnm_bridge_firewall_is_loaded(controller, &bridge, err);
}

/* A bridge that was there before stays, without the addresses that we gave it. */
static void remove_addresses(struct cnm_rtnl_batch *batch, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, int ifindex)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++) {
		struct cnm_addr addr;

		if (cnm_bridge_gateway(bridge, &network->pools[i], &addr))
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
	found = find_bridge(rtnl, &bridge, &link, err);
	if (found < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	if (found == 1)
		cnm_link_delete_index(&batch, link.ifindex);
	else if (found == 2)
		remove_addresses(&batch, network, &bridge, link.ifindex);
	if (found && cnm_rtnl_batch_send(rtnl, &batch, err) < 0)
		return -1;
	if (cnm_bridge_firewall_remove(controller, network, &bridge, err) < 0)
		return -1;
	return cnm_ruleset_release(controller, err);
}

struct address_search {
	const struct cnm_addr *wanted;
	bool found;
};

static int match_address(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct address_search *search = arg;

	if (cnm_addr_equal(&ifaddr->addr, search->wanted))
		search->found = true;
	return 0;
}

static int check_gateways(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                          const struct cnm_bridge *bridge, int ifindex, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < network->pool_count; i++) {
		const struct cnm_pool *pool = &network->pools[i];
		struct address_search search = {&pool->gateway, false};
		struct cnm_addr addr;

		if (!cnm_bridge_gateway(bridge, pool, &addr))
			continue;
		if (cnm_ifaddr_list(rtnl, ifindex, match_address, &search, err) < 0)
			return -1;
		if (!search.found)
			return cnm_fail(err, CNM_E_CONFLICT, "bridge %s lacks the gateway address %s",
			                bridge->name, cnm_addr_format(&pool->gateway, text));
	}
	return 0;
}

int cnm_bridge_network_check(struct cnm_controller *controller, struct cnm_network *network,
                             struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	const char *set = NULL;
	struct cnm_bridge bridge;
	struct cnm_link link;
	int found, has;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	found = find_bridge(rtnl, &bridge, &link, err);
	if (found < 0)
		return -1;
	if (!found)
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s is missing", bridge.name);
	if (!(link.flags & IFF_UP))
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s is down", bridge.name);
	if (check_gateways(rtnl, network, &bridge, link.ifindex, err) < 0)
		return -1;
	has = cnm_bridge_firewall_has(controller, network, &bridge, &set, err);
	if (has < 0)
		return -1;
	return has ? 0
	           : cnm_fail(err, CNM_E_CONFLICT, "table inet cnm lacks bridge %s in set %s", bridge.name,
	                      set);
}
