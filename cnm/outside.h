/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers and IPAM drivers that are other programs (plugins). The model knows them by this table alone.
 *
 * The rule: no lock is held while another program is asked. Slots named ask_* may wait for it, and are called without any;
 * everything else only writes down what the program is to be told (an entry in ROOT/owed), and `settle` tells it when the
 * verb's locks are released. An entry counts only while the record that it is about does not exist: so an entry may be written before the
 * record is deleted, and before it is made.
 */
#ifndef CNM_OUTSIDE_H
#define CNM_OUTSIDE_H

#include "cnm/driver.h"
#include "cnm/ipam.h"

struct cnm_outside {
	/* By a name that is not built in; CNM_E_NOT_FOUND says where it was looked for. With `known` a record has the name: then it need
	 * not be there now. */
	const struct cnm_driver *(*driver)(struct cnm_controller *controller, const char *name, bool known,
	                                   struct cnm_error *err);
	const struct cnm_ipam *(*ipam)(struct cnm_controller *controller, const char *name, bool known,
	                               struct cnm_error *err);
	/* Tells what verbs of this controller wrote down. What cannot be told stays; that is no error. */
	void (*settle)(struct cnm_controller *controller);
	/* The same for what anybody wrote down; fn (may be NULL) is told of each. */
	int (*collect)(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg,
	               struct cnm_error *err);
	void (*restart_clock)(struct cnm_controller *controller);
	void (*close)(struct cnm_controller *controller);
};

/* Registers the table, once, before the first verb. */
void cnm_controller_set_outside(struct cnm_controller *controller, const struct cnm_outside *outside);

/* The driver that a record names. */
const struct cnm_driver *cnm_controller_known_driver(struct cnm_controller *controller, const char *name,
                                                     struct cnm_error *err);
/* Built in or outside. */
const struct cnm_ipam *cnm_controller_ipam(struct cnm_controller *controller, const char *name, bool known,
                                           struct cnm_error *err);
/* No lock is held. */
void cnm_controller_settle(struct cnm_controller *controller);

/* Saves the record of an endpoint that is being asked for; for that moment it is locked. CNM_E_NOT_FOUND: somebody released the endpoint
 * meanwhile, and nothing of it may be written any more. */
int cnm_outside_note(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                     struct cnm_error *err);
/* The living process that asks about the endpoint: it takes back itself what it asked. false: nobody does. */
bool cnm_asking_process(const struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                        pid_t *ret_pid, uint64_t *ret_start);

/* Gives back every address of the endpoint, whoever gave it: now in the store, later at a plugin. */
int cnm_addresses_release(struct cnm_controller *controller, struct cnm_store_network *store,
                          const struct cnm_endpoint *endpoint, struct cnm_error *err);

/* The endpoints (of one sandbox, which is locked) among which the default routes are elected: tells the drivers of those that became or
 * ceased to be a gateway. `except` (may be NULL) is somebody else's affair. */
int cnm_outside_elected(struct cnm_controller *controller, struct cnm_endpoint *const *endpoints,
                        size_t count, const struct cnm_endpoint *except, struct cnm_error *err);
/* In driver_state of an endpoint that was told that it is its sandbox's gateway. */
#define CNM_OUTSIDE_EXTERNAL "external"

#endif
