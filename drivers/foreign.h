/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the driver `foreign`, for who makes its endpoints. */
#ifndef CNM_DRIVERS_FOREIGN_H
#define CNM_DRIVERS_FOREIGN_H

/* Of an endpoint: addresses with prefixes, comma-separated, as another program gave them. */
#define CNM_FOREIGN_ADDRESSES "cnm.foreign.addresses"
/* The host's link to it (its bridge), if there is one: ports of 127.0.0.1 go by it. */
#define CNM_FOREIGN_LINK "cnm.foreign.link"

#endif
