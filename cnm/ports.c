/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports as values. */
#include "cnm/ports.h"
#include "cnm/base/cleanup.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
        {"tcp", IPPROTO_TCP},
        {"udp", IPPROTO_UDP},
        {"sctp", IPPROTO_SCTP},
};

const char *cnm_protocol_name(uint8_t protocol)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return "?";
}

const char *cnm_port_format(const struct cnm_port *port, char *out)
{
	char host[CNM_ADDR_TEXT_MAX], range[16] = "";
	bool is_ipv6 = port->host.family == AF_INET6;

	cnm_addr_format(&port->host, host);
	if (port->last != port->first)
		snprintf(range, sizeof(range), "-%u", port->last);
	snprintf(out, CNM_PORT_TEXT_MAX, "%s%s%s%s%u%s/%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
	         host[0] ? ":" : "", port->first, range, cnm_protocol_name(port->protocol));
	return out;
}

bool cnm_port_equal(const struct cnm_port *a, const struct cnm_port *b)
{
	return a->protocol == b->protocol && cnm_addr_equal(&a->host, &b->host) && a->first == b->first &&
	       a->last == b->last && a->first_inside == b->first_inside;
}

static int parse_protocol(const char *text, uint8_t *ret, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(protocols); i++) {
		if (strcmp(text ? text : "tcp", protocols[i].name) == 0) {
			*ret = protocols[i].number;
			return 0;
		}
	}
	return cnm_fail(err, CNM_E_INVALID, "protocol \"%s\" of a port is not tcp, udp or sctp", text);
}

static int parse_port(const struct cnm_port_spec *spec, struct cnm_port *ret, struct cnm_error *err)
{
	unsigned end = spec->port_end ? spec->port_end : spec->port, span = end - spec->port;

	*ret = (struct cnm_port){.first_inside = spec->port, .held = spec->held};
	if (parse_protocol(spec->protocol, &ret->protocol, err) < 0)
		return -1;
	if (spec->host_ip && spec->host_ip[0] && cnm_addr_parse(&ret->host, spec->host_ip, err) < 0)
		return cnm_wrap(err, "published port %u", spec->port);
	if (cnm_addr_is_multicast(&ret->host))
		return cnm_fail(err, CNM_E_INVALID,
		                "published port %u: %s is a multicast address, which no host has", spec->port,
		                spec->host_ip);
	if (spec->port == 0 || end < spec->port)
		return cnm_fail(err, CNM_E_INVALID, "published port %u-%u is no port of a container",
		                spec->port, end);
	if (spec->host_port + span > UINT16_MAX)
		return cnm_fail(err, CNM_E_INVALID, "published ports %u-%u: the host has none above 65535",
		                spec->host_port, spec->host_port + span);
	ret->first = spec->host_port;
	ret->last = (uint16_t)(spec->host_port + span);
	return 0;
}

/* Whether both would take a packet. Ports that are still to be chosen will not. */
static bool overlap(const struct cnm_port *a, const struct cnm_port *b)
{
	if (a->protocol != b->protocol || a->first == 0 || b->first == 0 || a->last < b->first ||
	    b->last < a->first)
		return false;
	return !cnm_addr_is_set(&a->host) || !cnm_addr_is_set(&b->host) || cnm_addr_equal(&a->host, &b->host);
}

/* 1: to be added, 0: it is there. */
static int check_port(const struct cnm_endpoint *endpoint, const struct cnm_port *port, struct cnm_error *err)
{
	char mine[CNM_PORT_TEXT_MAX], other[CNM_PORT_TEXT_MAX];
	size_t i;

	for (i = 0; i < endpoint->port_count; i++) {
		if (cnm_port_equal(&endpoint->ports[i], port))
			return 0;
		if (overlap(&endpoint->ports[i], port))
			return cnm_fail(err, CNM_E_INVALID, "port %s is published twice (%s)",
			                cnm_port_format(port, mine),
			                cnm_port_format(&endpoint->ports[i], other));
	}
	return 1;
}

int cnm_ports_append(struct cnm_endpoint *endpoint, const struct cnm_port_spec *specs, size_t count,
                     struct cnm_error *err)
{
	size_t had = endpoint->port_count, i;
	struct cnm_port *ports;

	if (count == 0)
		return 0;
	if (had + count > CNM_ENDPOINT_PORTS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d published ports and ranges",
		                CNM_ENDPOINT_PORTS);
	ports = realloc(endpoint->ports, (had + count) * sizeof(*ports));
	if (!ports)
		return cnm_fail_nomem(err);
	endpoint->ports = ports;
	for (i = 0; i < count; i++) {
		int is_new = -1;

		if (parse_port(&specs[i], &ports[endpoint->port_count], err) == 0)
			is_new = check_port(endpoint, &ports[endpoint->port_count], err);
		if (is_new < 0) {
			endpoint->port_count = had;
			return -1;
		}
		endpoint->port_count += (size_t)is_new;
	}
	return 0;
}
