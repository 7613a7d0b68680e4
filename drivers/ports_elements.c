/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a published port is made of. A single port is an element of a hash map; a range that keeps its numbers is one interval; a range that is
 * shifted takes an element for each port, since a map can give one port, not a difference.
 */
#include "drivers/ports_elements.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool cnm_port_has_host(const struct cnm_port *port)
{
	return cnm_addr_is_set(&port->host) && !cnm_addr_is_unspecified(&port->host);
}

void cnm_port_owner(const struct cnm_endpoint *endpoint, char out[CNM_PORT_OWNER_MAX])
{
	char whole[CNM_SHORT_ID + CNM_NAME_MAX + CNM_KEY_MAX + 3];

	snprintf(whole, sizeof(whole), "%.12s %s/%s", endpoint->id, endpoint->network, endpoint->name);
	snprintf(out, CNM_PORT_OWNER_MAX, "%.*s", CNM_PORT_OWNER_MAX - 1, whole);
}

static int each_mode(const struct cnm_endpoint *endpoint, const struct cnm_port *port,
                     const struct cnm_addr *addr, const struct cnm_ports_policy *policy,
                     cnm_port_target_fn fn, void *arg, struct cnm_error *err)
{
	struct cnm_port_target target = {.endpoint = endpoint, .port = port, .addr = addr};
	enum cnm_gateway_mode mode;
	int r;

	if (policy) {
		mode = addr->family == AF_INET ? policy->mode4 : policy->mode6;
		target.routed = mode == CNM_GATEWAY_ROUTED;
		return fn(&target, arg, err);
	}
	r = fn(&target, arg, err);
	target.routed = true;
	return r != 0 ? r : fn(&target, arg, err);
}

int cnm_ports_each(const struct cnm_endpoint *endpoint, const struct cnm_ports_policy *policy,
                   cnm_port_target_fn fn, void *arg, struct cnm_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	size_t i, f;

	for (i = 0; i < endpoint->port_count; i++) {
		const struct cnm_port *port = &endpoint->ports[i];

		for (f = 0; f < 2; f++) {
			const struct cnm_addr *addr = cnm_endpoint_address_of(endpoint, families[f]);
			int r;

			if (!addr || (cnm_addr_is_set(&port->host) && port->host.family != families[f]))
				continue;
			r = each_mode(endpoint, port, addr, policy, fn, arg, err);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

static void put_address(struct cnm_nft_key *key, const struct cnm_addr *addr)
{
	cnm_nft_key_bytes(key, addr->bytes, cnm_addr_size(addr));
}

/* [host address .] protocol . port */
static void put_host_port(struct cnm_nft_key *key, const struct cnm_port *port, uint16_t number)
{
	if (cnm_port_has_host(port))
		put_address(key, &port->host);
	cnm_nft_key_u8(key, port->protocol);
	cnm_nft_key_be16(key, number);
}

static void put_open(struct cnm_nft_key *key, const struct cnm_port_target *target, uint16_t number)
{
	put_address(key, target->addr);
	cnm_nft_key_u8(key, target->port->protocol);
	cnm_nft_key_be16(key, number);
}

void cnm_port_claim(const struct cnm_port_target *target, const char *owner, struct cnm_nft_elem *ret)
{
	const struct cnm_port *port = target->port;
	bool is_ipv4 = target->addr->family == AF_INET;

	*ret = (struct cnm_nft_elem){.concat = true, .comment = owner};
	if (target->routed) {
		ret->set = is_ipv4 ? "open4" : "open6";
		put_open(&ret->key, target, port->first_inside);
		put_open(&ret->end, target, (uint16_t)(port->first_inside + (port->last - port->first)));
		return;
	}
	if (cnm_port_has_host(port)) {
		ret->set = is_ipv4 ? "claims_of4" : "claims_of6";
	} else {
		ret->set = "claims";
		cnm_nft_key_u8(&ret->key, is_ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
		cnm_nft_key_u8(&ret->end, is_ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	}
	put_host_port(&ret->key, port, port->first);
	put_host_port(&ret->end, port, port->last);
}

static const char *map_name(const struct cnm_port_target *target, bool range)
{
	static const char *const names[2][2][2] = {
	        {{"ports4", "ports_of4"}, {"ports6", "ports_of6"}},
	        {{"ranges4", "ranges_of4"}, {"ranges6", "ranges_of6"}},
	};

	return names[range][target->addr->family == AF_INET6][cnm_port_has_host(target->port)];
}

static int give_range(const struct cnm_port_target *target, cnm_port_elem_fn fn, void *arg,
                      struct cnm_error *err)
{
	struct cnm_nft_elem elem = {.set = map_name(target, true), .concat = true};

	put_host_port(&elem.key, target->port, target->port->first);
	put_host_port(&elem.end, target->port, target->port->last);
	put_address(&elem.data, target->addr);
	return fn(&elem, arg, err);
}

int cnm_port_each_element(const struct cnm_port_target *target, cnm_port_elem_fn fn, void *arg,
                          struct cnm_error *err)
{
	const struct cnm_port *port = target->port;
	unsigned i, span = (unsigned)(port->last - port->first);

	if (target->routed)
		return 0;
	if (span > 0 && port->first == port->first_inside)
		return give_range(target, fn, arg, err);
	for (i = 0; i <= span; i++) {
		struct cnm_nft_elem elem = {.set = map_name(target, false)};
		int r;

		put_host_port(&elem.key, port, (uint16_t)(port->first + i));
		put_address(&elem.data, target->addr);
		cnm_nft_key_be16(&elem.data, (uint16_t)(port->first_inside + i));
		r = fn(&elem, arg, err);
		if (r != 0)
			return r;
	}
	return 0;
}
