/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of spec/ share. */
#include "tests/spec/spec_support.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_config.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static json_object *parse(const char *text, size_t len, const char *what)
{
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *root = NULL;

	cr_assert_eq(cnm_json_parse(&root, text, len, what, &err), 0, "%s", err.text);
	return root;
}

static char *read_source(const char *path)
{
	char full[PATH_MAX];
	char *text;

	snprintf(full, sizeof(full), "%s/%s", cnm_test_source(), path);
	text = cnm_test_file_read(full);
	cr_assert_not_null(text, "%s cannot be read", path);
	return text;
}

json_object *cnm_test_json(const char *text)
{
	return parse(text, strlen(text), "a literal");
}

json_object *cnm_test_json_file(const char *path)
{
	_cleanup_free_ char *text = read_source(path);

	return parse(text, strlen(text), path);
}

json_object *cnm_test_json_lines(const char *path)
{
	_cleanup_free_ char *text = read_source(path);
	json_object *list = json_object_new_array();
	char *next = text, *line;

	while ((line = strsep(&next, "\n"))) {
		if (*line)
			json_object_array_add(list, parse(line, strlen(line), path));
	}
	return list;
}

void cnm_test_json_equal(json_object *got, json_object *want, const char *where)
{
	_cleanup_free_ char *got_text = strdup(json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN));

	cr_assert(json_object_equal(got, want), "%s:\ngot  %s\nwant %s", where, got_text,
	          json_object_to_json_string_ext(want, JSON_C_TO_STRING_PLAIN));
}

void cnm_test_json_equal_text(json_object *got, const char *want, const char *where)
{
	_cleanup_json_ json_object *parsed = cnm_test_json(want);

	cnm_test_json_equal(got, parsed, where);
}

void cnm_test_cni_config(struct cnm_cni_config *ret, const char *members)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	cr_assert_gt(asprintf(&text, "{\"cniVersion\":\"%s\",\"name\":\"web\"%s%s}",
	                      cnm_cni_version_name(CNM_CNI_NEWEST), *members ? "," : "", members),
	             0);
	cr_assert_eq(cnm_cni_config_parse(ret, CNM_CNI_ADD, text, strlen(text), &err), 0, "%s: %s", text,
	             err.msg);
}

void cnm_test_error_line(const char *text, const char *where)
{
	cr_assert_str_not_empty(text, "%s: an error without text", where);
	cr_assert_null(strchr(text, '\n'), "%s: more than one line: %s", where, text);
}

/* A copy without a NUL, so that a sanitizer sees who reads on. */
static int run(cnm_test_parser parser, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_free_ char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	return parser(len ? copy : NULL, len, err);
}

void cnm_test_truncate(cnm_test_parser parser, const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		cnm_error_clear(&err);
		cr_assert_eq(run(parser, text, i, &err), -1, "accepted: %.*s", (int)i, text);
		cnm_test_error_line(err.text, text);
	}
	cnm_error_clear(&err);
	cr_assert_eq(run(parser, text, len, &err), 0, "%s: %s", text, err.text);
}

void cnm_test_mutate(cnm_test_parser parser, const char *text)
{
	static const char bytes[] = {'\0', '"', '{', '}', '[',  ']',    ',',
	                             ':',  '-', '9', 'n', '\\', '\x7f', '\xff'};
	_cleanup_free_ char *copy = strdup(text);
	size_t len = strlen(text);

	cr_assert_not_null(copy);
	for (size_t i = 0; i < len; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++) {
			struct cnm_error err = CNM_ERROR_INIT;

			copy[i] = bytes[j];
			if (run(parser, copy, len, &err) < 0)
				cnm_test_error_line(err.text, text);
		}
		copy[i] = text[i];
	}
}
