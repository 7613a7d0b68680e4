/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of what plugins are still to be told. */
#include "spec/plugin_owed.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/json_list.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1

void cnm_owed_drop(struct cnm_owed *owed, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(owed->calls[i].name);
		free(owed->calls[i].body);
	}
	memmove(owed->calls, owed->calls + n, (owed->count - n) * sizeof(*owed->calls));
	owed->count -= n;
}

void cnm_owed_free(struct cnm_owed *owed)
{
	cnm_owed_drop(owed, owed->count);
	free(owed->network);
	free(owed->network_id);
	free(owed->endpoint);
	free(owed->endpoint_id);
	*owed = (struct cnm_owed){0};
}

int cnm_owed_add(struct cnm_owed *owed, const char *name, char *body, struct cnm_error *err)
{
	struct cnm_owed_call *call = &owed->calls[owed->count];

	if (!body)
		return -1;
	if (owed->count == CNM_OWED_CALLS) {
		free(body);
		return cnm_fail(err, CNM_E_EXHAUSTED, "more than %d calls at once for a plugin",
		                CNM_OWED_CALLS);
	}
	call->name = strdup(name);
	call->body = body;
	owed->count++;
	return call->name ? 0 : cnm_fail_nomem(err);
}

static json_object *call_object(const struct cnm_owed_call *call, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add_string(obj, "call", call->name, err) < 0 ||
	    cnm_json_add_string(obj, "body", call->body, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int add_owner(json_object *obj, const struct cnm_owed *owed, struct cnm_error *err)
{
	if (cnm_json_add(obj, "version", json_object_new_int(VERSION), err) < 0 ||
	    cnm_json_add(obj, "since", json_object_new_uint64(owed->since), err) < 0 ||
	    cnm_json_add_string(obj, "boot_id", owed->boot_id, err) < 0 ||
	    cnm_json_add(obj, "pid", json_object_new_int(owed->pid), err) < 0 ||
	    cnm_json_add(obj, "start_time", json_object_new_uint64(owed->start_time), err) < 0 ||
	    cnm_json_add_string(obj, "network", owed->network, err) < 0 ||
	    cnm_json_add_string(obj, "network_id", owed->network_id, err) < 0 ||
	    cnm_json_add_string(obj, "endpoint", owed->endpoint, err) < 0)
		return -1;
	return cnm_json_add_string(obj, "endpoint_id", owed->endpoint_id, err);
}

char *cnm_owed_encode(const struct cnm_owed *owed, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	json_object *calls = json_object_new_array();
	size_t i;

	if (cnm_json_add(obj, "calls", calls, err) < 0 || add_owner(obj, owed, err) < 0)
		return NULL;
	for (i = 0; i < owed->count; i++)
		if (cnm_json_append(calls, call_object(&owed->calls[i], err), err) < 0)
			return NULL;
	return cnm_json_text(obj, err);
}

static int dup_member(json_object *obj, const char *key, char **ret, struct cnm_error *err)
{
	const char *text = "";

	if (cnm_json_get_string(obj, key, &text, err) < 0)
		return -1;
	*ret = strdup(text);
	return *ret ? 0 : cnm_fail_nomem(err);
}

static int decode_owner(struct cnm_owed *owed, json_object *obj, struct cnm_error *err)
{
	int64_t since = 0, pid = 0, start = 0;
	const char *boot_id = "";

	if (cnm_json_get_string(obj, "boot_id", &boot_id, err) < 0 ||
	    cnm_json_get_int(obj, "since", 0, INT64_MAX, &since, err) < 0 ||
	    cnm_json_get_int(obj, "pid", 0, INT_MAX, &pid, err) < 0 ||
	    cnm_json_get_int(obj, "start_time", 0, INT64_MAX, &start, err) < 0 ||
	    dup_member(obj, "network", &owed->network, err) < 0 ||
	    dup_member(obj, "network_id", &owed->network_id, err) < 0 ||
	    dup_member(obj, "endpoint", &owed->endpoint, err) < 0 ||
	    dup_member(obj, "endpoint_id", &owed->endpoint_id, err) < 0)
		return -1;
	snprintf(owed->boot_id, sizeof(owed->boot_id), "%s", boot_id);
	owed->since = (uint64_t)since;
	owed->pid = (pid_t)pid;
	owed->start_time = (uint64_t)start;
	return 0;
}

static int decode_call(struct cnm_owed *owed, json_object *obj, struct cnm_error *err)
{
	const char *name = NULL, *body = NULL;
	char *copy;

	if (cnm_json_get_string(obj, "call", &name, err) < 0 ||
	    cnm_json_get_string(obj, "body", &body, err) < 0)
		return -1;
	if (!name || !body)
		return cnm_fail(err, CNM_E_STORE, "a call without name or body");
	copy = strdup(body);
	if (!copy)
		return cnm_fail_nomem(err);
	return cnm_owed_add(owed, name, copy, err);
}

int cnm_owed_decode(struct cnm_owed *ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_json_ json_object *root = NULL;
	json_object *calls = NULL;
	size_t i;

	if (cnm_json_parse_object(&root, text, len, "the entry", err) < 0 ||
	    decode_owner(ret, root, err) < 0 || cnm_json_get_array(root, "calls", &calls, err) < 0)
		return -1;
	for (i = 0; calls && i < json_object_array_length(calls); i++)
		if (decode_call(ret, json_object_array_get_idx(calls, i), err) < 0)
			return -1;
	return 0;
}
