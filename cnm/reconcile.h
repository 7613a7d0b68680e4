/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the kernel agree with the records. */
#ifndef CNM_RECONCILE_H
#define CNM_RECONCILE_H

#include "cnm/model.h"

/* Restores what the firewall lacks of every network that was in the kernel since the last boot, in one transaction: after `nft flush ruleset` or a reload by
 * others nothing is left of it. The caller holds no network's lock. */
int cnm_firewall_restore(struct cnm_controller *controller, struct cnm_error *err);

#endif
