/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge that somebody deleted under running containers is made again: their links are still there, without a bridge. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_port.h"
#include "drivers/bridge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	const char *prefix; /* of the alias: "cnm:NETWORK/" */
	int *found;
	size_t count, cap;
};

static int note_port(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	struct search *search = arg;

	if (link->master_ifindex || strcmp(link->kind, "veth") != 0 ||
	    strncmp(link->alias, search->prefix, strlen(search->prefix)) != 0)
		return 0;
	if (search->count == search->cap) {
		size_t cap = search->cap ? search->cap * 2 : 64;
		int *found = reallocarray(search->found, cap, sizeof(*found));

		if (!found)
			return cnm_fail_nomem(err);
		search->found = found;
		search->cap = cap;
	}
	search->found[search->count++] = link->ifindex;
	return 0;
}

/* The port's settings wait for it to be one, so there are two changes; one request has one of each. */
static int enslave(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, int bridge_ifindex, int ifindex,
                   struct cnm_error *err)
{
	struct cnm_link_change master = {.ifindex = ifindex, .master_ifindex = bridge_ifindex};
	struct cnm_link_change port = {.ifindex = ifindex, .up = CNM_ON};
	struct cnm_rtnl_batch batch;

	cnm_bridge_port_settings(bridge, &port);
	cnm_rtnl_batch_init(&batch);
	cnm_link_set(&batch, &master);
	cnm_link_set(&batch, &port);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

int cnm_bridge_take_ports(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                          const struct cnm_bridge *bridge, int ifindex, struct cnm_error *err)
{
	char prefix[CNM_NAME_MAX + 8];
	struct search search = {.prefix = prefix};
	size_t i;
	int r;

	snprintf(prefix, sizeof(prefix), "cnm:%s/", network->name);
	r = cnm_link_list(rtnl, note_port, &search, err);
	for (i = 0; r == 0 && i < search.count; i++)
		r = enslave(rtnl, bridge, ifindex, search.found[i], err);
	free(search.found);
	return r;
}
