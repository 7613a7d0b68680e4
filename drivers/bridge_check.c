/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge network's objects on the host, compared with its record: in short before each join, wholly by CHECK and reconcile. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/bridge.h"
#include "drivers/forwarding.h"
#include "drivers/ruleset.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define GATEWAYS_MAX 64

/* Gateway addresses that the bridge has to carry, struck off as they are seen. */
struct gateways {
	struct cnm_addr items[GATEWAYS_MAX];
	size_t count;
};

static int strike_off(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct gateways *missing = arg;
	size_t i;

	for (i = 0; i < missing->count; i++)
		if (cnm_addr_equal(&ifaddr->addr, &missing->items[i]))
			missing->items[i] = missing->items[--missing->count];
	return 0;
}

/* Leaves in *ret those that are missing. */
static int find_missing_gateways(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                                 const struct cnm_bridge *bridge, int ifindex, struct gateways *ret,
                                 struct cnm_error *err)
{
	size_t i;

	ret->count = 0;
	for (i = 0; i < network->pool_count && ret->count < GATEWAYS_MAX; i++)
		if (cnm_bridge_gateway(bridge, &network->pools[i], &ret->items[ret->count]))
			ret->count++;
	return ret->count ? cnm_ifaddr_list(rtnl, ifindex, strike_off, ret, err) : 0;
}

/* 1, or 0 with the family that is not forwarded. */
static int forwards(const struct cnm_network *network, const struct cnm_bridge *bridge, int *ret_family,
                    struct cnm_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		int on = cnm_bridge_forwards(network, bridge, families[i])
		                 ? cnm_forwarding_is_on(families[i], err)
		                 : 1;

		*ret_family = families[i];
		if (on != 1)
			return on;
	}
	return 1;
}

int cnm_bridge_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                                struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct gateways missing;
	struct cnm_bridge bridge;
	struct cnm_link link;
	int found, family, on;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	found = cnm_bridge_find(rtnl, &bridge, &link, err);
	if (found <= 0)
		return found;
	if (!(link.flags & IFF_UP))
		return 0;
	on = forwards(network, &bridge, &family, err);
	if (on != 1)
		return on;
	if (find_missing_gateways(rtnl, network, &bridge, link.ifindex, &missing, err) < 0)
		return -1;
	on = missing.count ? 0 : cnm_bridge_firewall_is_loaded(controller, &bridge, err);
	return on == 1 ? cnm_bridge_gates_are_open(controller, network, &bridge, err) : on;
}

static int check_link(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                      const struct cnm_bridge *bridge, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	struct gateways missing;
	struct cnm_link link;
	int found = cnm_bridge_find(rtnl, bridge, &link, err);

	if (found < 0)
		return -1;
	if (!found)
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s is missing", bridge->name);
	if (!(link.flags & IFF_UP))
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s is down", bridge->name);
	if (find_missing_gateways(rtnl, network, bridge, link.ifindex, &missing, err) < 0)
		return -1;
	if (missing.count)
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s lacks the gateway address %s", bridge->name,
		                cnm_addr_format(&missing.items[0], text));
	return 0;
}

int cnm_bridge_network_check(struct cnm_controller *controller, struct cnm_network *network,
                             struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	const char *set = NULL;
	struct cnm_bridge bridge;
	int family, on, has;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0 ||
	    check_link(rtnl, network, &bridge, err) < 0)
		return -1;
	on = forwards(network, &bridge, &family, err);
	if (on <= 0)
		return on < 0 ? -1
		              : cnm_fail(err, CNM_E_CONFLICT, "this host does not forward %s packets",
		                         family == AF_INET ? "IPv4" : "IPv6");
	has = cnm_bridge_firewall_has(controller, network, &bridge, &set, err);
	if (has < 0)
		return -1;
	if (!has)
		return cnm_fail(err, CNM_E_CONFLICT, "table inet cnm lacks bridge %s in set %s", bridge.name,
		                set);
	if (cnm_ruleset_check(controller, err) < 0)
		return -1;
	return cnm_bridge_gates_check(controller, network, &bridge, err);
}
