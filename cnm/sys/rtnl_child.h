/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that stand on another one, their parent: macvlan, ipvlan, vlan. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_CHILD_H
#define CNM_SYS_RTNL_CHILD_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"
#include <net/if.h>

enum cnm_child_kind { CNM_CHILD_MACVLAN, CNM_CHILD_IPVLAN, CNM_CHILD_VLAN };

struct cnm_child {
	enum cnm_child_kind kind;
	const char *name;
	int ifindex;        /* where it is born; 0: the kernel's choice */
	int parent_ifindex; /* in the namespace of the socket */
	int netns_fd;       /* where it is born; -1: the namespace of the socket */
	unsigned mtu;       /* 0: the parent's */
	struct cnm_mac mac; /* unset: the kernel's choice. Of macvlan only */
	/* macvlan: MACVLAN_MODE_*; ipvlan: IPVLAN_MODE_*, which the kernel sets for all ipvlan links of the parent; vlan: its id. */
	uint32_t mode;
	uint16_t flags;        /* ipvlan: IPVLAN_F_*; they are the parent's too */
	uint32_t bc_queue_len; /* macvlan; 0: the kernel's choice */
};

/* "macvlan", "ipvlan", "vlan" */
const char *cnm_child_kind_name(enum cnm_child_kind kind);

/* EEXIST is refused: it is the name's, or of a vlan the id's on that parent. EBUSY: something else has hooked itself onto the parent (a
 * bridge, a bond, the other of macvlan and ipvlan), or the index is taken. */
void cnm_child_add(struct cnm_rtnl_batch *batch, const struct cnm_child *child);

/* 1 when this kernel has links of that kind (it loads its module), 0 when not, -1 on error. Makes nothing: the request lacks the parent. */
int cnm_child_is_known(struct cnm_rtnl *rtnl, enum cnm_child_kind kind, struct cnm_error *err);

/* What the kernel has of such a link; CNM_E_NOT_FOUND where the index has no link, or one of another kind. name, netns_fd and
 * bc_queue_len are not read. */
int cnm_child_get(struct cnm_rtnl *rtnl, int ifindex, enum cnm_child_kind kind, struct cnm_child *ret,
                  struct cnm_error *err);

#endif
