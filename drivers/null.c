/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sandbox with nothing but its loopback. */
#include "drivers/builtin.h"
#include "drivers/plain.h"

const struct cnm_driver cnm_driver_null = {
        .name = "null",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .no_addresses = true,
        .single_network = true,
        .network_prepare = cnm_plain_network_prepare,
        .network_ensure = cnm_plain_network_ok,
        .network_is_ready = cnm_plain_network_is_ready,
        .network_delete = cnm_plain_network_ok,
        .endpoint_prepare = cnm_plain_endpoint_prepare,
        .join = cnm_plain_join,
        .leave = cnm_plain_leave,
};
