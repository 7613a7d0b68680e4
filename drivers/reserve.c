/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network that is nothing but addresses: they are reserved for containers whose links another program makes. */
#include "drivers/builtin.h"
#include "drivers/plain.h"

static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	if (network->options.count > 0)
		return cnm_fail(err, CNM_E_INVALID, "driver %s takes no option \"%s\"", network->driver,
		                network->options.items[0].key);
	if (network->internal)
		return cnm_fail(err, CNM_E_INVALID, "driver %s has no links that could be internal",
		                network->driver);
	return 0;
}

static int refuse_join(struct cnm_controller *controller, const struct cnm_network *network,
                       struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_UNSUPPORTED, "it only reserves addresses: nothing can join it");
}

const struct cnm_driver cnm_driver_reserve = {
        .name = "reserve",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .reserves_only = true,
        .network_prepare = network_prepare,
        .network_ensure = cnm_plain_network_ok,
        .network_is_ready = cnm_plain_network_is_ready,
        .network_delete = cnm_plain_network_ok,
        .endpoint_prepare = refuse_join,
        .join = cnm_plain_join,
        .leave = cnm_plain_leave,
};
