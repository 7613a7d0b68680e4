/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the documents of networks and sandboxes; an endpoint's is in describe_endpoint.c. */
#include "hook/describe.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/codec.h"

int cnm_describe_append(json_object *array, json_object *item, struct cnm_error *err)
{
	if (!item && err->code != CNM_OK)
		return -1;
	if (item && array && json_object_array_add(array, item) == 0)
		return 0;
	json_object_put(item);
	return cnm_fail_nomem(err);
}

const char *cnm_describe_scope(const struct cnm_driver *driver)
{
	return driver && driver->data_scope == CNM_SCOPE_GLOBAL ? "global" : "local";
}

const char *cnm_describe_network_scope(const struct cnm_network *network, const struct cnm_driver *driver)
{
	const char *scope = cnm_kvs_get(&network->driver_state, "scope");

	return driver && driver->ask_network && scope ? scope : cnm_describe_scope(driver);
}

/* The smallest block that holds both ends. */
static struct cnm_addr covering_block(const struct cnm_addr *first, const struct cnm_addr *last)
{
	struct cnm_addr block = *first;

	block.prefix = (uint8_t)cnm_addr_bits(first);
	while (block.prefix > 0 && !cnm_addr_contains(&block, last)) {
		block.prefix--;
		block = cnm_addr_network(&block);
	}
	return block;
}

/* True when first and last are all that the block gives; a subnet's own first and last address may be missing at its edges, since
 * no endpoint gets them. */
static bool fills(const struct cnm_pool *pool, const struct cnm_addr *block)
{
	struct cnm_addr low = cnm_addr_network(block), high = cnm_addr_last(block);
	struct cnm_addr edge_low = cnm_addr_network(&pool->subnet), edge_high = cnm_addr_last(&pool->subnet);
	struct cnm_addr second = cnm_addr_add(&low, 1), last_but_one = cnm_addr_add(&high, -1);
	bool low_fits = cnm_addr_equal(&pool->first, &low) ||
	                (cnm_addr_equal(&low, &edge_low) && cnm_addr_equal(&pool->first, &second));
	bool high_fits = cnm_addr_equal(&pool->last, &high) ||
	                 (cnm_addr_equal(&high, &edge_high) && cnm_addr_equal(&pool->last, &last_but_one));

	return low_fits && high_fits;
}

const char *cnm_describe_range(const struct cnm_pool *pool, char *out)
{
	char last[CNM_ADDR_TEXT_MAX], first[CNM_ADDR_TEXT_MAX];
	struct cnm_addr block;

	if (!cnm_addr_is_set(&pool->first) || fills(pool, &pool->subnet))
		return NULL;
	block = covering_block(&pool->first, &pool->last);
	if (fills(pool, &block))
		return cnm_addr_format_cidr(&block, out);
	snprintf(out, 2 * CNM_ADDR_TEXT_MAX, "%s-%s", cnm_addr_format(&pool->first, first),
	         cnm_addr_format(&pool->last, last));
	return out;
}

static json_object *describe_pool(const struct cnm_pool *pool, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	char text[2 * CNM_ADDR_TEXT_MAX];

	if (cnm_json_add_string(obj, "Subnet", cnm_addr_format_cidr(&pool->subnet, text), err) < 0 ||
	    cnm_json_add_string(obj, "IPRange", cnm_describe_range(pool, text), err) < 0)
		return NULL;
	if (cnm_addr_is_set(&pool->gateway) &&
	    cnm_json_add_string(obj, "Gateway", cnm_addr_format(&pool->gateway, text), err) < 0)
		return NULL;
	if (pool->aux.count > 0 &&
	    cnm_json_add(obj, "AuxiliaryAddresses", cnm_kvs_to_json(&pool->aux, err), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static json_object *describe_pools(const struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < network->pool_count; i++) {
		if (cnm_describe_append(array, describe_pool(&network->pools[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static json_object *describe_ipam(const struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "Driver", network->ipam_driver, err) < 0 ||
	    cnm_json_add(obj, "Options", cnm_kvs_to_json(&network->ipam_options, err), err) < 0 ||
	    cnm_json_add(obj, "Config", describe_pools(network, err), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

/* The first address of the family, or "" as Docker has it. */
static const char *address_of(const struct cnm_endpoint *endpoint, int family, char *out)
{
	const struct cnm_addr *addr = cnm_endpoint_address_of(endpoint, family);

	return addr ? cnm_addr_format_cidr(addr, out) : "";
}

static json_object *describe_member(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	char ip[CNM_ADDR_TEXT_MAX], ip6[CNM_ADDR_TEXT_MAX], mac[CNM_MAC_TEXT_MAX] = "";

	if (cnm_mac_is_set(&endpoint->mac))
		cnm_mac_format(&endpoint->mac, mac);
	if (cnm_json_add_string(obj, "Name", endpoint->name, err) < 0 ||
	    cnm_json_add_string(obj, "EndpointID", endpoint->id, err) < 0 ||
	    cnm_json_add_string(obj, "MacAddress", mac, err) < 0 ||
	    cnm_json_add_string(obj, "IPv4Address", address_of(endpoint, AF_INET, ip), err) < 0 ||
	    cnm_json_add_string(obj, "IPv6Address", address_of(endpoint, AF_INET6, ip6), err) < 0 ||
	    cnm_json_add_string(obj, "Interface", endpoint->ifname, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

/* Docker's "Containers", by container id. An endpoint without a container stands there as "ep-ID", also Docker's habit, and so
 * does a container's second interface on the same network. */
static json_object *describe_members(struct cnm_endpoint *const *endpoints, size_t count,
                                     struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	char key[CNM_CONTAINER_MAX + sizeof("ep-")];

	for (size_t i = 0; i < count; i++) {
		const char *container = endpoints[i]->container;

		if (container[0] && !json_object_object_get_ex(obj, container, NULL))
			snprintf(key, sizeof(key), "%s", container);
		else
			snprintf(key, sizeof(key), "ep-%s", endpoints[i]->id);
		if (cnm_json_add(obj, key, describe_member(endpoints[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(obj);
}

json_object *cnm_describe_network(const struct cnm_network *network, const struct cnm_driver *driver,
                                  struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "Name", network->name, err) < 0 ||
	    cnm_json_add_string(obj, "Id", network->id, err) < 0 ||
	    cnm_json_add_string(obj, "Created", network->created, err) < 0 ||
	    cnm_json_add_string(obj, "Scope", cnm_describe_network_scope(network, driver), err) < 0 ||
	    cnm_json_add_string(obj, "Driver", network->driver, err) < 0 ||
	    cnm_json_add(obj, "EnableIPv6", json_object_new_boolean(network->ipv6), err) < 0 ||
	    cnm_json_add(obj, "IPAM", describe_ipam(network, err), err) < 0 ||
	    cnm_json_add(obj, "Internal", json_object_new_boolean(network->internal), err) < 0 ||
	    cnm_json_add(obj, "Described", json_object_new_boolean(network->described), err) < 0 ||
	    cnm_json_add(obj, "Options", cnm_kvs_to_json(&network->options, err), err) < 0 ||
	    cnm_json_add(obj, "Labels", cnm_kvs_to_json(&network->labels, err), err) < 0 ||
	    cnm_json_add(obj, "DriverState", cnm_kvs_to_json(&network->driver_state, err), err) < 0 ||
	    cnm_json_add(obj, "Containers", describe_members(endpoints, count, err), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int add_files(json_object *obj, const struct cnm_sandbox *sandbox, const char *state,
                     struct cnm_error *err)
{
	char path[4096];

	if (sandbox->no_files)
		return 0;
	snprintf(path, sizeof(path), "%s/sandboxes/%s/hosts", state, sandbox->id);
	if (cnm_json_add_string(obj, "HostsPath", path, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/sandboxes/%s/resolv.conf", state, sandbox->id);
	return cnm_json_add_string(obj, "ResolvConfPath", path, err);
}

static json_object *describe_endpoints(const char *container, struct cnm_endpoint *const *endpoints,
                                       size_t count, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		if (strcmp(endpoints[i]->container, container) == 0 &&
		    cnm_describe_append(array, cnm_describe_endpoint(endpoints[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

json_object *cnm_describe_sandbox(const struct cnm_sandbox *sandbox, const char *state,
                                  struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "Id", sandbox->id, err) < 0 ||
	    cnm_json_add_string(obj, "SandboxKey", sandbox->key, err) < 0 ||
	    cnm_json_add_string(obj, "Created", sandbox->created, err) < 0 ||
	    cnm_json_add(obj, "Adopted", json_object_new_boolean(!sandbox->ours), err) < 0 ||
	    cnm_json_add(obj, "Explicit", json_object_new_boolean(sandbox->explicit_), err) < 0 ||
	    cnm_json_add(obj, "Pid", json_object_new_int64(sandbox->pid), err) < 0 ||
	    cnm_json_add_string(obj, "Hostname", sandbox->hostname, err) < 0 ||
	    cnm_json_add_string(obj, "Domainname", sandbox->domainname, err) < 0 ||
	    add_files(obj, sandbox, state, err) < 0 ||
	    cnm_json_add(obj, "Endpoints", describe_endpoints(sandbox->id, endpoints, count, err), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}
