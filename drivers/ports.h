/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published ports in table inet cnm. A port that is translated has a claim, which names its endpoint, and elements of the maps; both come and go
 * in one transaction, so the claim speaks for all. In gateway mode `routed` nothing is translated: the container's port is opened.
 */
#ifndef CNM_DRIVERS_PORTS_H
#define CNM_DRIVERS_PORTS_H

#include "cnm/driver.h"
#include "cnm/sys/nft.h"

enum cnm_gateway_mode {
	CNM_GATEWAY_NAT,
	CNM_GATEWAY_NAT_UNPROTECTED, /* and the outside reaches every port by the container's address */
	CNM_GATEWAY_ROUTED,
	CNM_GATEWAY_ISOLATED, /* of internal networks: not even the host has an address there */
};

/* How the ports of a network's endpoints are published. */
struct cnm_ports_policy {
	enum cnm_gateway_mode mode4, mode6;
	const char *bridge; /* gets route_localnet, so that 127.0.0.1 reaches its ports; NULL: none */
};

/* Chooses host ports for those that are 0, and refuses a port that cannot be published here. No side effects. */
int cnm_ports_prepare(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Publishes what is not published yet; all or none. CNM_E_EXISTS names the endpoint, or the process of this host, that has a port. */
int cnm_ports_publish(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      const struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Takes them all back. What another endpoint has meanwhile stays. */
int cnm_ports_withdraw(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                       struct cnm_error *err);
/* CNM_E_CONFLICT names the first port whose elements are missing. */
int cnm_ports_check(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                    const struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Appends what is missing to a batch, and counts it. */
int cnm_ports_restore(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch, size_t *count,
                      struct cnm_error *err);

#endif
