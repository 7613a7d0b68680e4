/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key-value lists. A list that a failed call leaves behind is the one that was there before it. */
#include "cnm/base/list.h"

#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

static struct cnm_kv *find(const struct cnm_kvs *kvs, const char *key)
{
	for (size_t i = 0; i < kvs->count; i++) {
		if (strcmp(kvs->items[i].key, key) == 0)
			return &kvs->items[i];
	}
	return NULL;
}

int cnm_kvs_set(struct cnm_kvs *kvs, const char *key, const char *value, struct cnm_error *err)
{
	/* Copied before anything is freed: the caller may pass a text that this list owns. */
	_cleanup_free_ char *new_key = strdup(key);
	_cleanup_free_ char *new_value = strdup(value);
	struct cnm_kv *kv = find(kvs, key);

	if (!new_key || !new_value)
		return cnm_fail_nomem(err);
	if (!kv) {
		struct cnm_kv *items = reallocarray(kvs->items, kvs->count + 1, sizeof(*items));

		if (!items)
			return cnm_fail_nomem(err);
		kvs->items = items;
		kv = &items[kvs->count++];
		*kv = (struct cnm_kv){.key = TAKE_PTR(new_key)};
	}
	free(kv->value);
	kv->value = TAKE_PTR(new_value);
	return 0;
}

const char *cnm_kvs_get(const struct cnm_kvs *kvs, const char *key)
{
	const struct cnm_kv *kv = find(kvs, key);

	return kv ? kv->value : NULL;
}

bool cnm_kvs_equal(const struct cnm_kvs *a, const struct cnm_kvs *b)
{
	if (a->count != b->count)
		return false;
	/* Keys are unique, so that one direction and the counts are enough. */
	for (size_t i = 0; i < a->count; i++) {
		const char *other = cnm_kvs_get(b, a->items[i].key);

		if (!other || strcmp(other, a->items[i].value) != 0)
			return false;
	}
	return true;
}

int cnm_kvs_set_text(struct cnm_kvs *kvs, const char *text, struct cnm_error *err)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *key = equals ? strndup(text, (size_t)(equals - text)) : strdup(text);

	if (!key)
		return cnm_fail_nomem(err);
	if (key[0] == '\0')
		return cnm_fail(err, CNM_E_INVALID, "'%s': expected KEY=VALUE with a key", text);
	return cnm_kvs_set(kvs, key, equals ? equals + 1 : "", err);
}

void cnm_kvs_free(struct cnm_kvs *kvs)
{
	if (!kvs)
		return;
	for (size_t i = 0; i < kvs->count; i++) {
		free(kvs->items[i].key);
		free(kvs->items[i].value);
	}
	free(kvs->items);
	*kvs = (struct cnm_kvs){.items = NULL, .count = 0};
}
