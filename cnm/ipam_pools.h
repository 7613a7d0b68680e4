/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing and checking of subnets when a network is made. */
#ifndef CNM_IPAM_POOLS_H
#define CNM_IPAM_POOLS_H

#include "cnm/model.h"

int cnm_pools_request(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                      struct cnm_network *network, struct cnm_error *err);
/* None of the network's subnets overlaps another network's; CNM_E_EXISTS. */
int cnm_pools_check(struct cnm_controller *controller, const struct cnm_network *network,
                    struct cnm_error *err);
/* True for what no endpoint gets: gateway, auxiliary addresses, the subnet's first address, and the last of an IPv4 subnet (prefix
 * up to 30). */
bool cnm_pool_reserves(const struct cnm_pool *pool, const struct cnm_addr *addr);

#endif
