/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies that are sent to network plugins. */
#include "spec/plugin_request.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/json_list.h"
#include <stdio.h>
#include <string.h>

/* The text of an object that is released; Go's encoder ends it with a newline. */
static char *take_text(json_object *obj, struct cnm_error *err)
{
	const char *line = cnm_json_line(obj, err);
	char *text = NULL;

	if (line && asprintf(&text, "%s\n", line) < 0) {
		cnm_fail_nomem(err);
		return NULL;
	}
	return text;
}

static json_object *object_of(const struct cnm_kvs *kvs, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	size_t i;

	for (i = 0; kvs && i < kvs->count; i++)
		if (cnm_json_add_string(obj, kvs->items[i].key, kvs->items[i].value, err) < 0)
			return NULL;
	return TAKE_PTR(obj);
}

static json_object *pool_object(const struct cnm_plugin_pool *pool, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "AddressSpace", pool->space, err) < 0)
		return NULL;
	if (pool->aux && pool->aux->count > 0 &&
	    cnm_json_add(obj, "AuxAddresses", object_of(pool->aux, err), err) < 0)
		return NULL;
	if (cnm_json_add_string(obj, "Gateway", pool->gateway, err) < 0 ||
	    cnm_json_add_string(obj, "Pool", pool->pool, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static json_object *pool_array(const struct cnm_plugin_pool *pools, size_t count, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		if (cnm_json_append(array, pool_object(&pools[i], err), err) < 0)
			return NULL;
	return TAKE_PTR(array);
}

char *cnm_plugin_create_network(const struct cnm_plugin_network *network, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	json_object *options = json_object_new_object();

	if (cnm_json_add_string(obj, "NetworkID", network->id, err) < 0 ||
	    cnm_json_add(obj, "Options", options, err) < 0 ||
	    cnm_json_add(options, "com.docker.network.enable_ipv6", json_object_new_boolean(network->ipv6),
	                 err) < 0 ||
	    cnm_json_add(options, "com.docker.network.generic", object_of(network->options, err), err) < 0)
		return NULL;
	if (network->internal &&
	    cnm_json_add(options, "com.docker.network.internal", json_object_new_boolean(true), err) < 0)
		return NULL;
	if (cnm_json_add(obj, "IPv4Data", pool_array(network->ipv4, network->ipv4_count, err), err) < 0 ||
	    cnm_json_add(obj, "IPv6Data", pool_array(network->ipv6_pools, network->ipv6_count, err), err) < 0)
		return NULL;
	return take_text(obj, err);
}

static json_object *ids(const char *network_id, const char *endpoint_id, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "NetworkID", network_id, err) < 0 ||
	    cnm_json_add_string(obj, "EndpointID", endpoint_id, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

char *cnm_plugin_network_body(const char *network_id, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = ids(network_id, NULL, err);

	return obj ? take_text(obj, err) : NULL;
}

char *cnm_plugin_endpoint_body(const char *network_id, const char *endpoint_id, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = ids(network_id, endpoint_id, err);

	return obj ? take_text(obj, err) : NULL;
}

static json_object *exposed(const struct cnm_plugin_port *port, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add(obj, "Proto", json_object_new_int(port->protocol), err) < 0 ||
	    cnm_json_add(obj, "Port", json_object_new_int(port->port), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static json_object *mapped(const struct cnm_plugin_port *port, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add(obj, "Proto", json_object_new_int(port->protocol), err) < 0 ||
	    cnm_json_add_string(obj, "IP", "", err) < 0 ||
	    cnm_json_add(obj, "Port", json_object_new_int(port->port), err) < 0 ||
	    cnm_json_add_string(obj, "HostIP", port->host_ip, err) < 0 ||
	    cnm_json_add(obj, "HostPort", json_object_new_int(port->host_port), err) < 0 ||
	    cnm_json_add(obj, "HostPortEnd", json_object_new_int(port->host_port_end), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

/* The endpoint's own options stand beside Docker's two. */
static json_object *endpoint_options(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = object_of(endpoint->options, err);
	json_object *ports = json_object_new_array(), *map = json_object_new_array();
	size_t i;

	if (cnm_json_add(obj, "com.docker.network.endpoint.exposedports", ports, err) < 0) {
		json_object_put(map);
		return NULL;
	}
	if (cnm_json_add(obj, "com.docker.network.portmap", map, err) < 0)
		return NULL;
	for (i = 0; i < endpoint->port_count; i++)
		if (cnm_json_append(ports, exposed(&endpoint->ports[i], err), err) < 0 ||
		    cnm_json_append(map, mapped(&endpoint->ports[i], err), err) < 0)
			return NULL;
	return TAKE_PTR(obj);
}

char *cnm_plugin_create_endpoint(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = ids(endpoint->network_id, endpoint->id, err);
	json_object *interface = json_object_new_object();

	if (cnm_json_add(obj, "Interface", interface, err) < 0 ||
	    cnm_json_add_string(interface, "Address", endpoint->address, err) < 0 ||
	    cnm_json_add_string(interface, "AddressIPv6", endpoint->address6, err) < 0 ||
	    cnm_json_add_string(interface, "MacAddress", endpoint->mac, err) < 0 ||
	    cnm_json_add(obj, "Options", endpoint_options(endpoint, err), err) < 0)
		return NULL;
	return take_text(obj, err);
}

char *cnm_plugin_join(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = ids(endpoint->network_id, endpoint->id, err);

	if (cnm_json_add_string(obj, "SandboxKey", endpoint->sandbox_key, err) < 0 ||
	    cnm_json_add(obj, "Options", endpoint_options(endpoint, err), err) < 0)
		return NULL;
	return take_text(obj, err);
}

char *cnm_plugin_program_external(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = ids(endpoint->network_id, endpoint->id, err);

	if (cnm_json_add(obj, "Options", endpoint_options(endpoint, err), err) < 0)
		return NULL;
	return take_text(obj, err);
}

#define NODE_DISCOVERY 1 /* discoverapi.NodeDiscovery */

char *cnm_plugin_node(const char *address, bool self, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	json_object *data = json_object_new_object();

	if (cnm_json_add(obj, "DiscoveryData", data, err) < 0 ||
	    cnm_json_add(obj, "DiscoveryType", json_object_new_int(NODE_DISCOVERY), err) < 0 ||
	    cnm_json_add_string(data, "Address", address, err) < 0 ||
	    cnm_json_add_string(data, "BindAddress", address, err) < 0 ||
	    cnm_json_add(data, "Self", json_object_new_boolean(self), err) < 0)
		return NULL;
	return take_text(obj, err);
}

char *cnm_plugin_request_pool(const char *space, const char *pool, const char *sub_pool,
                              const struct cnm_kvs *options, bool ipv6, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "AddressSpace", space, err) < 0 ||
	    cnm_json_add_string(obj, "Pool", pool, err) < 0 ||
	    cnm_json_add_string(obj, "SubPool", sub_pool, err) < 0 ||
	    cnm_json_add(obj, "Options", object_of(options, err), err) < 0 ||
	    cnm_json_add(obj, "V6", json_object_new_boolean(ipv6), err) < 0)
		return NULL;
	return take_text(obj, err);
}

char *cnm_plugin_release_pool(const char *pool_id, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "PoolID", pool_id, err) < 0)
		return NULL;
	return take_text(obj, err);
}

char *cnm_plugin_request_address(const char *pool_id, const char *address, const struct cnm_kvs *options,
                                 struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "PoolID", pool_id, err) < 0 ||
	    cnm_json_add_string(obj, "Address", address, err) < 0)
		return NULL;
	if (!options || options->count == 0) {
		/* A nil map in Go's words. */
		if (json_object_object_add(obj, "Options", NULL) < 0) {
			cnm_fail_nomem(err);
			return NULL;
		}
	} else if (cnm_json_add(obj, "Options", object_of(options, err), err) < 0) {
		return NULL;
	}
	return take_text(obj, err);
}

char *cnm_plugin_release_address(const char *pool_id, const char *address, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "PoolID", pool_id, err) < 0 ||
	    cnm_json_add_string(obj, "Address", address, err) < 0)
		return NULL;
	return take_text(obj, err);
}
