/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the document of an endpoint: what was reserved, and once joined what the sandbox got. */
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/codec.h"
#include "cnm/ports.h"
#include "hook/describe.h"

static int add_addr(json_object *obj, const char *key, const struct cnm_addr *addr, bool cidr,
                    struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	if (!cnm_addr_is_set(addr))
		return 0;
	return cnm_json_add_string(
	        obj, key, cidr ? cnm_addr_format_cidr(addr, text) : cnm_addr_format(addr, text), err);
}

static json_object *describe_address(const struct cnm_endpoint_addr *addr, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (add_addr(obj, "Address", &addr->addr, true, err) < 0 ||
	    add_addr(obj, "Gateway", &addr->gateway, false, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static json_object *describe_route(const struct cnm_endpoint_route *route, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (add_addr(obj, "Destination", &route->dst, true, err) < 0 ||
	    add_addr(obj, "Gateway", &route->gateway, false, err) < 0 ||
	    cnm_json_add(obj, "Metric", json_object_new_int64(route->metric), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static json_object *describe_addresses(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < endpoint->addr_count; i++) {
		if (cnm_describe_append(array, describe_address(&endpoint->addrs[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static json_object *describe_routes(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < endpoint->route_count; i++) {
		if (cnm_describe_append(array, describe_route(&endpoint->routes[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static json_object *describe_aliases(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < endpoint->aliases.count; i++) {
		if (cnm_describe_append(array, json_object_new_string(endpoint->aliases.items[i].key), err) <
		    0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static json_object *describe_port(const struct cnm_port *port, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	int span = port->last - port->first;

	if (add_addr(obj, "HostIp", &port->host, false, err) < 0 ||
	    cnm_json_add(obj, "HostPort", json_object_new_int(port->first), err) < 0 ||
	    (span && cnm_json_add(obj, "HostPortEnd", json_object_new_int(port->last), err) < 0) ||
	    cnm_json_add(obj, "Port", json_object_new_int(port->first_inside), err) < 0 ||
	    (span && cnm_json_add(obj, "PortEnd", json_object_new_int(port->first_inside + span), err) < 0) ||
	    cnm_json_add_string(obj, "Protocol", cnm_protocol_name(port->protocol), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

/* A host port of 0 is chosen at the join. */
static json_object *describe_ports(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; i < endpoint->port_count; i++) {
		if (cnm_describe_append(array, describe_port(&endpoint->ports[i], err), err) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static json_object *describe_join(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "Id", endpoint->container, err) < 0 ||
	    cnm_json_add_string(obj, "SandboxKey", endpoint->key, err) < 0 ||
	    cnm_json_add_string(obj, "Interface", endpoint->ifname, err) < 0 ||
	    cnm_json_add_string(obj, "HostInterface", endpoint->host_ifname, err) < 0 ||
	    cnm_json_add(obj, "Pid", json_object_new_int64(endpoint->pid), err) < 0 ||
	    cnm_json_add(obj, "GatewayPriority", json_object_new_int(endpoint->gateway_priority), err) < 0 ||
	    cnm_json_add(obj, "Routes", describe_routes(endpoint, err), err) < 0 ||
	    cnm_json_add(obj, "Joining", json_object_new_boolean(endpoint->joining), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

json_object *cnm_describe_endpoint(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	char mac[CNM_MAC_TEXT_MAX] = "";

	if (cnm_mac_is_set(&endpoint->mac))
		cnm_mac_format(&endpoint->mac, mac);
	if (cnm_json_add_string(obj, "Name", endpoint->name, err) < 0 ||
	    cnm_json_add_string(obj, "Id", endpoint->id, err) < 0 ||
	    cnm_json_add_string(obj, "Network", endpoint->network, err) < 0 ||
	    cnm_json_add_string(obj, "Created", endpoint->created, err) < 0 ||
	    cnm_json_add(obj, "Transient", json_object_new_boolean(endpoint->transient), err) < 0 ||
	    cnm_json_add_string(obj, "MacAddress", mac, err) < 0 ||
	    cnm_json_add(obj, "Addresses", describe_addresses(endpoint, err), err) < 0 ||
	    cnm_json_add(obj, "Aliases", describe_aliases(endpoint, err), err) < 0 ||
	    cnm_json_add(obj, "Ports", describe_ports(endpoint, err), err) < 0 ||
	    cnm_json_add(obj, "Options", cnm_kvs_to_json(&endpoint->options, err), err) < 0 ||
	    cnm_json_add(obj, "Sysctls", cnm_kvs_to_json(&endpoint->sysctls, err), err) < 0 ||
	    cnm_json_add(obj, "DriverState", cnm_kvs_to_json(&endpoint->driver_state, err), err) < 0)
		return NULL;
	if (endpoint->container[0] && cnm_json_add(obj, "Sandbox", describe_join(endpoint, err), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}
