/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference's `macvlan`: its keys as options of the driver macvlan. */
#include "hook/cni_attachment.h"
#include "hook/cni_parent.h"
#include <stdio.h>

static int fill_options(const struct cnm_cni_parent *parent, struct cnm_kvs *ret, struct cnm_error *err)
{
	char length[24];

	if (cnm_kvs_set(ret, "macvlan_mode", parent->mode, err) < 0)
		return -1;
	snprintf(length, sizeof(length), "%lld", (long long)parent->bc_queue_len);
	return parent->bc_queue_len ? cnm_kvs_set(ret, "cnm.macvlan.bcqueuelen", length, err) : 0;
}

static const struct cnm_cni_parent_plugin macvlan = {CNM_CNI_MACVLAN, CNM_CHILD_MACVLAN, fill_options};

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	return cnm_cni_parent_add(&macvlan, call, ret, err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return cnm_cni_parent_status(&macvlan, call, err);
}

const struct cnm_cni_plugin cnm_cni_plugin_macvlan = {
        .name = "macvlan",
        .add = add,
        .del = cnm_cni_described_del,
        .check = cnm_cni_described_check,
        .status = status,
        .gc = cnm_cni_described_gc,
};
