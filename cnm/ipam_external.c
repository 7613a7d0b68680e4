/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that another program gives: used as they are, and not kept book of. */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/ipam.h"
#include "cnm/ipam_pools.h"
#include <string.h>
#include <sys/socket.h>

static int external_pools_request(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                                  struct cnm_network *network, struct cnm_error *err)
{
	if (spec->pool_count > 0)
		return cnm_fail(err, CNM_E_INVALID, "IPAM driver external has no subnets of its own");
	return 0;
}

static const struct cnm_addr *gateway_of(const struct cnm_network *network, const struct cnm_addr *addr)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (cnm_addr_contains(&network->pools[i].subnet, addr))
			return &network->pools[i].gateway;
	return NULL;
}

static int external_addresses_take(struct cnm_store_network *store, const struct cnm_network *network,
                                   const struct cnm_addr *requested, size_t requested_count,
                                   struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < requested_count; i++) {
		struct cnm_endpoint_addr *slot = &endpoint->addrs[endpoint->addr_count++];
		const struct cnm_addr *gateway = gateway_of(network, &requested[i]);

		slot->addr = requested[i];
		if (gateway)
			slot->gateway = *gateway;
	}
	return 0;
}

const struct cnm_ipam cnm_ipam_external = {
        .name = "external",
        .pools_request = external_pools_request,
        .addresses_take = external_addresses_take,
};

/* 1: the network has it. */
static int has_pool(const struct cnm_network *network, const struct cnm_pool_spec *spec,
                    struct cnm_error *err)
{
	struct cnm_addr subnet, gateway = {0};
	size_t i;

	if (cnm_addr_parse_subnet(&subnet, spec->subnet, err) < 0 ||
	    (spec->gateway && strcmp(spec->gateway, "none") != 0 &&
	     cnm_addr_parse(&gateway, spec->gateway, err) < 0))
		return -1;
	for (i = 0; i < network->pool_count; i++) {
		const struct cnm_pool *known = &network->pools[i];

		if (known->subnet.prefix != subnet.prefix || !cnm_addr_equal(&known->subnet, &subnet))
			continue;
		if (!cnm_addr_is_set(&gateway) || cnm_addr_equal(&known->gateway, &gateway))
			return 1;
		return cnm_fail(err, CNM_E_CONFLICT, "subnet %s has another gateway than %s", spec->subnet,
		                spec->gateway);
	}
	return 0;
}

static int append_pool(struct cnm_controller *controller, struct cnm_network *network,
                       const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *scratch = calloc(1, sizeof(*scratch));
	struct cnm_network_spec one = {.name = network->name, .pools = spec, .pool_count = 1};
	struct cnm_pool *pools;

	if (!scratch)
		return cnm_fail_nomem(err);
	memcpy(scratch->name, network->name, sizeof(scratch->name));
	if (cnm_pools_request(controller, &one, scratch, err) < 0)
		return -1;
	pools = reallocarray(network->pools, network->pool_count + 1, sizeof(*pools));
	if (!pools)
		return cnm_fail_nomem(err);
	network->pools = pools;
	pools[network->pool_count++] = scratch->pools[0];
	scratch->pool_count = 0; /* handed over */
	network->ipv6 = network->ipv6 || scratch->ipv6;
	return 0;
}

/* The network is locked exclusive, and the lock on all networks is held. */
static int add_locked(struct cnm_controller *controller, struct cnm_store_network *net, const char *name,
                      const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	const struct cnm_driver *driver;
	int has;

	if (cnm_store_network_load(controller->store, name, &network, err) < 0)
		return -1;
	driver = cnm_controller_driver(controller, network->driver, err);
	has = driver ? has_pool(network, spec, err) : -1;
	if (has != 0)
		return has < 0 ? -1 : 0;
	if (append_pool(controller, network, spec, err) < 0 || cnm_store_network_save(net, network, err) < 0)
		return -1;
	if (driver->network_ensure(controller, network, err) == 0)
		return 0;
	cnm_kvs_free(&network->pools[--network->pool_count].aux);
	cnm_store_network_save(net, network, &ignored);
	return -1;
}

int cnm_network_add_pool(struct cnm_controller *controller, const char *network,
                         const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(controller->store, err);
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (lock < 0 ||
	    cnm_store_network_lock(controller->store, network, CNM_LOCK_EXCLUSIVE, &net, err) < 0 ||
	    add_locked(controller, &net, network, spec, err) < 0)
		return cnm_wrap(err, "network %s", network);
	return 0;
}
