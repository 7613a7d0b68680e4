/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the kernel agree with the records. */
#ifndef CNM_RECONCILE_H
#define CNM_RECONCILE_H

#include "cnm/model.h"

struct cnm_driver;
struct cnm_store_network;

/* Restores what the firewall lacks of every network that was in the kernel since the last boot, in one transaction: after `nft flush ruleset` or a reload by
 * others nothing is left of it. The caller holds no network's lock. */
int cnm_firewall_restore(struct cnm_controller *controller, struct cnm_error *err);

/* Puts right what joined endpoints of a network lost on the host, and counts those that had. The network's lock is held. */
int cnm_endpoints_repair(struct cnm_controller *controller, struct cnm_store_network *net,
                         const struct cnm_network *network, const struct cnm_driver *driver, size_t *count,
                         struct cnm_error *err);

#endif
