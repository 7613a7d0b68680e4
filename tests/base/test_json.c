/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict JSON: what is accepted, the limits, and the typed getters. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"

static json_object *parse(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;

	cr_assert_eq(cnm_json_parse(&root, text, strlen(text), "the input", &err), 0, "%s", err.text);
	return root;
}

Test(json, accepts)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	        {"{}", "{}"},
	        {" [ ] ", "[]"},
	        {"null", "null"},
	        {"true", "true"},
	        {" false\n", "false"},
	        {"0", "0"},
	        {"-12", "-12"},
	        {"18446744073709551615", "18446744073709551615"},
	        {"-9223372036854775808", "-9223372036854775808"},
	        {"1.50e+3", "1.50e+3"},
	        {"\"\"", "\"\""},
	        {"\"caf\xc3\xa9 \\u00e9 \\ud83d\\udc33\"", "\"caf\xc3\xa9 \xc3\xa9 \xf0\x9f\x90\xb3\""},
	        {"\r\n\t{ \"a\" : [ 1 , { \"a\" : null } ] , \"A\" : 2 }\r\n",
	         "{\"a\":[1,{\"a\":null}],\"A\":2}"},
	        {"[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
	        {"{\"\":1,\"a\":2,\"ab\":3}", "{\"\":1,\"a\":2,\"ab\":3}"},
	        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *root = parse(rows[i].in);

		cr_assert_str_eq(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
		                                                              JSON_C_TO_STRING_NOSLASHESCAPE),
		                 rows[i].out, "row %zu", i);
	}
}

Test(json, text_needs_no_terminator_and_ends_at_len)
{
	static const char text[] = {'1', '2', '3', '4'};
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;

	cr_assert_eq(cnm_json_parse(&root, text, 3, "x", &err), 0, "%s", err.text);
	cr_assert_eq(json_object_get_int(root), 123);
	cnm_json_putp(&root);
	cr_assert_eq(cnm_json_parse(&root, "{}", 3, "x", &err), -1);
	cr_assert_str_eq(err.text, "x: line 1, column 3: unexpected text behind the value");
	cr_assert_eq(cnm_json_parse(&root, NULL, 0, "x", &err), -1);
}

Test(json, size_limit)
{
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_free_ char *text = malloc(CNM_JSON_MAX + 1);
	json_object *root = NULL;

	cr_assert_not_null(text);
	memset(text, ' ', CNM_JSON_MAX + 1);
	text[0] = '1';
	cr_assert_eq(cnm_json_parse(&root, text, CNM_JSON_MAX, "x", &err), 0, "%s", err.text);
	cnm_json_putp(&root);
	cr_assert_eq(cnm_json_parse(&root, text, CNM_JSON_MAX + 1, "x", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(err.text, "x: larger than 1048576 bytes");
}

/* A megabyte of keys must not cost quadratic time. */
Test(json, root_must_be_an_object)
{
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;

	cr_assert_eq(cnm_json_parse_object(&root, "[]", 2, "the state", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(err.text, "the state: expected an object");
	cr_assert_eq(cnm_json_parse_object(&root, "null", 4, "the state", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_null(root);
	cr_assert_eq(cnm_json_parse_object(&root, "{}", 2, "the state", &err), 0);
	cnm_json_putp(&root);
	cr_assert_null(root);
}

/* Whatever the scan lets through, json-c must accept as well: an error without a place would be
 * json-c's own. Mutations of one text that has every construct in it. */
Test(json, getters_read)
{
	_cleanup_json_ json_object *root = parse(
	        "{\"s\":\"text\",\"b\":true,\"i\":-5,\"d\":1500.0,\"o\":{\"x\":1},\"a\":[\"y\"],\"n\":null}");
	struct cnm_error err = CNM_ERROR_INIT;
	const char *s = NULL;
	bool b = false;
	int64_t i = 0, d = 0;
	json_object *o = NULL, *a = NULL;

	cr_assert_eq(cnm_json_get_string(root, "s", &s, &err), 0);
	cr_assert_str_eq(s, "text");
	cr_assert_eq(cnm_json_get_bool(root, "b", &b, &err), 0);
	cr_assert(b);
	cr_assert_eq(cnm_json_get_int(root, "i", -5, -5, &i, &err), 0);
	cr_assert_eq(i, -5);
	cr_assert_eq(cnm_json_get_int(root, "d", 0, 65535, &d, &err), 0);
	cr_assert_eq(d, 1500);
	cr_assert_eq(cnm_json_get_object(root, "o", &o, &err), 0);
	cr_assert_eq(json_object_object_length(o), 1);
	cr_assert_eq(cnm_json_get_array(root, "a", &a, &err), 0);
	cr_assert_eq(cnm_json_string_at(a, 0, "list", &s, &err), 0);
	cr_assert_str_eq(s, "y");
}

Test(json, absent_and_null_leave_the_output)
{
	static const char *const keys[] = {"n", "absent"};
	_cleanup_json_ json_object *root = parse("{\"n\":null}");
	json_object *objects[] = {root, NULL};

	for (size_t k = 0; k < 4; k++) {
		json_object *obj = objects[k / 2], *o = root;
		const char *key = keys[k % 2], *s = "kept";
		struct cnm_error err = CNM_ERROR_INIT;
		bool b = true;
		int64_t i = 42;

		cr_assert_eq(cnm_json_get_string(obj, key, &s, &err), 0);
		cr_assert_eq(cnm_json_get_bool(obj, key, &b, &err), 0);
		cr_assert_eq(cnm_json_get_int(obj, key, 0, 1, &i, &err), 0);
		cr_assert_eq(cnm_json_get_object(obj, key, &o, &err), 0);
		cr_assert_eq(cnm_json_get_array(obj, key, &o, &err), 0);
		cr_assert_null(cnm_json_get_caseless(obj, key));
		cr_assert_str_eq(s, "kept");
		cr_assert(b);
		cr_assert_eq(i, 42);
		cr_assert_eq(o, root);
	}
}

Test(json, integers_are_not_coerced)
{
	static const struct {
		const char *value;
		bool good;
		int64_t number;
		const char *text;
	} rows[] = {
	        {"68", true, 68, NULL},
	        {"65535", true, 65535, NULL},
	        {"1500.0", true, 1500, NULL},
	        {"1.5e3", true, 1500, NULL},
	        {"67", false, 0, "key \"mtu\": expected an integer from 68 to 65535, not 67"},
	        {"65536", false, 0, "key \"mtu\": expected an integer from 68 to 65535, not 65536"},
	        {"4294967296", false, 0, "key \"mtu\": expected an integer from 68 to 65535, not 4294967296"},
	        {"-1", false, 0, "key \"mtu\": expected an integer from 68 to 65535, not -1"},
	        {"18446744073709551615", false, 0,
	         "key \"mtu\": expected an integer from 68 to 65535, not 18446744073709551615"},
	        {"1500.9", false, 0, "key \"mtu\": expected an integer"},
	        {"1e400", false, 0, "key \"mtu\": expected an integer"},
	        {"-1e400", false, 0, "key \"mtu\": expected an integer"},
	        {"1e19", false, 0, "key \"mtu\": expected an integer"},
	        {"\"1500\"", false, 0, "key \"mtu\": expected an integer"},
	        {"true", false, 0, "key \"mtu\": expected an integer"},
	        {"[]", false, 0, "key \"mtu\": expected an integer"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		json_object *root;
		int64_t number = -99;
		char text[128];

		snprintf(text, sizeof(text), "{\"mtu\":%s}", rows[i].value);
		root = parse(text);
		cr_assert_eq(cnm_json_get_int(root, "mtu", 68, 65535, &number, &err), rows[i].good ? 0 : -1,
		             "%s", text);
		cr_assert_eq(number, rows[i].good ? rows[i].number : -99, "%s", text);
		if (!rows[i].good) {
			cr_assert_eq(err.code, CNM_E_INVALID);
			cr_assert_str_eq(err.text, rows[i].text);
		}
		cnm_json_putp(&root);
	}
}

Test(json, integers_past_63_bits_are_out_of_range)
{
	_cleanup_json_ json_object *root = parse("{\"a\":9223372036854775807,\"b\":9223372036854775808}");
	struct cnm_error err = CNM_ERROR_INIT;
	int64_t n = 0;

	cr_assert_eq(cnm_json_get_int(root, "a", INT64_MIN, INT64_MAX, &n, &err), 0);
	cr_assert_eq(n, INT64_MAX);
	cr_assert_eq(cnm_json_get_int(root, "b", INT64_MIN, INT64_MAX, &n, &err), -1);
}

Test(json, wrong_types)
{
	_cleanup_json_ json_object *root =
	        parse("{\"n\":1,\"s\":\"true\",\"z\":\"a\\u0000b\",\"a\":[\"x\",2,\"a\\u0000\"]}");
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *o = NULL, *a = NULL;
	const char *s = NULL;
	bool b = false;

	cr_assert_eq(cnm_json_get_string(root, "n", &s, &err), -1);
	cr_assert_str_eq(err.text, "key \"n\": expected a string");
	cr_assert_eq(cnm_json_get_string(root, "z", &s, &err), -1);
	cr_assert_str_eq(err.text, "key \"z\": expected a string without NUL");
	cr_assert_eq(cnm_json_get_bool(root, "s", &b, &err), -1);
	cr_assert_str_eq(err.text, "key \"s\": expected true or false");
	cr_assert_eq(cnm_json_get_object(root, "a", &o, &err), -1);
	cr_assert_str_eq(err.text, "key \"a\": expected an object");
	cr_assert_eq(cnm_json_get_array(root, "n", &o, &err), -1);
	cr_assert_str_eq(err.text, "key \"n\": expected an array");
	cr_assert_eq(cnm_json_get_array(root, "a", &a, &err), 0);
	cr_assert_eq(cnm_json_string_at(a, 1, "servers", &s, &err), -1);
	cr_assert_str_eq(err.text, "servers[1]: expected a string");
	cr_assert_eq(cnm_json_string_at(a, 2, "servers", &s, &err), -1);
	cr_assert_str_eq(err.text, "servers[2]: expected a string without NUL");
	cr_assert_eq(cnm_json_string_at(a, 3, "servers", &s, &err), -1);
	cr_assert_eq(cnm_json_string_at(NULL, 0, "servers", &s, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_null(s);
	cr_assert_null(o);
}

Test(json, caseless)
{
	_cleanup_json_ json_object *root = parse("{\"IPMASQ\":1,\"ipMasq\":2,\"MTU\":3,\"mtu_x\":4}");

	cr_assert_eq(json_object_get_int(cnm_json_get_caseless(root, "ipMasq")), 2);
	cr_assert_eq(json_object_get_int(cnm_json_get_caseless(root, "ipmasq")), 1);
	cr_assert_eq(json_object_get_int(cnm_json_get_caseless(root, "mtu")), 3);
	cr_assert_null(cnm_json_get_caseless(root, "mt"));
	cr_assert_null(cnm_json_get_caseless(root, "mtu_"));
}

Test(json, add)
{
	_cleanup_json_ json_object *root = json_object_new_object();
	json_object *kept = json_object_new_int(1);
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_json_add(root, "n", json_object_new_int(1), &err), 0);
	cr_assert_eq(cnm_json_add_string(root, "s", "text", &err), 0);
	cr_assert_eq(cnm_json_add_string(root, "none", NULL, &err), 0);
	cr_assert_str_eq(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN),
	                 "{\"n\":1,\"s\":\"text\"}");
	cr_assert_eq(cnm_json_add(root, "x", NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOMEM);
	/* A failed add releases the value: one of these two references. */
	cr_assert_eq(cnm_json_add(NULL, "x", json_object_get(kept), &err), -1);
	cr_assert_eq(json_object_put(kept), 1);
}
