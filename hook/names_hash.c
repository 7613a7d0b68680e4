/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes from a name or an address to endpoints. An entry is in its bucket and in its endpoint's list. */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <string.h>

#define FIRST_SIZE 64

/* FNV-1a from a random start: names come from tenants, who must not be able to choose a bucket. */
uint32_t names_hash_bytes(const struct names *names, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint32_t hash = names->hash_key;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 16777619U;
	return hash ^ hash >> 15;
}

static int hash_grow(struct names_hash *hash, struct cnm_error *err)
{
	size_t size = hash->size ? hash->size * 2 : FIRST_SIZE, i;
	struct names_name **buckets = calloc(size, sizeof(struct names_name *));

	if (!buckets)
		return cnm_fail_nomem(err);
	for (i = 0; i < hash->size; i++) {
		struct names_name *name = hash->buckets[i], *next;

		for (; name; name = next) {
			next = name->next;
			name->next = buckets[name->hash & (size - 1)];
			buckets[name->hash & (size - 1)] = name;
		}
	}
	free(hash->buckets);
	hash->buckets = buckets;
	hash->size = size;
	return 0;
}

int names_hash_add(struct names *names, struct names_hash *hash, const void *bytes, size_t len,
                   struct names_endpoint *endpoint, struct names_name **list, struct cnm_error *err)
{
	struct names_name *name = calloc(1, sizeof(*name) + len + 1);

	if (!name)
		return cnm_fail_nomem(err);
	if (hash->count >= hash->size && hash_grow(hash, err) < 0) {
		free(name);
		return -1;
	}
	name->hash = names_hash_bytes(names, bytes, len);
	name->endpoint = endpoint;
	name->len = (uint16_t)len;
	memcpy(name->bytes, bytes, len);
	name->next_of_one = *list;
	*list = name;
	name->next = hash->buckets[name->hash & (hash->size - 1)];
	hash->buckets[name->hash & (hash->size - 1)] = name;
	hash->count++;
	return 0;
}

void names_hash_remove_all(struct names_hash *hash, struct names_name *list)
{
	while (list) {
		struct names_name **at = &hash->buckets[list->hash & (hash->size - 1)],
		                  *next = list->next_of_one;

		while (*at != list)
			at = &(*at)->next;
		*at = list->next;
		hash->count--;
		free(list);
		list = next;
	}
}

static const struct names_name *first_match(const struct names_name *name, uint32_t hash, const char *key,
                                            size_t len)
{
	for (; name; name = name->next)
		if (name->hash == hash && name->len == len && memcmp(name->bytes, key, len) == 0)
			return name;
	return NULL;
}

const struct names_name *names_hash_next(const struct names_name *name)
{
	return first_match(name->next, name->hash, name->bytes, name->len);
}

const struct names_name *names_hash_find(const struct names_hash *hash, const char *key, size_t len)
{
	const struct names_name *name;
	uint32_t value;

	if (hash->count == 0)
		return NULL;
	value = names_hash_bytes(hash->names, key, len);
	name = hash->buckets[value & (hash->size - 1)];
	return first_match(name, value, key, len);
}
