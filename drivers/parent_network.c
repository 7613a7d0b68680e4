/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent of a network, where it is ours: made, compared, deleted. A VLAN link says by its alias which network made it; it goes with the
 * last network of this controller that stands on it.
 */
#include "cnm/base/cleanup.h"
#include "drivers/parent.h"
#include <stdio.h>
#include <string.h>

#define ALIAS_MAX (CNM_ID_LEN + sizeof("cnm:"))

static void format_alias(const char *id, char ret[ALIAS_MAX])
{
	snprintf(ret, ALIAS_MAX, "cnm:%s", id);
}

int cnm_parent_find(struct cnm_rtnl *rtnl, const struct cnm_network *network, const struct cnm_parent *parent,
                    struct cnm_link *link, bool *ours, struct cnm_error *err)
{
	char alias[ALIAS_MAX];

	*ours = false;
	if (cnm_link_get(rtnl, parent->name, 0, link, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	format_alias(network->id, alias);
	*ours = parent->far_end[0] || strcmp(link->alias, alias) == 0;
	return 1;
}

static void add_up(struct cnm_rtnl_batch *batch, const char *name, const char *alias)
{
	struct cnm_link_change up = {.name = name, .up = CNM_ON, .alias = alias, .no_ipv6_link_local = true};

	cnm_link_set(batch, &up);
}

/* Both ends are up, for a veth without a carrier drops what its children send. */
static int make_pair(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                     const struct cnm_parent *parent, struct cnm_error *err)
{
	struct cnm_veth veth = {
	        .name = parent->name, .peer_name = parent->far_end, .peer_netns_fd = -1, .mtu = parent->mtu};
	struct cnm_rtnl_batch batch;
	char alias[ALIAS_MAX];

	format_alias(network->id, alias);
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &veth);
	add_up(&batch, parent->name, alias);
	add_up(&batch, parent->far_end, alias);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

/* Link and alias go in by one system call: no kill comes between. Somebody who makes it at the same time is welcome. */
static int make_vlan(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                     const struct cnm_parent *parent, struct cnm_error *err)
{
	struct cnm_child vlan = {
	        .kind = CNM_CHILD_VLAN, .name = parent->name, .netns_fd = -1, .mode = parent->vlan_id};
	struct cnm_rtnl_batch batch;
	char alias[ALIAS_MAX];
	struct cnm_link base;

	if (cnm_link_get(rtnl, parent->base, 0, &base, err) < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_CONFLICT, "parent %s: there is no interface %s",
		                          parent->name, parent->base)
		               : -1;
	if (!(base.flags & IFF_UP))
		return cnm_fail(err, CNM_E_CONFLICT, "parent %s: interface %s is down", parent->name,
		                base.name);
	format_alias(network->id, alias);
	vlan.parent_ifindex = base.ifindex;
	cnm_rtnl_batch_init(&batch);
	cnm_child_add(&batch, &vlan);
	add_up(&batch, parent->name, alias);
	if (cnm_rtnl_batch_send(rtnl, &batch, err) == 0)
		return 0;
	if (err->code == CNM_E_EXISTS)
		return cnm_fail(err, CNM_E_EXISTS, "parent %s: VLAN %u of %s is another link already",
		                parent->name, parent->vlan_id, parent->base);
	return cnm_wrap(err, "parent %s", parent->name);
}

static void delete_ours(struct cnm_rtnl *rtnl, const struct cnm_parent *parent)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_delete(&batch, parent->name);
	cnm_rtnl_batch_send(rtnl, &batch, &ignored);
}

static int bring_up(struct cnm_rtnl *rtnl, const struct cnm_parent *parent, struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	add_up(&batch, parent->name, NULL);
	if (parent->far_end[0])
		add_up(&batch, parent->far_end, NULL);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

/* The settings, and the link as cnm_parent_find sees it. */
static int look(struct cnm_controller *controller, const struct cnm_network *network,
                struct cnm_parent *parent, struct cnm_link *link, bool *ours, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);

	if (!rtnl || cnm_parent_settings(network, parent, err) < 0)
		return -1;
	return cnm_parent_find(rtnl, network, parent, link, ours, err);
}

int cnm_parent_network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_parent parent;
	struct cnm_link link;
	bool ours;
	int found;

	found = look(controller, network, &parent, &link, &ours, err);
	if (found < 0)
		return -1;
	if (found)
		return ours ? bring_up(rtnl, &parent, err) : cnm_parent_check_link(&link, err);
	/* What only the admin can mend: others are repaired nevertheless (cnm_reconcile). */
	if (!parent.far_end[0] && !parent.base[0])
		return cnm_fail(err, CNM_E_CONFLICT, "parent %s: there is no such interface", parent.name);
	if ((parent.far_end[0] ? make_pair(rtnl, network, &parent, err)
	                       : make_vlan(rtnl, network, &parent, err)) == 0)
		return 0;
	/* Made, and then refused in part: it carries our alias then, or is named by our id. */
	found = cnm_parent_find(rtnl, network, &parent, &link, &ours, &(struct cnm_error)CNM_ERROR_INIT);
	if (found == 1 && ours)
		delete_ours(rtnl, &parent);
	return -1;
}

int cnm_parent_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                                struct cnm_error *err)
{
	struct cnm_parent parent;
	struct cnm_link link;
	bool ours;
	int found;

	found = look(controller, network, &parent, &link, &ours, err);
	return found == 1 && ours ? (link.flags & IFF_UP) != 0 : found;
}

int cnm_parent_network_check(struct cnm_controller *controller, struct cnm_network *network,
                             struct cnm_error *err)
{
	struct cnm_parent parent;
	struct cnm_link link;
	bool ours;
	int found;

	found = look(controller, network, &parent, &link, &ours, err);
	if (found < 0)
		return -1;
	if (!found)
		return cnm_fail(err, CNM_E_CONFLICT, "parent %s is missing", parent.name);
	return link.flags & IFF_UP ? 0 : cnm_fail(err, CNM_E_CONFLICT, "parent %s is down", parent.name);
}

/* 1: handed on, 0: there is nobody. */
static int hand_on(struct cnm_controller *controller, struct cnm_rtnl *rtnl,
                   const struct cnm_network *network, const struct cnm_parent *parent,
                   const struct cnm_link *link, struct cnm_error *err)
{
	char id[CNM_ID_LEN + 1], alias[ALIAS_MAX];
	struct cnm_link_change change = {.ifindex = link->ifindex, .alias = alias};
	int found = cnm_parent_find_heir(controller, network, parent, id, err);
	struct cnm_rtnl_batch batch;

	if (found <= 0)
		return found;
	format_alias(id, alias);
	cnm_rtnl_batch_init(&batch);
	cnm_link_set(&batch, &change);
	return cnm_rtnl_batch_send(rtnl, &batch, err) < 0 ? -1 : 1;
}

int cnm_parent_network_delete(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_rtnl_batch batch;
	struct cnm_parent parent;
	struct cnm_link link;
	bool ours;
	int found;

	found = look(controller, network, &parent, &link, &ours, err);
	if (found <= 0 || !ours)
		return found < 0 ? -1 : 0;
	found = hand_on(controller, rtnl, network, &parent, &link, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	cnm_rtnl_batch_init(&batch);
	cnm_link_delete_index(&batch, link.ifindex);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}
