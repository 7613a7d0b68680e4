/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each client address has under way with us. A client that floods takes of the room that is left, never all of it. */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <stddef.h>

static unsigned *counter_of(struct names_client *client, size_t counter)
{
	return (unsigned *)(void *)((char *)client + counter);
}

static struct names_client **slot_of(struct names *names, const struct cnm_addr *addr)
{
	struct names_client **at =
	        &names->clients[names_hash_bytes(names, addr->bytes, sizeof(addr->bytes)) % NAMES_BUCKETS];

	while (*at && !cnm_addr_equal(&(*at)->addr, addr))
		at = &(*at)->next;
	return at;
}

static void drop_unused(struct names *names, struct names_client *client)
{
	struct names_client **slot = slot_of(names, &client->addr);

	if (client->forwards || client->streams || *slot != client)
		return;
	*slot = client->next;
	free(client);
}

struct names_client *names_client_take(struct names *names, const struct cnm_addr *addr, size_t counter,
                                       unsigned used, unsigned max)
{
	struct names_client **slot = slot_of(names, addr), *client = *slot;

	if (used >= max)
		return NULL;
	if (!client) {
		client = calloc(1, sizeof(*client));
		if (!client)
			return NULL;
		client->addr = *addr;
		*slot = client;
	}
	/* With n clients that take what they can, (2/3)^n of the room is still free for the next. */
	if (*counter_of(client, counter) > (max - used) / 2) {
		drop_unused(names, client);
		return NULL;
	}
	(*counter_of(client, counter))++;
	return client;
}

void names_client_give(struct names *names, struct names_client *client, size_t counter)
{
	(*counter_of(client, counter))--;
	drop_unused(names, client);
}
