/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of a link that few change, and that are to be put back afterwards. */
#ifndef CNM_SYS_RTNL_LINK_TUNING_H
#define CNM_SYS_RTNL_LINK_TUNING_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"

/* As it is, or what to change: unset MAC, mtu 0, and -1 elsewhere leave a property alone. */
struct cnm_link_tuning {
	struct cnm_mac mac;
	unsigned mtu;
	int promisc,
	        allmulti; /* 0 or 1: what was asked for by the link's owner, not what a bridge or a sniffer turned on */
	int64_t txqlen;
};
#define CNM_LINK_TUNING_NONE                                                                                 \
	{                                                                                                    \
		.mac = {{0}}, .mtu = 0, .promisc = -1, .allmulti = -1, .txqlen = -1                          \
	}

/* The link stays up: taking it down would flush its routes. */
void cnm_link_tune(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_link_tuning *tuning);
int cnm_link_tuning_get(struct cnm_rtnl *rtnl, int ifindex, struct cnm_link_tuning *ret,
                        struct cnm_error *err);

#endif
