/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an attachment that stands is the one that is asked for again. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include <stdio.h>
#include <string.h>

static int differs(const char *what, const char *asked, struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_CONFLICT, "it is connected already, and not with %s %s", what, asked);
}

static int compare_addresses(const struct cnm_endpoint *endpoint, const struct cnm_endpoint_spec *spec,
                             struct cnm_error *err)
{
	size_t i, j;

	for (i = 0; i < spec->address_count; i++) {
		const char *text = spec->addresses[i];
		struct cnm_addr addr;

		if ((strchr(text, '/') ? cnm_addr_parse_cidr(&addr, text, err)
		                       : cnm_addr_parse(&addr, text, err)) < 0)
			return -1;
		for (j = 0; j < endpoint->addr_count; j++)
			if (cnm_addr_equal(&endpoint->addrs[j].addr, &addr))
				break;
		if (j == endpoint->addr_count)
			return differs("address", text, err);
	}
	return 0;
}

/* What the user left open was chosen: a host port, or the network's host address. */
static bool is_published(const struct cnm_endpoint *endpoint, const struct cnm_port *asked)
{
	size_t i;

	for (i = 0; i < endpoint->port_count; i++) {
		const struct cnm_port *port = &endpoint->ports[i];

		if (port->protocol == asked->protocol && port->first_inside == asked->first_inside &&
		    (asked->first == 0 || (port->first == asked->first && port->last == asked->last)) &&
		    (!cnm_addr_is_set(&asked->host) || cnm_addr_equal(&port->host, &asked->host)))
			return true;
	}
	return false;
}

static int compare_ports(const struct cnm_endpoint *endpoint, const struct cnm_endpoint_spec *spec,
                         struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *asked = calloc(1, sizeof(*asked));
	char text[CNM_PORT_TEXT_MAX];
	size_t i;

	if (!asked)
		return cnm_fail_nomem(err);
	if (cnm_ports_append(asked, spec->ports, spec->port_count, err) < 0)
		return -1;
	for (i = 0; i < asked->port_count; i++)
		if (!is_published(endpoint, &asked->ports[i]))
			return differs("port", cnm_port_format(&asked->ports[i], text), err);
	return 0;
}

int cnm_endpoint_compare(const struct cnm_endpoint *endpoint, const struct cnm_endpoint_spec *spec,
                         struct cnm_error *err)
{
	struct cnm_mac mac;
	size_t i;

	if (compare_addresses(endpoint, spec, err) < 0)
		return -1;
	if (spec->mac) {
		if (cnm_mac_parse(&mac, spec->mac, err) < 0)
			return -1;
		if (memcmp(&mac, &endpoint->mac, sizeof(mac)) != 0)
			return differs("MAC address", spec->mac, err);
	}
	for (i = 0; i < spec->alias_count; i++)
		if (!cnm_kvs_get(&endpoint->aliases, spec->aliases[i]))
			return differs("alias", spec->aliases[i], err);
	return compare_ports(endpoint, spec, err);
}
