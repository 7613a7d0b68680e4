/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose frames a bridge takes from a port. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_PORT_H
#define CNM_SYS_RTNL_PORT_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"

/* From now on frames from this port must come from `mac`: the port is locked, it learns nothing, and the bridge knows one address behind it
 * (Linux 5.18; earlier kernels refuse). The port is in a bridge already. */
void cnm_port_lock(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_mac *mac);
/* 1 when the port is locked, 0 when not. */
int cnm_port_is_locked(struct cnm_rtnl *rtnl, const char *name, struct cnm_error *err);

#endif
