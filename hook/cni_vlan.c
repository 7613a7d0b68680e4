/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference's `vlan`: its keys as options of the driver vlan. */
#include "hook/cni_attachment.h"
#include "hook/cni_parent.h"
#include <stdio.h>

static int fill_options(const struct cnm_cni_parent *parent, struct cnm_kvs *ret, struct cnm_error *err)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", parent->vlan_id);
	return cnm_kvs_set(ret, "cnm.vlan.id", id, err);
}

static const struct cnm_cni_parent_plugin vlan = {CNM_CNI_VLAN, CNM_CHILD_VLAN, fill_options};

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	return cnm_cni_parent_add(&vlan, call, ret, err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_parent_status(&vlan, call, err);
}

const struct cnm_cni_plugin cnm_cni_plugin_vlan = {
        .name = "vlan",
        .add = add,
        .del = cnm_cni_described_del,
        .check = cnm_cni_described_check,
        .status = status,
        .gc = cnm_cni_described_gc,
};
