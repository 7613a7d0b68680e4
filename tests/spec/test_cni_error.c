/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CNI errors: filled, and as the object on stdout. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/cni_error.h"
#include "spec/cni_version.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(cni_error, fail_fills_and_clears)
{
	struct cnm_cni_error err = {.code = 1, .details = "old"};

	cr_assert_eq(cnm_cni_fail(&err, CNM_CNI_E_CONFIG, "network %s: %d%%", "web", 5), -1);
	cr_assert_eq(err.code, 7);
	cr_assert_str_eq(err.msg, "network web: 5%");
	cr_assert_str_eq(err.details, "");
	cr_assert_eq(cnm_cni_fail(NULL, CNM_CNI_E_CONFIG, "x"), -1);
}

/* The message holds what a tenant sent: it stays one line of UTF-8 without control bytes, of bounded length.
 */
Test(cni_error, hostile_text)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	_cleanup_json_ json_object *object = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	char text[4096];

	cnm_cni_fail(&err, CNM_CNI_E_CONFIG, "%s", "a\nb\x1b[31m\xff\"");
	cr_assert_null(strpbrk(err.msg, "\n\x1b\xff"), "%s", err.msg);
	cr_assert_eq(cnm_cni_error_build(&object, NULL, &err, &plain), 0);
	cnm_json_putp(&object);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cnm_cni_fail(&err, CNM_CNI_E_CONFIG, "%s", text);
	cr_assert_lt(strlen(err.msg), CNM_ERROR_TEXT_MAX);
}

Test(cni_error, from_a_plain_error)
{
	static const struct {
		enum cnm_code from;
		unsigned want;
	} rows[] = {
	        {CNM_E_INVALID, 7}, {CNM_E_PARSE, 7},    {CNM_E_CONFLICT, 7},
	        {CNM_E_NOMEM, 999}, {CNM_E_SYSTEM, 999},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_error err = {.details = "old"};
		struct cnm_error plain = CNM_ERROR_INIT;

		cnm_fail(&plain, rows[i].from, "text %zu", i);
		cr_assert_eq(cnm_cni_fail_from(&err, CNM_CNI_E_CONFIG, &plain), -1);
		cr_assert_eq(err.code, rows[i].want, "row %zu", i);
		cr_assert_str_eq(err.msg, plain.text);
		cr_assert_str_eq(err.details, "");
	}
	cr_assert_eq(cnm_cni_fail_from(NULL, 7, &(struct cnm_error)CNM_ERROR_INIT), -1);
}

/* Every version has the same object; one that is not known yet is the newest. */
Test(cni_error, golden_objects)
{
	_cleanup_json_ json_object *cases = cnm_test_json_file("tests/golden/cni/error.json");

	cr_assert_eq(json_object_array_length(cases), CNM_CNI_VERSION_COUNT + 2);
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		json_object *row = json_object_array_get_idx(cases, i);
		_cleanup_json_ json_object *object = NULL;
		struct cnm_cni_error error = CNM_CNI_ERROR_INIT;
		struct cnm_error err = CNM_ERROR_INIT;
		const char *version = NULL, *details = "", *msg = "";
		int64_t code = 0;

		cr_assert_eq(cnm_json_get_string(row, "version", &version, &err), 0);
		cr_assert_eq(cnm_json_get_string(row, "details", &details, &err), 0);
		cr_assert_eq(cnm_json_get_string(row, "msg", &msg, &err), 0);
		cr_assert_eq(cnm_json_get_int(row, "code", 1, UINT32_MAX, &code, &err), 0);
		cnm_cni_fail(&error, (unsigned)code, "%s", msg);
		snprintf(error.details, sizeof(error.details), "%s", details);
		cr_assert_eq(cnm_cni_error_build(&object, version, &error, &err), 0, "%s", err.text);
		cnm_test_json_equal(object, json_object_object_get(row, "want"), msg);
	}
}
