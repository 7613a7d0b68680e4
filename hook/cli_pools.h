/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subnets, ranges, gateways and reserved addresses, given in any order, put together as Docker does: each belongs to the subnet
 * that contains it. */
#ifndef CNM_HOOK_CLI_POOLS_H
#define CNM_HOOK_CLI_POOLS_H

#include "cnm/base/addr.h"
#include "cnm/base/list.h"
#include "cnm/cnm.h"
#include "hook/cli_options.h"

struct cnm_cli_pools_args {
	struct cnm_cli_list subnets;
	struct cnm_cli_list ranges; /* CIDR or FIRST-LAST */
	struct cnm_cli_list gateways;
	struct cnm_cli_list aux; /* NAME=ADDRESS */
};
void cnm_cli_pools_args_free(struct cnm_cli_pools_args *args);

struct cnm_cli_pool {
	struct cnm_addr subnet;
	struct cnm_kvs aux;
};
struct cnm_cli_pools {
	struct cnm_pool_spec *specs; /* in the order of the subnets; they point into args and pools */
	struct cnm_cli_pool *pools;
	size_t count;
};

/* CNM_E_INVALID names the option that fits in no subnet, or is the second of its kind in one. */
int cnm_cli_pools_make(struct cnm_cli_pools *ret, const struct cnm_cli_pools_args *args,
                       struct cnm_error *err);
void cnm_cli_pools_free(struct cnm_cli_pools *pools);
#define _cleanup_pools_ __attribute__((cleanup(cnm_cli_pools_free)))

#endif
