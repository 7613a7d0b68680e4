/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan, through cnm_json_parse: what it refuses and where the error points, and json-c agreeing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"

Test(json_scan, refuses_and_points)
{
	static const struct {
		const char *in, *text;
	} rows[] = {
	        {"", "line 1, column 1: unexpected end of the text"},
	        {"  ", "line 1, column 3: unexpected end of the text"},
	        {"{\"id\": \"a\",\n \"id\": 1}", "line 2, column 2: duplicate key \"id\""},
	        {"{\"z\":1,\"id\":1,\"\\u0069d\":2,\"z\":3}", "line 1, column 15: duplicate key \"id\""},
	        {"{\"\xf0\x9f\x90\xb3\":1,\"\\ud83d\\udc33\":2}",
	         "line 1, column 8: duplicate key \"\xf0\x9f\x90\xb3\""},
	        {"[[{\"a\":{\"b\":1,\"b\":1}}]]", "line 1, column 15: duplicate key \"b\""},
	        {"{\"\":1,\"\":2}", "line 1, column 7: duplicate key \"\""},
	        {"{'a': 1}", "line 1, column 2: expected a key in double quotes"},
	        {"{\"a\": 'b'}", "line 1, column 7: expected a value"},
	        {"{a: 1}", "line 1, column 2: expected a key in double quotes"},
	        {"{\"a\" 1}", "line 1, column 6: expected ':'"},
	        {"{\"a\": 1,}", "line 1, column 9: expected a key in double quotes"},
	        {"{\"a\": 1 \"b\"", "line 1, column 9: expected ',' or '}'"},
	        {"{\"a\": 1", "line 1, column 8: unexpected end of the text"},
	        {"{\"a", "line 1, column 4: unexpected end of the text"},
	        {"[1,]", "line 1, column 4: expected a value"},
	        {"[1 2]", "line 1, column 4: expected ',' or ']'"},
	        {"[1}", "line 1, column 3: expected ',' or ']'"},
	        {"NaN", "line 1, column 1: expected a value"},
	        {"Infinity", "line 1, column 1: expected a value"},
	        {"-Infinity", "line 1, column 2: malformed number"},
	        {"nan", "line 1, column 1: expected a value"},
	        {"True", "line 1, column 1: expected a value"},
	        {"tru", "line 1, column 1: expected a value"},
	        {"nullx", "line 1, column 5: unexpected text behind the value"},
	        {"01", "line 1, column 2: unexpected text behind the value"},
	        {"+1", "line 1, column 1: expected a value"},
	        {".5", "line 1, column 1: expected a value"},
	        {"1. ", "line 1, column 3: malformed number"},
	        {"1e ", "line 1, column 3: malformed number"},
	        {"0x10", "line 1, column 2: unexpected text behind the value"},
	        {"[18446744073709551616]", "line 1, column 2: the integer does not fit 64 bits"},
	        {"[-9223372036854775809]", "line 1, column 2: the integer does not fit 64 bits"},
	        {"{} {}", "line 1, column 4: unexpected text behind the value"},
	        {"/* c */ {}", "line 1, column 1: expected a value"},
	        {"\xef\xbb\xbf{}", "line 1, column 1: expected a value"},
	        {"\"a\nb\"", "line 1, column 3: control character in a string"},
	        {"\"\\x41\"", "line 1, column 3: malformed escape"},
	        {"\"\\u12g4\"", "line 1, column 6: malformed escape"},
	        {"\"\\ud800\"", "line 1, column 8: half of a surrogate pair"},
	        {"\"\\ud800\\u0041\"", "line 1, column 14: half of a surrogate pair"},
	        {"\"\\udc00\"", "line 1, column 8: half of a surrogate pair"},
	        {"\"\xff\"", "line 1, column 2: malformed UTF-8"},
	        {"\"\xc0\xaf\"", "line 1, column 2: malformed UTF-8"},
	        {"\"\xed\xa0\x80\"", "line 1, column 2: malformed UTF-8"},
	        {"\"\xe2\x82", "line 1, column 2: malformed UTF-8"},
	        {"{\"a\\u0000b\":1}", "line 1, column 10: NUL in a key"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		json_object *root = NULL;
		char expected[256];

		snprintf(expected, sizeof(expected), "the container state: %s", rows[i].text);
		cr_assert_eq(
		        cnm_json_parse(&root, rows[i].in, strlen(rows[i].in), "the container state", &err),
		        -1, "row %zu accepted", i);
		cr_assert_eq(err.code, CNM_E_PARSE);
		cr_assert_str_eq(err.text, expected, "row %zu: %s", i, err.text);
		cr_assert_null(root);
	}
}

Test(json_scan, depth)
{
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;
	char text[128];

	/* The innermost holds a scalar, which json-c counts as one level more. */
	memset(text, '[', 32);
	text[32] = '1';
	memset(text + 33, ']', 32);
	cr_assert_eq(cnm_json_parse(&root, text, 65, "x", &err), 0, "%s", err.text);
	cnm_json_putp(&root);
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	cr_assert_eq(cnm_json_parse(&root, text, 66, "x", &err), -1);
	cr_assert_str_eq(err.text, "x: line 1, column 33: nested too deep");
}

Test(json_scan, many_keys, .timeout = 20)
{
	struct cnm_buf buf = CNM_BUF_INIT(CNM_JSON_MAX);
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;

	cnm_buf_puts(&buf, "{\"k\":0");
	for (int i = 0; i < 80000; i++)
		cnm_buf_printf(&buf, ",\"%x\":0", i);
	cnm_buf_puts(&buf, ",\"5\":0}");
	cr_assert_not(buf.failed);
	cr_assert_eq(cnm_json_parse(&root, cnm_buf_text(&buf), buf.len, "x", &err), -1);
	cr_assert_not_null(strstr(err.text, "duplicate key \"5\""), "%s", err.text);
	cnm_buf_free(&buf);
}

Test(json_scan, json_c_agrees_with_the_scan, .timeout = 60)
{
	static const char sample[] =
	        "{\"a\\u00e9\":[1,-2.5e3,true,null,{\"b\":\"x\\\"\\ud83d\\udc33\xc3\xa9\"}],\"c\":{}}";
	static const char bytes[] = "{}[]\",:\\u0e1.-+tfn'/ \n\x01\xc3\xed";
	size_t accepted = 0;
	uint32_t seed = 1;

	for (int round = 0; round < 100000; round++) {
		struct cnm_error err = CNM_ERROR_INIT;
		json_object *root = NULL;
		char text[sizeof(sample)];
		size_t len;

		memcpy(text, sample, sizeof(sample));
		for (int k = 0; k < 1 + round % 3; k++) {
			seed = seed * 1664525 + 1013904223;
			text[(seed >> 8) % (sizeof(sample) - 1)] = bytes[(seed >> 20) % (sizeof(bytes) - 1)];
		}
		len = round % 5 ? sizeof(sample) - 1 : (seed >> 12) % sizeof(sample);
		if (cnm_json_parse(&root, text, len, "x", &err) == 0) {
			accepted++;
			cnm_json_putp(&root);
		} else {
			cr_assert_eq(strncmp(err.text, "x: line ", 8), 0, "%.*s: %s", (int)len, text,
			             err.text);
		}
	}
	cr_assert_gt(accepted, 1000);
}
