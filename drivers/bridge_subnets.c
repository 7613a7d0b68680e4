/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new network's subnets against the addresses that this host has. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/bridge.h"
#include <stdio.h>
#include <string.h>

#define HAD_KEY                                                                                              \
	"had_addresses" /* in driver_state: gateway addresses that the bridge had before, blank-separated */

struct look {
	struct cnm_rtnl *rtnl;
	struct cnm_network *network;
	int bridge_ifindex; /* 0: there is none yet */
	int *gone;          /* bridges that a dry run takes for deleted with their networks */
	size_t gone_count;
};

static const struct cnm_pool *pool_of(const struct cnm_network *network, const struct cnm_addr *addr)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (cnm_addr_contains(&network->pools[i].subnet, addr))
			return &network->pools[i];
	return NULL;
}

static int note(struct cnm_network *network, const struct cnm_addr *addr, struct cnm_error *err)
{
	const char *known = cnm_kvs_get(&network->driver_state, HAD_KEY);
	_cleanup_free_ char *all = NULL;
	char text[CNM_ADDR_TEXT_MAX];

	if (asprintf(&all, "%s%s%s", known ? known : "", known ? " " : "", cnm_addr_format(addr, text)) < 0)
		return cnm_fail_nomem(err);
	return cnm_kvs_set(&network->driver_state, HAD_KEY, all, err);
}

static int find_gone(const struct cnm_controller *controller, struct look *look, struct cnm_error *err)
{
	size_t i;

	look->gone = calloc(controller->gone_count + 1, sizeof(*look->gone));
	if (!look->gone)
		return cnm_fail_nomem(err);
	for (i = 0; i < controller->gone_count; i++) {
		const char *bridge = cnm_kvs_get(&controller->gone[i]->driver_state, "bridge");
		struct cnm_error missing = CNM_ERROR_INIT;
		struct cnm_link link;

		if (bridge && cnm_link_get(look->rtnl, bridge, 0, &link, &missing) == 0)
			look->gone[look->gone_count++] = link.ifindex;
	}
	return 0;
}

static bool is_gone(const struct look *look, int ifindex)
{
	size_t i;

	for (i = 0; i < look->gone_count; i++)
		if (look->gone[i] == ifindex)
			return true;
	return false;
}

static int look_at(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct look *look = arg;
	const struct cnm_pool *pool = pool_of(look->network, &ifaddr->addr);
	char subnet[CNM_ADDR_TEXT_MAX], text[CNM_ADDR_TEXT_MAX];

	if (!pool)
		return 0;
	if (ifaddr->ifindex == look->bridge_ifindex)
		return cnm_addr_equal(&pool->gateway, &ifaddr->addr) ? note(look->network, &ifaddr->addr, err)
		                                                     : 0;
	if (is_gone(look, ifaddr->ifindex))
		return 0;
	return cnm_fail(err, CNM_E_EXISTS, "subnet %s holds %s, an address of this host",
	                cnm_addr_format_cidr(&pool->subnet, subnet), cnm_addr_format(&ifaddr->addr, text));
}

int cnm_bridge_look_at_host(struct cnm_controller *controller, struct cnm_network *network,
                            const char *bridge, struct cnm_error *err)
{
	struct look look = {.rtnl = cnm_controller_rtnl(controller, err), .network = network};
	struct cnm_error missing = CNM_ERROR_INIT;
	struct cnm_link link;
	int r;

	if (!look.rtnl)
		return -1;
	if (network->pool_count == 0)
		return 0;
	if (cnm_link_get(look.rtnl, bridge, 0, &link, &missing) == 0)
		look.bridge_ifindex = link.ifindex;
	r = find_gone(controller, &look, err);
	if (r == 0)
		r = cnm_ifaddr_list(look.rtnl, 0, look_at, &look, err);
	free(look.gone);
	return r;
}

bool cnm_bridge_had_address(const struct cnm_network *network, const struct cnm_addr *addr)
{
	const char *at = cnm_kvs_get(&network->driver_state, HAD_KEY);
	char text[CNM_ADDR_TEXT_MAX];
	size_t len;

	cnm_addr_format(addr, text);
	for (; at && *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		if (strlen(text) == len && memcmp(at, text, len) == 0)
			return true;
	}
	return false;
}
