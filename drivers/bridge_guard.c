/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anti-spoofing: the elements by which table bridge cnm knows a container's port and its own addresses. */
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "drivers/bridge.h"
#include "drivers/options.h"
#include "drivers/ruleset_table.h"
#include <linux/netfilter.h>
#include <string.h>
#include <sys/socket.h>

#define STATE_KEY  "anti_spoof" /* in an endpoint's driver_state */
#define PORT_CHAIN "pinned"
#define BRIDGES    "bridges"
#define PORTS      "ports"

/* Port, link option; two for each address; two for the link-local one. */
#define ELEMENTS_MAX (2 + 2 * CNM_ENDPOINT_ADDRS + 2)

struct elements {
	struct cnm_nft_elem items[ELEMENTS_MAX];
	size_t count;
};

static struct cnm_nft_elem *next(struct elements *list, const char *set, const char *port)
{
	struct cnm_nft_elem *elem = &list->items[list->count++];

	*elem = (struct cnm_nft_elem){.set = set, .family = NFPROTO_BRIDGE};
	cnm_nft_key_ifname(&elem->key, port);
	return elem;
}

static void add_address(struct elements *list, const char *set, const struct cnm_endpoint *endpoint,
                        const struct cnm_addr *addr)
{
	struct cnm_nft_key *key = &next(list, set, endpoint->host_ifname)->key;

	cnm_nft_key_bytes(key, endpoint->mac.bytes, sizeof(endpoint->mac.bytes));
	cnm_nft_key_bytes(key, addr->bytes, cnm_addr_size(addr));
}

static void add_ipv6(struct elements *list, const struct cnm_endpoint *endpoint, const struct cnm_addr *addr)
{
	add_address(list, "sources6", endpoint, addr);
	add_address(list, "targets", endpoint, addr);
}

/* fe80::/64 with the modified EUI-64 of the MAC (RFC 4291, appendix A), as the kernel makes it for a new namespace's links. */
static struct cnm_addr link_local(const struct cnm_mac *mac)
{
	const uint8_t *m = mac->bytes;

	return (struct cnm_addr){
	        .family = AF_INET6,
	        .prefix = 64,
	        .bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]},
	};
}

static void collect(const struct cnm_endpoint *endpoint, struct elements *list)
{
	const struct cnm_mac *mac = &endpoint->mac;
	const char *port = endpoint->host_ifname;
	bool has_ipv6 = false;
	size_t i;

	list->count = 0;
	next(list, PORTS, port)->verdict_chain = PORT_CHAIN;
	for (i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_addr *addr = &endpoint->addrs[i].addr;

		if (addr->family == AF_INET)
			add_address(list, "sources4", endpoint, addr);
		else
			add_ipv6(list, endpoint, addr);
		has_ipv6 = has_ipv6 || addr->family == AF_INET6;
	}
	if (has_ipv6) {
		struct cnm_addr own = link_local(mac);

		cnm_nft_key_bytes(&next(list, "link_options", port)->key, mac->bytes, sizeof(mac->bytes));
		add_ipv6(list, endpoint, &own);
	}
}

static bool is_guarded(const struct cnm_endpoint *endpoint)
{
	return cnm_options_bool(&endpoint->driver_state, STATE_KEY, false);
}

int cnm_bridge_guard_prepare(const struct cnm_bridge *bridge, struct cnm_endpoint *endpoint,
                             struct cnm_error *err)
{
	return bridge->anti_spoof ? cnm_kvs_set(&endpoint->driver_state, STATE_KEY, "true", err) : 0;
}

/* What an interrupted join of the same record left is equal, and no error. */
int cnm_bridge_guard_add(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft;
	struct elements list;
	size_t i;

	if (!is_guarded(endpoint))
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	collect(endpoint, &list);
	for (i = 0; i < list.count; i++)
		if (cnm_nft_add(batch, &list.items[i], false, err) < 0)
			return -1;
	return cnm_nft_commit(nft, batch, err) < 0 ? cnm_wrap(err, "anti-spoofing") : 0;
}

int cnm_bridge_guard_remove(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                            struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft;
	struct elements list;
	size_t i;

	if (!is_guarded(endpoint))
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	collect(endpoint, &list);
	for (i = 0; i < list.count; i++) {
		int has = cnm_nft_has(nft, &list.items[i], err);

		if (has < 0 || (has && cnm_nft_delete(batch, &list.items[i], err) < 0))
			return -1;
	}
	return cnm_nft_commit(nft, batch, err) < 0 ? cnm_wrap(err, "anti-spoofing") : 0;
}

static int fail_missing(const struct cnm_nft_elem *elem, const char *name, struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_CONFLICT, "table bridge " CNM_NFT_TABLE " lacks %s in set %s", name,
	                elem->set);
}

int cnm_bridge_guard_check(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                           const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_nft *nft;
	struct elements list;
	size_t i;

	if (!is_guarded(endpoint))
		return bridge->anti_spoof ? cnm_fail(err, CNM_E_CONFLICT, "the record lacks anti-spoofing")
		                          : 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft)
		return -1;
	collect(endpoint, &list);
	for (i = 0; i < list.count; i++) {
		int has = cnm_nft_has(nft, &list.items[i], err);

		if (has <= 0)
			return has < 0 ? -1 : fail_missing(&list.items[i], endpoint->host_ifname, err);
	}
	return cnm_table_check(controller, &cnm_table_bridge, err);
}

int cnm_bridge_guard_restore(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                             struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err)
{
	struct cnm_nft *nft;
	struct elements list;
	size_t i;

	if (!is_guarded(endpoint))
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft)
		return -1;
	collect(endpoint, &list);
	for (i = 0; i < list.count; i++)
		if (cnm_nft_add_missing(nft, &list.items[i], batch, count, err) < 0)
			return -1;
	return 0;
}

static struct cnm_nft_elem network_element(const struct cnm_bridge *bridge)
{
	struct elements list = {.count = 0};

	return *next(&list, BRIDGES, bridge->name);
}

int cnm_bridge_guard_is_loaded(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                               struct cnm_error *err)
{
	struct cnm_nft_elem elem = network_element(bridge);
	struct cnm_nft *nft;
	int has;

	if (!bridge->anti_spoof)
		return 1;
	nft = cnm_controller_nft(controller, err);
	if (!nft)
		return -1;
	has = cnm_nft_has(nft, &elem, err);
	return has == 1 ? cnm_table_is_loaded(controller, &cnm_table_bridge, err) : has;
}

int cnm_bridge_guard_network_restore(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                     struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err)
{
	struct cnm_nft_elem elem = network_element(bridge);
	struct cnm_nft *nft;

	if (!bridge->anti_spoof)
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_table_restore(controller, &cnm_table_bridge, count, err) < 0)
		return -1;
	return cnm_nft_add_missing(nft, &elem, batch, count, err);
}

int cnm_bridge_guard_network_add(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                 struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft_elem elem = network_element(bridge);
	struct cnm_nft *nft;
	size_t count = 0;

	if (!bridge->anti_spoof)
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_table_ensure(controller, &cnm_table_bridge, err) < 0 ||
	    cnm_nft_batch_new(&batch, err) < 0 || cnm_nft_add_missing(nft, &elem, batch, &count, err) < 0)
		return -1;
	return cnm_nft_commit(nft, batch, err);
}

static int count_element(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	(*(size_t *)arg)++;
	return 0;
}

#define RELEASE_TRIES 16

/* The last network with the option takes the table along. Other controllers have other locks: where one came between, we look again. */
static int release_table(struct cnm_nft *nft, struct cnm_error *err)
{
	unsigned tries;

	for (tries = 1;; tries++) {
		_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
		uint32_t generation;
		size_t count = 0;
		bool gone;

		if (cnm_nft_generation(nft, &generation, err) < 0 ||
		    cnm_nft_list_in(nft, NFPROTO_BRIDGE, BRIDGES, count_element, &count, err) < 0)
			return -1;
		if (count > 0)
			return 0;
		if (cnm_nft_batch_new(&batch, err) < 0 ||
		    cnm_nft_delete_table(batch, NFPROTO_BRIDGE, err) < 0)
			return -1;
		cnm_nft_batch_expect(batch, generation);
		if (cnm_nft_commit(nft, batch, err) == 0)
			return 0;
		gone = err->code == CNM_E_NOT_FOUND;
		if (!gone && (err->code != CNM_E_TRY_AGAIN || tries == RELEASE_TRIES))
			return -1;
		cnm_error_clear(err);
		if (gone)
			return 0;
	}
}

int cnm_bridge_guard_network_remove(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                    struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft_elem elem = network_element(bridge);
	struct cnm_nft *nft;
	int has;

	if (!bridge->anti_spoof)
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	has = cnm_nft_has(nft, &elem, err);
	if (has < 0 ||
	    (has && (cnm_nft_delete(batch, &elem, err) < 0 || cnm_nft_commit(nft, batch, err) < 0)))
		return -1;
	return release_table(nft, err);
}
