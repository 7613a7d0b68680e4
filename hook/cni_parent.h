/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's macvlan, ipvlan and vlan: a configuration describes a network of its name on a master. Each type is a file of its own that
 * says what its keys are in options of the driver.
 */
#ifndef CNM_HOOK_CNI_PARENT_H
#define CNM_HOOK_CNI_PARENT_H

#include "cnm/sys/rtnl_child.h"
#include "hook/cni_plugin.h"
#include "spec/cni_plugin.h"

struct cnm_cni_parent_plugin {
	enum cnm_cni_parent_type type;
	enum cnm_child_kind kind; /* its name is the driver's, and the plugin's */
	int (*fill_options)(const struct cnm_cni_parent *parent, struct cnm_kvs *ret, struct cnm_error *err);
};

int cnm_cni_parent_add(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                       json_object **ret, struct cnm_cni_error *err);
int cnm_cni_parent_status(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                          struct cnm_cni_error *err);

#endif
