/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference's `ipvlan`: its keys as options of the driver ipvlan. */
#include "hook/cni_attachment.h"
#include "hook/cni_parent.h"

static int fill_options(const struct cnm_cni_parent *parent, struct cnm_kvs *ret, struct cnm_error *err)
{
	return cnm_kvs_set(ret, "ipvlan_mode", parent->mode, err);
}

static const struct cnm_cni_parent_plugin ipvlan = {CNM_CNI_IPVLAN, CNM_CHILD_IPVLAN, fill_options};

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	return cnm_cni_parent_add(&ipvlan, call, ret, err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_parent_status(&ipvlan, call, err);
}

const struct cnm_cni_plugin cnm_cni_plugin_ipvlan = {
        .name = "ipvlan",
        .add = add,
        .del = cnm_cni_described_del,
        .check = cnm_cni_described_check,
        .status = status,
        .gc = cnm_cni_described_gc,
};
