/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remembered plugin as a file. */
#include "spec/plugin_record.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include <stdio.h>
#include <string.h>

#define VERSION 1

struct text_member {
	const char *key;
	char *at;
	size_t size;
};

struct bool_member {
	const char *key;
	bool *at;
};

#define TEXTS(r)                                                                                             \
	{                                                                                                    \
		{"identity", (r)->identity, sizeof((r)->identity)},                                          \
		        {"local_space", (r)->local_space, sizeof((r)->local_space)},                         \
		        {"global_space", (r)->global_space, sizeof((r)->global_space)},                      \
		        {"node", (r)->node, sizeof((r)->node)},                                              \
	}
#define BOOLS(r)                                                                                             \
	{                                                                                                    \
		{"network", &(r)->implements.network}, {"ipam", &(r)->implements.ipam},                      \
		        {"global", &(r)->network.global},                                                    \
		        {"connectivity_global", &(r)->network.connectivity_global},                          \
		        {"requires_mac", &(r)->ipam.requires_mac},                                           \
		        {"requires_replay", &(r)->ipam.requires_replay},                                     \
	}

char *cnm_plugin_record_encode(const struct cnm_plugin_record *record, struct cnm_error *err)
{
	struct cnm_plugin_record r = *record;
	const struct text_member texts[] = TEXTS(&r);
	const struct bool_member bools[] = BOOLS(&r);
	_cleanup_json_ json_object *obj = json_object_new_object();
	size_t i;

	if (cnm_json_add(obj, "version", json_object_new_int(VERSION), err) < 0)
		return NULL;
	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++)
		if (cnm_json_add_string(obj, texts[i].key, texts[i].at, err) < 0)
			return NULL;
	for (i = 0; i < CNM_ARRAY_SIZE(bools); i++)
		if (cnm_json_add(obj, bools[i].key, json_object_new_boolean(*bools[i].at), err) < 0)
			return NULL;
	return cnm_json_text(obj, err);
}

int cnm_plugin_record_decode(struct cnm_plugin_record *ret, const char *text, size_t len,
                             struct cnm_error *err)
{
	const struct text_member texts[] = TEXTS(ret);
	const struct bool_member bools[] = BOOLS(ret);
	_cleanup_json_ json_object *root = NULL;
	size_t i;

	*ret = (struct cnm_plugin_record){.identity = ""}; /* a member may be missing */
	if (cnm_json_parse_object(&root, text, len, "the plugin's record", err) < 0)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		const char *value = "";

		if (cnm_json_get_string(root, texts[i].key, &value, err) < 0)
			return -1;
		snprintf(texts[i].at, texts[i].size, "%s", value);
	}
	for (i = 0; i < CNM_ARRAY_SIZE(bools); i++)
		if (cnm_json_get_bool(root, bools[i].key, bools[i].at, err) < 0)
			return -1;
	return 0;
}
