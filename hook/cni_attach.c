/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ADD and DEL on the model. An ADD that fails at any step takes back what it made: attachment, and the network where the
 * configuration described one that was not there.
 */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "hook/cli_options.h"
#include "hook/cni_attachment.h"
#include "hook/cni_ports.h"
#include "spec/cni_plugin.h"
#include <string.h>

#define TRIES 4

int cnm_cni_network_find(const struct cnm_cni_call *call, const char *name, struct cnm_network **ret,
                         struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cnm_network_find(call->controller, name, &network, err) < 0)
		return -1;
	if (strcmp(network->name, name) != 0)
		return cnm_fail(err, CNM_E_NOT_FOUND, "network %s: no such network", name);
	*ret = TAKE_PTR(network);
	return 0;
}

/* Before a network is made: the namespace is one, and not the host's, unless driver or runtime say that it may be. */
static int check_netns(const struct cnm_cni_call *call, const char *driver_name, struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(call->controller, driver_name, err);
	struct cnm_netns_id id;
	int fd;

	if (!driver)
		return -1;
	fd = cnm_netns_open(call->env->netns, driver->host_namespace || call->env->netns_override, &id, err);
	if (fd < 0)
		return cnm_wrap(err, "CNI_NETNS");
	close(fd);
	return 0;
}

/* *made: it was not there before this call. */
static int get_network(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                       struct cnm_network **ret, bool *made, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	const char *driver = target->spec && target->spec->driver ? target->spec->driver : "bridge";

	if (cnm_cni_network_find(call, target->name, &network, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND || !target->spec)
			return -1;
		cnm_error_clear(err);
	}
	if (!target->spec) {
		*ret = TAKE_PTR(network);
		return 0;
	}
	if (check_netns(call, network ? network->driver : driver, err) < 0)
		return -1;
	*made = *made || !network;
	return cnm_cni_network_ensure(call, target, ret, err);
}

/* GATEWAY of CNI_ARGS can but name what the network has: its gateway is not an attachment's to choose. */
static int check_gateways(const struct cnm_cni_call *call, const struct cnm_network *network,
                          struct cnm_error *err)
{
	const struct cnm_strings *gateways = &call->env->args.gateways;
	size_t i, j;

	for (i = 0; i < gateways->count; i++) {
		struct cnm_addr addr;
		bool known = false;

		if (cnm_addr_parse(&addr, gateways->items[i], err) < 0)
			return cnm_wrap(err, "CNI_ARGS, GATEWAY");
		for (j = 0; j < network->pool_count; j++)
			known = known || cnm_addr_equal(&network->pools[j].gateway, &addr);
		if (!known)
			return cnm_fail(err, CNM_E_INVALID,
			                "CNI_ARGS, GATEWAY %s: it is no gateway of network %s",
			                gateways->items[i], network->name);
	}
	return 0;
}

/* Texts of routes for the model. */
struct routes {
	struct cnm_route_spec *specs;
	struct {
		char dst[CNM_ADDR_TEXT_MAX], gateway[CNM_ADDR_TEXT_MAX];
	} * texts;
};

static void routes_free(struct routes *routes)
{
	free(routes->specs);
	free(routes->texts);
}

static int fill_routes(struct routes *ret, const struct cnm_cni_request *request, struct cnm_error *err)
{
	size_t i;

	ret->specs = calloc(request->route_count + 1, sizeof(*ret->specs));
	ret->texts = calloc(request->route_count + 1, sizeof(*ret->texts));
	if (!ret->specs || !ret->texts)
		return cnm_fail_nomem(err);
	for (i = 0; i < request->route_count; i++) {
		const struct cnm_cni_route *route = &request->routes[i];

		if (route->table >= 0 || route->scope >= 0)
			return cnm_fail(err, CNM_E_INVALID, "route %s: neither table nor scope can be chosen",
			                cnm_addr_format_cidr(&route->dst, ret->texts[i].dst));
		ret->specs[i] = (struct cnm_route_spec){
		        .dst = cnm_addr_format_cidr(&route->dst, ret->texts[i].dst),
		        .metric = route->priority,
		        .mtu = route->mtu,
		        .advmss = route->advmss,
		};
		if (cnm_addr_is_set(&route->gateway))
			ret->specs[i].gateway = cnm_addr_format(&route->gateway, ret->texts[i].gateway);
	}
	return 0;
}

static int connect_spec(const struct cnm_cni_call *call, struct cnm_network *network,
                        const struct cnm_cni_request *request, struct cnm_endpoint **ret,
                        struct cnm_error *err)
{
	const struct cnm_strings *ips = request->addresses
	                                        ? request->addresses
	                                        : cnm_cni_requested_ips(call->config, &call->env->args);
	_cleanup_(routes_free) struct routes routes = {0};
	_cleanup_options_view_ struct cnm_options sysctls = {0};
	_cleanup_cni_ports_ struct cnm_cni_ports ports = {0};
	_cleanup_(cnm_strings_free) struct cnm_strings aliases = {0};
	struct cnm_sandbox_spec sandbox = {.id = call->env->container,
	                                   .netns_path = call->env->netns,
	                                   .no_files = true,
	                                   .allow_own_netns = call->env->netns_override};
	struct cnm_join_spec join = {.ifname = call->env->ifname,
	                             .gateway_priority = request->gateway_priority};
	const char *mac = cnm_cni_requested_mac(call->config, &call->env->args);
	struct cnm_endpoint_spec spec = {
	        .mac = mac ? mac : request->mac,
	        .route_count = request->route_count,
	        .only_routes = request->only_routes,
	        .options = request->options,
	        .by_runtime = true,
	};

	if (check_gateways(call, network, err) < 0 || fill_routes(&routes, request, err) < 0 ||
	    cnm_cli_options_view(&sysctls, &request->sysctls, err) < 0 ||
	    cnm_cni_aliases(call, &request->aliases, &aliases, err) < 0 ||
	    (!request->no_ports && cnm_cni_ports_fill(&ports, &call->config->runtime, err) < 0))
		return -1;
	spec.ports = ports.specs;
	spec.port_count = ports.count;
	spec.routes = routes.specs;
	spec.aliases = (const char *const *)aliases.items;
	spec.alias_count = aliases.count;
	spec.sysctls = sysctls;
	if (ips) {
		spec.addresses = (const char *const *)ips->items;
		spec.address_count = ips->count;
	}
	return cnm_connect(call->controller, network, &sandbox, &spec, &join, CNM_CONNECT_NEW, ret, err);
}

/* A network that only descriptions hold may be replaced or collected between its finding and the join: once more then. */
static int connect_target(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                          const struct cnm_cni_request *request, struct cnm_network **ret_network,
                          struct cnm_endpoint **ret, bool *made, struct cnm_error *err)
{
	unsigned tries;

	for (tries = 1;; tries++) {
		cnm_network_freep(ret_network);
		if (get_network(call, target, ret_network, made, err) < 0)
			return -1;
		if (connect_spec(call, *ret_network, request, ret, err) == 0)
			return 0;
		if (!target->spec || err->code != CNM_E_NOT_FOUND || tries == TRIES)
			return -1;
		cnm_error_clear(err);
	}
}

static int build_result(const struct cnm_cni_call *call, const struct cnm_network *network,
                        const struct cnm_endpoint *endpoint, const struct cnm_cni_request *request,
                        json_object **ret, struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};

	if (cnm_cni_result_of(call, network, endpoint, &result, err) < 0)
		return -1;
	if ((request->ipam && cnm_cni_result_as_ipam(&result, network, request, err) < 0) ||
	    (!cnm_cni_dns_is_set(&result.dns) && cnm_cni_served_dns(call, network, &result.dns, err) < 0))
		return -1;
	return cnm_cni_result_merge(ret, call->config->prev_result, &result, call->config->version, err);
}

/* Whatever can be wrong with it is told before the kernel is touched. */
static int check_prev_result(const struct cnm_cni_call *call, struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};

	if (cnm_cni_result_parse(&result, call->config->prev_result, call->config->version, err) < 0)
		return cnm_wrap(err, "network %s, prevResult", call->config->name);
	return 0;
}

int cnm_cni_attach(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   const struct cnm_cni_request *request, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT, ignored = CNM_ERROR_INIT;
	bool made = false;

	if (check_prev_result(call, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	if (connect_target(call, target, request, &network, &endpoint, &made, &plain) == 0 &&
	    build_result(call, network, endpoint, request, ret, &plain) == 0)
		return 0;
	if (endpoint)
		cnm_disconnect(call->controller, network->name, call->env->container, call->env->ifname, NULL,
		               &ignored);
	if (made)
		cnm_cni_network_unmake(call, target->name);
	return cnm_cni_fail_model(err, call, &plain);
}

int cnm_cni_detach(const struct cnm_cni_call *call, const char *network, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	/* The specification has no limit for ids, the model has one: such a container was never added. */
	if (strlen(call->env->container) > CNM_CONTAINER_MAX)
		return 0;
	if (cnm_disconnect(call->controller, network, call->env->container, call->env->ifname, NULL, &plain) <
	    0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}
