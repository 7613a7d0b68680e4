/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several networks on one parent: which the kernel lets live together, and who inherits a parent that we made. */
#include "cnm/base/cleanup.h"
#include "drivers/parent.h"
#include <stdio.h>
#include <string.h>

/* Why the kernel would not have both, or would change the other; NULL: they get on. */
static const char *why_not(const struct cnm_parent_want *a, const struct cnm_parent_want *b)
{
	/* A VLAN's frames are taken off before the parent's other links see them. */
	if (a->kind == CNM_CHILD_VLAN || b->kind == CNM_CHILD_VLAN)
		return a->kind == b->kind && a->mode == b->mode
		               ? "the kernel has one link for each VLAN of a parent"
		               : NULL;
	if (a->kind != b->kind)
		return "a parent carries either macvlan or ipvlan links";
	if (a->kind == CNM_CHILD_IPVLAN)
		return a->mode == b->mode && a->flags == b->flags
		               ? NULL
		               : "all ipvlan links of a parent have one mode and one flag";
	return a->single || b->single ? "mode passthru takes the whole parent" : NULL;
}

/* Another network on that parent, from the list at *at on; NULL: no more. */
static const struct cnm_network *next_other(struct cnm_network *const *networks, size_t count, size_t *at,
                                            const struct cnm_network *network,
                                            const struct cnm_parent *parent, struct cnm_parent *ret)
{
	for (; *at < count; (*at)++) {
		const struct cnm_network *other = networks[*at];
		struct cnm_error no_parent = CNM_ERROR_INIT;

		if (strcmp(other->name, network->name) == 0 || !cnm_kvs_get(&other->driver_state, "parent") ||
		    cnm_parent_settings(other, ret, &no_parent) < 0 || strcmp(ret->name, parent->name) != 0)
			continue;
		(*at)++;
		return other;
	}
	return NULL;
}

int cnm_parent_check_others(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_parent *parent, struct cnm_error *err)
{
	struct cnm_network **networks = NULL;
	const struct cnm_network *other;
	struct cnm_parent theirs;
	size_t count = 0, at = 0;
	int r = 0;

	if (cnm_network_list(controller, &networks, &count, err) < 0)
		return -1;
	while (r == 0 && (other = next_other(networks, count, &at, network, parent, &theirs))) {
		const char *why = why_not(&parent->want, &theirs.want);

		if (why)
			r = cnm_fail(err, CNM_E_EXISTS, "parent %s carries network %s (%s): %s", parent->name,
			             other->name, theirs.want.words, why);
	}
	cnm_network_list_free(networks, count);
	return r;
}

int cnm_parent_find_heir(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_parent *parent, char ret_id[CNM_ID_LEN + 1], struct cnm_error *err)
{
	struct cnm_network **networks = NULL;
	const struct cnm_network *other;
	struct cnm_parent theirs;
	size_t count = 0, at = 0;

	if (cnm_network_list(controller, &networks, &count, err) < 0)
		return -1;
	other = next_other(networks, count, &at, network, parent, &theirs);
	if (other)
		memcpy(ret_id, other->id, CNM_ID_LEN + 1);
	cnm_network_list_free(networks, count);
	return other ? 1 : 0;
}
