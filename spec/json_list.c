/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building JSON arrays. */
#include "spec/json_list.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"

int cnm_json_append(json_object *array, json_object *value, struct cnm_error *err)
{
	if (!array || !value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return cnm_fail_nomem(err);
	}
	return 0;
}

int cnm_json_add_strings(json_object *obj, const char *key, const struct cnm_strings *strings,
                         struct cnm_error *err)
{
	json_object *array;

	if (strings->count == 0)
		return 0;
	array = json_object_new_array();
	if (cnm_json_add(obj, key, array, err) < 0)
		return -1;
	for (size_t i = 0; i < strings->count; i++) {
		if (cnm_json_append(array, json_object_new_string(strings->items[i]), err) < 0)
			return -1;
	}
	return 0;
}

int cnm_json_demand_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	json_object *array = NULL;

	if (cnm_json_get_array(obj, key, &array, err) < 0)
		return -1;
	if (!array) {
		array = json_object_new_array();
		if (cnm_json_add(obj, key, array, err) < 0)
			return -1;
	}
	*ret = array;
	return 0;
}

int cnm_json_demand_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	json_object *object = NULL;

	if (cnm_json_get_object(obj, key, &object, err) < 0)
		return -1;
	if (!object) {
		object = json_object_new_object();
		if (cnm_json_add(obj, key, object, err) < 0)
			return -1;
	}
	*ret = object;
	return 0;
}
