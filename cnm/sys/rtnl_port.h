/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose frames a bridge takes from a port. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_PORT_H
#define CNM_SYS_RTNL_PORT_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"

struct cnm_port_flags {
	bool locked;   /* takes frames from the addresses that the bridge knows behind it */
	bool isolated; /* hands nothing to other isolated ports */
	bool hairpin;  /* frames may go back where they came from */
};

/* From now on frames from this port must come from `mac`: the port is locked, it learns nothing, and the bridge knows one address behind it
 * (Linux 5.18; earlier kernels refuse). The port is in a bridge already. */
void cnm_port_lock(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_mac *mac);
/* Flags of the bridge's port `name`; a link that is in no bridge has none. */
int cnm_port_flags_get(struct cnm_rtnl *rtnl, const char *name, struct cnm_port_flags *ret,
                       struct cnm_error *err);

#endif
