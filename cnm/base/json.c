/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict JSON through json-c. Text is scanned first, so that whatever reaches json-c has one meaning;
 * the getters look at the type before the value, since json-c's own getters convert.
 */
#include "cnm/base/json.h"

#include <inttypes.h>
#include <string.h>

#include "cnm/base/error.h"
#include "cnm/base/json_scan.h"

static void tokener_freep(json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

int cnm_json_parse(json_object **ret, const char *text, size_t len, const char *what, struct cnm_error *err)
{
	__attribute__((cleanup(tokener_freep))) json_tokener *tokener = NULL;
	enum json_tokener_error status;
	json_object *root;

	if (!text)
		text = "";
	if (len > CNM_JSON_MAX)
		return cnm_fail(err, CNM_E_INVALID, "%s: larger than %d bytes", what, CNM_JSON_MAX);
	if (cnm_json_scan(text, len, err) < 0)
		return cnm_wrap(err, "%s", what);
	/* The scan owns the depth limit; json-c counts a scalar as a level of its own. */
	tokener = json_tokener_new_ex(CNM_JSON_DEPTH + 2);
	if (!tokener)
		return cnm_fail_nomem(err);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text, (int)len);
	status = json_tokener_get_error(tokener);
	if (status == json_tokener_continue) {
		/* A bare number or word ends only at a NUL, which the text need not have. */
		root = json_tokener_parse_ex(tokener, "", 1);
		status = json_tokener_get_error(tokener);
	}
	if (status != json_tokener_success) {
		json_object_put(root);
		return cnm_fail(err, CNM_E_PARSE, "%s: %s", what, json_tokener_error_desc(status));
	}
	/* json-c makes no object of null; of anything else it makes none where memory is out, and calls that success (0.16). */
	if (!root && text[strspn(text, " \t\r\n")] != 'n')
		return cnm_fail_nomem(err);
	*ret = root;
	return 0;
}

int cnm_json_parse_object(json_object **ret, const char *text, size_t len, const char *what,
                          struct cnm_error *err)
{
	_cleanup_json_ json_object *root = NULL;

	if (cnm_json_parse(&root, text, len, what, err) < 0)
		return -1;
	if (!json_object_is_type(root, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "%s: expected an object", what);
	*ret = root;
	root = NULL;
	return 0;
}

/* NULL when absent or null. */
static json_object *get(json_object *obj, const char *key)
{
	json_object *value = NULL;

	if (!json_object_is_type(obj, json_type_object) || !json_object_object_get_ex(obj, key, &value))
		return NULL;
	return value;
}

static int fail_type(const char *key, const char *expected, struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_INVALID, "key \"%s\": expected %s", key, expected);
}

/* A C string would lose what follows a NUL. */
static bool has_nul(json_object *string)
{
	return strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string);
}

int cnm_json_get_string(json_object *obj, const char *key, const char **ret, struct cnm_error *err)
{
	json_object *value = get(obj, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return fail_type(key, "a string", err);
	if (has_nul(value))
		return fail_type(key, "a string without NUL", err);
	*ret = json_object_get_string(value);
	return 0;
}

int cnm_json_get_bool(json_object *obj, const char *key, bool *ret, struct cnm_error *err)
{
	json_object *value = get(obj, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_boolean))
		return fail_type(key, "true or false", err);
	*ret = json_object_get_boolean(value);
	return 0;
}

/* Past 2^53 a double no longer names one integer. */
static bool double_to_int(double value, int64_t *ret)
{
	const double limit = 9007199254740992.0;

	if (!(value >= -limit && value <= limit) || (double)(int64_t)value != value)
		return false;
	*ret = (int64_t)value;
	return true;
}

int cnm_json_get_int(json_object *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
                     struct cnm_error *err)
{
	json_object *value = get(obj, key);
	int64_t number = 0;
	bool fits = true;

	if (!value)
		return 0;
	if (json_object_is_type(value, json_type_int)) {
		number = json_object_get_int64(value);
		fits = number < 0 || json_object_get_uint64(value) <= INT64_MAX;
	} else if (!json_object_is_type(value, json_type_double) ||
	           !double_to_int(json_object_get_double(value), &number)) {
		return fail_type(key, "an integer", err);
	}
	if (!fits || number < min || number > max) {
		return cnm_fail(err, CNM_E_INVALID,
		                "key \"%s\": expected an integer from %" PRId64 " to %" PRId64 ", not %s",
		                key, min, max, json_object_get_string(value));
	}
	*ret = number;
	return 0;
}

static int get_typed(json_object *obj, const char *key, json_type type, const char *expected,
                     json_object **ret, struct cnm_error *err)
{
	json_object *value = get(obj, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, type))
		return fail_type(key, expected, err);
	*ret = value;
	return 0;
}

int cnm_json_get_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	return get_typed(obj, key, json_type_object, "an object", ret, err);
}

int cnm_json_get_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err)
{
	return get_typed(obj, key, json_type_array, "an array", ret, err);
}

int cnm_json_string_at(json_object *array, size_t i, const char *what, const char **ret,
                       struct cnm_error *err)
{
	json_object *value = NULL;

	if (json_object_is_type(array, json_type_array))
		value = json_object_array_get_idx(array, i);
	if (!json_object_is_type(value, json_type_string))
		return cnm_fail(err, CNM_E_INVALID, "%s[%zu]: expected a string", what, i);
	if (has_nul(value))
		return cnm_fail(err, CNM_E_INVALID, "%s[%zu]: expected a string without NUL", what, i);
	*ret = json_object_get_string(value);
	return 0;
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* strcasecmp would follow the locale. */
static bool equal_caseless(const char *a, const char *b)
{
	while (*a && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

json_object *cnm_json_get_caseless(json_object *obj, const char *key)
{
	json_object *exact = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return NULL;
	if (json_object_object_get_ex(obj, key, &exact))
		return exact;
	for (struct json_object_iterator i = json_object_iter_begin(obj), end = json_object_iter_end(obj);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		if (equal_caseless(json_object_iter_peek_name(&i), key))
			return json_object_iter_peek_value(&i);
	}
	return NULL;
}

int cnm_json_add(json_object *obj, const char *key, json_object *value, struct cnm_error *err)
{
	if (!obj || !value || json_object_object_add(obj, key, value) != 0) {
		json_object_put(value);
		return cnm_fail_nomem(err);
	}
	return 0;
}

int cnm_json_add_string(json_object *obj, const char *key, const char *value, struct cnm_error *err)
{
	if (!value)
		return 0;
	return cnm_json_add(obj, key, json_object_new_string(value), err);
}

const char *cnm_json_line(json_object *obj, struct cnm_error *err)
{
	const char *line =
	        json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!line)
		cnm_fail_nomem(err);
	return line;
}

char *cnm_json_text(json_object *obj, struct cnm_error *err)
{
	const char *line = cnm_json_line(obj, err);
	char *copy = line ? strdup(line) : NULL;

	if (line && !copy)
		cnm_fail_nomem(err);
	return copy;
}

void cnm_json_putp(json_object **obj)
{
	json_object_put(*obj);
	*obj = NULL;
}
