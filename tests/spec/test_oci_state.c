/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container state on a hook's stdin: what runtimes really send, and what they must not. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/oci_state.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void parse_ok(struct cnm_oci_state *state, const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_oci_state_parse(state, text, strlen(text), &err), 0, "%s: %s", text, err.text);
}

/* Recorded from runc 1.1.5 and crun 1.8.1, which disagree about status, ociVersion, and the pid of a dead
 * container. */
Test(oci_state, recorded)
{
	_cleanup_json_ json_object *rows = cnm_test_json_lines("tests/data/oci-hook-states.jsonl");

	cr_assert_eq(json_object_array_length(rows), 8);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i),
		            *text = json_object_object_get(row, "state");
		const char *stage = json_object_get_string(json_object_object_get(row, "stage"));
		const char *runtime = json_object_get_string(json_object_object_get(row, "runtime"));
		bool dead = strcmp(stage, "poststop") == 0;
		_cleanup_oci_state_ struct cnm_oci_state state;

		parse_ok(&state, json_object_to_json_string(text));
		cr_assert_str_eq(state.id, strncmp(runtime, "runc", 4) == 0 ? "r1" : "r2");
		cr_assert_str_eq(state.bundle, "/run/bundle");
		cr_assert_eq(state.pid > 0, !dead, "%s %s: pid %d", runtime, stage, (int)state.pid);
		cr_assert_str_eq(cnm_oci_state_annotation(&state, "org.example.k"), "v");
		cr_assert_null(cnm_oci_state_annotation(&state, CNM_ANNOTATION_NETWORKS));
	}
}

Test(oci_state, smallest)
{
	_cleanup_oci_state_ struct cnm_oci_state state;

	parse_ok(&state, "{\"id\":\"c1\"}");
	cr_assert_str_eq(state.id, "c1");
	cr_assert_null(state.bundle);
	cr_assert_null(state.annotations);
	cr_assert_eq(state.pid, 0);
	cr_assert_null(cnm_oci_state_annotation(&state, "a"));
}

/* Kata sends empty texts; other runtimes send members of their own. */
Test(oci_state, empty_and_unknown_members)
{
	_cleanup_oci_state_ struct cnm_oci_state state;

	parse_ok(&state, " {\"ociVersion\":\"\",\"status\":\"\",\"id\":\"c1\",\"bundle\":\"\","
	                 "\"annotations\":null,\"root\":[1]} \n");
	cr_assert_null(state.bundle);
	cr_assert_null(state.annotations);
}

Test(oci_state, pid)
{
	static const struct {
		const char *text;
		pid_t want;
	} rows[] = {
	        {"{\"id\":\"c\",\"pid\":1}", 1},
	        {"{\"id\":\"c\",\"pid\":2147483647}", INT_MAX},
	        {"{\"id\":\"c\",\"pid\":0}", 0},
	        {"{\"id\":\"c\",\"pid\":-1}", 0},
	        {"{\"id\":\"c\",\"pid\":-9223372036854775808}", 0},
	        {"{\"id\":\"c\",\"pid\":null}", 0},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_oci_state_ struct cnm_oci_state state;

		parse_ok(&state, rows[i].text);
		cr_assert_eq(state.pid, rows[i].want, "%s", rows[i].text);
	}
}

Test(oci_state, annotations)
{
	_cleanup_oci_state_ struct cnm_oci_state state;

	parse_ok(&state, "{\"id\":\"c\",\"annotations\":{\"cnm.networks\":\"web,db\",\"CNM.networks\":"
	                 "\"other\",\"e\":\"\"}}");
	cr_assert_str_eq(cnm_oci_state_annotation(&state, CNM_ANNOTATION_NETWORKS), "web,db");
	cr_assert_str_eq(cnm_oci_state_annotation(&state, "e"), "");
	cr_assert_null(cnm_oci_state_annotation(&state, "cnm.Networks"));
}

Test(oci_state, refusals)
{
	static const struct {
		const char *text;
		enum cnm_code code;
		const char *want;
	} rows[] = {
	        {"", CNM_E_PARSE, "no container state on stdin: a hook is run by an OCI runtime"},
	        {" \n", CNM_E_PARSE, "no container state on stdin"},
	        {"x", CNM_E_PARSE, "the container state: line 1, column 1: "},
	        {"{\"id\":\"c\"}{}", CNM_E_PARSE, "the container state: line 1, column 11: "},
	        {"{\"id\":\"c\",\"id\":\"d\"}", CNM_E_PARSE, "the container state: line 1, "},
	        {"[]", CNM_E_INVALID, "the container state: expected an object"},
	        {"{}", CNM_E_INVALID, "the container state: no \"id\""},
	        {"{\"id\":\"\"}", CNM_E_INVALID, "the container state: no \"id\""},
	        {"{\"ID\":\"c\"}", CNM_E_INVALID, "the container state: no \"id\""},
	        {"{\"id\":1}", CNM_E_INVALID, "the container state: key \"id\": expected a string"},
	        {"{\"id\":\"a\\u0000b\"}", CNM_E_INVALID,
	         "the container state: key \"id\": expected a string without NUL"},
	        {"{\"id\":\"c\",\"pid\":\"1\"}", CNM_E_INVALID,
	         "the container state: key \"pid\": expected an integer"},
	        {"{\"id\":\"c\",\"pid\":1.5}", CNM_E_INVALID,
	         "the container state: key \"pid\": expected an integer"},
	        {"{\"id\":\"c\",\"pid\":2147483648}", CNM_E_INVALID,
	         "the container state: key \"pid\": expected an integer from"},
	        {"{\"id\":\"c\",\"bundle\":\"rel\"}", CNM_E_INVALID,
	         "the container state: bundle \"rel\": not an absolute path"},
	        {"{\"id\":\"c\",\"bundle\":{}}", CNM_E_INVALID,
	         "the container state: key \"bundle\": expected a string"},
	        {"{\"id\":\"c\",\"annotations\":[]}", CNM_E_INVALID,
	         "the container state: key \"annotations\": expected an object"},
	        {"{\"id\":\"c\",\"annotations\":{\"a\":1}}", CNM_E_INVALID,
	         "the container state: annotations: key \"a\": expected a string"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_oci_state state;

		cr_assert_eq(cnm_oci_state_parse(&state, rows[i].text, strlen(rows[i].text), &err), -1,
		             "accepted: %s", rows[i].text);
		cr_assert_eq(err.code, rows[i].code, "%s: %s", rows[i].text, err.text);
		cr_assert_eq(strncmp(err.text, rows[i].want, strlen(rows[i].want)), 0, "%s: %s", rows[i].text,
		             err.text);
		cr_assert(!state.root && !state.id && !state.bundle && !state.annotations && !state.pid);
	}
	cnm_oci_state_free(NULL);
}

static int parse_text(const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_oci_state_ struct cnm_oci_state state;

	return cnm_oci_state_parse(&state, text, len, err);
}

Test(oci_state, malformed)
{
	static const char text[] =
	        "{\"ociVersion\":\"1.0\",\"id\":\"c1\",\"pid\":19961,\"bundle\":\"/run/b\","
	        "\"status\":\"created\",\"annotations\":{\"k\":\"\\u00e9\\n\xc3\xa9\"}}";

	cnm_test_truncate(parse_text, text);
	cnm_test_mutate(parse_text, text);
}

/* 200 KiB of annotations are a state that runtimes pass on; more than the limit is refused, not read in part.
 */
Test(oci_state, size)
{
	_cleanup_free_ char *text = malloc(2 * CNM_JSON_MAX);
	_cleanup_oci_state_ struct cnm_oci_state state = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t head;

	cr_assert_not_null(text);
	strcpy(text, "{\"id\":\"c\",\"annotations\":{\"k\":\"");
	head = strlen(text);
	memset(text + head, 'x', 200 * 1024);
	strcpy(text + head + 200 * 1024, "\"}}");
	parse_ok(&state, text);
	cr_assert_eq(strlen(cnm_oci_state_annotation(&state, "k")), 200 * 1024);
	cnm_oci_state_free(&state);
	memset(text + head, 'x', CNM_JSON_MAX);
	strcpy(text + head + CNM_JSON_MAX, "\"}}");
	cr_assert_eq(cnm_oci_state_parse(&state, text, strlen(text), &err), -1);
	cr_assert_not_null(strstr(err.text, "larger than"), "%s", err.text);
}
