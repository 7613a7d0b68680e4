/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes: add, replace, delete, list, look up. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_ROUTE_H
#define CNM_SYS_RTNL_ROUTE_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"

struct cnm_route {
	struct cnm_addr dst;     /* prefix 0 with the family set: the default route */
	struct cnm_addr gateway; /* unset: on-link */
	int ifindex;
	uint32_t metric;  /* RTA_PRIORITY; 0: the kernel's default */
	uint32_t table;   /* 0: main */
	uint8_t protocol; /* 0: RTPROT_STATIC when adding; as the kernel says when listed */
	uint8_t type;     /* 0: RTN_UNICAST */
	uint8_t scope;    /* 0 with gateway: universe; 0 without: link for IPv4 */
	bool onlink;      /* RTNH_F_ONLINK: the gateway need not be in a connected subnet */
	uint32_t mtu;     /* RTAX_MTU, 0: none */
	uint32_t advmss;  /* RTAX_ADVMSS, 0: none */
};

void cnm_route_add(struct cnm_rtnl_batch *batch, const struct cnm_route *route, bool tolerate_existing);
/* Replaces the route to the same destination and metric (NLM_F_REPLACE | NLM_F_CREATE). */
void cnm_route_replace(struct cnm_rtnl_batch *batch, const struct cnm_route *route);
/* A route that is not there counts as deleted. */
void cnm_route_delete(struct cnm_rtnl_batch *batch, const struct cnm_route *route);

typedef int (*cnm_route_fn)(const struct cnm_route *route, void *arg, struct cnm_error *err);
/* Main table, unicast, both families (cloned and cache entries left out). */
int cnm_route_list(struct cnm_rtnl *rtnl, cnm_route_fn fn, void *arg, struct cnm_error *err);

/* The link of the default route with the lowest metric, IPv4 before IPv6; 0: there is none. */
int cnm_route_uplink(struct cnm_rtnl *rtnl, int *ret_ifindex, struct cnm_error *err);

/* 1 when the address is this namespace's own (the kernel routes it to itself), 0 when not, -1 on error. */
int cnm_addr_is_local(struct cnm_rtnl *rtnl, const struct cnm_addr *addr, struct cnm_error *err);

#endif
