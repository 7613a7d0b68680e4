/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subnets of a network: those asked for, checked; or one chosen from the default pools, as Docker has
 * them, that neither another network nor a route of the host uses. IPv6 is taken from the host's
 * unique-local prefix (RFC 4193), derived from its machine id.
 */
#include "cnm/ipam_pools.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/sys/file.h"
#include "cnm/sys/rtnl_route.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define POOLS_MAX 32

/* Subnets that are in use: other networks' and the host's routes. */
struct in_use {
	struct cnm_addr *subnets;
	const char **owners; /* name of a network, or NULL for a route */
	size_t count, cap;
	struct cnm_network **networks;
	size_t network_count;
};

static void in_use_free(struct in_use *use)
{
	free(use->subnets);
	free(use->owners);
	cnm_network_list_free(use->networks, use->network_count);
}

static int in_use_add(struct in_use *use, const struct cnm_addr *subnet, const char *owner,
                      struct cnm_error *err)
{
	if (use->count == use->cap) {
		size_t cap = use->cap ? use->cap * 2 : 64;
		struct cnm_addr *subnets = reallocarray(use->subnets, cap, sizeof(*subnets));
		const char **owners;

		if (!subnets)
			return cnm_fail_nomem(err);
		use->subnets = subnets;
		owners = reallocarray(use->owners, cap, sizeof(*owners));
		if (!owners)
			return cnm_fail_nomem(err);
		use->owners = owners;
		use->cap = cap;
	}
	use->subnets[use->count] = *subnet;
	use->owners[use->count++] = owner;
	return 0;
}

static int add_route(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	if (route->dst.prefix == 0)
		return 0;
	return in_use_add(arg, &route->dst, NULL, err);
}

/* Links elsewhere, perhaps in layer 2 networks that never meet: the same subnet on both is their owner's business. */
static bool reserves_only(struct cnm_controller *controller, const struct cnm_network *network)
{
	struct cnm_error unknown = CNM_ERROR_INIT;
	const struct cnm_driver *driver = cnm_controller_driver(controller, network->driver, &unknown);

	return driver && driver->reserves_only;
}

static int in_use_collect(struct cnm_controller *controller, struct in_use *use, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	size_t i, j;

	if (!rtnl || cnm_network_list(controller, &use->networks, &use->network_count, err) < 0)
		return -1;
	for (i = 0; i < use->network_count; i++) {
		const struct cnm_network *network = use->networks[i];

		for (j = 0; j < network->pool_count && !reserves_only(controller, network); j++)
			if (in_use_add(use, &network->pools[j].subnet, network->name, err) < 0)
				return -1;
	}
	return cnm_route_list(rtnl, add_route, use, err);
}

static bool is_free(const struct in_use *use, const struct cnm_addr *subnet)
{
	size_t i;

	for (i = 0; i < use->count; i++)
		if (cnm_addr_overlap(&use->subnets[i], subnet))
			return false;
	return true;
}

/* A subnet that somebody asked for may overlap a route of the host (that is how a network is put in
 * front of one), but no other network. */
static int check_overlap(const struct in_use *use, const struct cnm_addr *subnet, struct cnm_error *err)
{
	char a[CNM_ADDR_TEXT_MAX], b[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < use->count; i++)
		if (use->owners[i] && cnm_addr_overlap(&use->subnets[i], subnet))
			return cnm_fail(err, CNM_E_EXISTS, "subnet %s overlaps %s of network %s",
			                cnm_addr_format_cidr(subnet, a),
			                cnm_addr_format_cidr(&use->subnets[i], b), use->owners[i]);
	return 0;
}

/* Docker's default local pools: first to last, in steps of one subnet. */
static const struct {
	const char *first;
	unsigned count;
	uint8_t prefix;
} default_pools[] = {
        {"172.17.0.0", 15, 16},
        {"192.168.0.0", 16, 20},
};

static int choose_ipv4(const struct in_use *use, struct cnm_addr *ret, struct cnm_error *err)
{
	size_t i;
	unsigned n;

	for (i = 0; i < CNM_ARRAY_SIZE(default_pools); i++) {
		struct cnm_addr base;

		if (cnm_addr_parse(&base, default_pools[i].first, err) < 0)
			return -1;
		base.prefix = default_pools[i].prefix;
		for (n = 0; n < default_pools[i].count; n++) {
			*ret = cnm_addr_add(&base, (int64_t)n << (32 - base.prefix));
			if (is_free(use, ret))
				return 0;
		}
	}
	return cnm_fail(err, CNM_E_EXHAUSTED,
	                "no free IPv4 subnet is left in the default pools; name one with --subnet");
}

#define FNV64_OFFSET 0xcbf29ce484222325ULL
#define FNV64_PRIME  0x100000001b3ULL

/* 40 bits that tell this host from others: a hash of its machine id, or of nothing where it has none. */
static uint64_t host_bits(void)
{
	_cleanup_(cnm_buf_free) struct cnm_buf id = CNM_BUF_INIT(256);
	_cleanup_close_ int etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cnm_error ignored = CNM_ERROR_INIT;
	uint64_t hash = FNV64_OFFSET;
	const char *at;

	if (etc >= 0)
		cnm_file_read_at(etc, "machine-id", 256, &id, &ignored);
	for (at = cnm_buf_text(&id); *at; at++)
		hash = (hash ^ (uint8_t)*at) * FNV64_PRIME;
	return hash ^ (hash >> 40);
}

static int choose_ipv6(const struct in_use *use, struct cnm_addr *ret, struct cnm_error *err)
{
	uint64_t bits = host_bits();
	unsigned n;

	memset(ret, 0, sizeof(*ret));
	ret->family = AF_INET6;
	ret->prefix = 64;
	ret->bytes[0] = 0xfd;
	for (n = 0; n < 5; n++)
		ret->bytes[1 + n] = (uint8_t)(bits >> (8 * n));
	for (n = 0; n < 65536; n++) {
		ret->bytes[6] = (uint8_t)(n >> 8);
		ret->bytes[7] = (uint8_t)n;
		if (is_free(use, ret))
			return 0;
	}
	return cnm_fail(err, CNM_E_EXHAUSTED, "no free IPv6 subnet is left; name one with --subnet");
}

bool cnm_pool_reserves(const struct cnm_pool *pool, const struct cnm_addr *addr)
{
	unsigned bits = cnm_addr_bits(&pool->subnet);
	struct cnm_addr edge;
	size_t i;

	if (cnm_addr_is_set(&pool->gateway) && cnm_addr_equal(&pool->gateway, addr))
		return true;
	for (i = 0; i < pool->aux.count; i++) {
		struct cnm_error ignored = CNM_ERROR_INIT;
		struct cnm_addr aux;

		if (cnm_addr_parse(&aux, pool->aux.items[i].value, &ignored) == 0 &&
		    cnm_addr_equal(&aux, addr))
			return true;
	}
	if (pool->subnet.prefix + 1U >= bits) /* RFC 3021, RFC 6164: both addresses are hosts' */
		return false;
	edge = cnm_addr_network(&pool->subnet);
	if (cnm_addr_equal(&edge, addr))
		return true;
	edge = cnm_addr_last(&pool->subnet);
	return pool->subnet.family == AF_INET && cnm_addr_equal(&edge, addr);
}

/* "10.0.1.0/24" or "10.0.0.10-10.0.0.99". */
static int parse_range(struct cnm_pool *pool, const char *text, struct cnm_error *err)
{
	const char *dash = strchr(text, '-');
	struct cnm_addr range;

	if (dash) {
		_cleanup_free_ char *first = strndup(text, (size_t)(dash - text));

		if (!first)
			return cnm_fail_nomem(err);
		if (cnm_addr_parse(&pool->first, first, err) < 0 ||
		    cnm_addr_parse(&pool->last, dash + 1, err) < 0)
			return cnm_wrap(err, "range %s", text);
	} else {
		if (cnm_addr_parse_subnet(&range, text, err) < 0)
			return cnm_wrap(err, "range");
		pool->first = cnm_addr_network(&range);
		pool->last = cnm_addr_last(&range);
	}
	if (!cnm_addr_contains(&pool->subnet, &pool->first) ||
	    !cnm_addr_contains(&pool->subnet, &pool->last) || cnm_addr_compare(&pool->first, &pool->last) > 0)
		return cnm_fail(err, CNM_E_INVALID, "range %s is not inside the subnet", text);
	return 0;
}

static int check_host_address(const struct cnm_pool *pool, const struct cnm_addr *addr, const char *what,
                              struct cnm_error *err)
{
	struct cnm_pool bare = {.subnet = pool->subnet};
	char a[CNM_ADDR_TEXT_MAX], b[CNM_ADDR_TEXT_MAX];

	if (!cnm_addr_contains(&pool->subnet, addr))
		return cnm_fail(err, CNM_E_INVALID, "%s %s is not in subnet %s", what,
		                cnm_addr_format(addr, a), cnm_addr_format_cidr(&pool->subnet, b));
	if (cnm_pool_reserves(&bare, addr))
		return cnm_fail(err, CNM_E_INVALID, "%s %s is the network or broadcast address of %s", what,
		                cnm_addr_format(addr, a), cnm_addr_format_cidr(&pool->subnet, b));
	return 0;
}

static int fill_aux(struct cnm_pool *pool, const struct cnm_options *aux, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < aux->count; i++) {
		struct cnm_addr addr;

		if (cnm_addr_parse(&addr, aux->items[i].value, err) < 0 ||
		    check_host_address(pool, &addr, "auxiliary address", err) < 0 ||
		    cnm_kvs_set(&pool->aux, aux->items[i].key, cnm_addr_format(&addr, text), err) < 0)
			return -1;
	}
	return 0;
}

/* The gateway: as asked; else the first address that an endpoint could have. "none": no gateway. */
static int fill_gateway(struct cnm_pool *pool, const char *text, struct cnm_error *err)
{
	struct cnm_addr network = cnm_addr_network(&pool->subnet);

	if (text && strcmp(text, "none") == 0)
		return 0;
	if (text) {
		if (cnm_addr_parse(&pool->gateway, text, err) < 0)
			return cnm_wrap(err, "gateway");
		return check_host_address(pool, &pool->gateway, "gateway", err);
	}
	pool->gateway = network;
	while (cnm_addr_contains(&pool->subnet, &pool->gateway)) {
		struct cnm_pool others = *pool;

		memset(&others.gateway, 0, sizeof(others.gateway));
		if (!cnm_pool_reserves(&others, &pool->gateway)) {
			pool->gateway.prefix = (uint8_t)cnm_addr_bits(&pool->gateway);
			return 0;
		}
		pool->gateway = cnm_addr_add(&pool->gateway, 1);
	}
	return cnm_fail(err, CNM_E_EXHAUSTED, "no address is left for the gateway");
}

static int fill_pool(struct cnm_pool *pool, const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	pool->first = cnm_addr_network(&pool->subnet);
	pool->last = cnm_addr_last(&pool->subnet);
	if (pool->subnet.prefix < 4 || cnm_addr_is_link_local(&pool->subnet) ||
	    cnm_addr_is_multicast(&pool->subnet) || cnm_addr_is_loopback(&pool->subnet) ||
	    pool->subnet.prefix == cnm_addr_bits(&pool->subnet))
		return cnm_fail(err, CNM_E_INVALID, "it cannot be a container network");
	if (spec->range && parse_range(pool, spec->range, err) < 0)
		return -1;
	if (fill_aux(pool, &spec->aux, err) < 0)
		return -1;
	return fill_gateway(pool, spec->gateway, err);
}

static int add_pool(struct in_use *use, struct cnm_network *network, const struct cnm_pool_spec *spec,
                    int family, struct cnm_error *err)
{
	struct cnm_pool *pool = &network->pools[network->pool_count++];
	char text[CNM_ADDR_TEXT_MAX];

	if (spec->subnet) {
		if (cnm_addr_parse_subnet(&pool->subnet, spec->subnet, err) < 0 ||
		    check_overlap(use, &pool->subnet, err) < 0)
			return -1;
	} else if ((family == AF_INET ? choose_ipv4(use, &pool->subnet, err)
	                              : choose_ipv6(use, &pool->subnet, err)) < 0) {
		return -1;
	}
	if (fill_pool(pool, spec, err) < 0)
		return cnm_wrap(err, "subnet %s", cnm_addr_format_cidr(&pool->subnet, text));
	if (pool->subnet.family == AF_INET6)
		network->ipv6 = true;
	return in_use_add(use, &pool->subnet, network->name, err);
}

static bool has_family(const struct cnm_network *network, int family)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (network->pools[i].subnet.family == family)
			return true;
	return false;
}

int cnm_pools_request(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                      struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_(in_use_free) struct in_use use = {0};
	static const struct cnm_pool_spec any;
	size_t i;

	if (spec->pool_count > POOLS_MAX)
		return cnm_fail(err, CNM_E_INVALID, "more than %d subnets", POOLS_MAX);
	if (!reserves_only(controller, network) && in_use_collect(controller, &use, err) < 0)
		return -1;
	network->pools = calloc(spec->pool_count + 2, sizeof(*network->pools));
	if (!network->pools)
		return cnm_fail_nomem(err);
	for (i = 0; i < spec->pool_count; i++)
		if (add_pool(&use, network, &spec->pools[i], AF_INET, err) < 0)
			return -1;
	if (spec->pool_count == 0 && add_pool(&use, network, &any, AF_INET, err) < 0)
		return -1;
	if (network->ipv6 && !has_family(network, AF_INET6))
		return add_pool(&use, network, &any, AF_INET6, err);
	return 0;
}

int cnm_pools_check(struct cnm_controller *controller, const struct cnm_network *network,
                    struct cnm_error *err)
{
	_cleanup_(in_use_free) struct in_use use = {0};
	size_t i;

	if (in_use_collect(controller, &use, err) < 0)
		return -1;
	for (i = 0; i < network->pool_count; i++)
		if (check_overlap(&use, &network->pools[i].subnet, err) < 0)
			return -1;
	return 0;
}
