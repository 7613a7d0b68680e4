/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address management of a configuration: `host-local`, which we do ourselves, or another plugin's, which is executed as the specification
 * says (section 4, "Plugin Delegation"). Nothing else in this program executes another one.
 */
#ifndef CNM_HOOK_CNI_IPAM_H
#define CNM_HOOK_CNI_IPAM_H

#include "hook/cni_plugin.h"
#include "spec/cni_ipam.h"
#include "spec/cni_result.h"

/* Whether the configuration names an IPAM plugin that must be executed. */
bool cnm_cni_ipam_is_external(const struct cnm_cni_config *config);
/* Its addresses, routes and DNS settings; at least one address. A failed ADD of the plugin is followed by its DEL. */
int cnm_cni_ipam_add(const struct cnm_cni_call *call, struct cnm_cni_result *ret, struct cnm_cni_error *err);
int cnm_cni_ipam_del(const struct cnm_cni_call *call, struct cnm_cni_error *err);
int cnm_cni_ipam_check(const struct cnm_cni_call *call, struct cnm_cni_error *err);
int cnm_cni_ipam_status(const struct cnm_cni_call *call, struct cnm_cni_error *err);
int cnm_cni_ipam_gc(const struct cnm_cni_call *call, struct cnm_cni_error *err);

/* host-local's ranges as pools of the model, with the texts that they point to. */
struct cnm_cni_pools {
	struct cnm_pool_spec *specs;
	struct cnm_cni_pool_text *texts;
	size_t count;
	struct cnm_option option; /* which pools serve one address together */
	char *sets;
};

/* runtimeConfig.ipRanges come first. */
int cnm_cni_pools_fill(struct cnm_cni_pools *ret, const struct cnm_cni_config *config,
                       const struct cnm_cni_ipam *ipam, struct cnm_error *err);
void cnm_cni_pools_free(struct cnm_cni_pools *pools);
/* Into a specification, which then points into pools. */
void cnm_cni_pools_describe(const struct cnm_cni_pools *pools, struct cnm_network_spec *spec);

/* What host-local's configuration says besides addresses: its routes, and the DNS settings of the file resolvConf. */
int cnm_cni_hostlocal_extras(const struct cnm_cni_ipam *ipam, struct cnm_cni_result *ret,
                             struct cnm_error *err);

#endif
