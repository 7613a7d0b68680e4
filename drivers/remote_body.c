/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endpoint's record as a plugin is told of it, and a plugin's answers in the record. */
#include "cnm/base/cleanup.h"
#include "cnm/sandbox_net.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* In driver_state: how many at the end of the list came with an answer, and that the MAC did. */
#define ADDRESSES "addresses"
#define ROUTES    "routes"
#define MAC       "mac"

void cnm_remote_body_free(struct cnm_remote_body *body)
{
	cnm_kvs_free(&body->options);
	free(body->ports);
	free(body->host_ips);
}

/* A range is as many single ports, as in Docker's own list. */
static int fill_ports(struct cnm_remote_body *body, const struct cnm_endpoint *endpoint,
                      struct cnm_error *err)
{
	size_t count = 0, at = 0, i;
	unsigned n;

	for (i = 0; i < endpoint->port_count; i++)
		count += endpoint->ports[i].last - endpoint->ports[i].first + 1U;
	body->ports = calloc(count + 1, sizeof(*body->ports));
	body->host_ips = calloc(endpoint->port_count + 1, sizeof(*body->host_ips));
	if (!body->ports || !body->host_ips)
		return cnm_fail_nomem(err);
	for (i = 0; i < endpoint->port_count; i++) {
		const struct cnm_port *port = &endpoint->ports[i];

		cnm_addr_format(&port->host, body->host_ips[i]);
		for (n = 0; n <= (unsigned)(port->last - port->first); n++) {
			/* Where the plugin is to choose, all are 0. */
			uint16_t host = port->first ? (uint16_t)(port->first + n) : 0;

			body->ports[at++] =
			        (struct cnm_plugin_port){.protocol = port->protocol,
			                                 .port = (uint16_t)(port->first_inside + n),
			                                 .host_ip = body->host_ips[i],
			                                 .host_port = host,
			                                 .host_port_end = host};
		}
	}
	body->wire.ports = body->ports;
	body->wire.port_count = count;
	return 0;
}

int cnm_remote_body_fill(struct cnm_remote_body *body, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err)
{
	const struct cnm_addr *v4 = cnm_endpoint_address_of(endpoint, AF_INET),
	                      *v6 = cnm_endpoint_address_of(endpoint, AF_INET6);
	size_t i;

	if (v4)
		cnm_addr_format_cidr(v4, body->address);
	if (v6)
		cnm_addr_format_cidr(v6, body->address6);
	if (cnm_mac_is_set(&endpoint->mac))
		cnm_mac_format(&endpoint->mac, body->mac);
	for (i = 0; i < endpoint->options.count; i++)
		if (!cnm_sandbox_net_knows(endpoint->options.items[i].key) &&
		    cnm_kvs_set(&body->options, endpoint->options.items[i].key,
		                endpoint->options.items[i].value, err) < 0)
			return -1;
	body->wire.network_id = cnm_kvs_get(&endpoint->driver_state, CNM_REMOTE_NETWORK_ID);
	body->wire.id = endpoint->id;
	body->wire.address = body->address;
	body->wire.address6 = body->address6;
	body->wire.mac = body->mac;
	body->wire.sandbox_key = endpoint->key;
	body->wire.options = &body->options;
	return fill_ports(body, endpoint, err);
}

static int set_number(struct cnm_endpoint *endpoint, const char *key, size_t n, struct cnm_error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", n);
	return cnm_kvs_set(&endpoint->driver_state, key, text, err);
}

static int apply_address(struct cnm_endpoint *endpoint, const struct cnm_addr *addr, size_t *added,
                         struct cnm_error *err)
{
	const struct cnm_addr *ours = cnm_endpoint_address_of(endpoint, addr->family);
	char text[CNM_ADDR_TEXT_MAX];

	if (!cnm_addr_is_set(addr) || (ours && cnm_addr_equal(ours, addr)))
		return 0;
	if (ours)
		return cnm_fail(err, CNM_E_INVALID, "it answered with address %s, but the endpoint has one",
		                cnm_addr_format_cidr(addr, text));
	if (endpoint->addr_count == CNM_ENDPOINT_ADDRS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
	endpoint->addrs[endpoint->addr_count++] = (struct cnm_endpoint_addr){.addr = *addr};
	(*added)++;
	return 0;
}

int cnm_remote_apply_interface(struct cnm_endpoint *endpoint, const struct cnm_plugin_interface *chosen,
                               struct cnm_error *err)
{
	char text[CNM_MAC_TEXT_MAX];
	size_t added = 0;

	if (cnm_mac_is_set(&chosen->mac)) {
		if (cnm_mac_is_set(&endpoint->mac) &&
		    memcmp(&endpoint->mac, &chosen->mac, sizeof(chosen->mac)) != 0)
			return cnm_fail(err, CNM_E_INVALID,
			                "it answered with MAC %s, but the endpoint has one",
			                cnm_mac_format(&chosen->mac, text));
		if (!cnm_mac_is_set(&endpoint->mac) &&
		    cnm_kvs_set(&endpoint->driver_state, MAC, "chosen", err) < 0)
			return -1;
		endpoint->mac = chosen->mac;
	}
	if (apply_address(endpoint, &chosen->address, &added, err) < 0 ||
	    apply_address(endpoint, &chosen->address6, &added, err) < 0)
		return -1;
	return added ? set_number(endpoint, ADDRESSES, added, err) : 0;
}

/* A plugin's network has the gateways that its Join answers with, and no others: the pool's may be an address that nobody has. */
static void apply_gateways(struct cnm_endpoint *endpoint, const struct cnm_plugin_joined *joined)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		bool v4 = endpoint->addrs[i].addr.family == AF_INET;

		endpoint->addrs[i].gateway = v4 ? joined->gateway : joined->gateway6;
	}
}

int cnm_remote_apply_joined(struct cnm_endpoint *endpoint, const struct cnm_plugin_joined *joined,
                            struct cnm_error *err)
{
	size_t i;

	if (joined->src_name &&
	    (cnm_ifname_check(joined->src_name, err) < 0 ||
	     cnm_kvs_set(&endpoint->driver_state, CNM_REMOTE_SRC, joined->src_name, err) < 0))
		return -1;
	if (joined->no_gateway_service &&
	    cnm_kvs_set(&endpoint->driver_state, "gateway_service", "none", err) < 0)
		return -1;
	if (endpoint->route_count + joined->route_count > CNM_ENDPOINT_ROUTES)
		return cnm_fail(err, CNM_E_INVALID, "more than %d routes", CNM_ENDPOINT_ROUTES);
	for (i = 0; i < joined->route_count; i++)
		endpoint->routes[endpoint->route_count++] = (struct cnm_endpoint_route){
		        .dst = joined->routes[i].to, .gateway = joined->routes[i].via};
	apply_gateways(endpoint, joined);
	return joined->route_count ? set_number(endpoint, ROUTES, joined->route_count, err) : 0;
}

static size_t number_of(const struct cnm_endpoint *endpoint, const char *key)
{
	const char *text = cnm_kvs_get(&endpoint->driver_state, key);

	return text ? strtoul(text, NULL, 10) : 0;
}

void cnm_remote_forget(struct cnm_endpoint *endpoint)
{
	size_t addresses = number_of(endpoint, ADDRESSES), routes = number_of(endpoint, ROUTES);

	endpoint->addr_count -= addresses < endpoint->addr_count ? addresses : endpoint->addr_count;
	endpoint->route_count -= routes < endpoint->route_count ? routes : endpoint->route_count;
	if (cnm_kvs_get(&endpoint->driver_state, MAC))
		endpoint->mac = (struct cnm_mac){0};
}
