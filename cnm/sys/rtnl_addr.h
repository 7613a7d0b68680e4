/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface addresses: add, delete, list. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_ADDR_H
#define CNM_SYS_RTNL_ADDR_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"

struct cnm_ifaddr {
	int ifindex;
	struct cnm_addr addr; /* IFA_LOCAL where present, else IFA_ADDRESS */
	unsigned flags;       /* IFA_F_* */
};

/* With the IPv4 broadcast address, as iproute2's `brd +` (prefixes up to 30). IPv6 carries IFA_F_NODAD: our addresses have one owner, and an
 * address that waits for duplicate detection cannot be used for one to two seconds. `tolerate_existing`: EEXIST is success. */
void cnm_ifaddr_add(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr,
                    bool tolerate_existing);
/* The same, but the kernel proves first that nobody else has the IPv6 address. */
void cnm_ifaddr_add_checked(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr);
/* An address that is not there counts as deleted. */
void cnm_ifaddr_delete(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr);

typedef int (*cnm_ifaddr_fn)(const struct cnm_ifaddr *addr, void *arg, struct cnm_error *err);
/* Both families; ifindex 0 means every link. */
int cnm_ifaddr_list(struct cnm_rtnl *rtnl, int ifindex, cnm_ifaddr_fn fn, void *arg, struct cnm_error *err);

#endif
