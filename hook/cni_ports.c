/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtimeConfig.portMappings as the library takes them. */
#include "hook/cni_ports.h"
#include <stdlib.h>

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

		ret->specs[i] = (struct cnm_port_spec){.host_port = from->host_port,
		                                       .port = from->container_port,
		                                       .protocol = from->protocol,
		                                       .held = true};
		if (cnm_addr_is_set(&from->host_ip))
			ret->specs[i].host_ip = cnm_addr_format(&from->host_ip, ret->hosts[i]);
	}
	ret->count = runtime->port_count;
	return 0;
}

void cnm_cni_ports_free(struct cnm_cni_ports *ports)
{
	free(ports->specs);
	free(ports->hosts);
}
