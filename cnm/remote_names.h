/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of endpoints on other hosts, handed by who hears of them (a store that hosts share) to who answers names. A network is meant by its id, and need not
 * be known yet, nor have a name server: what is put is kept until it is removed.
 */
#ifndef CNM_REMOTE_NAMES_H
#define CNM_REMOTE_NAMES_H

#include "cnm/base/addr.h"
#include "cnm/base/error.h"
#include <stddef.h>

struct cnm_remote_endpoint {
	const char *id; /* unique in its network, over all hosts */
	const char *const
	        *names; /* in order of cnm_endpoint_names; the first is what its addresses lead back to */
	size_t name_count;
	const struct cnm_addr *addrs;
	size_t addr_count; /* CNM_ENDPOINT_ADDRS at most; more are left out */
};

/* Call them by cnm_remote_name_*, from the agent's thread. */
struct cnm_remote_names {
	void *arg;
	int (*put)(void *arg, const char *network_id, const struct cnm_remote_endpoint *endpoint,
	           struct cnm_error *err);
	void (*remove)(void *arg, const char *network_id, const char *id);
};

/* Adds the endpoint, or replaces the one with that id. All is copied. */
static inline int cnm_remote_name_put(const struct cnm_remote_names *names, const char *network_id,
                                      const struct cnm_remote_endpoint *endpoint, struct cnm_error *err)
{
	return names->put ? names->put(names->arg, network_id, endpoint, err) : 0;
}

/* One that is not there is removed. `id` NULL: all of the network, before a complete list is put. */
static inline void cnm_remote_name_remove(const struct cnm_remote_names *names, const char *network_id,
                                          const char *id)
{
	if (names->remove)
		names->remove(names->arg, network_id, id);
}

#endif
