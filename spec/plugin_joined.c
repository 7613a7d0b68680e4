/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Join: interface, gateways, routes. */
#include "cnm/base/error.h"
#include "spec/caseless.h"
#include "spec/grammar.h"
#include "spec/plugin_reply.h"
#include <string.h>
#include <sys/socket.h>

/* driverapi's route types of libnetwork */
#define ROUTE_NEXTHOP   0
#define ROUTE_CONNECTED 1

static int get_gateway(json_object *reply, const char *key, int family, struct cnm_addr *ret,
                       struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(reply, key, &text, err) < 0)
		return -1;
	if (!text || !*text)
		return 0;
	if (cnm_addr_parse(ret, text, err) < 0)
		return cnm_wrap(err, "key \"%s\"", key);
	if (ret->family != family)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": %s is of the other family", key, text);
	if (cnm_addr_is_unspecified(ret) || cnm_addr_is_loopback(ret) || cnm_addr_is_multicast(ret))
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": %s is no address of a gateway", key, text);
	return 0;
}

static int get_route(json_object *obj, struct cnm_plugin_route *ret, struct cnm_error *err)
{
	const char *to = NULL, *via = NULL;
	int type = ROUTE_NEXTHOP;

	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "expected an object");
	if (cnm_caseless_get_string(obj, "Destination", &to, err) < 0 ||
	    cnm_caseless_get_string(obj, "NextHop", &via, err) < 0 ||
	    cnm_caseless_get_int(obj, "RouteType", ROUTE_NEXTHOP, ROUTE_CONNECTED, &type, err) < 0)
		return -1;
	if (!to)
		return cnm_fail(err, CNM_E_INVALID, "no \"Destination\"");
	if (cnm_addr_parse_cidr(&ret->to, to, err) < 0)
		return -1;
	ret->to = cnm_addr_network(&ret->to);
	if (type == ROUTE_CONNECTED)
		return 0;
	if (!via || cnm_addr_parse(&ret->via, via, err) < 0)
		return cnm_fail(err, CNM_E_INVALID, "route to %s has no \"NextHop\" that is an address", to);
	if (ret->via.family != ret->to.family)
		return cnm_fail(err, CNM_E_INVALID, "route to %s: %s is of the other family", to, via);
	return 0;
}

static int get_routes(json_object *reply, struct cnm_plugin_joined *ret, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t i, count;

	if (cnm_caseless_get_array(reply, "StaticRoutes", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count > CNM_PLUGIN_ROUTES)
		return cnm_fail(err, CNM_E_INVALID, "key \"StaticRoutes\": %zu items, at most %d are allowed",
		                count, CNM_PLUGIN_ROUTES);
	for (i = 0; i < count; i++)
		if (get_route(json_object_array_get_idx(array, i), &ret->routes[i], err) < 0)
			return cnm_wrap(err, "StaticRoutes[%zu]", i);
	ret->route_count = count;
	return 0;
}

static int get_name(json_object *obj, const char *key, const char **ret, struct cnm_error *err)
{
	if (cnm_caseless_get_string(obj, key, ret, err) < 0)
		return -1;
	if (*ret && !**ret)
		*ret = NULL;
	if (*ret && !cnm_grammar_is_ifname(*ret))
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": \"%s\" is no name of an interface", key,
		                *ret);
	return 0;
}

int cnm_plugin_joined(json_object *reply, struct cnm_plugin_joined *ret, struct cnm_error *err)
{
	json_object *name = NULL;

	*ret = (struct cnm_plugin_joined){0};
	if (cnm_caseless_get_object(reply, "InterfaceName", &name, err) < 0 ||
	    get_name(name, "SrcName", &ret->src_name, err) < 0 ||
	    get_name(name, "DstPrefix", &ret->dst_prefix, err) < 0 ||
	    get_gateway(reply, "Gateway", AF_INET, &ret->gateway, err) < 0 ||
	    get_gateway(reply, "GatewayIPv6", AF_INET6, &ret->gateway6, err) < 0 ||
	    cnm_caseless_get_bool(reply, "DisableGatewayService", &ret->no_gateway_service, err) < 0)
		return -1;
	return get_routes(reply, ret, err);
}
