/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints on other hosts, as others put them: kept by the id of their network, whose record may come later, go, and come back. They have names and addresses on
 * that network and nothing else; a container here that has the same id as one there is another.
 */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct names_remote {
	struct names_remote *next;       /* in its bucket */
	struct names_endpoint *endpoint; /* in the table of its network; NULL: that is not here */
	char network_id[CNM_ID_LEN + 1];
	struct cnm_addr addrs[CNM_ENDPOINT_ADDRS];
	size_t addr_count;
	const char **names; /* into text */
	size_t name_count;
	char text[]; /* the id, then each name */
};

static struct names_remote **slot_of(struct names *names, const char *network_id, const char *id)
{
	uint32_t hash = names_hash_bytes(names, network_id, strlen(network_id)) * 31 +
	                names_hash_bytes(names, id, strlen(id));
	struct names_remote **at = &names->remotes[hash % NAMES_BUCKETS];

	while (*at && (strcmp((*at)->network_id, network_id) != 0 || strcmp((*at)->text, id) != 0))
		at = &(*at)->next;
	return at;
}

static void drop(struct names_remote **slot)
{
	struct names_remote *remote = *slot;

	*slot = remote->next;
	if (remote->endpoint)
		names_endpoint_free(remote->endpoint);
	free(remote->names);
	free(remote);
}

static struct names_remote *copy(const char *network_id, const struct cnm_remote_endpoint *record)
{
	size_t size = strlen(record->id) + 1, at, i;
	struct names_remote *remote;

	for (i = 0; i < record->name_count; i++)
		size += strlen(record->names[i]) + 1;
	remote = calloc(1, sizeof(*remote) + size);
	if (!remote)
		return NULL;
	remote->names = calloc(record->name_count + 1, sizeof(*remote->names));
	if (!remote->names) {
		free(remote);
		return NULL;
	}
	snprintf(remote->network_id, sizeof(remote->network_id), "%s", network_id);
	at = strlen(record->id) + 1;
	memcpy(remote->text, record->id, at);
	for (i = 0; i < record->name_count; i++) {
		remote->names[remote->name_count++] = remote->text + at;
		memcpy(remote->text + at, record->names[i], strlen(record->names[i]) + 1);
		at += strlen(record->names[i]) + 1;
	}
	for (i = 0; i < record->addr_count && i < CNM_ENDPOINT_ADDRS; i++)
		remote->addrs[remote->addr_count++] = record->addrs[i];
	return remote;
}

static int attach(struct names_network *network, struct names_remote *remote, struct cnm_error *err)
{
	struct cnm_remote_endpoint record = {.id = remote->text,
	                                     .names = remote->names,
	                                     .name_count = remote->name_count,
	                                     .addrs = remote->addrs,
	                                     .addr_count = remote->addr_count};

	remote->endpoint = names_endpoint_put_remote(network, &record, err);
	if (!remote->endpoint)
		return -1;
	remote->endpoint->remote = remote;
	return 0;
}

static int put(void *arg, const char *network_id, const struct cnm_remote_endpoint *record,
               struct cnm_error *err)
{
	struct names *names = arg;
	struct names_remote **slot = slot_of(names, network_id, record->id), *remote;
	struct names_network *network = names->networks;

	if (*slot)
		drop(slot);
	remote = copy(network_id, record);
	if (!remote)
		return cnm_fail_nomem(err);
	slot = slot_of(names, network_id, record->id);
	remote->next = *slot;
	*slot = remote;
	for (; network; network = network->next)
		if (strcmp(network->id, network_id) == 0)
			return attach(network, remote, err);
	return 0;
}

static void remove_all(struct names *names, const char *network_id)
{
	struct names_remote **at;
	size_t i;

	for (i = 0; i < NAMES_BUCKETS; i++)
		for (at = &names->remotes[i]; *at;)
			if (!network_id || strcmp((*at)->network_id, network_id) == 0)
				drop(at);
			else
				at = &(*at)->next;
}

static void remove_one(void *arg, const char *network_id, const char *id)
{
	struct names *names = arg;
	struct names_remote **slot;

	if (!id) {
		remove_all(names, network_id);
		return;
	}
	slot = slot_of(names, network_id, id);
	if (*slot)
		drop(slot);
}

struct cnm_remote_names names_remote_door(struct names *names)
{
	return (struct cnm_remote_names){.arg = names, .put = put, .remove = remove_one};
}

void names_remote_attach(struct names_network *network)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct names_remote *remote;
	size_t i;

	for (i = 0; i < NAMES_BUCKETS; i++)
		for (remote = network->names->remotes[i]; remote; remote = remote->next)
			if (!remote->endpoint && strcmp(remote->network_id, network->id) == 0 &&
			    attach(network, remote, &err) < 0)
				cnm_agent_log("network %s: %s", network->name, err.text);
}

void names_remote_detach(struct names_remote *remote)
{
	if (remote)
		remote->endpoint = NULL;
}

void names_remote_free_all(struct names *names)
{
	remove_all(names, NULL);
}
