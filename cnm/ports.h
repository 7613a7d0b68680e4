/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports in an endpoint's record: read from a specification, checked, shown. What they do in the kernel is the driver's. */
#ifndef CNM_PORTS_H
#define CNM_PORTS_H

#include "cnm/model.h"

/* Appends the ports to endpoint->ports; one that stands there already is not added again. CNM_E_INVALID: a bad port, two of the
 * endpoint that overlap. On failure nothing was appended. */
int cnm_ports_append(struct cnm_endpoint *endpoint, const struct cnm_port_spec *specs, size_t count,
                     struct cnm_error *err);
bool cnm_port_equal(const struct cnm_port *a, const struct cnm_port *b);

#define CNM_PORT_TEXT_MAX 96
/* "8080/tcp", "127.0.0.1:8080-8090/udp": the host's side. Returns out (CNM_PORT_TEXT_MAX bytes). */
const char *cnm_port_format(const struct cnm_port *port, char *out);
const char *cnm_protocol_name(uint8_t protocol);

#endif
