/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of an ADD, out of the endpoint and what its join saw: a DEL may have removed everything again by now. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/sandbox_net.h"
#include "hook/cni_attachment.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bridge, host's end, container's end: the reference's order, on which plugins later in a chain rely. *index: the container's. */
static int add_links(const struct cnm_cni_call *call, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, struct cnm_cni_result *result, int *index,
                     struct cnm_error *err)
{
	const char *bridge = cnm_kvs_get(&network->driver_state, "bridge");
	const char *mtu_text = cnm_kvs_get(&network->driver_state, "mtu");
	const struct cnm_join_seen *seen = &endpoint->seen;
	unsigned mtu = mtu_text ? (unsigned)strtoul(mtu_text, NULL, 10) : 0;
	char mac[CNM_MAC_TEXT_MAX];

	if (bridge && cnm_cni_result_add_interface(result, bridge, cnm_mac_format(&seen->bridge_mac, mac),
	                                           NULL, seen->bridge_mtu, NULL, err) < 0)
		return -1;
	if (endpoint->host_ifname[0]) {
		mtu = seen->host_mtu;
		if (cnm_cni_result_add_interface(result, endpoint->host_ifname,
		                                 cnm_mac_format(&endpoint->host_mac, mac), NULL, mtu, NULL,
		                                 err) < 0)
			return -1;
	}
	return cnm_cni_result_add_interface(result, endpoint->ifname, cnm_mac_format(&endpoint->mac, mac),
	                                    call->env->netns, mtu, index, err);
}

static int add_addresses(const struct cnm_endpoint *endpoint, int index, struct cnm_cni_result *result,
                         struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_endpoint_addr *slot = &endpoint->addrs[i];

		if (cnm_cni_result_add_ip(result, &slot->addr,
		                          cnm_addr_is_set(&slot->gateway) ? &slot->gateway : NULL, index,
		                          err) < 0)
			return -1;
	}
	return 0;
}

static int add_default_route(const struct cnm_endpoint *endpoint, int family, struct cnm_cni_result *result,
                             struct cnm_error *err)
{
	struct cnm_addr any = {.family = (uint8_t)family};
	const struct cnm_addr *gateway = cnm_endpoint_gateway(endpoint, family);

	return cnm_cni_result_add_route(result, &any, cnm_addr_is_unspecified(gateway) ? NULL : gateway, err);
}

/* Of a container's endpoints one gives the default route; the others' results must not claim it. */
static int add_default_routes(const struct cnm_endpoint *endpoint, struct cnm_cni_result *result,
                              struct cnm_error *err)
{
	if (endpoint->seen.default4 && add_default_route(endpoint, AF_INET, result, err) < 0)
		return -1;
	return endpoint->seen.default6 ? add_default_route(endpoint, AF_INET6, result, err) : 0;
}

static int add_routes(const struct cnm_endpoint *endpoint, struct cnm_cni_result *result,
                      struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->route_count; i++) {
		const struct cnm_endpoint_route *from = &endpoint->routes[i];
		struct cnm_cni_route route = {
		        .dst = from->dst,
		        .gateway = from->gateway,
		        .mtu = from->mtu,
		        .advmss = from->advmss,
		        .priority = from->metric,
		        .table = -1,
		        .scope = -1,
		};

		if (cnm_cni_result_add_route_full(result, &route, err) < 0)
			return -1;
	}
	return 0;
}

/* What the runtime gives for this container goes before the configuration. Copied by way of JSON. */
static int add_dns(const struct cnm_cni_config *config, struct cnm_cni_result *result, struct cnm_error *err)
{
	const struct cnm_cni_dns *dns =
	        cnm_cni_dns_is_set(&config->runtime.dns) ? &config->runtime.dns : &config->dns;
	_cleanup_json_ json_object *obj = NULL;

	if (!cnm_cni_dns_is_set(dns))
		return 0;
	if (cnm_cni_dns_build(&obj, dns, err) < 0)
		return -1;
	return cnm_cni_dns_parse(&result->dns, obj, err);
}

static int fill(const struct cnm_cni_call *call, const struct cnm_network *network,
                const struct cnm_endpoint *endpoint, struct cnm_cni_result *result, struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(call->controller, network->driver, err);
	int index = -1;

	if (!driver)
		return -1;
	/* Drivers without addresses (null, host) bring no interface either. */
	if (!driver->no_addresses &&
	    (add_links(call, network, endpoint, result, &index, err) < 0 ||
	     add_addresses(endpoint, index, result, err) < 0 ||
	     add_default_routes(endpoint, result, err) < 0 || add_routes(endpoint, result, err) < 0))
		return -1;
	return add_dns(call->config, result, err);
}

int cnm_cni_result_of(const struct cnm_cni_call *call, const struct cnm_network *network,
                      const struct cnm_endpoint *endpoint, struct cnm_cni_result *ret, struct cnm_error *err)
{
	*ret = (struct cnm_cni_result){0};
	if (fill(call, network, endpoint, ret, err) == 0)
		return 0;
	cnm_cni_result_free(ret);
	*ret = (struct cnm_cni_result){0};
	return -1;
}
