/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own plugin type, `cnm`: its configuration names a network, or describes one, which is then made on first use. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_options.h"
#include "hook/cni_attachment.h"
#include "spec/caseless.h"
#include "spec/cni_network.h"
#include "spec/grammar.h"

/* The description as the model takes it; points into the parsed configuration. */
struct description {
	struct cnm_network_spec spec;
	struct cnm_pool_spec *pools;
	size_t pool_count;
};

static void description_free(struct description *description)
{
	size_t i;

	for (i = 0; i < description->pool_count; i++)
		cnm_cli_options_view_free(&description->pools[i].aux);
	free(description->pools);
	cnm_cli_options_view_free(&description->spec.options);
	cnm_cli_options_view_free(&description->spec.ipam_options);
	cnm_cli_options_view_free(&description->spec.labels);
}

static int fill_pools(struct description *ret, const struct cnm_cni_network *network, struct cnm_error *err)
{
	size_t i;

	ret->pools = calloc(network->pool_count + 1, sizeof(*ret->pools));
	if (!ret->pools)
		return cnm_fail_nomem(err);
	ret->pool_count = network->pool_count;
	for (i = 0; i < network->pool_count; i++) {
		const struct cnm_cni_pool *pool = &network->pools[i];

		ret->pools[i].subnet = pool->subnet;
		ret->pools[i].range = pool->range;
		ret->pools[i].gateway = pool->gateway;
		if (cnm_cli_options_view(&ret->pools[i].aux, &pool->aux, err) < 0)
			return -1;
	}
	ret->spec.pools = ret->pools;
	ret->spec.pool_count = ret->pool_count;
	return 0;
}

static int describe(struct description *ret, const struct cnm_cni_network *network, struct cnm_error *err)
{
	ret->spec = (struct cnm_network_spec){
	        .name = network->network,
	        .driver = network->driver,
	        .ipam_driver = network->ipam_driver,
	        .ipv6 = network->ipv6,
	        .internal = network->internal,
	        .described = true,
	};
	if (fill_pools(ret, network, err) < 0 ||
	    cnm_cli_options_view(&ret->spec.options, &network->options, err) < 0 ||
	    cnm_cli_options_view(&ret->spec.ipam_options, &network->ipam_options, err) < 0)
		return -1;
	return cnm_cli_options_view(&ret->spec.labels, &network->labels, err);
}

/* What a runtime asks for and does not get is an error: a port that nobody publishes is found out too late. */
static int refuse_unknown(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	const struct cnm_cni_runtime *runtime = &config->runtime;
	const char *key = runtime->bandwidth.given    ? "bandwidth"
	                  : runtime->ranges.count > 0 ? "ipRanges"
	                                              : NULL;

	if (key)
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG,
		                    "network %s: plugin type cnm does not serve runtimeConfig.%s; leave the "
		                    "capability to a plugin that does",
		                    config->name, key);
	if (*config->ipam_type)
		return cnm_cni_fail(err, CNM_CNI_E_UNSUPPORTED,
		                    "network %s: plugin type cnm allocates addresses itself and takes no "
		                    "\"ipam\" of type \"%s\"",
		                    config->name, config->ipam_type);
	return 0;
}

static int copy_strings(struct cnm_strings *ret, const struct cnm_strings *from, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (!cnm_strings_contain(ret, from->items[i]) &&
		    cnm_strings_add(ret, from->items[i], err) < 0)
			return -1;
	return 0;
}

static int copy_kvs(struct cnm_kvs *ret, const struct cnm_kvs *from, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (cnm_kvs_set(ret, from->items[i].key, from->items[i].value, err) < 0)
			return -1;
	return 0;
}

/* "routes" in the shape that results have, beside the network's own keys or, as old configurations have it, in "ipam". */
static int read_routes(const struct cnm_cni_config *config, struct cnm_cni_route **ret, size_t *ret_count,
                       struct cnm_error *err)
{
	json_object *routes = NULL;

	if (cnm_caseless_get_array(config->root, "routes", &routes, err) < 0 ||
	    (!routes && cnm_caseless_get_array(config->ipam, "routes", &routes, err) < 0))
		return -1;
	return routes ? cnm_cni_routes_parse(ret, ret_count, routes, err) : 0;
}

static int fill_request(const struct cnm_cni_config *config, const struct cnm_cni_network *network,
                        struct cnm_cni_request *ret, struct cnm_error *err)
{
	ret->gateway_priority = network->gateway_priority;
	if (copy_strings(&ret->aliases, &network->aliases, err) < 0 ||
	    copy_strings(&ret->aliases, &config->runtime.aliases, err) < 0 ||
	    copy_kvs(&ret->sysctls, &network->sysctls, err) < 0)
		return -1;
	return copy_kvs(&ret->sysctls, &config->args.sysctl, err);
}

static int attach_request(const struct cnm_cni_call *call, const struct cnm_cni_network *network,
                          const struct cnm_cni_target *target, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_free_ struct cnm_cni_route *routes = NULL;
	struct cnm_cni_request request = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	int r;

	if (read_routes(call->config, &routes, &request.route_count, &plain) < 0 ||
	    fill_request(call->config, network, &request, &plain) < 0) {
		cnm_wrap(&plain, "network %s", call->config->name);
		r = cnm_cni_fail_model(err, call, &plain);
	} else {
		request.routes = routes;
		r = cnm_cni_attach(call, target, &request, ret, err);
	}
	cnm_strings_free(&request.aliases);
	cnm_kvs_free(&request.sysctls);
	return r;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_network_ struct cnm_cni_network network = {0};
	_cleanup_(description_free) struct description description = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_target target = {0};

	if (refuse_unknown(call->config, err) < 0 || cnm_cni_network_parse(&network, call->config, err) < 0)
		return -1;
	if (describe(&description, &network, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	target.name = network.network;
	target.spec = network.described ? &description.spec : NULL;
	return attach_request(call, &network, &target, ret, err);
}

/* The name alone, whatever else is wrong in the configuration. */
static const char *network_name(const struct cnm_cni_config *config)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const char *name = NULL;

	if (cnm_caseless_get_string(config->root, "network", &name, &ignored) < 0 || !name ||
	    !cnm_grammar_is_name(name))
		return config->name;
	return name;
}

static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_detach(call, network_name(call->config), err);
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_check(call, network_name(call->config), err);
}

static int gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_collect(call, network_name(call->config), err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_cni_network_ struct cnm_cni_network network = {0};
	_cleanup_(description_free) struct description description = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_target target = {0};

	if (cnm_cni_network_parse(&network, call->config, err) < 0)
		return -1;
	if (describe(&description, &network, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	target.name = network.network;
	target.spec = network.described ? &description.spec : NULL;
	return cnm_cni_status(call, &target, err);
}

const struct cnm_cni_plugin cnm_cni_plugin_cnm = {
        .name = "cnm",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};
