/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bridge driver's table. */
#include "drivers/bridge.h"
#include "drivers/builtin.h"

const struct cnm_driver cnm_driver_bridge = {
        .name = "bridge",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .network_prepare = cnm_bridge_network_prepare,
        .network_ensure = cnm_bridge_network_ensure,
        .network_is_ready = cnm_bridge_network_is_ready,
        .network_delete = cnm_bridge_network_delete,
        .has_gateway = cnm_bridge_has_gateway,
        .network_check = cnm_bridge_network_check,
        .endpoint_prepare = cnm_bridge_endpoint_prepare,
        .join = cnm_bridge_join,
        .leave = cnm_bridge_leave,
        .publish = cnm_bridge_publish,
        .withdraw = cnm_ports_withdraw,
        .firewall_restore = cnm_bridge_restore,
        .endpoint_repair = cnm_bridge_endpoint_repair,
        .endpoint_check = cnm_bridge_endpoint_check,
};
