/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links by which the outside of this host is reached. */
#ifndef CNM_DRIVERS_UPLINKS_H
#define CNM_DRIVERS_UPLINKS_H

#include <net/if.h>
#include <stddef.h>

struct cnm_controller;
struct cnm_error;

#define CNM_UPLINKS_MAX 64

struct cnm_uplinks {
	char names[CNM_UPLINKS_MAX][IF_NAMESIZE];
	size_t count;
};

/* A link by which a router is reached, one of a kind that leads out by itself, a bridge that has such a link as its port. `kind`: only links of that
 * kind ("bridge"); NULL: all. Those beyond CNM_UPLINKS_MAX are left out. */
int cnm_uplinks_find(struct cnm_controller *controller, const char *kind, struct cnm_uplinks *ret,
                     struct cnm_error *err);

#endif
