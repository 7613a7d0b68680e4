/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver vlan: its one endpoint is the parent's VLAN of an id itself. The kernel has one link for each parent and id, in whatever namespace
 * it is. For containers that share a VLAN there is the driver macvlan with a parent PARENT.VID.
 */
#include "cnm/base/cleanup.h"
#include "drivers/builtin.h"
#include "drivers/parent.h"
#include <stdio.h>

#define VLAN_ID   "cnm.vlan.id"
#define VLAN_LAST 4094 /* IEEE 802.1Q, table 9-2: 0 and 4095 are no VLANs */

static const struct cnm_option_rule rules[] = {
        CNM_PARENT_RULES,
        {VLAN_ID, "id", CNM_OPTION_UINT, 1, VLAN_LAST, NULL},
};

static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	struct cnm_parent_want want = {
	        .kind = CNM_CHILD_VLAN, .single = true, .shares_mac = true, .needs_parent = true};
	char words[64];

	if (cnm_options_normalise(&network->options, rules, CNM_ARRAY_SIZE(rules), err) < 0)
		return -1;
	want.mode = (uint32_t)cnm_options_uint(&network->options, VLAN_ID, 0);
	if (!want.mode)
		return cnm_fail(err, CNM_E_INVALID, "driver vlan: option " VLAN_ID " is missing");
	snprintf(words, sizeof(words), "vlan, id %u", want.mode);
	want.words = words;
	return cnm_parent_prepare(controller, network, &want, err);
}

const struct cnm_driver cnm_driver_vlan = {
        .name = "vlan",
        .network_prepare = network_prepare,
        CNM_PARENT_SLOTS,
};
