/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address management: "default" (the built-in allocator), "null" (no addresses) and "external" (another program gives them). Pools are chosen when a network is
 * made; addresses are taken in the store when an endpoint is.
 */
#ifndef CNM_IPAM_H
#define CNM_IPAM_H

#include "cnm/model.h"
#include "cnm/store.h"

/* Option of "default": which pools serve one address together, a number for each pool in its order ("0,0,1"). Without it those of a family
 * do. */
#define CNM_IPAM_SETS "cnm.ipam.sets"

struct cnm_ipam {
	const char *name;
	bool reserves; /* an address that an endpoint has is taken in our store */
	/* Fills network->pools from the specification; the lock on ROOT/networks is held. */
	int (*pools_request)(struct cnm_controller *controller, const struct cnm_network_spec *spec,
	                     struct cnm_network *network, struct cnm_error *err);
	/* Fills endpoint->addrs: the requested addresses, and one for each family that has a pool and was not
	 * requested. On failure those already taken are given back. */
	int (*addresses_take)(struct cnm_store_network *store, const struct cnm_network *network,
	                      const struct cnm_addr *requested, size_t requested_count,
	                      struct cnm_endpoint *endpoint, struct cnm_error *err);
	/* IPAM drivers that are other programs have these in place of the two above (see outside.h). What ask_pools got is owed back until the
	 * network's record stands; ask_addresses notes each answer in the endpoint's record, which is there already (cnm_outside_note). */
	int (*ask_pools)(struct cnm_controller *controller, const struct cnm_network_spec *spec,
	                 struct cnm_network *network, struct cnm_error *err);
	int (*tell_pools)(struct cnm_controller *controller, const struct cnm_network *network,
	                  struct cnm_error *err);
	int (*ask_addresses)(struct cnm_controller *controller, const struct cnm_network *network,
	                     const struct cnm_addr *requested, size_t requested_count,
	                     struct cnm_endpoint *endpoint, struct cnm_error *err);
	int (*tell_addresses)(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
	                      struct cnm_error *err);
};

/* In ipam_state of an endpoint: the IPAM plugin that gave its addresses. */
#define CNM_IPAM_PLUGIN "plugin"

/* CNM_E_NOT_FOUND names those there are. */
const struct cnm_ipam *cnm_ipam_find(const char *name, struct cnm_error *err);
extern const struct cnm_ipam cnm_ipam_local; /* "default" */
extern const struct cnm_ipam cnm_ipam_null;  /* "null" */
/* "external": the addresses that are asked for are those that the endpoint has, as they are; the other program knows whose they are. Pools
 * say what the driver does for a subnet, and come with the first address of it (cnm_network_add_pool). */
extern const struct cnm_ipam cnm_ipam_external;

/* Which pools serve one address together: those with the number of pool i. It is the set's that the option CNM_IPAM_SETS gives the pool, or
 * follows from the family. */
long cnm_ipam_group(const struct cnm_network *network, size_t i);

/* A network of "external" learns of a subnet: it gets a pool like it, or has it already. CNM_E_CONFLICT: with another gateway. */
int cnm_network_add_pool(struct cnm_controller *controller, const char *network,
                         const struct cnm_pool_spec *spec, struct cnm_error *err);

/* Gives back every address of the endpoint. */
int cnm_ipam_release(struct cnm_store_network *store, const struct cnm_endpoint *endpoint,
                     struct cnm_error *err);

#endif
