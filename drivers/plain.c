/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of drivers that have nothing to make: null and host. */
#include "drivers/plain.h"

int cnm_plain_network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err)
{
	if (network->options.count > 0)
		return cnm_fail(err, CNM_E_INVALID, "driver %s takes no option \"%s\"", network->driver,
		                network->options.items[0].key);
	if (network->internal || network->ipv6)
		return cnm_fail(err, CNM_E_INVALID, "driver %s knows neither internal nor IPv6",
		                network->driver);
	return 0;
}

int cnm_plain_network_ok(struct cnm_controller *controller, struct cnm_network *network,
                         struct cnm_error *err)
{
	return 0;
}

int cnm_plain_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                               struct cnm_error *err)
{
	return 1;
}

int cnm_plain_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                               struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (endpoint->options.count > 0)
		return cnm_fail(err, CNM_E_INVALID, "unknown endpoint option \"%s\"",
		                endpoint->options.items[0].key);
	endpoint->no_gateway = true;
	return 0;
}

int cnm_plain_join(struct cnm_controller *controller, const struct cnm_network *network,
                   const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                   struct cnm_error *err)
{
	return 0;
}

int cnm_plain_leave(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	return 0;
}
