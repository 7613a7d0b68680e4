/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing a link without the wait for the kernel's grace period. */
#ifndef CNM_SYS_RTNL_REMOVAL_H
#define CNM_SYS_RTNL_REMOVAL_H

#include "cnm/sys/rtnl.h"

/* Removes the link and waits for the kernel's answer; one that is not there counts as removed. */
int cnm_link_remove(struct cnm_rtnl *rtnl, const char *name, struct cnm_error *err);
/* The same, but returns when the kernel has announced that (RTM_DELLINK): its name and addresses are free then, while the request itself is
 * answered only after a grace period (unregister_netdevice_many in net/core/dev.c), which a child process waits out. The child has no descriptor and no
 * terminal of the caller's and is not reaped: for programs that end soon. A refusal is the error, as that of cnm_rtnl_batch_send; a link that is not
 * there counts as removed. */
int cnm_link_remove_announced(struct cnm_rtnl *rtnl, const char *name, struct cnm_error *err);

#endif
