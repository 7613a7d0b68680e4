/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endpoint's port on the bridge: what it is set to, whether it still is, and how a running container's gets back there when others made it
 * leave (they deleted the bridge, say). */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_port.h"
#include "cnm/sys/sysctl.h"
#include "drivers/bridge.h"
#include <stdio.h>
#include <stdlib.h>

static void format_rp_filter(char *path, size_t size, const char *ifname)
{
	snprintf(path, size, "net/ipv4/conf/%s/rp_filter", ifname);
}

int cnm_bridge_port_set_sysctls(const struct cnm_bridge *bridge, const char *ifname, struct cnm_error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/disable_ipv6", ifname);
	if (cnm_sysctl_write_if_present(path, "1", err) < 0)
		return -1;
	if (!bridge->anti_spoof)
		return 0;
	/* Frames to a bridge's group address reach the host by the port itself (drivers/ruleset_bridge.nft). */
	format_rp_filter(path, sizeof(path), ifname);
	return cnm_sysctl_write(path, "1", err);
}

void cnm_bridge_port_set(struct cnm_rtnl_batch *batch, const struct cnm_bridge *bridge,
                         const struct cnm_endpoint *endpoint, int ifindex)
{
	char alias[CNM_LINK_ALIAS_MAX];
	struct cnm_link_change change = {
	        .ifindex = ifindex,
	        .up = CNM_ON,
	        .alias = alias,
	        .no_ipv6_link_local = true,
	        .port = {.hairpin = bridge->hairpin ? CNM_ON : CNM_KEEP,
	                 .isolated = bridge->icc ? CNM_KEEP : CNM_ON},
	};

	snprintf(alias, sizeof(alias), "cnm:%s/%.150s", endpoint->network, endpoint->name);
	cnm_link_set(batch, &change);
	if (bridge->mac_check)
		cnm_port_lock(batch, ifindex, &endpoint->mac);
}

static int fail_setting(const char *ifname, const char *what, struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_CONFLICT, "link %s %s", ifname, what);
}

static int check_flags(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, const char *ifname,
                       struct cnm_error *err)
{
	struct cnm_port_flags port;

	/* Nothing of it is set where nothing was asked for. */
	if (!bridge->mac_check && bridge->icc && !bridge->hairpin)
		return 0;
	if (cnm_port_flags_get(rtnl, ifname, &port, err) < 0)
		return -1;
	if (bridge->mac_check && !port.locked)
		return fail_setting(ifname, "takes frames from any MAC address", err);
	if (!bridge->icc && !port.isolated)
		return fail_setting(ifname, "is not isolated from its neighbours", err);
	if (bridge->hairpin && !port.hairpin)
		return fail_setting(ifname, "does not reflect frames (hairpin)", err);
	return 0;
}

static int check_rp_filter(const char *ifname, struct cnm_error *err)
{
	char path[128], value[16];

	format_rp_filter(path, sizeof(path), ifname);
	if (cnm_sysctl_read(path, value, sizeof(value), err) < 0)
		return -1;
	return value[0] == '1' ? 0 : fail_setting(ifname, "has its rp_filter off", err);
}

int cnm_bridge_port_check(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge,
                          const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const char *ifname = endpoint->host_ifname;
	struct cnm_link bridge_link, link;

	if (cnm_link_get(rtnl, bridge->name, 0, &bridge_link, err) < 0)
		return cnm_fail(err, CNM_E_CONFLICT, "bridge %s is missing", bridge->name);
	if (cnm_link_get(rtnl, ifname, 0, &link, err) < 0)
		return fail_setting(ifname, "is missing on the host", err);
	if (link.master_ifindex != bridge_link.ifindex)
		return cnm_fail(err, CNM_E_CONFLICT, "link %s is not on bridge %s", ifname, bridge->name);
	if (!(link.flags & IFF_UP))
		return fail_setting(ifname, "is down", err);
	if (check_flags(rtnl, bridge, ifname, err) < 0)
		return -1;
	return bridge->anti_spoof ? check_rp_filter(ifname, err) : 0;
}

/* The port's settings wait for it to be one, so there are two changes; one request has one of each. */
static int restore(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge,
                   const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_link bridge_link, link;
	struct cnm_link_change master;
	struct cnm_rtnl_batch batch;

	if (cnm_link_get(rtnl, bridge->name, 0, &bridge_link, err) < 0 ||
	    cnm_link_get(rtnl, endpoint->host_ifname, 0, &link, err) < 0 ||
	    cnm_bridge_port_set_sysctls(bridge, endpoint->host_ifname, err) < 0)
		return -1;
	master = (struct cnm_link_change){.ifindex = link.ifindex, .master_ifindex = bridge_link.ifindex};
	cnm_rtnl_batch_init(&batch);
	if (link.master_ifindex != bridge_link.ifindex)
		cnm_link_set(&batch, &master);
	cnm_bridge_port_set(&batch, bridge, endpoint, link.ifindex);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

int cnm_bridge_endpoint_repair(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_error why = CNM_ERROR_INIT;
	struct cnm_bridge bridge;

	if (!rtnl || cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	if (cnm_bridge_port_check(rtnl, &bridge, endpoint, &why) < 0) {
		if (restore(rtnl, &bridge, endpoint, err) < 0) {
			/* A link that went away meanwhile, or long ago. */
			if (err->code != CNM_E_NOT_FOUND)
				return -1;
			cnm_error_clear(err);
			return 0;
		}
		(*count)++;
	}
	return cnm_bridge_ports_repair(controller, &bridge, endpoint, count, err);
}
