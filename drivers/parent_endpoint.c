/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint on a parent: one link, born in the sandbox under its final name. Its index there is ours to choose, and follows from the
 * endpoint's id: so the record knows it before the link is made, and a leave finds the link whatever the container called it.
 */
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/sandbox_net.h"
#include "drivers/parent.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Above what the kernel counts up to by itself, 28 bits of the random id. */
static int ifindex_of(const struct cnm_endpoint *endpoint)
{
	char digits[8];

	snprintf(digits, sizeof(digits), "%.7s", endpoint->id);
	return 0x40000000 | (int)strtoul(digits, NULL, 16);
}

/* Others learn at once where an address is now (and under which MAC address), where they have to. */
static int add_announcements(struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		const char *key = endpoint->addrs[i].addr.family == AF_INET
		                          ? "net.ipv4.conf.IFNAME.arp_notify"
		                          : "net.ipv6.conf.IFNAME.ndisc_notify";

		if (!cnm_kvs_get(&endpoint->sysctls, key) &&
		    cnm_kvs_set(&endpoint->sysctls, key, "1", err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_what_is_not_ours(const struct cnm_network *network, const struct cnm_endpoint *endpoint,
                                   struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->options.count; i++)
		if (!cnm_sandbox_net_knows(endpoint->options.items[i].key))
			return cnm_fail(err, CNM_E_INVALID, "unknown endpoint option \"%s\"",
			                endpoint->options.items[i].key);
	if (endpoint->port_count > 0)
		return cnm_fail(err, CNM_E_UNSUPPORTED, "driver %s publishes no ports: " CNM_PARENT_NO_PORTS,
		                network->driver);
	return 0;
}

static int fill_mac(struct cnm_controller *controller, const struct cnm_parent *parent,
                    struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_link link;

	if (!rtnl || cnm_link_get(rtnl, parent->name, 0, &link, err) < 0)
		return -1;
	endpoint->mac = link.mac;
	return 0;
}

int cnm_parent_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_parent parent;
	size_t i;

	if (refuse_what_is_not_ours(network, endpoint, err) < 0 ||
	    cnm_parent_settings(network, &parent, err) < 0)
		return -1;
	endpoint->no_gateway = endpoint->no_gateway || network->internal;
	endpoint->device_gateway = parent.want.device_gateway;
	for (i = 0; parent.want.device_gateway && i < endpoint->addr_count; i++)
		endpoint->addrs[i].gateway = (struct cnm_addr){0};
	if (parent.want.shares_mac && fill_mac(controller, &parent, endpoint, err) < 0)
		return -1;
	return add_announcements(endpoint, err);
}

/* The kernel's words say neither on what nor why. */
static int explain(const struct cnm_parent *parent, const struct cnm_endpoint *endpoint,
                   struct cnm_error *err)
{
	enum cnm_child_kind kind = parent->want.kind;

	if (err->code == CNM_E_EXISTS)
		return kind == CNM_CHILD_VLAN
		               ? cnm_fail(err, CNM_E_EXISTS,
		                          "interface %s exists already in the sandbox, or VLAN %u of parent "
		                          "%s is "
		                          "a link elsewhere",
		                          endpoint->ifname, parent->want.mode, parent->name)
		               : cnm_fail(err, CNM_E_EXISTS, "interface %s exists already in the sandbox",
		                          endpoint->ifname);
	if (err->code == CNM_E_UNSUPPORTED)
		return cnm_fail(err, CNM_E_UNSUPPORTED, "this kernel has no %s", cnm_child_kind_name(kind));
	if (err->sys_errno == EBUSY)
		return cnm_fail(
		        err, CNM_E_BUSY,
		        "parent %s is in use otherwise: by a bridge, a bond, or links that are not %s",
		        parent->name, cnm_child_kind_name(kind));
	if (err->sys_errno == EINVAL && kind == CNM_CHILD_MACVLAN)
		return cnm_fail(
		        err, CNM_E_BUSY,
		        parent->want.single
		                ? "parent %s has another macvlan link, and mode passthru takes it whole"
		                : "parent %s has a macvlan link of mode passthru, which takes it whole",
		        parent->name);
	return cnm_wrap(err, "parent %s", parent->name);
}

int cnm_parent_join(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                    struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_rtnl_batch batch;
	struct cnm_parent parent;
	struct cnm_child child;
	struct cnm_link link;

	if (!rtnl || cnm_parent_settings(network, &parent, err) < 0 ||
	    cnm_link_get(rtnl, parent.name, 0, &link, err) < 0)
		return -1;
	if (!(link.flags & IFF_UP))
		return cnm_fail(err, CNM_E_INVALID, "parent %s is down", parent.name);
	child = (struct cnm_child){
	        .kind = parent.want.kind,
	        .name = endpoint->ifname,
	        .ifindex = ifindex_of(endpoint),
	        .parent_ifindex = link.ifindex,
	        .netns_fd = netns_fd,
	        .mtu = parent.mtu,
	        .mode = parent.want.mode,
	        .flags = parent.want.flags,
	        .bc_queue_len = parent.want.bc_queue_len,
	};
	if (!parent.want.shares_mac)
		child.mac = endpoint->mac;
	cnm_rtnl_batch_init(&batch);
	cnm_child_add(&batch, &child);
	if (cnm_rtnl_batch_send(rtnl, &batch, err) < 0)
		return explain(&parent, endpoint, err);
	ret->ifindex = child.ifindex;
	return 0;
}

/* What the driver's name says of a record whose network is lost. */
static enum cnm_child_kind kind_of(const struct cnm_endpoint *endpoint)
{
	const char *name = cnm_kvs_get(&endpoint->driver_state, "driver");

	if (name && strcmp(name, "ipvlan") == 0)
		return CNM_CHILD_IPVLAN;
	return name && strcmp(name, "vlan") == 0 ? CNM_CHILD_VLAN : CNM_CHILD_MACVLAN;
}

int cnm_parent_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_rtnl_batch batch;
	struct cnm_child child;

	/* With its namespace the link is gone. */
	if (netns_fd < 0)
		return 0;
	if (cnm_rtnl_open_in(&inside, netns_fd, err) < 0)
		return -1;
	if (cnm_child_get(inside, ifindex_of(endpoint), kind_of(endpoint), &child, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	cnm_rtnl_batch_init(&batch);
	cnm_link_delete_index(&batch, child.ifindex);
	return cnm_rtnl_batch_send(inside, &batch, err);
}

static int compare(const struct cnm_parent *parent, const struct cnm_link *link,
                   const struct cnm_child *child, const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (child->parent_ifindex != link->ifindex)
		return cnm_fail(err, CNM_E_CONFLICT, "interface %s is not on parent %s", endpoint->ifname,
		                parent->name);
	if (child->mode != parent->want.mode || child->flags != parent->want.flags)
		return cnm_fail(err, CNM_E_CONFLICT, "interface %s is not %s any more", endpoint->ifname,
		                parent->want.words);
	return 0;
}

int cnm_parent_endpoint_check(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_life life = cnm_endpoint_life(endpoint);
	_cleanup_close_ int netns_fd = cnm_life_open_netns(&life);
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_parent parent;
	struct cnm_child child;
	struct cnm_link link;

	if (netns_fd < 0)
		return cnm_fail(err, CNM_E_NETNS, "its namespace %s is gone", endpoint->key);
	if (!rtnl || cnm_parent_settings(network, &parent, err) < 0 ||
	    cnm_link_get(rtnl, parent.name, 0, &link, err) < 0 ||
	    cnm_rtnl_open_in(&inside, netns_fd, err) < 0)
		return -1;
	if (cnm_child_get(inside, ifindex_of(endpoint), parent.want.kind, &child, err) < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_CONFLICT, "interface %s is missing in the sandbox",
		                          endpoint->ifname)
		               : -1;
	return compare(&parent, &link, &child, endpoint, err);
}
