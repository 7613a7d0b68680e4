/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files cnm/sys/conntrack*.c only. */
#ifndef CNM_SYS_CONNTRACK_INTERNAL_H
#define CNM_SYS_CONNTRACK_INTERNAL_H

#include "cnm/sys/conntrack.h"
#include <libmnl/libmnl.h>

/* Reads a message that holds at least a struct nfgenmsg; what it lacks stays unset. */
void cnm_conntrack_read(const struct nlmsghdr *nlh, struct cnm_conntrack_flow *flow);
/* Appends what names the flow, and no other: its original tuple, zone and id. */
void cnm_conntrack_put(struct nlmsghdr *nlh, const struct cnm_conntrack_flow *flow);

#endif
