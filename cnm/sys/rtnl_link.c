/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links: create, change, delete, read. */
#include "cnm/sys/rtnl_link.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct ifinfomsg *put_ifinfo(struct nlmsghdr *nlh, int ifindex)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	return ifi;
}

static void put_mac(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_mac *mac)
{
	if (cnm_mac_is_set(mac))
		cnm_rtnl_put(batch, nlh, IFLA_ADDRESS, mac->bytes, sizeof(mac->bytes));
}

static void put_mtu(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, unsigned mtu)
{
	if (mtu)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MTU, mtu);
}

/* The peer's nest begins with an ifinfomsg of its own (drivers/net/veth.c, veth_newlink). */
static void put_peer(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_veth *veth)
{
	struct nlattr *peer = cnm_rtnl_nest_begin(batch, nlh, VETH_INFO_PEER);

	if (!peer)
		return;
	/* Unlike an attribute, a header is put without a look at the room. */
	if ((char *)mnl_nlmsg_get_payload_tail(nlh) + sizeof(struct ifinfomsg) >
	    batch->data + sizeof(batch->data)) {
		batch->overflow = true;
		return;
	}
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, veth->peer_name);
	put_mac(batch, nlh, &veth->peer_mac);
	put_mtu(batch, nlh, veth->mtu);
	if (veth->peer_netns_fd >= 0)
		cnm_rtnl_put_u32(batch, nlh, IFLA_NET_NS_FD, (uint32_t)veth->peer_netns_fd);
	cnm_rtnl_nest_end(batch, nlh, peer);
}

void cnm_link_add_veth(struct cnm_rtnl_batch *batch, const struct cnm_veth *veth)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "create link %s", veth->name);
	struct nlattr *info, *data;

	put_ifinfo(nlh, 0);
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, veth->name);
	put_mac(batch, nlh, &veth->mac);
	put_mtu(batch, nlh, veth->mtu);
	if (veth->master_ifindex > 0)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MASTER, (uint32_t)veth->master_ifindex);
	info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_KIND, "veth");
	data = cnm_rtnl_nest_begin(batch, nlh, IFLA_INFO_DATA);
	put_peer(batch, nlh, veth);
	cnm_rtnl_nest_end(batch, nlh, data);
	cnm_rtnl_nest_end(batch, nlh, info);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_link_add_bridge(struct cnm_rtnl_batch *batch, const char *name, const struct cnm_mac *mac)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "create bridge %s", name);
	struct nlattr *info;

	put_ifinfo(nlh, 0);
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, name);
	put_mac(batch, nlh, mac);
	info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_KIND, "bridge");
	cnm_rtnl_nest_end(batch, nlh, info);
	cnm_rtnl_batch_end(batch, nlh);
}

static void put_flag(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type,
                     enum cnm_tristate flag)
{
	if (flag != CNM_KEEP)
		cnm_rtnl_put_u8(batch, nlh, type, flag == CNM_ON);
}

static bool has_port_flags(const struct cnm_link_change *change)
{
	return change->port.hairpin || change->port.isolated || change->port.learning || change->port.flood ||
	       change->port.mcast_flood || change->port.bcast_flood;
}

static void put_port(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_link_change *change)
{
	struct nlattr *info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO), *data;

	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_SLAVE_KIND, "bridge");
	data = cnm_rtnl_nest_begin(batch, nlh, IFLA_INFO_SLAVE_DATA);
	put_flag(batch, nlh, IFLA_BRPORT_MODE, change->port.hairpin);
	put_flag(batch, nlh, IFLA_BRPORT_ISOLATED, change->port.isolated);
	put_flag(batch, nlh, IFLA_BRPORT_LEARNING, change->port.learning);
	put_flag(batch, nlh, IFLA_BRPORT_UNICAST_FLOOD, change->port.flood);
	put_flag(batch, nlh, IFLA_BRPORT_MCAST_FLOOD, change->port.mcast_flood);
	put_flag(batch, nlh, IFLA_BRPORT_BCAST_FLOOD, change->port.bcast_flood);
	cnm_rtnl_nest_end(batch, nlh, data);
	cnm_rtnl_nest_end(batch, nlh, info);
}

static void put_no_link_local(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh)
{
	struct nlattr *spec = cnm_rtnl_nest_begin(batch, nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = cnm_rtnl_nest_begin(batch, nlh, AF_INET6);

	cnm_rtnl_put_u8(batch, nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	cnm_rtnl_nest_end(batch, nlh, inet6);
	cnm_rtnl_nest_end(batch, nlh, spec);
}

static void describe(char out[48], const char *name, int ifindex)
{
	if (name && ifindex <= 0)
		snprintf(out, 48, "link %s", name);
	else
		snprintf(out, 48, "link %d", ifindex);
}

static struct nlmsghdr *begin_change(struct cnm_rtnl_batch *batch, const struct cnm_link_change *change,
                                     int tolerated)
{
	bool by_name = change->ifindex <= 0 && change->name;
	struct nlmsghdr *nlh;
	char what[48];

	describe(what, change->name, change->ifindex);
	nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, 0, tolerated, "change %s", what);
	/* A new name would go where the old one stands, and the kernel would change the link that has it. */
	put_ifinfo(nlh, by_name && change->new_name ? -1 : change->ifindex);
	if (by_name && !change->new_name)
		cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, change->name);
	return nlh;
}

/* A message of its own, as a link without IPv6 (ipv6.disable=1, a small MTU) refuses it whole. */
static void set_no_link_local(struct cnm_rtnl_batch *batch, const struct cnm_link_change *change)
{
	struct nlmsghdr *nlh = begin_change(batch, change, EAFNOSUPPORT);

	put_no_link_local(batch, nlh);
	cnm_rtnl_batch_end(batch, nlh);
}

/* The kernel asks the master that a link had before the message, so a new port's flags come after it. */
static void set_port(struct cnm_rtnl_batch *batch, const struct cnm_link_change *change)
{
	struct nlmsghdr *nlh = begin_change(batch, change, 0);

	put_port(batch, nlh, change);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_link_set(struct cnm_rtnl_batch *batch, const struct cnm_link_change *change)
{
	bool moves = change->netns_fd > 0;
	struct nlmsghdr *nlh;

	if (change->no_ipv6_link_local && !moves)
		set_no_link_local(batch, change);
	nlh = begin_change(batch, change, 0);
	if (change->up != CNM_KEEP) {
		struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = change->up == CNM_ON ? IFF_UP : 0;
	}
	if (change->new_name)
		cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, change->new_name);
	put_mtu(batch, nlh, change->mtu);
	put_mac(batch, nlh, &change->mac);
	if (change->master_ifindex)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MASTER,
		                 change->master_ifindex > 0 ? (uint32_t)change->master_ifindex : 0);
	if (moves)
		cnm_rtnl_put_u32(batch, nlh, IFLA_NET_NS_FD, (uint32_t)change->netns_fd);
	if (change->alias)
		cnm_rtnl_put(batch, nlh, IFLA_IFALIAS, change->alias, strlen(change->alias));
	/* The move makes IPv6 start anew on the link. */
	if (change->no_ipv6_link_local && moves)
		put_no_link_local(batch, nlh);
	cnm_rtnl_batch_end(batch, nlh);
	if (has_port_flags(change))
		set_port(batch, change);
}

void cnm_link_delete(struct cnm_rtnl_batch *batch, const char *name)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_DELLINK, 0, ENODEV, "delete link %s", name);

	put_ifinfo(nlh, 0);
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, name);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_link_delete_index(struct cnm_rtnl_batch *batch, int ifindex)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_DELLINK, 0, ENODEV, "delete link %d", ifindex);

	put_ifinfo(nlh, ifindex);
	cnm_rtnl_batch_end(batch, nlh);
}

static void copy_string(char *out, size_t size, const struct nlattr *attr)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(out, mnl_attr_get_payload(attr), len);
	out[len] = '\0';
}

static void read_kind(struct cnm_link *link, const struct nlattr *info)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			copy_string(link->kind, sizeof(link->kind), attr);
		else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
			copy_string(link->master_kind, sizeof(link->master_kind), attr);
	}
}

static void read_attr(struct cnm_link *link, const struct nlattr *attr)
{
	bool is_u32 = mnl_attr_get_payload_len(attr) >= sizeof(uint32_t);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		copy_string(link->name, sizeof(link->name), attr);
		break;
	case IFLA_IFALIAS:
		copy_string(link->alias, sizeof(link->alias), attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac.bytes))
			memcpy(link->mac.bytes, mnl_attr_get_payload(attr), sizeof(link->mac.bytes));
		break;
	case IFLA_MTU:
		link->mtu = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_MASTER:
		link->master_ifindex = is_u32 ? (int)mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_LINK:
		link->peer_ifindex = is_u32 ? (int)mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_LINK_NETNSID:
		link->peer_netnsid = is_u32 ? (int)mnl_attr_get_u32(attr) : -1;
		break;
	case IFLA_LINKINFO:
		read_kind(link, attr);
		break;
	default:
		break;
	}
}

/* 1: it is a link, 0: another message. */
static int read_link(const struct nlmsghdr *nlh, struct cnm_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return 0;
	memset(link, 0, sizeof(*link));
	link->ifindex = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	link->hw_type = ifi->ifi_type;
	link->peer_netnsid = -1;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) read_attr(link, attr);
	return 1;
}

static int take_link(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	read_link(nlh, arg);
	return 0;
}

/* The answer without the statistics and the per-family settings, which are most of it. */
static void add_get(struct cnm_rtnl_batch *batch, const char *name, int ifindex)
{
	struct nlmsghdr *nlh;
	char what[48];

	describe(what, name, name ? 0 : ifindex);
	nlh = cnm_rtnl_batch_begin(batch, RTM_GETLINK, 0, 0, "%s", what);
	put_ifinfo(nlh, name ? 0 : ifindex);
	if (name)
		cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, name);
	cnm_rtnl_put_u32(batch, nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	cnm_rtnl_batch_end(batch, nlh);
}

int cnm_link_get(struct cnm_rtnl *rtnl, const char *name, int ifindex, struct cnm_link *ret,
                 struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	add_get(&batch, name, ifindex);
	return cnm_rtnl_query(rtnl, &batch, take_link, NULL, ret, err);
}

int cnm_link_batch_send_and_get(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, const char *name,
                                struct cnm_link *ret, struct cnm_error *err)
{
	add_get(batch, name, 0);
	return cnm_rtnl_query(rtnl, batch, take_link, NULL, ret, err);
}

struct list {
	cnm_link_fn fn;
	void *arg;
};

static int list_link(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct list *list = arg;
	struct cnm_link link;

	return read_link(nlh, &link) ? list->fn(&link, list->arg, err) : 0;
}

int cnm_link_list(struct cnm_rtnl *rtnl, cnm_link_fn fn, void *arg, struct cnm_error *err)
{
	struct list list = {fn, arg};
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;

	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETLINK, NLM_F_DUMP, 0, "list links");
	put_ifinfo(nlh, 0);
	cnm_rtnl_put_u32(&batch, nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	cnm_rtnl_batch_end(&batch, nlh);
	return cnm_rtnl_query(rtnl, &batch, list_link, NULL, &list, err);
}
