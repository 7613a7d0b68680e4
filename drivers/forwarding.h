/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwarding by the host: turned on for the networks, without making a router of a host that was none. */
#ifndef CNM_DRIVERS_FORWARDING_H
#define CNM_DRIVERS_FORWARDING_H

#include <stdbool.h>
#include <stddef.h>

struct cnm_controller;
struct cnm_error;
struct cnm_nft_batch;

/* What cnm_forwarding_release turned off: IPv4, IPv6. */
struct cnm_forwarding {
	bool was_on[2];
};

/* Lets the host forward packets of the family (AF_INET, AF_INET6). Where it did not, transit between its other interfaces is closed (set no_transit),
 * and that it was we who turned it on is marked in the store, which a flushed ruleset does not forget. The table must be there. */
int cnm_forwarding_ensure(struct cnm_controller *controller, int family, struct cnm_error *err);
/* 1: packets of the family are forwarded; 0: not. */
int cnm_forwarding_is_on(int family, struct cnm_error *err);
/* Appends what set no_transit lacks, and counts it. */
int cnm_forwarding_restore(struct cnm_controller *controller, struct cnm_nft_batch *batch, size_t *count,
                           struct cnm_error *err);
/* 1: we turned forwarding on, and others on this host live by it now: there is a bridge with an address that is none of an uplink. 0: not. Our own
 * networks' bridges are gone when this is asked. */
int cnm_forwarding_is_shared(struct cnm_controller *controller, struct cnm_error *err);
/* Turns off what we turned on, before the table goes; `resume` takes that back, `forget` ends it. */
int cnm_forwarding_release(struct cnm_controller *controller, struct cnm_forwarding *ret,
                           struct cnm_error *err);
int cnm_forwarding_resume(const struct cnm_forwarding *released, struct cnm_error *err);
int cnm_forwarding_forget(struct cnm_controller *controller, struct cnm_error *err);

#endif
