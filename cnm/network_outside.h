/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of making and deleting a network that concern other programs. */
#ifndef CNM_NETWORK_OUTSIDE_H
#define CNM_NETWORK_OUTSIDE_H

#include "cnm/driver.h"
#include "cnm/ipam.h"
#include "cnm/ipam_pools.h"

/* A network on its way. */
struct cnm_network_making {
	struct cnm_controller *controller;
	const struct cnm_network_spec *spec;
	const struct cnm_driver *driver;
	const struct cnm_ipam *ipam;
	struct cnm_network *network; /* without a record so far */
};

/* Pools from the IPAM plugin, then the network at the driver's. No lock is held. */
int cnm_network_ask(const struct cnm_network_making *making, struct cnm_error *err);
/* Writes down that all of it is given back. */
void cnm_network_tell_back(const struct cnm_network_making *making);
/* Writes down that the pools of a network that is deleted are given back. */
int cnm_network_tell_pools(struct cnm_controller *controller, const struct cnm_network *network,
                           struct cnm_error *err);

#endif
