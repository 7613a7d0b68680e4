/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateway election: of a sandbox's endpoints one gives the default route, for each family on its own. The rule is explicit priority, then
 * network name, so that neither the order of joins nor a restart changes the answer.
 */
#include "cnm/sandbox_net.h"
#include <string.h>
#include <sys/socket.h>

/* The unspecified address of the family stands for the interface itself. */
static const struct cnm_addr *device_gateway(int family)
{
	static const struct cnm_addr ipv4 = {.family = AF_INET, .prefix = 32};
	static const struct cnm_addr ipv6 = {.family = AF_INET6, .prefix = 128};

	return family == AF_INET ? &ipv4 : &ipv6;
}

const struct cnm_addr *cnm_endpoint_gateway(const struct cnm_endpoint *endpoint, int family)
{
	size_t i;

	if (endpoint->no_gateway)
		return NULL;
	for (i = 0; i < endpoint->addr_count; i++) {
		if (endpoint->addrs[i].addr.family != family)
			continue;
		if (endpoint->device_gateway)
			return device_gateway(family);
		if (cnm_addr_is_set(&endpoint->addrs[i].gateway))
			return &endpoint->addrs[i].gateway;
	}
	return NULL;
}

static bool is_better(const struct cnm_endpoint *a, const struct cnm_endpoint *b)
{
	int order;

	if (a->gateway_priority != b->gateway_priority)
		return a->gateway_priority > b->gateway_priority;
	order = strcmp(a->network, b->network);
	return order != 0 ? order < 0 : strcmp(a->ifname, b->ifname) < 0;
}

const struct cnm_endpoint *cnm_gateway_elect(const struct cnm_endpoint *const *endpoints, size_t count,
                                             int family)
{
	const struct cnm_endpoint *best = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (cnm_endpoint_gateway(endpoints[i], family) && (!best || is_better(endpoints[i], best)))
			best = endpoints[i];
	return best;
}
