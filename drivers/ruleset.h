/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base ruleset (drivers/ruleset.nft) as text, and what it takes to have it loaded. */
#ifndef CNM_DRIVERS_RULESET_H
#define CNM_DRIVERS_RULESET_H

struct cnm_controller;
struct cnm_error;

/* Loads the table when it is missing; one of several processes that try does it. */
int cnm_ruleset_ensure(struct cnm_controller *controller, struct cnm_error *err);
/* Deletes the table once no network has an element in it, and turns forwarding off again where cnm had turned it on. */
int cnm_ruleset_release(struct cnm_controller *controller, struct cnm_error *err);

/* Lets the host forward packets of the family (AF_INET, AF_INET6), and closes transit between its other interfaces where forwarding
 * was off before. The table must be there. */
int cnm_forwarding_ensure(struct cnm_controller *controller, int family, struct cnm_error *err);

#endif
