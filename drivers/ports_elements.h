/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The elements that publish one port in one family. Shared by the files drivers/ports*.c only. */
#ifndef CNM_DRIVERS_PORTS_ELEMENTS_H
#define CNM_DRIVERS_PORTS_ELEMENTS_H

#include "drivers/ports.h"

/* One port of an endpoint, in one family. */
struct cnm_port_target {
	const struct cnm_endpoint *endpoint;
	const struct cnm_port *port;
	const struct cnm_addr *addr; /* of the container; its family counts */
	bool routed;
};

/* The targets of an endpoint: each port times each family that it is published in. fn returns 0 to go on. Stops at what fn returns
 * otherwise. policy NULL: those of every mode (a withdrawal does not know). */
typedef int (*cnm_port_target_fn)(const struct cnm_port_target *target, void *arg, struct cnm_error *err);
int cnm_ports_each(const struct cnm_endpoint *endpoint, const struct cnm_ports_policy *policy,
                   cnm_port_target_fn fn, void *arg, struct cnm_error *err);

/* Whether the port is for one address of the host. "0.0.0.0" and "::" are all addresses of their family. */
bool cnm_port_has_host(const struct cnm_port *port);

#define CNM_PORT_OWNER_MAX 129
/* "ID NETWORK/ENDPOINT", cut to what a comment holds; the id, 12 digits, tells endpoints apart. */
void cnm_port_owner(const struct cnm_endpoint *endpoint, char out[CNM_PORT_OWNER_MAX]);
/* The claim's element (for `routed` the opened port's, which is its own claim). `owner` becomes its comment, and must live as long. */
void cnm_port_claim(const struct cnm_port_target *target, const char *owner, struct cnm_nft_elem *ret);
/* The elements of the maps, without the claim. None for `routed`. */
typedef int (*cnm_port_elem_fn)(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err);
int cnm_port_each_element(const struct cnm_port_target *target, cnm_port_elem_fn fn, void *arg,
                          struct cnm_error *err);

#endif
