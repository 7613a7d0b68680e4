/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the kernel agree with the records. */
#ifndef CNM_RECONCILE_H
#define CNM_RECONCILE_H

#include "cnm/model.h"

/* Restores what the firewall lacks of every network that has endpoints, in one transaction: after `nft flush ruleset` or a reload by others nothing is
 * left of it. The caller holds no network's lock. fn as for cnm_gc (may be NULL). */
int cnm_firewall_restore(struct cnm_controller *controller, cnm_gc_fn fn, void *arg, size_t *ret_count,
                         struct cnm_error *err);

#endif
