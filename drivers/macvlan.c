/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver macvlan: each endpoint is a link on the parent with a MAC address of its own. Nothing of it passes the host's network stack. */
#include "cnm/base/cleanup.h"
#include "drivers/builtin.h"
#include "drivers/parent.h"
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#define MACVLAN_MODE  "macvlan_mode"
#define MACVLAN_QUEUE "cnm.macvlan.bcqueuelen"

static const struct cnm_option_rule rules[] = {
        CNM_PARENT_RULES,
        {MACVLAN_MODE, "mode", CNM_OPTION_WORD, 0, 0, "bridge private vepa passthru"},
        {MACVLAN_QUEUE, "bcqueuelen", CNM_OPTION_UINT, 1, UINT32_MAX, NULL},
};

static uint32_t mode_of(const char *word)
{
	static const struct {
		const char *word;
		uint32_t mode;
	} modes[] = {
	        {"bridge", MACVLAN_MODE_BRIDGE},
	        {"private", MACVLAN_MODE_PRIVATE},
	        {"vepa", MACVLAN_MODE_VEPA},
	        {"passthru", MACVLAN_MODE_PASSTHRU},
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i].word, word) == 0)
			return modes[i].mode;
	return MACVLAN_MODE_BRIDGE;
}

static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	struct cnm_parent_want want = {.kind = CNM_CHILD_MACVLAN};
	const char *word;
	char words[64];

	if (cnm_options_normalise(&network->options, rules, CNM_ARRAY_SIZE(rules), err) < 0)
		return -1;
	word = cnm_kvs_get(&network->options, MACVLAN_MODE);
	word = word ? word : "bridge";
	snprintf(words, sizeof(words), "macvlan, mode %s", word);
	want.words = words;
	want.mode = mode_of(word);
	want.bc_queue_len = (uint32_t)cnm_options_uint(&network->options, MACVLAN_QUEUE, 0);
	/* The kernel lets one such link have the parent, and gives it the parent's MAC address (macvlan_common_newlink). */
	want.single = want.shares_mac = want.mode == MACVLAN_MODE_PASSTHRU;
	return cnm_parent_prepare(controller, network, &want, err);
}

const struct cnm_driver cnm_driver_macvlan = {
        .name = "macvlan",
        .network_prepare = network_prepare,
        CNM_PARENT_SLOTS,
};
