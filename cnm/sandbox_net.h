/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a sandbox: interface, addresses, routes, sysctls; and which endpoint gives its default routes. */
#ifndef CNM_SANDBOX_NET_H
#define CNM_SANDBOX_NET_H

#include "cnm/driver.h"

/* Options of an endpoint that the sandbox's side serves, whatever the driver ("true"; a driver takes them in endpoint_prepare). */
#define CNM_SANDBOX_DAD  "cnm.sandbox.dad"  /* IPv6 addresses are proved unique before they serve */
#define CNM_SANDBOX_DOWN "cnm.sandbox.down" /* the interface is not brought up */
bool cnm_sandbox_net_knows(const char *option);

struct cnm_sandbox_net {
	int netns_fd;
	const struct cnm_endpoint *endpoint;
	struct cnm_join_info link;
	bool default4, default6; /* this endpoint gives the default route of the family */
};

/* Brings loopback and the endpoint's interface up under its final name, with addresses, routes and sysctls. */
int cnm_sandbox_net_configure(struct cnm_controller *controller, const struct cnm_sandbox_net *net,
                              struct cnm_error *err);
/* Points the default route of the family at the endpoint, whose interface is in the sandbox already. */
int cnm_sandbox_net_set_default(struct cnm_controller *controller, int netns_fd,
                                const struct cnm_endpoint *endpoint, int family, struct cnm_error *err);
/* Compares interface, MAC, addresses and the default routes with the record; CNM_E_CONFLICT says what differs. */
int cnm_sandbox_net_check(struct cnm_controller *controller, const struct cnm_sandbox_net *net,
                          struct cnm_error *err);

/* The gateway of the family that this endpoint could give, unspecified where its interface itself is the way; NULL: none. */
const struct cnm_addr *cnm_endpoint_gateway(const struct cnm_endpoint *endpoint, int family);
/* Which of the endpoints gives the default route: highest priority, then network name, then interface name. Internal networks give
 * none. NULL where no one does. */
const struct cnm_endpoint *cnm_gateway_elect(const struct cnm_endpoint *const *endpoints, size_t count,
                                             int family);

/* Sysctl "net.ipv4.conf.IFNAME.rp_filter" to "net/ipv4/conf/eth0/rp_filter". CNM_E_INVALID: not below net., or hostile. */
int cnm_sysctl_path(const char *key, const char *ifname, char *ret, size_t size, struct cnm_error *err);

#endif
