/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that stand on another one, their parent. */
#include "cnm/sys/rtnl_child.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

/* Where each kind keeps what (include/uapi/linux/if_link.h). */
static const struct {
	const char *name;
	uint16_t mode; /* attribute of struct cnm_child's mode */
	size_t mode_size;
	uint16_t flags; /* 0: it has none */
} kinds[] = {
        [CNM_CHILD_MACVLAN] = {"macvlan", IFLA_MACVLAN_MODE, 4, 0},
        [CNM_CHILD_IPVLAN] = {"ipvlan", IFLA_IPVLAN_MODE, 2, IFLA_IPVLAN_FLAGS},
        [CNM_CHILD_VLAN] = {"vlan", IFLA_VLAN_ID, 2, 0},
};

const char *cnm_child_kind_name(enum cnm_child_kind kind)
{
	return kinds[kind].name;
}

static void put_ifinfo(struct nlmsghdr *nlh, int ifindex)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
}

static void put_u16(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, uint16_t value)
{
	cnm_rtnl_put(batch, nlh, type, &value, sizeof(value));
}

static void put_data(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_child *child)
{
	struct nlattr *data = cnm_rtnl_nest_begin(batch, nlh, IFLA_INFO_DATA);

	if (kinds[child->kind].mode_size == 2)
		put_u16(batch, nlh, kinds[child->kind].mode, (uint16_t)child->mode);
	else
		cnm_rtnl_put_u32(batch, nlh, kinds[child->kind].mode, child->mode);
	if (kinds[child->kind].flags)
		put_u16(batch, nlh, kinds[child->kind].flags, child->flags);
	if (child->kind == CNM_CHILD_MACVLAN && child->bc_queue_len)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MACVLAN_BC_QUEUE_LEN, child->bc_queue_len);
	cnm_rtnl_nest_end(batch, nlh, data);
}

/* The kernel looks the parent up in the socket's namespace, and makes the link in the other one (rtnl_newlink_create). */
void cnm_child_add(struct cnm_rtnl_batch *batch, const struct cnm_child *child)
{
	struct nlmsghdr *nlh =
	        cnm_rtnl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, "create %s link %s",
	                             kinds[child->kind].name, child->name);
	struct nlattr *info;

	put_ifinfo(nlh, child->ifindex);
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, child->name);
	cnm_rtnl_put_u32(batch, nlh, IFLA_LINK, (uint32_t)child->parent_ifindex);
	if (cnm_mac_is_set(&child->mac))
		cnm_rtnl_put(batch, nlh, IFLA_ADDRESS, child->mac.bytes, sizeof(child->mac.bytes));
	if (child->mtu)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MTU, child->mtu);
	if (child->netns_fd >= 0)
		cnm_rtnl_put_u32(batch, nlh, IFLA_NET_NS_FD, (uint32_t)child->netns_fd);
	info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_KIND, kinds[child->kind].name);
	put_data(batch, nlh, child);
	cnm_rtnl_nest_end(batch, nlh, info);
	cnm_rtnl_batch_end(batch, nlh);
}

/* A kind that is there refuses a link without a parent, or without its data (EINVAL); one that is not is EOPNOTSUPP before that. */
int cnm_child_is_known(struct cnm_rtnl *rtnl, enum cnm_child_kind kind, struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;
	struct nlattr *info;
	struct nlmsghdr *nlh;

	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, EINVAL,
	                           "ask for links of kind %s", kinds[kind].name);
	put_ifinfo(nlh, 0);
	info = cnm_rtnl_nest_begin(&batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(&batch, nlh, IFLA_INFO_KIND, kinds[kind].name);
	cnm_rtnl_nest_end(&batch, nlh, info);
	cnm_rtnl_batch_end(&batch, nlh);
	if (cnm_rtnl_batch_send(rtnl, &batch, err) == 0)
		return 1;
	if (err->code != CNM_E_UNSUPPORTED)
		return -1;
	cnm_error_clear(err);
	return 0;
}

struct found {
	struct cnm_child *child;
	bool is_kind;
};

static void read_data(const struct nlattr *data, struct cnm_child *child)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data)
	{
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type == kinds[child->kind].mode && len >= kinds[child->kind].mode_size)
			child->mode = kinds[child->kind].mode_size == 2 ? mnl_attr_get_u16(attr)
			                                                : mnl_attr_get_u32(attr);
		else if (kinds[child->kind].flags && type == kinds[child->kind].flags && len >= 2)
			child->flags = mnl_attr_get_u16(attr);
	}
}

static void read_info(const struct nlattr *info, struct found *found)
{
	const char *name = kinds[found->child->kind].name;
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
	{
		uint16_t len = mnl_attr_get_payload_len(attr);

		/* The kind comes before its data (rtnl_link_info_fill). */
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			found->is_kind = strnlen(mnl_attr_get_payload(attr), len) == strlen(name) &&
			                 memcmp(mnl_attr_get_payload(attr), name, strlen(name)) == 0;
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && found->is_kind)
			read_data(attr, found->child);
	}
}

static int read_child(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct found *found = arg;
	struct cnm_child *child = found->child;
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		uint16_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			read_info(attr, found);
		else if (mnl_attr_get_type(attr) == IFLA_LINK && len >= 4)
			child->parent_ifindex = (int)mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_MTU && len >= 4)
			child->mtu = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_ADDRESS && len == sizeof(child->mac.bytes))
			memcpy(child->mac.bytes, mnl_attr_get_payload(attr), len);
	}
	return 0;
}

int cnm_child_get(struct cnm_rtnl *rtnl, int ifindex, enum cnm_child_kind kind, struct cnm_child *ret,
                  struct cnm_error *err)
{
	struct found found = {.child = ret};
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;

	*ret = (struct cnm_child){.kind = kind, .ifindex = ifindex, .netns_fd = -1};
	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETLINK, 0, 0, "link %d", ifindex);
	put_ifinfo(nlh, ifindex);
	cnm_rtnl_put_u32(&batch, nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	cnm_rtnl_batch_end(&batch, nlh);
	if (cnm_rtnl_query(rtnl, &batch, read_child, NULL, &found, err) < 0)
		return -1;
	if (!found.is_kind)
		return cnm_fail(err, CNM_E_NOT_FOUND, "link %d: it is no %s link", ifindex, kinds[kind].name);
	return 0;
}
