/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IPAM plugin gave, as the model takes it: for plugin types whose configuration describes a network. */
#ifndef CNM_HOOK_CNI_GIVEN_H
#define CNM_HOOK_CNI_GIVEN_H

#include "cnm/cnm.h"
#include "spec/cni_result.h"

/* Addresses with prefixes, and the subnets that they are in. */
struct cnm_cni_given {
	struct cnm_strings addresses;
	struct cnm_pool_spec *pools;
	struct cnm_cni_given_text *texts; /* what pools point to */
	size_t pool_count;
};

/* `gateway`: the network has the subnet's gateway on the host, which is completed in `said` where the plugin gave none. `subnet`: an
 * address without a subnet is refused (CNM_E_UNSUPPORTED). */
int cnm_cni_given_fill(struct cnm_cni_given *ret, struct cnm_cni_result *said, bool gateway, bool subnet,
                       struct cnm_error *err);
void cnm_cni_given_free(struct cnm_cni_given *given);
#define _cleanup_cni_given_ __attribute__((cleanup(cnm_cni_given_free)))

/* The gateway of the family that it gave; NULL: none. */
const struct cnm_addr *cnm_cni_given_gateway(const struct cnm_cni_result *said, int family);
/* Its routes; one without a gateway takes that of its family. An array of the caller's, with room for `extra` more. */
int cnm_cni_given_routes(const struct cnm_cni_result *said, size_t extra, struct cnm_cni_route **ret,
                         struct cnm_error *err);

#endif
