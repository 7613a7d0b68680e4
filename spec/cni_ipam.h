/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `ipam` object of a configuration for the types that we stand in for: host-local and static. */
#ifndef CNM_SPEC_CNI_IPAM_H
#define CNM_SPEC_CNI_IPAM_H

#include "spec/cni_config.h"
#include "spec/cni_range.h"
#include "spec/cni_result.h"

struct cnm_cni_static_addr {
	struct cnm_addr address; /* with its prefix */
	struct cnm_addr gateway; /* unset: none */
};

struct cnm_cni_ipam {
	const char *type; /* "" when there is none */
	struct cnm_cni_ranges
	        ranges; /* host-local: the flat form (subnet, ...) comes first, as a set of its own */
	struct cnm_cni_route *routes;
	size_t route_count;
	const char *data_dir;                  /* NULL: not given */
	const char *resolv_conf;               /* NULL: not given */
	struct cnm_cni_static_addr *addresses; /* static */
	size_t address_count;
	struct cnm_cni_dns dns; /* static */
};

/* config->ipam NULL gives an empty struct. Strings are borrowed from config. Of another type only `type` and
 * `routes` are read. Code 7. */
int cnm_cni_ipam_parse(struct cnm_cni_ipam *ret, const struct cnm_cni_config *config,
                       struct cnm_cni_error *err);
void cnm_cni_ipam_free(struct cnm_cni_ipam *ipam);
#define _cleanup_cni_ipam_ __attribute__((cleanup(cnm_cni_ipam_free)))

#endif
