/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's plugin does as an IPAM driver: pools and addresses in its book. */
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "tests/support/plugin_book.h"
#include <stdio.h>

const char *cnm_test_text(json_object *obj, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(obj, key, &value);
	return value ? json_object_get_string(value) : "";
}

json_object *cnm_test_refuse(const char *why, const char **ret)
{
	*ret = why;
	return NULL;
}

json_object *cnm_test_one(const char *key, json_object *value)
{
	json_object *obj = json_object_new_object();

	json_object_object_add(obj, key, value);
	return obj;
}

json_object *cnm_test_request_pool(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *pool = cnm_test_text(request, "Pool");
	bool v6 = json_object_get_boolean(json_object_object_get(request, "V6"));
	json_object *reply;
	char id[64];

	if (strcmp(cnm_test_text(request, "AddressSpace"), b->global ? "rg" : "rl") != 0)
		return cnm_test_refuse("no such address space", no);
	if (!*pool)
		pool = v6 ? "fd77::/64" : "10.77.0.0/16";
	snprintf(id, sizeof(id), "rl/%s", pool);
	if (FIND(b->pools, id))
		return cnm_test_refuse("pool overlaps", no);
	snprintf(FIND(b->pools, "")->pool, 64, "%s", pool);
	snprintf(FIND(b->pools, "")->id, 64, "%s", id);
	reply = cnm_test_one("PoolID", json_object_new_string(id));
	json_object_object_add(reply, "Pool", json_object_new_string(pool));
	json_object_object_add(reply, "Data", json_object_new_object());
	return reply;
}

json_object *cnm_test_release_pool(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "PoolID");

	if (!FIND(b->pools, id))
		return cnm_test_refuse("no such pool", no);
	memset(FIND(b->pools, id), 0, sizeof(b->pools[0]));
	return json_object_new_object();
}

static bool is_taken(const struct cnm_test_book *b, const char *pool, const char *address)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(b->addresses); i++)
		if (strcmp(b->addresses[i].pool, pool) == 0 && strcmp(b->addresses[i].address, address) == 0)
			return true;
	return false;
}

json_object *cnm_test_request_address(struct cnm_test_book *b, json_object *request, const char **no)
{
	__typeof__(&b->pools[0]) pool = FIND(b->pools, cnm_test_text(request, "PoolID"));
	struct cnm_error err = CNM_ERROR_INIT;
	char text[CNM_ADDR_TEXT_MAX], cidr[CNM_ADDR_TEXT_MAX];
	struct cnm_addr at;
	size_t i;

	if (!pool)
		return cnm_test_refuse("no such pool", no);
	snprintf(b->options, sizeof(b->options), "%s",
	         json_object_to_json_string_ext(json_object_object_get(request, "Options"),
	                                        JSON_C_TO_STRING_PLAIN));
	cnm_addr_parse_subnet(&at, pool->pool, &err);
	snprintf(text, sizeof(text), "%s", cnm_test_text(request, "Address"));
	if (*text && is_taken(b, pool->id, text))
		return cnm_test_refuse("Address already in use", no);
	for (i = 0; !*text || is_taken(b, pool->id, text); i++) {
		at = cnm_addr_add(&at, 1);
		cnm_addr_format(&at, text);
	}
	for (i = 0; i < CNM_ARRAY_SIZE(b->addresses); i++) {
		if (b->addresses[i].address[0])
			continue;
		snprintf(b->addresses[i].pool, 64, "%s", pool->id);
		snprintf(b->addresses[i].address, 64, "%s", text);
		break;
	}
	snprintf(cidr, sizeof(cidr), "%s%s", text, strchr(pool->pool, '/'));
	return cnm_test_one("Address", json_object_new_string(cidr));
}

json_object *cnm_test_release_address(struct cnm_test_book *b, json_object *request, const char **no)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(b->addresses); i++) {
		if (strcmp(b->addresses[i].pool, cnm_test_text(request, "PoolID")) == 0 &&
		    strcmp(b->addresses[i].address, cnm_test_text(request, "Address")) == 0) {
			memset(&b->addresses[i], 0, sizeof(b->addresses[i]));
			return json_object_new_object();
		}
	}
	return cnm_test_refuse("no such address", no);
}
