/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What remote drivers answer, where they say that they are found, and what is remembered of them. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/plugin_address.h"
#include "spec/plugin_owed.h"
#include "spec/plugin_record.h"
#include "spec/plugin_reply.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static void read_joined(json_object *reply)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_plugin_joined joined;
	size_t i;

	if (cnm_plugin_joined(reply, &joined, &err) < 0) {
		FUZZ_ASSERT(err.code != CNM_OK && err.text[0]);
		return;
	}
	FUZZ_ASSERT(joined.route_count <= CNM_PLUGIN_ROUTES);
	for (i = 0; i < joined.route_count; i++)
		FUZZ_ASSERT(cnm_addr_is_set(&joined.routes[i].to));
	if (joined.src_name)
		FUZZ_ASSERT(joined.src_name[0] && !strchr(joined.src_name, '/'));
}

static void read_ipam(json_object *reply)
{
	struct cnm_plugin_ipam_capabilities capabilities;
	struct cnm_plugin_pool_reply pool;
	struct cnm_error err = CNM_ERROR_INIT;
	const char *local, *global;
	struct cnm_addr addr;

	cnm_plugin_ipam_capabilities(reply, &capabilities, &err);
	cnm_plugin_address_spaces(reply, &local, &global, &err);
	if (cnm_plugin_pool_reply(reply, &pool, &err) == 0)
		FUZZ_ASSERT(pool.id && cnm_addr_is_set(&pool.pool));
	if (cnm_plugin_address_reply(reply, &addr, &err) == 0)
		FUZZ_ASSERT(cnm_addr_is_set(&addr));
}

/* Each answer is read as that to every call. */
void fuzz_plugin_reply(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_object *reply = NULL;
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cnm_plugin_capabilities capabilities;
	struct cnm_plugin_implements implements;
	struct cnm_plugin_interface interface;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_plugin_reply_parse(&reply, text, size, &err) < 0) {
		FUZZ_ASSERT(err.code != CNM_OK && err.text[0]);
		return;
	}
	FUZZ_ASSERT(reply);
	cnm_plugin_refusal(reply);
	cnm_plugin_activation(reply, &implements, &err);
	cnm_plugin_network_capabilities(reply, &capabilities, &err);
	cnm_plugin_interface(reply, &interface, &err);
	read_joined(reply);
	read_ipam(reply);
}

/* A .spec or .json file, and our own records: what is written is read again. */
void fuzz_plugin_file(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *printed = NULL, *encoded = NULL;
	_cleanup_plugin_address_ struct cnm_plugin_address spec = {0}, json = {0};
	_cleanup_owed_ struct cnm_owed owed = {0}, again = {0};
	struct cnm_plugin_record record, second;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_plugin_spec_parse(&spec, text, size, &err) == 0)
		FUZZ_ASSERT(spec.socket || spec.url);
	if (cnm_plugin_json_parse(&json, text, size, &err) == 0)
		FUZZ_ASSERT(json.socket || json.url);
	if (cnm_owed_decode(&owed, text, size, &err) == 0) {
		printed = cnm_owed_encode(&owed, &err);
		FUZZ_ASSERT(printed && cnm_owed_decode(&again, printed, strlen(printed), &err) == 0);
		FUZZ_ASSERT(again.count == owed.count);
	}
	if (cnm_plugin_record_decode(&record, text, size, &err) == 0) {
		encoded = cnm_plugin_record_encode(&record, &err);
		FUZZ_ASSERT(encoded &&
		            cnm_plugin_record_decode(&second, encoded, strlen(encoded), &err) == 0);
		FUZZ_ASSERT(strcmp(record.identity, second.identity) == 0);
	}
}
