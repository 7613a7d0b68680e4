/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every version by every shape of result, built and merged, against files of tests/golden/cni: {"add": a
 * result in the shape of 1.1.0 or null, "cases": [{"version", "prev": what came before, if anything, "want":
 * the object, or "fails": part of the error}]}.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_result.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int produce(json_object **ret, const struct cnm_cni_result *add, json_object *row, bool merge,
                   enum cnm_cni_version version, struct cnm_error *err)
{
	if (merge)
		return cnm_cni_result_merge(ret, json_object_object_get(row, "prev"), add, version, err);
	return cnm_cni_result_build(ret, add, version, err);
}

static void check_case(const struct cnm_cni_result *add, json_object *row, bool merge, const char *file)
{
	_cleanup_free_ char *before = strdup(json_object_to_json_string(json_object_object_get(row, "prev")));
	const char *version_text = json_object_get_string(json_object_object_get(row, "version"));
	json_object *fails = json_object_object_get(row, "fails");
	_cleanup_json_ json_object *got = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	enum cnm_cni_version version;
	char where[128];
	int result;

	snprintf(where, sizeof(where), "%s, version %s", file, version_text);
	cr_assert(cnm_cni_version_parse(&version, version_text), "%s", where);
	result = produce(&got, add, row, merge, version, &err);
	if (fails) {
		cr_assert_eq(result, -1, "%s: accepted", where);
		cr_assert_eq(err.code, CNM_E_UNSUPPORTED, "%s", where);
		cr_assert_not_null(strstr(err.text, json_object_get_string(fails)), "%s: %s", where,
		                   err.text);
		cr_assert_null(got);
	} else {
		cr_assert_eq(result, 0, "%s: %s", where, err.text);
		cnm_test_json_equal(got, json_object_object_get(row, "want"), where);
	}
	cr_assert_str_eq(json_object_to_json_string(json_object_object_get(row, "prev")), before,
	                 "%s: prevResult was changed", where);
}

static void check_file(const char *name, bool merge)
{
	char path[128];
	_cleanup_cni_result_ struct cnm_cni_result add = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *cases, *input;

	snprintf(path, sizeof(path), "tests/golden/cni/%s.json", name);
	_cleanup_json_ json_object *root = cnm_test_json_file(path);
	input = json_object_object_get(root, "add");
	cr_assert_eq(cnm_cni_result_parse(&add, input, CNM_CNI_1_1_0, &err), 0, "%s: %s", path, err.text);
	cases = json_object_object_get(root, "cases");
	cr_assert_eq(json_object_array_length(cases), CNM_CNI_VERSION_COUNT, "%s", path);
	for (size_t i = 0; i < json_object_array_length(cases); i++)
		check_case(merge && !input ? NULL : &add, json_object_array_get_idx(cases, i), merge, name);
}

Test(cni_result_golden, build)
{
	static const char *const files[] = {
	        "build-ipam", "build-dual", "build-bridge", "build-properties", "build-two-of-a-family",
	        "build-ipv6", "build-link", "build-empty"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(files); i++)
		check_file(files[i], false);
}

Test(cni_result_golden, merge)
{
	static const char *const files[] = {"merge-chain",       "merge-pass", "merge-nothing-before",
	                                    "merge-same-family", "merge-dns",  "merge-without-version"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(files); i++)
		check_file(files[i], true);
}

/* The result of a bridge in each version, as each other version has it. */
Test(cni_result_golden, convert)
{
	for (int i = 0; i < CNM_CNI_VERSION_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "convert-from-%s",
		         cnm_cni_version_name((enum cnm_cni_version)i));
		check_file(name, true);
	}
}
