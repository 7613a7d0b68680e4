/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of an endpoint. What the join added stands under "join", for people who read the file; a
 * member that is empty is left out there as elsewhere.
 */
#include <stdlib.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/codec_fields.h"

#define FIELD(key, kind, member) CNM_FIELD(struct cnm_endpoint, key, kind, member)

static const struct cnm_field members[] = {
        FIELD("name", TEXT, name),
        FIELD("id", TEXT, id),
        FIELD("network", TEXT, network),
        FIELD("created", TEXT, created),
        FIELD("transient", BOOL, transient),
        FIELD("mac", MAC, mac),
        FIELD("byRuntime", BOOL, by_runtime),
        FIELD("aliases", NAMES, aliases),
        FIELD("options", KVS, options),
        FIELD("sysctls", KVS, sysctls),
        FIELD("driver_state", KVS, driver_state),
        FIELD("ipam_state", KVS, ipam_state),
};
static const struct cnm_fields endpoint_fields = CNM_FIELDS(members);

static const struct cnm_field join_members[] = {
        FIELD("container", TEXT, container),
        FIELD("ifname", TEXT, ifname),
        FIELD("host_ifname", TEXT, host_ifname),
        FIELD("host_mac", MAC, host_mac),
        FIELD("key", TEXT, key),
        FIELD("netns_dev", U64, netns.dev),
        FIELD("netns_ino", U64, netns.ino),
        FIELD("netns_cookie", U64, netns.cookie),
        FIELD("pid", INT, pid),
        FIELD("start_time", U64, start_time),
        FIELD("boot_id", TEXT, boot_id),
        FIELD("gateway_priority", INT, gateway_priority),
        FIELD("no_gateway", BOOL, no_gateway),
        FIELD("device_gateway", BOOL, device_gateway),
};
static const struct cnm_fields join_fields = CNM_FIELDS(join_members);

static const struct cnm_field addr_members[] = {
        CNM_FIELD(struct cnm_endpoint_addr, "address", CIDR, addr),
        CNM_FIELD(struct cnm_endpoint_addr, "gateway", ADDR, gateway),
};
static const struct cnm_fields addr_fields = CNM_FIELDS(addr_members);

static const struct cnm_field route_members[] = {
        CNM_FIELD(struct cnm_endpoint_route, "to", CIDR, dst),
        CNM_FIELD(struct cnm_endpoint_route, "via", ADDR, gateway),
        CNM_FIELD(struct cnm_endpoint_route, "metric", U32, metric),
        CNM_FIELD(struct cnm_endpoint_route, "mtu", U32, mtu),
        CNM_FIELD(struct cnm_endpoint_route, "advmss", U32, advmss),
};
static const struct cnm_fields route_fields = CNM_FIELDS(route_members);

static const struct cnm_field port_members[] = {
        CNM_FIELD(struct cnm_port, "protocol", PROTO, protocol),
        CNM_FIELD(struct cnm_port, "hostIp", ADDR, host),
        CNM_FIELD(struct cnm_port, "hostFirst", U16, first),
        CNM_FIELD(struct cnm_port, "hostLast", U16, last),
        CNM_FIELD(struct cnm_port, "first", U16, first_inside),
        CNM_FIELD(struct cnm_port, "held", BOOL, held),
};
static const struct cnm_fields port_fields = CNM_FIELDS(port_members);

json_object *cnm_endpoint_to_json(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = cnm_record_new(err);

	if (!obj || cnm_fields_encode(obj, endpoint, &endpoint_fields, err) < 0 ||
	    cnm_fields_encode_array(obj, "addresses", endpoint->addrs, sizeof(*endpoint->addrs),
	                            endpoint->addr_count, &addr_fields, err) < 0 ||
	    cnm_fields_encode_under(obj, "join", endpoint, &join_fields, err) < 0 ||
	    cnm_fields_encode_array(obj, "routes", endpoint->routes, sizeof(*endpoint->routes),
	                            endpoint->route_count, &route_fields, err) < 0 ||
	    cnm_fields_encode_array(obj, "ports", endpoint->ports, sizeof(*endpoint->ports),
	                            endpoint->port_count, &port_fields, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int decode_ports(struct cnm_endpoint *endpoint, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_json_get_array(obj, "ports", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	if (count > CNM_ENDPOINT_PORTS)
		return cnm_fail(err, CNM_E_INVALID, "key \"ports\": %zu items, at most %d are allowed", count,
		                CNM_ENDPOINT_PORTS);
	endpoint->ports = calloc(count, sizeof(*endpoint->ports));
	if (!endpoint->ports)
		return cnm_fail_nomem(err);
	return cnm_fields_decode_array(endpoint->ports, sizeof(*endpoint->ports), count,
	                               &endpoint->port_count, obj, "ports", &port_fields, err);
}

static int decode_members(struct cnm_endpoint *endpoint, json_object *obj, struct cnm_error *err)
{
	json_object *join = NULL;

	if (cnm_fields_decode(endpoint, obj, &endpoint_fields, err) < 0 ||
	    cnm_json_get_object(obj, "join", &join, err) < 0)
		return -1;
	if (join && cnm_fields_decode(endpoint, join, &join_fields, err) < 0)
		return cnm_wrap(err, "join");
	if (cnm_fields_decode_array(endpoint->addrs, sizeof(*endpoint->addrs), CNM_ENDPOINT_ADDRS,
	                            &endpoint->addr_count, obj, "addresses", &addr_fields, err) < 0)
		return -1;
	if (cnm_fields_decode_array(endpoint->routes, sizeof(*endpoint->routes), CNM_ENDPOINT_ROUTES,
	                            &endpoint->route_count, obj, "routes", &route_fields, err) < 0)
		return -1;
	return decode_ports(endpoint, obj, err);
}

static bool family_fits(const struct cnm_addr *gateway, const struct cnm_addr *addr)
{
	return !cnm_addr_is_set(gateway) || gateway->family == addr->family;
}

static int check_addresses(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	for (size_t i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_endpoint_addr *at = &endpoint->addrs[i];

		if (!cnm_addr_is_set(&at->addr) || !family_fits(&at->gateway, &at->addr))
			return cnm_fail(err, CNM_E_INVALID,
			                "addresses[%zu]: expected an address, and a gateway of its family",
			                i);
	}
	for (size_t i = 0; i < endpoint->route_count; i++) {
		const struct cnm_endpoint_route *at = &endpoint->routes[i];

		if (!cnm_addr_is_set(&at->dst) || !family_fits(&at->gateway, &at->dst))
			return cnm_fail(err, CNM_E_INVALID,
			                "routes[%zu]: expected a destination, and a gateway of its family",
			                i);
	}
	return 0;
}

/* Where the host's port is not chosen yet, first is 0 and last one less than their number: the same sums hold. */
static int check_ports(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	for (size_t i = 0; i < endpoint->port_count; i++) {
		const struct cnm_port *at = &endpoint->ports[i];

		if (at->first > at->last || at->first_inside == 0 ||
		    at->first_inside + (at->last - at->first) > UINT16_MAX)
			return cnm_fail(err, CNM_E_INVALID,
			                "ports[%zu]: expected a range of host ports, and as many inside", i);
	}
	return 0;
}

static int check_endpoint(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (cnm_key_check(endpoint->name, err) < 0 || cnm_record_check_id(endpoint->id, err) < 0 ||
	    cnm_name_check(endpoint->network, "network name", err) < 0 ||
	    check_addresses(endpoint, err) < 0 || check_ports(endpoint, err) < 0)
		return -1;
	if ((endpoint->container[0] && cnm_container_check(endpoint->container, err) < 0) ||
	    (endpoint->ifname[0] && cnm_ifname_check(endpoint->ifname, err) < 0) ||
	    (endpoint->host_ifname[0] && cnm_ifname_check(endpoint->host_ifname, err) < 0))
		return cnm_wrap(err, "join");
	if (endpoint->pid < 0)
		return cnm_fail(err, CNM_E_INVALID, "join: key \"pid\": expected a process number");
	return 0;
}

int cnm_endpoint_decode(struct cnm_endpoint **ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	_cleanup_json_ json_object *obj = NULL;

	if (!endpoint)
		return cnm_fail_nomem(err);
	if (cnm_record_parse(&obj, text, len, err) < 0 || decode_members(endpoint, obj, err) < 0 ||
	    check_endpoint(endpoint, err) < 0)
		return cnm_record_fail(err);
	*ret = TAKE_PTR(endpoint);
	return 0;
}
