/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and changes what struct cnm_link_tuning holds. */
#include "cnm/sys/rtnl_link_tuning.h"
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

static void set_flag(struct ifinfomsg *ifi, unsigned flag, int value)
{
	if (value < 0)
		return;
	ifi->ifi_change |= flag;
	if (value)
		ifi->ifi_flags |= flag;
}

void cnm_link_tune(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_link_tuning *tuning)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, 0, 0, "tune link %d", ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	set_flag(ifi, IFF_PROMISC, tuning->promisc);
	set_flag(ifi, IFF_ALLMULTI, tuning->allmulti);
	if (cnm_mac_is_set(&tuning->mac))
		cnm_rtnl_put(batch, nlh, IFLA_ADDRESS, tuning->mac.bytes, sizeof(tuning->mac.bytes));
	if (tuning->mtu)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MTU, tuning->mtu);
	if (tuning->txqlen >= 0)
		cnm_rtnl_put_u32(batch, nlh, IFLA_TXQLEN, (uint32_t)tuning->txqlen);
	cnm_rtnl_batch_end(batch, nlh);
}

static int take(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct cnm_link_tuning *tuning = arg;
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return 0;
	/* dev_get_flags in net/core/dev.c: these two are what was set from outside, counts of others left out. */
	tuning->promisc = (ifi->ifi_flags & IFF_PROMISC) != 0;
	tuning->allmulti = (ifi->ifi_flags & IFF_ALLMULTI) != 0;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == IFLA_ADDRESS && len == sizeof(tuning->mac.bytes))
			memcpy(tuning->mac.bytes, mnl_attr_get_payload(attr), len);
		else if (mnl_attr_get_type(attr) == IFLA_MTU && len >= sizeof(uint32_t))
			tuning->mtu = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_TXQLEN && len >= sizeof(uint32_t))
			tuning->txqlen = mnl_attr_get_u32(attr);
	}
	return 0;
}

int cnm_link_tuning_get(struct cnm_rtnl *rtnl, int ifindex, struct cnm_link_tuning *ret,
                        struct cnm_error *err)
{
	struct cnm_link_tuning none = CNM_LINK_TUNING_NONE;
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	*ret = none;
	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETLINK, 0, 0, "link %d", ifindex);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	cnm_rtnl_put_u32(&batch, nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	cnm_rtnl_batch_end(&batch, nlh);
	return cnm_rtnl_query(rtnl, &batch, take, NULL, ret, err);
}
