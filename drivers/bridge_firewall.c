/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge network's elements in the sets of table inet cnm: one list, written, removed and compared. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/nft.h"
#include "drivers/bridge.h"
#include "drivers/ruleset_table.h"
#include <linux/netfilter.h>
#include <string.h>
#include <sys/socket.h>

#define POOLS_MAX    64
#define ELEMENTS_MAX (8 + 2 * POOLS_MAX)

struct elements {
	struct cnm_nft_elem items[ELEMENTS_MAX];
	size_t count;
};

static struct cnm_nft_elem *next(struct elements *list, const char *set)
{
	struct cnm_nft_elem *elem = &list->items[list->count++];

	*elem = (struct cnm_nft_elem){.set = set};
	return elem;
}

static void add_ifname(struct elements *list, const char *set, const char *ifname)
{
	cnm_nft_key_ifname(&next(list, set)->key, ifname);
}

static void add_subnet(struct elements *list, const struct cnm_addr *subnet)
{
	struct cnm_nft_elem *elem = next(list, subnet->family == AF_INET ? "masquerade4" : "masquerade6");
	struct cnm_addr last = cnm_addr_last(subnet);

	cnm_nft_key_bytes(&elem->key, subnet->bytes, cnm_addr_size(subnet));
	cnm_nft_key_bytes(&elem->end, last.bytes, cnm_addr_size(subnet));
}

static void add_inside(struct elements *list, const struct cnm_addr *subnet)
{
	struct cnm_nft_elem *elem = next(list, subnet->family == AF_INET ? "inside4" : "inside6");
	struct cnm_addr last = cnm_addr_last(subnet);
	size_t i;

	elem->concat = true;
	for (i = 0; i < 2; i++) {
		cnm_nft_key_bytes(&elem->key, subnet->bytes, cnm_addr_size(subnet));
		cnm_nft_key_bytes(&elem->end, last.bytes, cnm_addr_size(subnet));
	}
}

static void add_mode(struct elements *list, const char *set, const char *bridge, uint8_t nfproto)
{
	struct cnm_nft_elem *elem = next(list, set);

	cnm_nft_key_ifname(&elem->key, bridge);
	cnm_nft_key_u8(&elem->key, nfproto);
}

static void add_modes(struct elements *list, const struct cnm_bridge *bridge)
{
	const struct {
		enum cnm_gateway_mode mode;
		uint8_t nfproto;
	} families[] = {{bridge->mode4, NFPROTO_IPV4}, {bridge->mode6, NFPROTO_IPV6}};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		if (families[i].mode == CNM_GATEWAY_ROUTED)
			add_mode(list, "routed", bridge->name, families[i].nfproto);
		else if (families[i].mode == CNM_GATEWAY_NAT_UNPROTECTED || bridge->open)
			add_mode(list, "unprotected", bridge->name, families[i].nfproto);
	}
}

static bool is_masqueraded(const struct cnm_bridge *bridge, const struct cnm_addr *subnet)
{
	enum cnm_gateway_mode mode = subnet->family == AF_INET ? bridge->mode4 : bridge->mode6;

	return bridge->masquerade && !bridge->internal && mode != CNM_GATEWAY_ROUTED;
}

/* What keeps the network to itself. */
static void add_bounds(struct elements *list, const struct cnm_bridge *bridge)
{
	struct cnm_nft_elem *same = next(list, "same");

	cnm_nft_key_ifname(&same->key, bridge->name);
	cnm_nft_key_ifname(&same->key, bridge->name);
	if (bridge->internal)
		add_ifname(list, "internal", bridge->name);
	if (!bridge->icc)
		add_ifname(list, "no_icc", bridge->name);
	if (bridge->open)
		add_ifname(list, "open", bridge->name);
	if (bridge->closed)
		add_ifname(list, "closed", bridge->name);
	add_modes(list, bridge);
}

/* The set by which the table knows the network. */
static const char *own_set(const struct cnm_bridge *bridge)
{
	return bridge->lan ? "lans" : "bridges";
}

static int collect(const struct cnm_network *network, const struct cnm_bridge *bridge, struct elements *list,
                   struct cnm_error *err)
{
	size_t i;

	list->count = 0;
	if (network->pool_count > POOLS_MAX)
		return cnm_fail(err, CNM_E_INVALID, "network %s has more than %d subnets", network->name,
		                POOLS_MAX);
	add_ifname(list, own_set(bridge), bridge->name);
	if (!bridge->lan)
		add_bounds(list, bridge);
	else if (bridge->open && !(bridge->inhibit_ipv4 && bridge->inhibit_ipv6))
		add_ifname(list, "open", bridge->name);
	for (i = 0; i < network->pool_count; i++) {
		add_inside(list, &network->pools[i].subnet);
		if (is_masqueraded(bridge, &network->pools[i].subnet))
			add_subnet(list, &network->pools[i].subnet);
	}
	return 0;
}

int cnm_bridge_firewall_has(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_bridge *bridge, const char **ret_set, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct elements list;
	size_t i;

	if (!nft || collect(network, bridge, &list, err) < 0)
		return -1;
	for (i = 0; i < list.count; i++) {
		int has = cnm_nft_has(nft, &list.items[i], err);

		if (has < 0)
			return -1;
		if (!has) {
			if (ret_set)
				*ret_set = list.items[i].set;
			return 0;
		}
	}
	return 1;
}

int cnm_bridge_firewall_is_loaded(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                  struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_nft_elem elem = {.set = own_set(bridge)};
	int loaded;

	if (!nft)
		return -1;
	cnm_nft_key_ifname(&elem.key, bridge->name);
	loaded = cnm_nft_has(nft, &elem, err);
	/* Elements outlive the rules when somebody flushes the table. */
	if (loaded == 1)
		loaded = cnm_table_is_loaded(controller, &cnm_table_inet, err);
	return loaded == 1 ? cnm_bridge_guard_is_loaded(controller, bridge, err) : loaded;
}

int cnm_bridge_firewall_restore(struct cnm_controller *controller, const struct cnm_network *network,
                                const struct cnm_bridge *bridge, struct cnm_nft_batch *batch, size_t *count,
                                struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct elements list;
	size_t i;

	if (!nft || collect(network, bridge, &list, err) < 0)
		return -1;
	for (i = 0; i < list.count; i++)
		if (cnm_nft_add_missing(nft, &list.items[i], batch, count, err) < 0)
			return -1;
	return 0;
}

/* Only what is missing is added and only what is there is removed, so that both are repeatable. */
static int change(struct cnm_controller *controller, const struct cnm_network *network,
                  const struct cnm_bridge *bridge, bool add, struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct elements list;
	size_t i;

	if (!nft || collect(network, bridge, &list, err) < 0 || cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	for (i = 0; i < list.count; i++) {
		int has = cnm_nft_has(nft, &list.items[i], err), r = 0;

		if (has < 0)
			return -1;
		if (add && !has)
			r = cnm_nft_add(batch, &list.items[i], false, err);
		else if (!add && has)
			r = cnm_nft_delete(batch, &list.items[i], err);
		if (r < 0)
			return -1;
	}
	return cnm_nft_commit(nft, batch, err);
}

int cnm_bridge_firewall_add(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_bridge *bridge, struct cnm_error *err)
{
	return change(controller, network, bridge, true, err);
}

int cnm_bridge_firewall_remove(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_bridge *bridge, struct cnm_error *err)
{
	return change(controller, network, bridge, false, err);
}
