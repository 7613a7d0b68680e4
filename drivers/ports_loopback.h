/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports by way of 127.0.0.1 and ::1. */
#ifndef CNM_DRIVERS_PORTS_LOOPBACK_H
#define CNM_DRIVERS_PORTS_LOOPBACK_H

#include "drivers/ports.h"

/* Lets the host's loopback addresses reach the endpoint's ports: what the bridge needs is set, what the firewall needs is appended to the batch. A port
 * for ::1 alone where that cannot work is CNM_E_UNSUPPORTED. */
int cnm_ports_allow_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                             const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch,
                             struct cnm_error *err);
/* Settings of the bridge for it, which go with a bridge that is deleted: put right, and counted. */
int cnm_ports_repair_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                              const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err);
/* The same, compared. And: what ::1 may do was decided when a port was published, by whether bridges hand IPv6 packets to netfilter; others change that later (a daemon loads
 * br_netfilter). CNM_E_CONFLICT; and made right, in a transaction of its own, counted. */
int cnm_ports_check_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                             const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_ports_restore_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                               const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err);

#endif
