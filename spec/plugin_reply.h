/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin answers. Members are found without regard to case, as Go finds them; texts are borrowed from the answer, which
 * the caller keeps.
 */
#ifndef CNM_SPEC_PLUGIN_REPLY_H
#define CNM_SPEC_PLUGIN_REPLY_H

#include "cnm/base/addr.h"
#include "cnm/base/list.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

/* The answer as an object, which the caller owns; an empty body, and `null`, is an empty object. CNM_E_PARSE: it is none. */
int cnm_plugin_reply_parse(json_object **ret, const char *text, size_t len, struct cnm_error *err);
/* Why the plugin refuses, or NULL: member "Err" of network drivers, "Error" of IPAM drivers; both are taken from both. */
const char *cnm_plugin_refusal(json_object *reply);

struct cnm_plugin_implements {
	bool network, ipam;
};
int cnm_plugin_activation(json_object *reply, struct cnm_plugin_implements *ret, struct cnm_error *err);

struct cnm_plugin_capabilities {
	bool global;              /* Scope */
	bool connectivity_global; /* ConnectivityScope; absent: as Scope */
};
int cnm_plugin_network_capabilities(json_object *reply, struct cnm_plugin_capabilities *ret,
                                    struct cnm_error *err);

struct cnm_plugin_ipam_capabilities {
	bool requires_mac, requires_replay;
};
int cnm_plugin_ipam_capabilities(json_object *reply, struct cnm_plugin_ipam_capabilities *ret,
                                 struct cnm_error *err);
int cnm_plugin_address_spaces(json_object *reply, const char **ret_local, const char **ret_global,
                              struct cnm_error *err);

/* What CreateEndpoint chose; unset: nothing. */
struct cnm_plugin_interface {
	struct cnm_addr address, address6;
	struct cnm_mac mac;
};
int cnm_plugin_interface(json_object *reply, struct cnm_plugin_interface *ret, struct cnm_error *err);

#define CNM_PLUGIN_ROUTES 16

struct cnm_plugin_route {
	struct cnm_addr to;
	struct cnm_addr via; /* unset: RouteType 1, on the link */
};

struct cnm_plugin_joined {
	const char *src_name;   /* NULL: no interface */
	const char *dst_prefix; /* NULL: none */
	struct cnm_addr gateway, gateway6;
	struct cnm_plugin_route routes[CNM_PLUGIN_ROUTES];
	size_t route_count;
	bool no_gateway_service;
};
int cnm_plugin_joined(json_object *reply, struct cnm_plugin_joined *ret, struct cnm_error *err);

struct cnm_plugin_pool_reply {
	const char *id;
	struct cnm_addr pool;
	struct cnm_addr gateway; /* Data's com.docker.network.gateway; unset: none */
};
/* On failure ret->id is set where the answer names the pool all the same. */
int cnm_plugin_pool_reply(json_object *reply, struct cnm_plugin_pool_reply *ret, struct cnm_error *err);
/* The CIDR of RequestAddress. */
int cnm_plugin_address_reply(json_object *reply, struct cnm_addr *ret, struct cnm_error *err);

#endif
