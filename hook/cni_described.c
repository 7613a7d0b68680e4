/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that exist because a configuration describes them, and what of them goes into a result as the configuration says it. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/driver.h"
#include "cnm/ipam.h"
#include "hook/cni_attachment.h"
#include <string.h>
#include <sys/socket.h>

#define BRIDGE_OPTION "com.docker.network.bridge.name"
#define PARENT_OPTION "parent"

static const char *wanted(const struct cnm_network_spec *spec, const char *option)
{
	size_t i;

	for (i = 0; i < spec->options.count; i++)
		if (strcmp(spec->options.items[i].key, option) == 0)
			return spec->options.items[i].value;
	return NULL;
}

static bool overlaps(const struct cnm_network *other, const struct cnm_pool_spec *pools, size_t count)
{
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < other->pool_count; j++) {
			struct cnm_error ignored = CNM_ERROR_INIT;
			struct cnm_addr subnet;

			if (pools[i].subnet &&
			    cnm_addr_parse_subnet(&subnet, pools[i].subnet, &ignored) == 0 &&
			    cnm_addr_overlap(&subnet, &other->pools[j].subnet))
				return true;
		}
	return false;
}

/* Whether it makes room for the target, where nobody is on it. */
static bool is_in_the_way(const struct cnm_network *other, const struct cnm_cni_target *target)
{
	const char *bridge = wanted(target->spec, BRIDGE_OPTION),
	           *parent = wanted(target->spec, PARENT_OPTION);
	const char *their_bridge = cnm_kvs_get(&other->driver_state, "bridge");
	const char *their_parent = cnm_kvs_get(&other->driver_state, "parent");

	if (!other->described || strcmp(other->name, target->name) == 0)
		return false;
	return (bridge && their_bridge && strcmp(bridge, their_bridge) == 0) ||
	       (parent && their_parent && strcmp(parent, their_parent) == 0) ||
	       overlaps(other, target->spec->pools, target->spec->pool_count) ||
	       overlaps(other, target->pools, target->pool_count);
}

/* A configuration that was renamed leaves the network of its old name behind. How many were deleted; those in use are not. */
static size_t make_room(const struct cnm_cni_call *call, const struct cnm_cni_target *target)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_network **networks = NULL;
	size_t count = 0, deleted = 0, i;

	if (cnm_network_list(call->controller, &networks, &count, &ignored) < 0)
		return 0;
	for (i = 0; i < count; i++)
		if (is_in_the_way(networks[i], target) &&
		    cnm_network_delete(call->controller, networks[i], &ignored) == 0)
			deleted++;
	cnm_network_list_free(networks, count);
	return deleted;
}

static int ensure_once(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                       struct cnm_network **ret, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	size_t i;

	if (cnm_network_ensure(call->controller, target->spec, &network, err) < 0)
		return -1;
	for (i = 0; i < target->pool_count; i++)
		if (cnm_network_add_pool(call->controller, target->name, &target->pools[i], err) < 0)
			return -1;
	if (target->pool_count == 0) {
		*ret = TAKE_PTR(network);
		return 0;
	}
	return cnm_network_find(call->controller, target->name, ret, err);
}

int cnm_cni_network_ensure(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                           struct cnm_network **ret, struct cnm_error *err)
{
	if (ensure_once(call, target, ret, err) == 0)
		return 0;
	if (err->code != CNM_E_EXISTS || !target->makes_room || make_room(call, target) == 0)
		return -1;
	cnm_error_clear(err);
	return ensure_once(call, target, ret, err);
}

bool cnm_cni_network_is_unused(const struct cnm_cni_call *call, struct cnm_network *network)
{
	struct cnm_error unknown = CNM_ERROR_INIT;
	struct cnm_endpoint **endpoints = NULL;
	size_t count = 0;

	if (cnm_endpoint_list(call->controller, network, &endpoints, &count, &unknown) < 0)
		return false;
	cnm_endpoint_list_free(endpoints, count);
	return count == 0;
}

/* Whether an ADD of the target would delete it first. */
static bool would_go(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                     struct cnm_network *network)
{
	bool is_old = network->described && strcmp(network->name, target->name) == 0;

	return (is_old || (target->makes_room && is_in_the_way(network, target))) &&
	       cnm_cni_network_is_unused(call, network);
}

int cnm_cni_network_try(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                        struct cnm_network **ret, struct cnm_error *err)
{
	struct cnm_network **networks = NULL, **gone;
	size_t count = 0, gone_count = 0, i;
	int r;

	if (cnm_network_list(call->controller, &networks, &count, err) < 0)
		return -1;
	gone = calloc(count + 1, sizeof(struct cnm_network *));
	for (i = 0; gone && i < count; i++)
		if (would_go(call, target, networks[i]))
			gone[gone_count++] = networks[i];
	r = gone ? cnm_network_try(call->controller, target->spec, gone, gone_count, ret, err)
	         : cnm_fail_nomem(err);
	free(gone);
	cnm_network_list_free(networks, count);
	return r;
}

int cnm_cni_describe(const struct cnm_cni_config *config, const char *driver,
                     const struct cnm_options *options, const struct cnm_cni_ipam *ipam,
                     struct cnm_cni_pools *pools, struct cnm_network_spec *spec,
                     struct cnm_cni_target *target, struct cnm_error *err)
{
	*spec = (struct cnm_network_spec){
	        .name = config->name,
	        .driver = driver,
	        .ipam_driver = !*config->ipam_type                ? "null"
	                       : cnm_cni_ipam_is_external(config) ? "external"
	                                                          : "default",
	        .options = *options,
	        .described = true,
	};
	*target = (struct cnm_cni_target){.name = config->name, .spec = spec, .makes_room = true};
	if (strcmp(config->ipam_type, "host-local") != 0)
		return 0;
	if (cnm_cni_pools_fill(pools, config, ipam, err) < 0)
		return -1;
	cnm_cni_pools_describe(pools, spec);
	return 0;
}

/* Ours first: it needs nobody. */
int cnm_cni_described_del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	if (cnm_cni_detach(call, call->config->name, err) < 0)
		return -1;
	return cnm_cni_ipam_is_external(call->config) ? cnm_cni_ipam_del(call, err) : 0;
}

int cnm_cni_described_check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	if (cnm_cni_ipam_is_external(call->config) && cnm_cni_ipam_check(call, err) < 0)
		return -1;
	return cnm_cni_check(call, call->config->name, err);
}

int cnm_cni_described_gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_cni_error others = CNM_CNI_ERROR_INIT;
	int r = cnm_cni_ipam_is_external(call->config) ? cnm_cni_ipam_gc(call, &others) : 0;

	if (cnm_cni_collect(call, call->config->name, err) < 0)
		return -1;
	if (r < 0)
		*err = others;
	return r;
}

void cnm_cni_network_unmake(const struct cnm_cni_call *call, const char *name)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (cnm_cni_network_find(call, name, &network, &ignored) == 0 && network->described)
		cnm_network_delete(call->controller, network, &ignored);
}

static bool has_default(const struct cnm_cni_result *result, int family)
{
	size_t i;

	for (i = 0; i < result->route_count; i++)
		if (result->routes[i].dst.family == family && result->routes[i].dst.prefix == 0)
			return true;
	return false;
}

static int replace_routes(struct cnm_cni_result *result, const struct cnm_cni_request *request,
                          struct cnm_error *err)
{
	size_t i;

	result->route_count = 0;
	for (i = 0; i < request->ipam->route_count; i++)
		if (cnm_cni_result_add_route_full(result, &request->ipam->routes[i], err) < 0)
			return -1;
	for (i = 0; request->default_routes && i < result->ip_count; i++) {
		struct cnm_addr any = {.family = result->ips[i].address.family};

		if (cnm_addr_is_set(&result->ips[i].gateway) && !has_default(result, any.family) &&
		    cnm_cni_result_add_route(result, &any, &result->ips[i].gateway, err) < 0)
			return -1;
	}
	return 0;
}

/* ipvlan's modes l3 and l3s route by no gateway, so the record has none; host-local names the subnet's all the same. */
static void add_gateway(struct cnm_cni_ip *ip, const struct cnm_network *network)
{
	size_t i;

	for (i = 0; i < network->pool_count && !cnm_addr_is_set(&ip->gateway); i++)
		if (cnm_addr_contains(&network->pools[i].subnet, &ip->address))
			ip->gateway = network->pools[i].gateway;
}

static void replace_gateways(struct cnm_cni_result *result, const struct cnm_network *network,
                             const struct cnm_cni_result *ipam)
{
	size_t i, j;

	for (i = 0; i < result->ip_count; i++)
		add_gateway(&result->ips[i], network);
	for (i = 0; i < result->ip_count; i++)
		for (j = 0; j < ipam->ip_count; j++)
			if (cnm_addr_equal(&result->ips[i].address, &ipam->ips[j].address))
				result->ips[i].gateway = ipam->ips[j].gateway;
}

int cnm_cni_result_as_ipam(struct cnm_cni_result *result, const struct cnm_network *network,
                           const struct cnm_cni_request *request, struct cnm_error *err)
{
	_cleanup_json_ json_object *dns = NULL;

	replace_gateways(result, network, request->ipam);
	if (replace_routes(result, request, err) < 0)
		return -1;
	/* The configuration's own settings, and the runtime's, go before the plugin's. */
	if (cnm_cni_dns_is_set(&result->dns) || !cnm_cni_dns_is_set(&request->ipam->dns))
		return 0;
	if (cnm_cni_dns_build(&dns, &request->ipam->dns, err) < 0)
		return -1;
	return cnm_cni_dns_parse(&result->dns, dns, err);
}
