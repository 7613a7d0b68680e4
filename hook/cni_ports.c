/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtimeConfig.portMappings as the library takes them. */
#include "hook/cni_ports.h"
#include <stdlib.h>
#include <string.h>

/* Whether another mapping of the request publishes the same on every address of the host: then this one adds nothing. The reference's rules
 * for both lead to the same place. */
static bool is_covered(const struct cnm_cni_runtime *runtime, const struct cnm_cni_port *port)
{
	size_t i;

	for (i = 0; cnm_addr_is_set(&port->host_ip) && i < runtime->port_count; i++) {
		const struct cnm_cni_port *other = &runtime->ports[i];

		if (!cnm_addr_is_set(&other->host_ip) && other->host_port == port->host_port &&
		    other->container_port == port->container_port &&
		    strcmp(other->protocol, port->protocol) == 0)
			return true;
	}
	return false;
}

int cnm_cni_ports_fill(struct cnm_cni_ports *ret, const struct cnm_cni_runtime *runtime,
                       struct cnm_error *err)
{
	size_t i;

	ret->specs = calloc(runtime->port_count + 1, sizeof(*ret->specs));
	ret->hosts = calloc(runtime->port_count + 1, sizeof(*ret->hosts));
	if (!ret->specs || !ret->hosts)
		return cnm_fail_nomem(err);
	for (i = 0; i < runtime->port_count; i++) {
		const struct cnm_cni_port *from = &runtime->ports[i];
		size_t at = ret->count;

		if (is_covered(runtime, from))
			continue;
		ret->specs[ret->count++] = (struct cnm_port_spec){.host_port = from->host_port,
		                                                  .port = from->container_port,
		                                                  .protocol = from->protocol,
		                                                  .held = true};
		if (cnm_addr_is_set(&from->host_ip))
			ret->specs[at].host_ip = cnm_addr_format(&from->host_ip, ret->hosts[at]);
	}
	return 0;
}

void cnm_cni_ports_free(struct cnm_cni_ports *ports)
{
	free(ports->specs);
	free(ports->hosts);
}
