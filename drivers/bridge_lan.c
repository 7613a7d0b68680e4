/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge that others have in use: the host's own uplink is on it, virtual machines, containers of somebody else. A network on it is a guest. */
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/bridge.h"
#include <string.h>

struct look {
	const struct cnm_network *network;
	int ifindex;
	bool in_use;
};

static int note_port(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	struct look *look = arg;

	look->in_use = look->in_use || link->master_ifindex == look->ifindex;
	return 0;
}

static int note_address(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct look *look = arg;
	size_t i;

	if (cnm_addr_is_link_local(&ifaddr->addr))
		return 0;
	for (i = 0; i < look->network->pool_count; i++)
		if (cnm_addr_equal(&look->network->pools[i].gateway, &ifaddr->addr))
			return 0;
	look->in_use = true;
	return 0;
}

int cnm_bridge_look_at_bridge(struct cnm_controller *controller, struct cnm_network *network,
                              const char *bridge, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	const char *others = cnm_kvs_get(&network->options, CNM_BRIDGE_OTHERS);
	struct cnm_error missing = CNM_ERROR_INIT;
	struct look look = {.network = network};
	struct cnm_link link;

	if (!rtnl)
		return -1;
	if (cnm_link_get(rtnl, bridge, 0, &link, &missing) < 0)
		return 0;
	look.ifindex = link.ifindex;
	if (cnm_link_list(rtnl, note_port, &look, err) < 0)
		return -1;
	/* Addresses that are to be replaced are in nobody's use. */
	if (!(others && strcmp(others, "replace") == 0) &&
	    cnm_ifaddr_list(rtnl, link.ifindex, note_address, &look, err) < 0)
		return -1;
	return look.in_use ? cnm_kvs_set(&network->driver_state, CNM_BRIDGE_LAN, "true", err) : 0;
}
