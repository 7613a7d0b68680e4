/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding is one switch for the whole host. That we turned it on is known twice: by the element of set no_transit, which every controller on
 * the host sees, and by a mark in our store, which stays when somebody flushes the ruleset.
 */
#include "drivers/forwarding.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/sysctl.h"
#include "drivers/uplinks.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct family {
	int family;
	uint8_t nfproto;
	const char *sysctl;
	const char *mark;
} families[] = {
        {AF_INET, NFPROTO_IPV4, "net/ipv4/ip_forward", "forwarding-ipv4"},
        {AF_INET6, NFPROTO_IPV6, "net/ipv6/conf/all/forwarding", "forwarding-ipv6"},
};

static void transit_elem(struct cnm_nft_elem *elem, uint8_t nfproto)
{
	*elem = (struct cnm_nft_elem){.set = "no_transit"};
	cnm_nft_key_u8(&elem->key, nfproto);
}

/* An interface that listens to router advertisements (accept_ra 1) stops doing so on a router; 2 keeps
 * it listening (Documentation/networking/ip-sysctl.rst). */
static int keep_router_advertisements(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	char path[128], value[16];
	struct cnm_error ignored = CNM_ERROR_INIT;

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", link->name);
	if (cnm_sysctl_read(path, value, sizeof(value), &ignored) < 0 || strcmp(value, "1") != 0)
		return 0;
	return cnm_sysctl_write_if_present(path, "2", err);
}

static int is_on(const struct family *family, struct cnm_error *err)
{
	char value[16];

	if (cnm_sysctl_read(family->sysctl, value, sizeof(value), err) < 0)
		return -1;
	return strcmp(value, "0") != 0;
}

int cnm_forwarding_is_on(int family, struct cnm_error *err)
{
	return is_on(&families[family == AF_INET ? 0 : 1], err);
}

/* Whose the switch is: 1 ours, by either sign. *ret_element: the set says so already. */
static int is_ours(struct cnm_controller *controller, struct cnm_nft *nft, const struct family *family,
                   int *ret_element, struct cnm_error *err)
{
	struct cnm_nft_elem elem;
	int marked;

	transit_elem(&elem, family->nfproto);
	*ret_element = cnm_nft_has(nft, &elem, err);
	if (*ret_element < 0)
		return -1;
	marked = cnm_store_mark_is_set(controller->store, family->mark, controller->boot_id, err);
	return marked < 0 ? -1 : marked || *ret_element;
}

/* Bridges on which the outside sits, with the host's uplink as a port: not to be taken for those of guests on this host. What stays on such a bridge is
 * no transit, although br_netfilter shows it to the forward hook. */
static int add_outside(struct cnm_controller *controller, struct cnm_nft *nft, struct cnm_nft_batch *batch,
                       size_t *count, struct cnm_error *err)
{
	struct cnm_uplinks uplinks;
	size_t i;

	if (cnm_uplinks_find(controller, "bridge", &uplinks, err) < 0)
		return -1;
	for (i = 0; i < uplinks.count; i++) {
		struct cnm_nft_elem elem = {.set = "outside"};

		cnm_nft_key_ifname(&elem.key, uplinks.names[i]);
		cnm_nft_key_ifname(&elem.key, uplinks.names[i]);
		if (cnm_nft_add_missing(nft, &elem, batch, count, err) < 0)
			return -1;
	}
	return 0;
}

/* The signs first: a host that is killed here is no router. */
static int close_transit(struct cnm_controller *controller, struct cnm_nft *nft, const struct family *family,
                         struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft_elem elem;
	size_t count = 0;

	transit_elem(&elem, family->nfproto);
	if (cnm_store_mark_set(controller->store, family->mark, controller->boot_id, err) < 0 ||
	    cnm_nft_batch_new(&batch, err) < 0 || cnm_nft_add(batch, &elem, false, err) < 0 ||
	    add_outside(controller, nft, batch, &count, err) < 0)
		return -1;
	return cnm_nft_commit(nft, batch, err);
}

int cnm_forwarding_ensure(struct cnm_controller *controller, int family, struct cnm_error *err)
{
	const struct family *subject = &families[family == AF_INET ? 0 : 1];
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	int on, ours, element;

	if (!nft || !rtnl)
		return -1;
	on = is_on(subject, err);
	ours = on < 0 ? -1 : is_ours(controller, nft, subject, &element, err);
	if (ours < 0)
		return -1;
	if ((!on || ours) && close_transit(controller, nft, subject, err) < 0)
		return -1;
	if (on)
		return 0;
	if (family == AF_INET6 && cnm_link_list(rtnl, keep_router_advertisements, NULL, err) < 0)
		return -1;
	return cnm_sysctl_write(subject->sysctl, "1", err);
}

int cnm_forwarding_restore(struct cnm_controller *controller, struct cnm_nft_batch *batch, size_t *count,
                           struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	bool closed = false;
	size_t i;

	if (!nft)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		struct cnm_nft_elem elem;
		int element, ours = is_ours(controller, nft, &families[i], &element, err);

		if (ours < 0)
			return -1;
		closed = closed || ours;
		if (!ours || element)
			continue;
		transit_elem(&elem, families[i].nfproto);
		if (cnm_nft_add(batch, &elem, false, err) < 0)
			return -1;
		(*count)++;
	}
	return closed ? add_outside(controller, nft, batch, count, err) : 0;
}

#define BRIDGES_MAX 1024

/* Bridges that are no uplinks, and whether one has an address of a family that we turned on. */
struct guests {
	struct cnm_uplinks outside;
	int bridges[BRIDGES_MAX];
	size_t count;
	bool ours[CNM_ARRAY_SIZE(families)];
	bool found;
};

static int note_bridge(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	struct guests *guests = arg;
	size_t i;

	if (strcmp(link->kind, "bridge") != 0 || guests->count == BRIDGES_MAX)
		return 0;
	for (i = 0; i < guests->outside.count; i++)
		if (strcmp(guests->outside.names[i], link->name) == 0)
			return 0;
	guests->bridges[guests->count++] = link->ifindex;
	return 0;
}

static int note_address(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct guests *guests = arg;
	size_t i;

	if (cnm_addr_is_link_local(&ifaddr->addr) || !guests->ours[ifaddr->addr.family == AF_INET ? 0 : 1])
		return 0;
	for (i = 0; i < guests->count; i++)
		guests->found = guests->found || guests->bridges[i] == ifaddr->ifindex;
	return 0;
}

int cnm_forwarding_is_shared(struct cnm_controller *controller, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	_cleanup_free_ struct guests *guests = calloc(1, sizeof(*guests));
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t i;

	if (!guests)
		return cnm_fail_nomem(err);
	if (!nft || !rtnl)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		int element, ours = is_ours(controller, nft, &families[i], &element, err);

		if (ours < 0)
			return -1;
		guests->ours[i] = ours;
	}
	if (!guests->ours[0] && !guests->ours[1])
		return 0;
	if (cnm_uplinks_find(controller, "bridge", &guests->outside, err) < 0 ||
	    cnm_link_list(rtnl, note_bridge, guests, err) < 0 ||
	    (guests->count > 0 && cnm_ifaddr_list(rtnl, 0, note_address, guests, err) < 0))
		return -1;
	return guests->found;
}

int cnm_forwarding_release(struct cnm_controller *controller, struct cnm_forwarding *ret,
                           struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t i;

	*ret = (struct cnm_forwarding){0};
	if (!nft)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		int element, ours = is_ours(controller, nft, &families[i], &element, err);

		if (ours < 0)
			return -1;
		if (ours && cnm_sysctl_write_if_present(families[i].sysctl, "0", err) < 0)
			return -1;
		ret->was_on[i] = ours;
	}
	return 0;
}

int cnm_forwarding_resume(const struct cnm_forwarding *released, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(families); i++)
		if (released->was_on[i] && cnm_sysctl_write_if_present(families[i].sysctl, "1", err) < 0)
			return -1;
	return 0;
}

int cnm_forwarding_forget(struct cnm_controller *controller, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(families); i++)
		if (cnm_store_mark_clear(controller->store, families[i].mark, err) < 0)
			return -1;
	return 0;
}
