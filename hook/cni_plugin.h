/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin type, and one call of it. A type is a constant table; which one a call means is said by the name under which the
 * executable was started.
 */
#ifndef CNM_HOOK_CNI_PLUGIN_H
#define CNM_HOOK_CNI_PLUGIN_H

#include "cnm/cnm.h"
#include "spec/cni_config.h"
#include "spec/cni_env.h"

struct cnm_cni_call {
	const struct cnm_cni_env *env;
	const struct cnm_cni_config *config;
	struct cnm_controller *controller;
};

struct cnm_cni_plugin {
	const char *name;
	/* *ret: the result object, owned by the caller. On failure nothing of this call is left. */
	int (*add)(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err);
	/* Needs nothing but our records; what is not there is success. */
	int (*del)(const struct cnm_cni_call *call, struct cnm_cni_error *err);
	int (*check)(const struct cnm_cni_call *call, struct cnm_cni_error *err);
	/* These two may be NULL: always usable; nothing to collect. */
	int (*status)(const struct cnm_cni_call *call, struct cnm_cni_error *err);
	int (*gc)(const struct cnm_cni_call *call, struct cnm_cni_error *err);
};

extern const struct cnm_cni_plugin cnm_cni_plugin_cnm;
extern const struct cnm_cni_plugin cnm_cni_plugin_bridge;
extern const struct cnm_cni_plugin cnm_cni_plugin_host_local;
extern const struct cnm_cni_plugin cnm_cni_plugin_firewall;
extern const struct cnm_cni_plugin cnm_cni_plugin_portmap;
extern const struct cnm_cni_plugin cnm_cni_plugin_tuning;
extern const struct cnm_cni_plugin cnm_cni_plugin_bandwidth;
extern const struct cnm_cni_plugin cnm_cni_plugin_loopback;
extern const struct cnm_cni_plugin cnm_cni_plugin_macvlan;
extern const struct cnm_cni_plugin cnm_cni_plugin_ipvlan;
extern const struct cnm_cni_plugin cnm_cni_plugin_vlan;

/* The plugin that a name (argv[0], with or without folders) means; our own type for every name that is none of the reference's. */
const struct cnm_cni_plugin *cnm_cni_plugin_find(const char *argv0);

/* The i-th name that we serve; NULL: there are no more. */
const char *cnm_cni_plugin_name(size_t i);

/* Codes of our own (CNI specification, section 5: 100 and above are the plugin's). */
enum {
	CNM_CNI_E_TAKEN = 100,  /* an interface, address or name is in use */
	CNM_CNI_E_UNABLE = 101, /* this kernel, build or driver cannot do it */
	CNM_CNI_E_DIFFERS =
	        102, /* CHECK: the kernel, or the result that was given back to us, differs from our record */
};

/* The code that an error of the model has towards a runtime. */
unsigned cnm_cni_code_of(enum cnm_code code, enum cnm_cni_command command);
/* Fills err from an error of the model that a call met. Returns -1. */
int cnm_cni_fail_model(struct cnm_cni_error *err, const struct cnm_cni_call *call,
                       const struct cnm_error *from);

#endif
