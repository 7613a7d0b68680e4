/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ordered list of key-value strings that owns them: options, labels, aliases. */
#ifndef CNM_BASE_LIST_H
#define CNM_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

struct cnm_kv {
	char *key;
	char *value; /* "" where only the key counts */
};

struct cnm_kvs {
	struct cnm_kv *items;
	size_t count;
};

/* Adds, or replaces the value of a key that is there. */
int cnm_kvs_set(struct cnm_kvs *kvs, const char *key, const char *value, struct cnm_error *err);
/* The value, or NULL. */
const char *cnm_kvs_get(const struct cnm_kvs *kvs, const char *key);
bool cnm_kvs_equal(const struct cnm_kvs *a, const struct cnm_kvs *b); /* order does not count */
/* Splits "key=value" at the first '='; without one the value is "". CNM_E_INVALID: empty key. */
int cnm_kvs_set_text(struct cnm_kvs *kvs, const char *text, struct cnm_error *err);
void cnm_kvs_free(struct cnm_kvs *kvs);
#define _cleanup_kvs_ __attribute__((cleanup(cnm_kvs_free)))

#endif
