/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base ruleset (drivers/ruleset.nft) as text, and what it takes to have it loaded. */
#ifndef CNM_DRIVERS_RULESET_H
#define CNM_DRIVERS_RULESET_H

#include <stddef.h>

struct cnm_controller;
struct cnm_error;
struct cnm_network;

/* Loads the table when it or its rules are missing; one of several processes that try does it. */
int cnm_ruleset_ensure(struct cnm_controller *controller, struct cnm_error *err);
/* CNM_E_CONFLICT names a chain that has lost rules. */
int cnm_ruleset_check(struct cnm_controller *controller, struct cnm_error *err);
/* Loads the table when anything of it is missing, and counts that. */
int cnm_ruleset_restore(struct cnm_controller *controller, size_t *count, struct cnm_error *err);
/* Network `leaving` has no element any more: deletes the table once no other network needs it, and turns forwarding off again where
 * cnm had turned it on. */
int cnm_ruleset_release(struct cnm_controller *controller, const struct cnm_network *leaving,
                        struct cnm_error *err);

#endif
