/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed getters that match keys without regard to case. */
#include "spec/caseless.h"
#include "cnm/base/addr.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include <stdlib.h>
#include <string.h>

const char *cnm_caseless_key(json_object *obj, const char *key)
{
	json_object *value = cnm_json_get_caseless(obj, key);

	if (!value)
		return key;
	for (struct json_object_iterator i = json_object_iter_begin(obj), end = json_object_iter_end(obj);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		if (json_object_iter_peek_value(&i) == value)
			return json_object_iter_peek_name(&i);
	}
	return key;
}

int cnm_caseless_get_string(json_object *obj, const char *key, const char **ret, struct cnm_error *err)
{
	return cnm_json_get_string(obj, cnm_caseless_key(obj, key), ret, err);
}

int cnm_caseless_get_bool(json_object *obj, const char *key, bool *ret, struct cnm_error *err)
{
	return cnm_json_get_bool(obj, cnm_caseless_key(obj, key), ret, err);
}

int cnm_caseless_get_switch(json_object *obj, const char *key, int *ret, struct cnm_error *err)
{
	bool value = *ret > 0;

	if (cnm_caseless_get_bool(obj, key, &value, err) < 0)
		return -1;
	if (cnm_json_get_caseless(obj, key))
		*ret = value;
	return 0;
}

int cnm_caseless_get_int64(json_object *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
                           struct cnm_error *err)
{
	return cnm_json_get_int(obj, cnm_caseless_key(obj, key), min, max, ret, err);
}

int cnm_caseless_get_int(json_object *obj, const char *key, int min, int max, int *ret, struct cnm_error *err)
{
	int64_t value = *ret;

	if (cnm_caseless_get_int64(obj, key, min, max, &value, err) < 0)
		return -1;
	*ret = (int)value;
	return 0;
}

int cnm_caseless_get_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	return cnm_json_get_object(obj, cnm_caseless_key(obj, key), ret, err);
}

int cnm_caseless_get_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	return cnm_json_get_array(obj, cnm_caseless_key(obj, key), ret, err);
}

int cnm_caseless_get_strings(json_object *obj, const char *key, struct cnm_strings *ret,
                             struct cnm_error *err)
{
	json_object *array = NULL;

	key = cnm_caseless_key(obj, key);
	if (cnm_json_get_array(obj, key, &array, err) < 0)
		return -1;
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		const char *text;

		if (cnm_json_string_at(array, i, key, &text, err) < 0 || cnm_strings_add(ret, text, err) < 0)
			return -1;
	}
	return 0;
}

static int set_member(struct cnm_kvs *kvs, json_object *object, const char *key, json_object *value,
                      struct cnm_error *err)
{
	const char *text = NULL;

	switch (json_object_get_type(value)) {
	case json_type_null:
		return 0;
	case json_type_boolean:
	case json_type_int:
	case json_type_double:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		if (!text)
			return cnm_fail_nomem(err);
		break;
	default:
		if (cnm_json_get_string(object, key, &text, err) < 0)
			return -1;
	}
	if (*key == '\0')
		return cnm_fail(err, CNM_E_INVALID, "empty key");
	return cnm_kvs_set(kvs, key, text, err);
}

int cnm_caseless_get_kvs(json_object *obj, const char *key, struct cnm_kvs *ret, struct cnm_error *err)
{
	json_object *object = NULL;

	key = cnm_caseless_key(obj, key);
	if (cnm_json_get_object(obj, key, &object, err) < 0)
		return -1;
	if (!object)
		return 0;
	for (struct json_object_iterator i = json_object_iter_begin(object),
	                                 end = json_object_iter_end(object);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		if (set_member(ret, object, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i),
		               err) < 0)
			return cnm_wrap(err, "key \"%s\"", key);
	}
	return 0;
}

int cnm_caseless_dup_string(json_object *obj, const char *key, char **ret, struct cnm_error *err)
{
	const char *text = NULL;
	char *copy;

	if (cnm_caseless_get_string(obj, key, &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		return 0;
	copy = strdup(text);
	if (!copy)
		return cnm_fail_nomem(err);
	free(*ret);
	*ret = copy;
	return 0;
}

int cnm_caseless_get_mac(json_object *obj, const char *key, char **ret, struct cnm_error *err)
{
	char canonical[CNM_MAC_TEXT_MAX];
	const char *text = NULL;
	struct cnm_mac mac;
	char *copy;

	if (cnm_caseless_get_string(obj, key, &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		return 0;
	if (cnm_mac_parse(&mac, text, err) < 0)
		return cnm_wrap(err, "key \"%s\"", key);
	copy = strdup(cnm_mac_format(&mac, canonical));
	if (!copy)
		return cnm_fail_nomem(err);
	free(*ret);
	*ret = copy;
	return 0;
}
