/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key-value lists: order, replacement, comparison, KEY=VALUE texts, and who owns what. */
#include "cnm/base/list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/error.h"

static struct cnm_error err;

static void set(struct cnm_kvs *kvs, const char *key, const char *value)
{
	cr_assert_eq(cnm_kvs_set(kvs, key, value, &err), 0, "%s", err.text);
}

Test(list, starts_empty)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};

	cr_expect_null(cnm_kvs_get(&kvs, "a"));
	cnm_kvs_free(NULL);
}

Test(list, keeps_the_order_of_arrival)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};

	set(&kvs, "b", "1");
	set(&kvs, "a", "2");
	set(&kvs, "c", "");
	cr_assert_eq(kvs.count, 3);
	cr_expect_str_eq(kvs.items[0].key, "b");
	cr_expect_str_eq(kvs.items[1].key, "a");
	cr_expect_str_eq(kvs.items[2].key, "c");
	cr_expect_str_eq(cnm_kvs_get(&kvs, "a"), "2");
	cr_expect_str_eq(cnm_kvs_get(&kvs, "c"), "");
	cr_expect_null(cnm_kvs_get(&kvs, "A"));
	cr_expect_null(cnm_kvs_get(&kvs, ""));
}

Test(list, replaces_in_place)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};

	set(&kvs, "a", "1");
	set(&kvs, "b", "2");
	set(&kvs, "a", "a longer value than before");
	cr_assert_eq(kvs.count, 2);
	cr_expect_str_eq(kvs.items[0].key, "a");
	cr_expect_str_eq(kvs.items[0].value, "a longer value than before");
}

/* What a caller passes may be the list's own text, and does not have to live on. */
Test(list, owns_its_strings)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};
	char key[] = "key", value[] = "value";

	set(&kvs, key, value);
	key[0] = value[0] = '!';
	cr_expect_str_eq(cnm_kvs_get(&kvs, "key"), "value");
	set(&kvs, kvs.items[0].key, kvs.items[0].value + 1);
	cr_expect_str_eq(cnm_kvs_get(&kvs, "key"), "alue");
	set(&kvs, kvs.items[0].value, kvs.items[0].key);
	cr_expect_str_eq(cnm_kvs_get(&kvs, "alue"), "key");
}

Test(list, many)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};
	char key[16];

	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		set(&kvs, key, key + 1);
	}
	cr_assert_eq(kvs.count, 300);
	cr_expect_str_eq(cnm_kvs_get(&kvs, "k0"), "0");
	cr_expect_str_eq(cnm_kvs_get(&kvs, "k299"), "299");
	cnm_kvs_free(&kvs);
	cr_expect_eq(kvs.count, 0);
	cr_expect_null(kvs.items);
	set(&kvs, "again", "1");
	cr_expect_str_eq(cnm_kvs_get(&kvs, "again"), "1");
}

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
        {"", "", true},
        {"x=1", "x=1", true},
        {"x=1 y=2", "y=2 x=1", true},
        {"x=1", "", false},
        {"", "x=1", false},
        {"x=1", "x=2", false},
        {"x=1", "y=1", false},
        {"x=1 y=2", "x=1", false},
        {"x=1 y=2", "x=1 z=2", false},
        {"x=1 y=2", "x=2 y=1", false},
};

static void fill(struct cnm_kvs *kvs, const char *words)
{
	char text[64], *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		cr_assert_eq(cnm_kvs_set_text(kvs, word, &err), 0, "%s", err.text);
}

Test(list, equal)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		_cleanup_kvs_ struct cnm_kvs a = {0};
		_cleanup_kvs_ struct cnm_kvs b = {0};

		fill(&a, pairs[i].a);
		fill(&b, pairs[i].b);
		cr_expect_eq(cnm_kvs_equal(&a, &b), pairs[i].equal, "'%s' and '%s'", pairs[i].a, pairs[i].b);
	}
}

static const struct {
	const char *text, *key, *value;
} texts[] = {
        {"a=b", "a", "b"},     {"a", "a", ""},    {"a=", "a", ""},
        {"a=b=c", "a", "b=c"}, {"a==", "a", "="}, {"com.x/y.z=1 2", "com.x/y.z", "1 2"},
        {" =x", " ", "x"},
};

Test(list, set_text)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_kvs_ struct cnm_kvs kvs = {0};

		cr_expect_eq(cnm_kvs_set_text(&kvs, texts[i].text, &err), 0, "%s", err.text);
		cr_assert_eq(kvs.count, 1);
		cr_expect_str_eq(kvs.items[0].key, texts[i].key);
		cr_expect_str_eq(kvs.items[0].value, texts[i].value);
	}
}

static const char *const refused[] = {"", "=", "=value"};

Test(list, set_text_without_a_key)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {0};

	set(&kvs, "kept", "1");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		cnm_error_clear(&err);
		cr_expect_eq(cnm_kvs_set_text(&kvs, refused[i], &err), -1);
		cr_expect_eq(err.code, CNM_E_INVALID);
		cr_expect_not_null(strstr(err.text, refused[i]), "%s", err.text);
	}
	cr_expect_eq(kvs.count, 1);
	cr_expect_str_eq(cnm_kvs_get(&kvs, "kept"), "1");
}
