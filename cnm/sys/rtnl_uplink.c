/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which link leads out: the one of the default route with the lowest metric, IPv4 before IPv6. */
#include "cnm/sys/rtnl_route.h"

struct uplink {
	int ifindex;
	uint32_t metric;
	uint8_t family;
};

static int note_default_route(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	struct uplink *best = arg;

	if (route->dst.prefix != 0 || route->ifindex <= 0)
		return 0;
	if (best->ifindex && (best->family < route->dst.family ||
	                      (best->family == route->dst.family && best->metric <= route->metric)))
		return 0;
	*best = (struct uplink){route->ifindex, route->metric, route->dst.family};
	return 0;
}

int cnm_route_uplink(struct cnm_rtnl *rtnl, int *ret_ifindex, struct cnm_error *err)
{
	struct uplink best = {0};

	if (cnm_route_list(rtnl, note_default_route, &best, err) < 0)
		return -1;
	*ret_ifindex = best.ifindex;
	return 0;
}
