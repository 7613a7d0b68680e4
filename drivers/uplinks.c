/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drivers/uplinks.h"
#include "cnm/driver.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include <stdbool.h>
#include <string.h>

struct search {
	struct cnm_uplinks *found;
	const char *kind;
	int known[2 * CNM_UPLINKS_MAX]; /* that some router is reached by, or whose port leads out */
	size_t known_count;
};

static void note(struct search *search, int ifindex)
{
	if (ifindex > 0 && search->known_count < sizeof(search->known) / sizeof(search->known[0]))
		search->known[search->known_count++] = ifindex;
}

static int note_router(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	if (cnm_addr_is_set(&route->gateway) || route->dst.prefix == 0)
		note(arg, route->ifindex);
	return 0;
}

/* Kinds that lead out of the host by themselves; to containers and virtual machines lead bridges, veth pairs and taps. */
static bool leads_out(const struct cnm_link *link)
{
	static const char *const kinds[] = {"", "vlan", "bond", "team", "wireguard", "ppp"};
	size_t i;

	if (link->flags & IFF_LOOPBACK)
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(link->kind, kinds[i]) == 0)
			return true;
	return strcmp(link->kind, "tun") == 0 && (link->flags & IFF_POINTOPOINT);
}

static int note_master(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	if (leads_out(link))
		note(arg, link->master_ifindex);
	return 0;
}

static int collect(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	struct search *search = arg;
	struct cnm_uplinks *found = search->found;
	bool is_uplink = !link->master_ifindex && leads_out(link);
	size_t i;

	if (search->kind && strcmp(link->kind, search->kind) != 0)
		return 0;
	for (i = 0; i < search->known_count && !is_uplink; i++)
		is_uplink = search->known[i] == link->ifindex && !(link->flags & IFF_LOOPBACK);
	if (is_uplink && found->count < CNM_UPLINKS_MAX)
		memcpy(found->names[found->count++], link->name, IF_NAMESIZE);
	return 0;
}

int cnm_uplinks_find(struct cnm_controller *controller, const char *kind, struct cnm_uplinks *ret,
                     struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct search search = {.found = ret, .kind = kind};

	ret->count = 0;
	if (!rtnl || cnm_route_list(rtnl, note_router, &search, err) < 0 ||
	    cnm_link_list(rtnl, note_master, &search, err) < 0)
		return -1;
	return cnm_link_list(rtnl, collect, &search, err);
}
