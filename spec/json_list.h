/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building JSON arrays: what cnm/base/json.h has for objects. */
#ifndef CNM_SPEC_JSON_LIST_H
#define CNM_SPEC_JSON_LIST_H

#include "spec/strings.h"
#include <json-c/json.h>

struct cnm_error;

/* Appends and takes ownership of value, also on failure. A NULL array or value is a json_object_new_* that
 * failed: CNM_E_NOMEM. */
int cnm_json_append(json_object *array, json_object *value, struct cnm_error *err);
/* An array of strings; nothing is added when there are none. */
int cnm_json_add_strings(json_object *obj, const char *key, const struct cnm_strings *strings,
                         struct cnm_error *err);
/* The array under `key`, made and added at the end when it is absent (or null). Borrowed. CNM_E_INVALID: it
 * is something else. */
int cnm_json_demand_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);
/* The same for an object. */
int cnm_json_demand_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);

#endif
