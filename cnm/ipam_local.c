/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The built-in allocator. An address is taken by creating its link in the store, which is exclusive; so parallel joins need no lock.
 * It goes on behind the address given last, so that a released one is not used again at once; when many in a row are taken,
 * one look at all of them finds a gap.
 */
#include "cnm/base/cleanup.h"
#include "cnm/ipam.h"
#include "cnm/ipam_pools.h"
#include <string.h>
#include <sys/socket.h>

#define TRIES_BEFORE_SCAN 64
#define SCANS_MAX         16

static int compare_addrs(const void *a, const void *b)
{
	return cnm_addr_compare(a, b);
}

/* The taken addresses of the pool, sorted. */
static int list_taken(struct cnm_store_network *store, const struct cnm_pool *pool, struct cnm_addr **ret,
                      size_t *ret_count, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_addr *taken;
	size_t i, count = 0;

	if (cnm_store_address_list(store, &names, err) < 0)
		return -1;
	taken = calloc(names.count + 1, sizeof(*taken));
	if (!taken)
		return cnm_fail_nomem(err);
	for (i = 0; i < names.count; i++) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		if (cnm_addr_parse(&taken[count], names.items[i], &ignored) == 0 &&
		    cnm_addr_contains(&pool->subnet, &taken[count]))
			count++;
	}
	qsort(taken, count, sizeof(*taken), compare_addrs);
	*ret = taken;
	*ret_count = count;
	return 0;
}

/* One step inside [first, last], round at the end. */
static struct cnm_addr step(const struct cnm_pool *pool, const struct cnm_addr *addr)
{
	if (cnm_addr_compare(addr, &pool->last) >= 0 || cnm_addr_compare(addr, &pool->first) < 0)
		return pool->first;
	return cnm_addr_add(addr, 1);
}

/* The first address from `at` on, round the pool, that is neither taken nor reserved. 1 found, 0 none. */
static int find_gap(const struct cnm_pool *pool, const struct cnm_addr *taken, size_t count,
                    struct cnm_addr *at)
{
	uint64_t span = cnm_addr_distance(&pool->first, &pool->last);
	uint64_t tries = count + pool->aux.count + 4, n;

	if (span < tries)
		tries = span;
	for (n = 0; n <= tries; n++) {
		if (!cnm_pool_reserves(pool, at) && !bsearch(at, taken, count, sizeof(*taken), compare_addrs))
			return 1;
		*at = step(pool, at);
	}
	return 0;
}

static int take_by_scan(struct cnm_store_network *store, const struct cnm_pool *pool, const char *key,
                        struct cnm_addr *at, struct cnm_error *err)
{
	unsigned scans;

	for (scans = 0; scans < SCANS_MAX; scans++) {
		_cleanup_free_ struct cnm_addr *taken = NULL;
		size_t count = 0;
		int r;

		if (list_taken(store, pool, &taken, &count, err) < 0)
			return -1;
		if (!find_gap(pool, taken, count, at))
			return 0;
		r = cnm_store_address_take(store, at, key, err);
		if (r != 0)
			return r;
	}
	return 0;
}

/* 1 taken, 0 the pool is exhausted, -1 error. */
static int take_any(struct cnm_store_network *store, const struct cnm_pool *pool, const char *key,
                    struct cnm_addr *ret, struct cnm_error *err)
{
	struct cnm_addr at;
	unsigned tries;
	int r = 0;

	cnm_store_cursor_load(store, &pool->subnet, &at);
	at = cnm_addr_is_set(&at) ? step(pool, &at) : pool->first;
	for (tries = 0; tries < TRIES_BEFORE_SCAN && r == 0; tries++) {
		if (cnm_pool_reserves(pool, &at))
			r = 0;
		else
			r = cnm_store_address_take(store, &at, key, err);
		if (r == 0)
			at = step(pool, &at);
	}
	if (r == 0)
		r = take_by_scan(store, pool, key, &at, err);
	if (r == 1) {
		cnm_store_cursor_save(store, &pool->subnet, &at);
		*ret = at;
	}
	return r;
}

static int give(struct cnm_endpoint *endpoint, const struct cnm_pool *pool, const struct cnm_addr *addr,
                struct cnm_error *err)
{
	struct cnm_endpoint_addr *slot = &endpoint->addrs[endpoint->addr_count];

	if (endpoint->addr_count == CNM_ENDPOINT_ADDRS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
	slot->addr = *addr;
	slot->addr.prefix = pool->subnet.prefix;
	slot->gateway = pool->gateway;
	endpoint->addr_count++;
	return 0;
}

static const struct cnm_pool *pool_of(const struct cnm_network *network, const struct cnm_addr *addr)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (cnm_addr_contains(&network->pools[i].subnet, addr))
			return &network->pools[i];
	return NULL;
}

static bool has_address_of(const struct cnm_endpoint *endpoint, const struct cnm_addr *subnet)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (cnm_addr_contains(subnet, &endpoint->addrs[i].addr))
			return true;
	return false;
}

static bool has_address(const struct cnm_endpoint *endpoint, const struct cnm_addr *addr)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (cnm_addr_equal(&endpoint->addrs[i].addr, addr))
			return true;
	return false;
}

static int take_requested(struct cnm_store_network *store, const struct cnm_network *network,
                          const struct cnm_addr *addr, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const struct cnm_pool *pool = pool_of(network, addr);
	char text[CNM_ADDR_TEXT_MAX], owner[CNM_KEY_MAX + 1] = "another endpoint";
	struct cnm_error ignored = CNM_ERROR_INIT;
	int r;

	cnm_addr_format(addr, text);
	if (!pool)
		return cnm_fail(err, CNM_E_INVALID, "address %s is in none of its subnets", text);
	if (cnm_addr_is_set(&pool->gateway) && cnm_addr_equal(&pool->gateway, addr))
		return cnm_fail(err, CNM_E_EXISTS, "address %s is the gateway's", text);
	if (cnm_pool_reserves(pool, addr))
		return cnm_fail(err, CNM_E_INVALID, "address %s is reserved", text);
	/* Named twice: a runtime that gives it as a list and by CNI_ARGS. */
	if (has_address(endpoint, addr))
		return 0;
	if (endpoint->addr_count == CNM_ENDPOINT_ADDRS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
	if (has_address_of(endpoint, &pool->subnet))
		return cnm_fail(err, CNM_E_INVALID,
		                "address %s is the second that is asked for of one subnet", text);
	r = cnm_store_address_take(store, addr, endpoint->name, err);
	if (r == 0) {
		cnm_store_address_owner(store, addr, owner, &ignored);
		return cnm_fail(err, CNM_E_EXISTS, "address %s is taken by %s", text, owner);
	}
	return r < 0 ? -1 : give(endpoint, pool, addr, err);
}

long cnm_ipam_group(const struct cnm_network *network, size_t i)
{
	const char *text = cnm_kvs_get(&network->ipam_options, CNM_IPAM_SETS);
	size_t n;

	for (n = 0; text && n < i; n++) {
		text = strchr(text, ',');
		text = text ? text + 1 : NULL;
	}
	if (!text || *text < '0' || *text > '9')
		return -(long)network->pools[i].subnet.family;
	return strtol(text, NULL, 10);
}

/* One address for the group of pool `at`, unless an earlier pool was asked for it or gave it: out of the first that has one. */
static int take_group(struct cnm_store_network *store, const struct cnm_network *network, size_t at,
                      struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const struct cnm_pool *last = NULL;
	long group = cnm_ipam_group(network, at);
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (cnm_ipam_group(network, i) == group &&
		    has_address_of(endpoint, &network->pools[i].subnet))
			return 0;
	for (i = at; i < network->pool_count; i++) {
		struct cnm_addr addr;
		int r;

		if (cnm_ipam_group(network, i) != group)
			continue;
		last = &network->pools[i];
		r = take_any(store, last, endpoint->name, &addr, err);
		if (r != 0)
			return r < 0 ? -1 : give(endpoint, last, &addr, err);
	}
	return !last ? 0
	             : cnm_fail(err, CNM_E_EXHAUSTED, "no free address is left in %s",
	                        cnm_addr_format_cidr(&last->subnet, text));
}

static int local_addresses_take(struct cnm_store_network *store, const struct cnm_network *network,
                                const struct cnm_addr *requested, size_t requested_count,
                                struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_error undo_err = CNM_ERROR_INIT;
	int r = 0;
	size_t i;

	for (i = 0; i < requested_count && r == 0; i++)
		r = take_requested(store, network, &requested[i], endpoint, err);
	for (i = 0; i < network->pool_count && r == 0; i++)
		r = take_group(store, network, i, endpoint, err);
	if (r < 0) {
		cnm_ipam_release(store, endpoint, &undo_err);
		endpoint->addr_count = 0;
	}
	return r;
}

const struct cnm_ipam cnm_ipam_local = {
        .name = "default",
        .reserves = true,
        .pools_request = cnm_pools_request,
        .addresses_take = local_addresses_take,
};
