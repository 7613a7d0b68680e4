/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is sent to a plugin: the bodies of Docker's remote driver protocol, with the members that Docker Engine sends. Each function
 * returns the text, which the caller frees, or NULL with the error.
 */
#ifndef CNM_SPEC_PLUGIN_REQUEST_H
#define CNM_SPEC_PLUGIN_REQUEST_H

#include "cnm/base/list.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;

#define CNM_PLUGIN_ACCEPT "application/vnd.docker.plugins.v1.2+json"

/* One subnet of a network. Texts are CIDR; NULL: left out. */
struct cnm_plugin_pool {
	const char *space;
	const char *pool;
	const char *gateway;
	const struct cnm_kvs *aux; /* name: CIDR; NULL or empty: left out */
};

struct cnm_plugin_network {
	const char *id;
	const struct cnm_kvs *options; /* of the driver: com.docker.network.generic */
	bool ipv6, internal;
	const struct cnm_plugin_pool *ipv4, *ipv6_pools;
	size_t ipv4_count, ipv6_count;
};

/* A published port. */
struct cnm_plugin_port {
	uint8_t protocol; /* IPPROTO_* */
	uint16_t port;    /* inside */
	const char *host_ip;
	uint16_t host_port, host_port_end;
};

struct cnm_plugin_endpoint {
	const char *network_id, *id;
	const char *address, *address6, *mac; /* "": the plugin may choose */
	const char *sandbox_key;              /* of Join */
	const struct cnm_kvs *options;        /* of the endpoint */
	const struct cnm_plugin_port *ports;
	size_t port_count;
};

char *cnm_plugin_create_network(const struct cnm_plugin_network *network, struct cnm_error *err);
/* {"NetworkID"}: DeleteNetwork. */
char *cnm_plugin_network_body(const char *network_id, struct cnm_error *err);
/* {"NetworkID", "EndpointID"}: DeleteEndpoint, EndpointOperInfo, Leave, RevokeExternalConnectivity. */
char *cnm_plugin_endpoint_body(const char *network_id, const char *endpoint_id, struct cnm_error *err);
char *cnm_plugin_create_endpoint(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err);
char *cnm_plugin_join(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err);
char *cnm_plugin_program_external(const struct cnm_plugin_endpoint *endpoint, struct cnm_error *err);
/* DiscoverNew and DiscoverDelete of a node. */
char *cnm_plugin_node(const char *address, bool self, struct cnm_error *err);

char *cnm_plugin_request_pool(const char *space, const char *pool, const char *sub_pool,
                              const struct cnm_kvs *options, bool ipv6, struct cnm_error *err);
char *cnm_plugin_release_pool(const char *pool_id, struct cnm_error *err);
/* options NULL or empty: null. */
char *cnm_plugin_request_address(const char *pool_id, const char *address, const struct cnm_kvs *options,
                                 struct cnm_error *err);
char *cnm_plugin_release_address(const char *pool_id, const char *address, struct cnm_error *err);

#endif
