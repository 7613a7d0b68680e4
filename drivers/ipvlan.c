/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver ipvlan: each endpoint is a link on the parent with the parent's MAC address; the kernel sorts packets by IP address. Mode and flag
 * are the parent's, and the latest one set is everybody's (drivers/net/ipvlan/ipvlan_main.c): so all networks on a parent have the same.
 */
#include "cnm/base/cleanup.h"
#include "drivers/builtin.h"
#include "drivers/parent.h"
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#define IPVLAN_MODE "ipvlan_mode"
#define IPVLAN_FLAG "ipvlan_flag"

static const struct cnm_option_rule rules[] = {
        CNM_PARENT_RULES,
        {IPVLAN_MODE, "mode", CNM_OPTION_WORD, 0, 0, "l2 l3 l3s"},
        {IPVLAN_FLAG, "flag", CNM_OPTION_WORD, 0, 0, "bridge private vepa"},
};

static uint32_t mode_of(const char *word)
{
	if (strcmp(word, "l3") == 0)
		return IPVLAN_MODE_L3;
	return strcmp(word, "l3s") == 0 ? IPVLAN_MODE_L3S : IPVLAN_MODE_L2;
}

static uint16_t flags_of(const char *word)
{
	if (strcmp(word, "private") == 0)
		return IPVLAN_F_PRIVATE;
	return strcmp(word, "vepa") == 0 ? IPVLAN_F_VEPA : 0;
}

static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	struct cnm_parent_want want = {.kind = CNM_CHILD_IPVLAN, .shares_mac = true};
	const char *mode, *flag;
	char words[64];

	if (cnm_options_normalise(&network->options, rules, CNM_ARRAY_SIZE(rules), err) < 0)
		return -1;
	mode = cnm_kvs_get(&network->options, IPVLAN_MODE);
	mode = mode ? mode : "l2";
	flag = cnm_kvs_get(&network->options, IPVLAN_FLAG);
	flag = flag ? flag : "bridge";
	snprintf(words, sizeof(words), "ipvlan, mode %s, flag %s", mode, flag);
	want.words = words;
	want.mode = mode_of(mode);
	want.flags = flags_of(flag);
	/* There is no neighbour to resolve: the parent's own stack routes what leaves. */
	want.device_gateway = want.mode != IPVLAN_MODE_L2;
	return cnm_parent_prepare(controller, network, &want, err);
}

const struct cnm_driver cnm_driver_ipvlan = {
        .name = "ipvlan",
        .network_prepare = network_prepare,
        CNM_PARENT_SLOTS,
};
