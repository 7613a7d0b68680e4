/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of which another program knows. It is asked before the network has a record, without any lock; what it was asked is
 * written down before, as something to be taken back unless the record comes to exist.
 */
#include "cnm/network_outside.h"
#include "cnm/outside.h"
#include <string.h>

int cnm_network_ask(const struct cnm_network_making *making, struct cnm_error *err)
{
	struct cnm_controller *controller = making->controller;

	if (making->ipam->ask_pools &&
	    making->ipam->ask_pools(controller, making->spec, making->network, err) < 0)
		return -1;
	if (!making->driver->ask_network)
		return 0;
	if (making->driver->network_prepare(controller, making->network, err) < 0)
		return -1;
	return making->driver->ask_network(controller, making->network, err);
}

int cnm_network_tell_pools(struct cnm_controller *controller, const struct cnm_network *network,
                           struct cnm_error *err)
{
	const struct cnm_ipam *ipam = cnm_controller_ipam(controller, network->ipam_driver, true, err);

	if (!ipam)
		return -1;
	return ipam->tell_pools ? ipam->tell_pools(controller, network, err) : 0;
}

void cnm_network_tell_back(const struct cnm_network_making *making)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (making->ipam->tell_pools && making->network->ipam_state.count > 0)
		making->ipam->tell_pools(making->controller, making->network, &ignored);
	/* What was never asked for is not owed. */
	if (making->driver->ask_network && making->network->driver_state.count > 0)
		making->driver->network_delete(making->controller, making->network, &ignored);
}
