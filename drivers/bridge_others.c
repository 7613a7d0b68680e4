/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that stand on a bridge which was there before, beside the network's own. */
#include "cnm/sys/rtnl_addr.h"
#include "drivers/bridge.h"
#include <sys/socket.h>

#define REMOVED_MAX 16

struct search {
	const struct cnm_network *network;
	const struct cnm_bridge *bridge;
	struct cnm_addr others[REMOVED_MAX];
	size_t count;
};

/* As the reference has it: one IPv4 address, and IPv6 addresses of subnets that do not overlap. */
static bool disturbs(const struct search *search, const struct cnm_addr *addr)
{
	bool disturbed = false;
	size_t i;

	for (i = 0; i < search->network->pool_count; i++) {
		struct cnm_addr gateway;

		if (!cnm_bridge_gateway(search->bridge, &search->network->pools[i], &gateway) ||
		    gateway.family != addr->family)
			continue;
		if (cnm_addr_equal(&gateway, addr))
			return false;
		disturbed = disturbed || addr->family == AF_INET || cnm_addr_overlap(&gateway, addr);
	}
	return disturbed;
}

static int note_other(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct search *search = arg;

	if (cnm_addr_is_link_local(&ifaddr->addr) || !disturbs(search, &ifaddr->addr))
		return 0;
	if (search->count == REMOVED_MAX)
		return cnm_fail(err, CNM_E_EXISTS, "bridge %s has more than %d other addresses",
		                search->bridge->name, REMOVED_MAX);
	search->others[search->count++] = ifaddr->addr;
	return 0;
}

int cnm_bridge_settle_others(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, int ifindex, struct cnm_error *err)
{
	struct search search = {.network = network, .bridge = bridge};
	char text[CNM_ADDR_TEXT_MAX];
	struct cnm_rtnl_batch batch;
	size_t i;

	if (bridge->others == CNM_OTHERS_KEEP)
		return 0;
	if (cnm_ifaddr_list(rtnl, ifindex, note_other, &search, err) < 0)
		return -1;
	if (search.count == 0)
		return 0;
	if (bridge->others == CNM_OTHERS_REFUSE)
		return cnm_fail(err, CNM_E_EXISTS, "bridge %s has another address already, %s", bridge->name,
		                cnm_addr_format_cidr(&search.others[0], text));
	cnm_rtnl_batch_init(&batch);
	for (i = 0; i < search.count; i++)
		cnm_ifaddr_delete(&batch, ifindex, &search.others[i]);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}
