/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose frames a bridge takes from a port (br_handle_frame_finish in net/bridge/br_input.c: BR_PORT_LOCKED). */
#include "cnm/sys/rtnl_port.h"
#include "cnm/base/error.h"
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

/* A port without learning would forget the one address it knows, if that were not static. */
static void set_flags(struct cnm_rtnl_batch *batch, int ifindex)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, 0, 0, "lock port %d", ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data;

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_SLAVE_KIND, "bridge");
	data = cnm_rtnl_nest_begin(batch, nlh, IFLA_INFO_SLAVE_DATA);
	cnm_rtnl_put_u8(batch, nlh, IFLA_BRPORT_LEARNING, 0);
	cnm_rtnl_put_u8(batch, nlh, IFLA_BRPORT_LOCKED, 1);
	cnm_rtnl_nest_end(batch, nlh, data);
	cnm_rtnl_nest_end(batch, nlh, info);
	cnm_rtnl_batch_end(batch, nlh);
}

static void add_address(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_mac *mac)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, 0,
	                                            "add the address behind port %d", ifindex);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));

	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = ifindex;
	ndm->ndm_state = NUD_NOARP; /* static */
	ndm->ndm_flags = NTF_MASTER;
	cnm_rtnl_put(batch, nlh, NDA_LLADDR, mac->bytes, sizeof(mac->bytes));
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_port_lock(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_mac *mac)
{
	add_address(batch, ifindex, mac);
	set_flags(batch, ifindex);
}

static void read_flag(const struct nlattr *attr, struct cnm_port_flags *port)
{
	bool on = mnl_attr_get_payload_len(attr) >= 1 && mnl_attr_get_u8(attr) != 0;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_BRPORT_LOCKED:
		port->locked = on;
		break;
	case IFLA_BRPORT_ISOLATED:
		port->isolated = on;
		break;
	case IFLA_BRPORT_MODE:
		port->hairpin = on;
		break;
	default:
		break;
	}
}

static void read_info(const struct nlattr *info, struct cnm_port_flags *port)
{
	struct nlattr *attr, *flag;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) != IFLA_INFO_SLAVE_DATA)
			continue;
		mnl_attr_for_each_nested(flag, attr)
		{
			read_flag(flag, port);
		}
	}
}

static int read_port(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			read_info(attr, arg);
	}
	return 0;
}

int cnm_port_flags_get(struct cnm_rtnl *rtnl, const char *name, struct cnm_port_flags *ret,
                       struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	*ret = (struct cnm_port_flags){0};
	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETLINK, 0, 0, "link %s", name);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	cnm_rtnl_put_string(&batch, nlh, IFLA_IFNAME, name);
	cnm_rtnl_put_u32(&batch, nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	cnm_rtnl_batch_end(&batch, nlh);
	return cnm_rtnl_query(rtnl, &batch, read_port, NULL, ret, err);
}
