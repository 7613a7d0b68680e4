/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who of a container has a port is read off the claim, which names network, container and interface. */
#include "drivers/ports_share.h"
#include <stdio.h>
#include <string.h>

/* "ID NETWORK/CONTAINER@IFNAME", cut where it is too long for a comment: then the part of the container that is left decides. */
static bool is_of_container(const char *owner, const char *container)
{
	char wanted[CNM_CONTAINER_MAX + 2];
	const char *name = strchr(owner, '/');
	size_t len;

	if (!name || !container[0])
		return false;
	snprintf(wanted, sizeof(wanted), "%s@", container);
	len = strlen(wanted);
	if (strlen(owner) == CNM_PORT_OWNER_MAX - 1 && strlen(name + 1) < len)
		len = strlen(name + 1);
	return len > 0 && strncmp(name + 1, wanted, len) == 0;
}

static bool same_key(const struct cnm_nft_key *a, const struct cnm_nft_key *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

struct comparison {
	struct cnm_nft *nft;
	size_t address_size;
};

/* 1: it leads elsewhere. The data are address and port, of which the address is another endpoint's. */
static int differs(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err)
{
	const struct comparison *comparison = arg;
	size_t size = comparison->address_size;
	struct cnm_nft_found found;
	int has = cnm_nft_get(comparison->nft, elem, &found, err);

	if (has <= 0)
		return has < 0 ? -1 : 1;
	if (elem->data.len <= size) /* a range, which keeps its numbers */
		return 0;
	return found.data.len < size + 2 || memcmp(found.data.bytes + size, elem->data.bytes + size, 2) != 0;
}

int cnm_port_is_shared(struct cnm_nft *nft, const struct cnm_port_target *target,
                       const struct cnm_nft_found *claim, struct cnm_error *err)
{
	struct comparison comparison = {nft, cnm_addr_size(target->addr)};
	struct cnm_nft_elem wanted;
	int r;

	cnm_port_claim(target, NULL, &wanted);
	if (!is_of_container(claim->comment, target->endpoint->container) ||
	    !same_key(&claim->key, &wanted.key) || !same_key(&claim->end, &wanted.end))
		return 0;
	r = cnm_port_each_element(target, differs, &comparison, err);
	return r < 0 ? -1 : !r;
}
