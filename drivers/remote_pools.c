/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of an IPAM plugin: asked for when a network is made, with the gateway's and the auxiliary addresses, and given back with it. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/ipam_pools.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SPACE   "space"
#define GATEWAY "com.docker.network.gateway"
#define REFUSED "refused" /* a pool that its own answer made useless */

const char *cnm_remote_pool_key(size_t i, char ret[32])
{
	snprintf(ret, 32, "pool.%zu", i);
	return ret;
}

const char *cnm_remote_pool_id(const struct cnm_kvs *state, size_t i)
{
	char key[32];
	const char *id = cnm_kvs_get(state, cnm_remote_pool_key(i, key));

	return id ? id : "";
}

const char *cnm_remote_gateway_key(size_t i, char ret[32])
{
	snprintf(ret, 32, "gateway.%zu", i);
	return ret;
}

bool cnm_remote_is_driver_of(struct cnm_controller *controller, const struct cnm_network *network)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_controller_known_driver(controller, network->driver, &ignored) == &cnm_driver_remote;
}

int cnm_remote_release_address(struct cnm_owed *owed, const char *id, const struct cnm_addr *addr,
                               struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	return cnm_owed_add(owed, "IpamDriver.ReleaseAddress",
	                    cnm_plugin_release_address(id, cnm_addr_format(addr, text), err), err);
}

static int release_pool(struct cnm_owed *owed, const struct cnm_network *network, size_t i,
                        struct cnm_error *err)
{
	const struct cnm_pool *pool = &network->pools[i];
	const char *id = cnm_remote_pool_id(&network->ipam_state, i);
	size_t n;

	if (!*id)
		return 0;
	if (cnm_addr_is_set(&pool->gateway) && cnm_remote_release_address(owed, id, &pool->gateway, err) < 0)
		return -1;
	for (n = 0; n < pool->aux.count; n++) {
		struct cnm_addr aux;

		if (cnm_addr_parse(&aux, pool->aux.items[n].value, err) < 0 ||
		    cnm_remote_release_address(owed, id, &aux, err) < 0)
			return -1;
	}
	return cnm_owed_add(owed, "IpamDriver.ReleasePool", cnm_plugin_release_pool(id, err), err);
}

int cnm_remote_tell_pools(struct cnm_controller *controller, const struct cnm_network *network,
                          struct cnm_error *err)
{
	const char *refused = cnm_kvs_get(&network->ipam_state, REFUSED);
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (release_pool(&owed, network, i, err) < 0)
			return -1;
	if (refused &&
	    cnm_owed_add(&owed, "IpamDriver.ReleasePool", cnm_plugin_release_pool(refused, err), err) < 0)
		return -1;
	if (owed.count == 0)
		return 0;
	snprintf(key, sizeof(key), CNM_OWED_POOLS "%s", network->id);
	if (cnm_remote_owed_about(&owed, network->name, network->id, "", "", err) < 0)
		return -1;
	return cnm_remote_owe(controller, network->ipam_driver, key, &owed, err);
}

/* A network on its way to its pools. */
struct pools {
	struct cnm_controller *controller;
	struct cnm_remote_plugin *plugin;
	struct cnm_network *network;
};

/* What the plugin's answer to a call is not. */
static int fail_answer(const struct pools *p, const char *call, struct cnm_error *err)
{
	return cnm_wrap(err, "plugin %s: IpamDriver.%s", p->plugin->name, call);
}

/* One that the network needs by its name, or ("") any; *ret as it was answered. */
static int request(const struct pools *p, const char *id, const char *address, const struct cnm_kvs *options,
                   struct cnm_addr *ret, struct cnm_error *err)
{
	_cleanup_json_ json_object *reply = NULL;

	if (cnm_remote_ask(p->controller, p->plugin, "IpamDriver.RequestAddress",
	                   cnm_plugin_request_address(id, address, options, err), &reply, NULL, err) < 0)
		return -1;
	if (cnm_plugin_address_reply(reply, ret, err) < 0)
		return fail_answer(p, "RequestAddress", err);
	return 0;
}

/* Whether it is what was asked for by name. */
static int check_named(const struct pools *p, const char *address, const struct cnm_addr *got,
                       struct cnm_error *err)
{
	struct cnm_addr wanted;
	char text[CNM_ADDR_TEXT_MAX];

	if (cnm_addr_parse(&wanted, address, err) < 0)
		return -1;
	if (cnm_addr_equal(&wanted, got))
		return 0;
	cnm_fail(err, CNM_E_INVALID, "it gave %s, not %s", cnm_addr_format(got, text), address);
	return fail_answer(p, "RequestAddress", err);
}

/* As a plugin's network is told of it, with the prefix length of the answer. In the network's own record it has none. */
static int set_gateway(const struct pools *p, struct cnm_pool *pool, const struct cnm_addr *gateway,
                       struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX], key[32];

	pool->gateway = *gateway;
	pool->gateway.prefix = (uint8_t)cnm_addr_bits(gateway);
	return cnm_kvs_set(&p->network->ipam_state,
	                   cnm_remote_gateway_key((size_t)(pool - p->network->pools), key),
	                   cnm_addr_format_cidr(gateway, text), err);
}

static int request_gateway(const struct pools *p, struct cnm_pool *pool, const char *id,
                           const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	_cleanup_kvs_ struct cnm_kvs options = {0};
	struct cnm_addr gateway;

	if (spec->gateway && strcmp(spec->gateway, "none") == 0) {
		pool->gateway = (struct cnm_addr){0};
		return 0;
	}
	/* The plugin's own gateway counts unless somebody wants another. */
	if (!spec->gateway && cnm_addr_is_set(&pool->gateway))
		return 0;
	pool->gateway = (struct cnm_addr){0};
	if (cnm_kvs_set(&options, "RequestAddressType", GATEWAY, err) < 0 ||
	    request(p, id, spec->gateway ? spec->gateway : "", &options, &gateway, err) < 0)
		return -1;
	return set_gateway(p, pool, &gateway, err);
}

/* What a network of ours cannot have; a plugin's own network may have a gateway that is only a sign between its two drivers. */
static int check_gateway(const struct pools *p, const struct cnm_pool *pool, const struct cnm_pool_spec *spec,
                         struct cnm_error *err)
{
	const struct cnm_pool bare = {.subnet = pool->subnet};
	char text[CNM_ADDR_TEXT_MAX], subnet[CNM_ADDR_TEXT_MAX];

	if (!cnm_addr_is_set(&pool->gateway))
		return 0;
	if (spec->gateway && check_named(p, spec->gateway, &pool->gateway, err) < 0)
		return -1;
	if (cnm_remote_is_driver_of(p->controller, p->network) ||
	    (cnm_addr_contains(&pool->subnet, &pool->gateway) && !cnm_pool_reserves(&bare, &pool->gateway)))
		return 0;
	return cnm_fail(err, CNM_E_INVALID, "plugin %s: its gateway %s is no address of a host in %s",
	                p->plugin->name, cnm_addr_format(&pool->gateway, text),
	                cnm_addr_format_cidr(&pool->subnet, subnet));
}

static int request_aux(const struct pools *p, struct cnm_pool *pool, const char *id,
                       const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < spec->aux.count; i++) {
		struct cnm_addr addr, got;

		if (cnm_addr_parse(&addr, spec->aux.items[i].value, err) < 0)
			return -1;
		if (!cnm_addr_contains(&pool->subnet, &addr))
			return cnm_fail(err, CNM_E_INVALID, "auxiliary address %s is not in the subnet",
			                spec->aux.items[i].value);
		if (request(p, id, cnm_addr_format(&addr, text), NULL, &got, err) < 0 ||
		    check_named(p, text, &got, err) < 0 ||
		    cnm_kvs_set(&pool->aux, spec->aux.items[i].key, cnm_addr_format(&addr, text), err) < 0 ||
		    cnm_remote_tell_pools(p->controller, p->network, err) < 0)
			return -1;
	}
	return 0;
}

static int take_pool(const struct pools *p, const struct cnm_pool_spec *spec,
                     const struct cnm_plugin_pool_reply *reply, struct cnm_error *err)
{
	struct cnm_pool *pool = &p->network->pools[p->network->pool_count];
	char key[32];

	pool->subnet = reply->pool;
	pool->first = cnm_addr_network(&pool->subnet);
	pool->last = cnm_addr_last(&pool->subnet);
	if (cnm_addr_is_set(&reply->gateway) && set_gateway(p, pool, &reply->gateway, err) < 0)
		return -1;
	if (spec->range) {
		struct cnm_addr range;

		if (cnm_addr_parse_subnet(&range, spec->range, err) < 0)
			return cnm_wrap(err, "range");
		pool->first = cnm_addr_network(&range);
		pool->last = cnm_addr_last(&range);
		snprintf(key, sizeof(key), "range.%zu", p->network->pool_count);
		if (cnm_kvs_set(&p->network->ipam_state, key, spec->range, err) < 0)
			return -1;
	}
	if (pool->subnet.family == AF_INET6)
		p->network->ipv6 = true;
	return cnm_kvs_set(&p->network->ipam_state, cnm_remote_pool_key(p->network->pool_count++, key),
	                   reply->id, err);
}

/* Whatever else the answer says, what it names is given back. */
static void refuse_pool(const struct pools *p, const char *id)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (id && *id && cnm_kvs_set(&p->network->ipam_state, REFUSED, id, &ignored) == 0)
		cnm_remote_tell_pools(p->controller, p->network, &ignored);
}

static int check_pool(const struct pools *p, const struct cnm_plugin_pool_reply *pool, bool ipv6,
                      struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	if ((pool->pool.family == AF_INET6) != ipv6)
		return cnm_fail(err, CNM_E_INVALID, "the pool is of the other family");
	if (!cnm_remote_is_driver_of(p->controller, p->network) &&
	    (cnm_addr_is_multicast(&pool->pool) || cnm_addr_is_loopback(&pool->pool) ||
	     cnm_addr_is_unspecified(&pool->pool)))
		return cnm_fail(err, CNM_E_INVALID, "driver %s cannot have the pool %s", p->network->driver,
		                cnm_addr_format_cidr(&pool->pool, text));
	return 0;
}

static int request_pool(const struct pools *p, const struct cnm_pool_spec *spec, bool ipv6,
                        struct cnm_error *err)
{
	const struct cnm_network *network = p->network;
	_cleanup_json_ json_object *reply = NULL;
	struct cnm_plugin_pool_reply pool;
	const char *id;

	if (spec->range && strchr(spec->range, '-'))
		return cnm_fail(err, CNM_E_INVALID, "range %s: an IPAM plugin takes a range as a subnet only",
		                spec->range);
	if (cnm_remote_ask(p->controller, p->plugin, "IpamDriver.RequestPool",
	                   cnm_plugin_request_pool(
	                           cnm_kvs_get(&network->ipam_state, SPACE), spec->subnet ? spec->subnet : "",
	                           spec->range ? spec->range : "", &network->ipam_options, ipv6, err),
	                   &reply, NULL, err) < 0)
		return -1;
	if (cnm_plugin_pool_reply(reply, &pool, err) < 0 || check_pool(p, &pool, ipv6, err) < 0) {
		refuse_pool(p, pool.id);
		return fail_answer(p, "RequestPool", err);
	}
	if (take_pool(p, spec, &pool, err) < 0 || cnm_remote_tell_pools(p->controller, network, err) < 0)
		return -1;
	id = cnm_remote_pool_id(&network->ipam_state, network->pool_count - 1);
	if (request_gateway(p, &p->network->pools[network->pool_count - 1], id, spec, err) < 0 ||
	    cnm_remote_tell_pools(p->controller, network, err) < 0 ||
	    check_gateway(p, &p->network->pools[network->pool_count - 1], spec, err) < 0)
		return -1;
	return request_aux(p, &p->network->pools[network->pool_count - 1], id, spec, err);
}

/* Of what is asked for: the family of a subnet, where one is named. */
static int family_of(const struct cnm_pool_spec *spec, struct cnm_error *err)
{
	struct cnm_addr subnet;

	if (!spec->subnet)
		return AF_INET;
	return cnm_addr_parse_subnet(&subnet, spec->subnet, err) < 0 ? -1 : subnet.family;
}

static int request_pools(const struct pools *p, const struct cnm_network_spec *spec, struct cnm_error *err)
{
	static const struct cnm_pool_spec any;
	bool has_ipv6 = false;
	size_t i;

	for (i = 0; i < spec->pool_count; i++) {
		int family = family_of(&spec->pools[i], err);

		if (family < 0 || request_pool(p, &spec->pools[i], family == AF_INET6, err) < 0)
			return -1;
		has_ipv6 = has_ipv6 || family == AF_INET6;
	}
	if (spec->pool_count == 0 && request_pool(p, &any, false, err) < 0)
		return -1;
	return spec->ipv6 && !has_ipv6 ? request_pool(p, &any, true, err) : 0;
}

/* The space of addresses for networks of this host, or of many where the network's driver says that it reaches them. */
static const char *space_of(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_remote_plugin *plugin)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_remote_plugin *driver = NULL;

	if (cnm_remote_is_driver_of(controller, network) &&
	    cnm_remote_plugin_get(controller, network->driver, CNM_REMOTE_NETWORK, &driver, &ignored) == 0 &&
	    driver->record.network.global)
		return plugin->record.global_space;
	return plugin->record.local_space;
}

int cnm_remote_ask_pools(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                         struct cnm_network *network, struct cnm_error *err)
{
	struct pools p = {.controller = controller, .network = network};

	if (cnm_remote_plugin_get(controller, network->ipam_driver, CNM_REMOTE_IPAM, &p.plugin, err) < 0)
		return -1;
	network->pools = calloc(spec->pool_count + 2, sizeof(*network->pools));
	if (!network->pools)
		return cnm_fail_nomem(err);
	if (cnm_kvs_set(&network->ipam_state, SPACE, space_of(controller, network, p.plugin), err) < 0)
		return -1;
	return request_pools(&p, spec, err);
}
