/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life and the visible members of networks, endpoints and sandboxes as handles. */
#include "cnm/model.h"

#include <stdlib.h>

void cnm_network_free(struct cnm_network *network)
{
	if (!network)
		return;
	cnm_kvs_free(&network->options);
	cnm_kvs_free(&network->labels);
	cnm_kvs_free(&network->ipam_options);
	cnm_kvs_free(&network->driver_state);
	cnm_kvs_free(&network->ipam_state);
	for (size_t i = 0; i < network->pool_count; i++)
		cnm_kvs_free(&network->pools[i].aux);
	free(network->pools);
	free(network);
}

void cnm_network_freep(struct cnm_network **network)
{
	cnm_network_free(*network);
	*network = NULL;
}

const struct cnm_addr *cnm_endpoint_address_of(const struct cnm_endpoint *endpoint, int family)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (endpoint->addrs[i].addr.family == family)
			return &endpoint->addrs[i].addr;
	return NULL;
}

void cnm_network_list_free(struct cnm_network **networks, size_t count)
{
	if (!networks)
		return;
	for (size_t i = 0; i < count; i++)
		cnm_network_free(networks[i]);
	free(networks);
}

const char *cnm_network_name(const struct cnm_network *network)
{
	return network->name;
}

const char *cnm_network_id(const struct cnm_network *network)
{
	return network->id;
}

const char *cnm_network_driver(const struct cnm_network *network)
{
	return network->driver;
}

bool cnm_network_is_internal(const struct cnm_network *network)
{
	return network->internal;
}

void cnm_endpoint_free(struct cnm_endpoint *endpoint)
{
	if (!endpoint)
		return;
	cnm_kvs_free(&endpoint->aliases);
	cnm_kvs_free(&endpoint->options);
	cnm_kvs_free(&endpoint->sysctls);
	cnm_kvs_free(&endpoint->driver_state);
	cnm_kvs_free(&endpoint->ipam_state);
	free(endpoint->ports);
	free(endpoint);
}

void cnm_endpoint_freep(struct cnm_endpoint **endpoint)
{
	cnm_endpoint_free(*endpoint);
	*endpoint = NULL;
}

void cnm_endpoint_list_free(struct cnm_endpoint **endpoints, size_t count)
{
	if (!endpoints)
		return;
	for (size_t i = 0; i < count; i++)
		cnm_endpoint_free(endpoints[i]);
	free(endpoints);
}

const char *cnm_endpoint_name(const struct cnm_endpoint *endpoint)
{
	return endpoint->name;
}

const char *cnm_endpoint_id(const struct cnm_endpoint *endpoint)
{
	return endpoint->id;
}

const char *cnm_endpoint_network(const struct cnm_endpoint *endpoint)
{
	return endpoint->network;
}

const char *cnm_endpoint_sandbox(const struct cnm_endpoint *endpoint)
{
	return endpoint->container;
}

const char *cnm_endpoint_sandbox_key(const struct cnm_endpoint *endpoint)
{
	return endpoint->key;
}

const char *cnm_endpoint_ifname(const struct cnm_endpoint *endpoint)
{
	return endpoint->ifname;
}

const char *cnm_endpoint_address(const struct cnm_endpoint *endpoint, size_t i, char *out)
{
	return i < endpoint->addr_count ? cnm_addr_format_cidr(&endpoint->addrs[i].addr, out) : NULL;
}

void cnm_sandbox_free(struct cnm_sandbox *sandbox)
{
	if (!sandbox)
		return;
	cnm_kvs_free(&sandbox->dns);
	cnm_kvs_free(&sandbox->dns_search);
	cnm_kvs_free(&sandbox->dns_options);
	cnm_kvs_free(&sandbox->extra_hosts);
	free(sandbox);
}

void cnm_sandbox_freep(struct cnm_sandbox **sandbox)
{
	cnm_sandbox_free(*sandbox);
	*sandbox = NULL;
}

void cnm_sandbox_list_free(struct cnm_sandbox **sandboxes, size_t count)
{
	if (!sandboxes)
		return;
	for (size_t i = 0; i < count; i++)
		cnm_sandbox_free(sandboxes[i]);
	free(sandboxes);
}

const char *cnm_sandbox_id(const struct cnm_sandbox *sandbox)
{
	return sandbox->id;
}

const char *cnm_sandbox_key(const struct cnm_sandbox *sandbox)
{
	return sandbox->key;
}
