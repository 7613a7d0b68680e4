/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge endpoint: a veth pair whose inner end is born in the sandbox under its final name. The host end's name is random and stands in
 * the record before the pair is made, so that leave needs nothing else.
 */
#include "cnm/sandbox_net.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/bridge.h"
#include "drivers/options.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

int cnm_bridge_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_bridge bridge;
	size_t i;

	for (i = 0; i < endpoint->options.count; i++)
		if (!cnm_sandbox_net_knows(endpoint->options.items[i].key))
			return cnm_fail(err, CNM_E_INVALID, "unknown endpoint option \"%s\"",
			                endpoint->options.items[i].key);
	snprintf(endpoint->host_ifname, sizeof(endpoint->host_ifname), "veth%.11s", endpoint->id);
	endpoint->no_gateway = endpoint->no_gateway || network->internal;
	if (cnm_mac_random(&endpoint->host_mac, err) < 0 || cnm_bridge_settings(network, &bridge, err) < 0 ||
	    cnm_bridge_guard_prepare(&bridge, endpoint, err) < 0)
		return -1;
	return cnm_bridge_ports_prepare(controller, network, endpoint, err);
}

/* The kernel's "File exists" does not say which of the two names; ours is random, so it is the sandbox's. */
static int explain(const struct cnm_endpoint *endpoint, const struct cnm_bridge *bridge,
                   struct cnm_error *err)
{
	if (err->code == CNM_E_EXISTS)
		return cnm_fail(err, CNM_E_EXISTS, "interface %s exists already in the sandbox",
		                endpoint->ifname);
	if (err->sys_errno == EXFULL)
		return cnm_fail(err, CNM_E_EXHAUSTED,
		                "bridge %s is full: a Linux bridge has 1023 ports; make a second network",
		                bridge->name);
	return -1;
}

static int create_pair(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, int bridge_ifindex,
                       const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_link *ret,
                       struct cnm_error *err)
{
	struct cnm_veth veth = {
	        .name = endpoint->host_ifname,
	        .mac = endpoint->host_mac,
	        .peer_name = endpoint->ifname,
	        .peer_mac = endpoint->mac,
	        .peer_netns_fd = netns_fd,
	        .mtu = bridge->mtu,
	        .master_ifindex = bridge_ifindex,
	};
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &veth);
	if (cnm_link_batch_send_and_get(rtnl, &batch, endpoint->host_ifname, ret, err) < 0)
		return explain(endpoint, bridge, err);
	return 0;
}

static int bring_up_port(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge,
                         const struct cnm_endpoint *endpoint, int ifindex, struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;

	if (cnm_bridge_port_set_sysctls(bridge, endpoint->host_ifname, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_bridge_port_set(&batch, bridge, endpoint, ifindex);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

int cnm_bridge_join(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                    struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_error undo_err = CNM_ERROR_INIT;
	struct cnm_link bridge_link, host_link;
	struct cnm_bridge bridge;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0 ||
	    cnm_link_get(rtnl, bridge.name, 0, &bridge_link, err) < 0)
		return -1;
	/* First, since it is what may be refused; its traffic waits for the link. */
	if (cnm_bridge_publish(controller, network, endpoint, err) < 0)
		return -1;
	if (cnm_bridge_guard_add(controller, endpoint, err) < 0 ||
	    create_pair(rtnl, &bridge, bridge_link.ifindex, endpoint, netns_fd, &host_link, err) < 0 ||
	    bring_up_port(rtnl, &bridge, endpoint, host_link.ifindex, err) < 0) {
		cnm_bridge_leave(controller, network, endpoint, netns_fd, &undo_err);
		return -1;
	}
	ret->ifindex = host_link.peer_ifindex;
	ret->host_mtu = host_link.mtu;
	ret->bridge_mtu = bridge_link.mtu;
	ret->bridge_mac = bridge_link.mac;
	return 0;
}

int cnm_bridge_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	if (cnm_ports_withdraw(controller, endpoint, err) < 0)
		return -1;
	if (!endpoint->host_ifname[0])
		return 0;
	if (cnm_controller_remove_link(controller, endpoint->host_ifname, err) < 0)
		return -1;
	return cnm_bridge_guard_remove(controller, endpoint, err);
}

int cnm_bridge_endpoint_check(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_bridge bridge;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0 ||
	    cnm_bridge_port_check(rtnl, &bridge, endpoint, err) < 0)
		return -1;
	if (cnm_bridge_guard_check(controller, &bridge, endpoint, err) < 0)
		return -1;
	return cnm_bridge_ports_check(controller, &bridge, endpoint, err);
}
