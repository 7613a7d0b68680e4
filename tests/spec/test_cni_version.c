/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions and commands, and the reply to VERSION. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_version.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

#define ALL "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]"

Test(cni_version, names_and_order)
{
	static const char *const names[] = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
	char text[128] = "";

	cr_assert_eq(CNM_ARRAY_SIZE(names), CNM_CNI_VERSION_COUNT);
	for (int i = 0; i < CNM_CNI_VERSION_COUNT; i++) {
		enum cnm_cni_version version;

		cr_assert_str_eq(cnm_cni_version_name((enum cnm_cni_version)i), names[i]);
		cr_assert(cnm_cni_version_parse(&version, names[i]));
		cr_assert_eq((int)version, i);
		strcat(strcat(text, i ? ", " : ""), names[i]);
	}
	cr_assert_str_eq(cnm_cni_versions_text(), text);
	cr_assert_str_eq(cnm_cni_version_name(CNM_CNI_NEWEST), "1.1.0");
}

Test(cni_version, others_are_not_spoken)
{
	static const char *const rows[] = {"", "0.4", "0.4.0 ", "v0.4.0", "0.4.1", "1.2.0", "1.0.0-rc1"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		enum cnm_cni_version version = CNM_CNI_0_4_0;

		cr_assert_not(cnm_cni_version_parse(&version, rows[i]), "\"%s\"", rows[i]);
		cr_assert_eq(version, CNM_CNI_0_4_0);
	}
}

Test(cni_version, commands)
{
	static const struct {
		const char *name;
		enum cnm_cni_version since;
	} rows[CNM_CNI_COMMAND_COUNT] = {
	        [CNM_CNI_ADD] = {"ADD", CNM_CNI_0_1_0},       [CNM_CNI_DEL] = {"DEL", CNM_CNI_0_1_0},
	        [CNM_CNI_CHECK] = {"CHECK", CNM_CNI_0_4_0},   [CNM_CNI_VERSION] = {"VERSION", CNM_CNI_0_1_0},
	        [CNM_CNI_STATUS] = {"STATUS", CNM_CNI_1_1_0}, [CNM_CNI_GC] = {"GC", CNM_CNI_1_1_0},
	};
	enum cnm_cni_command command;

	for (int i = 0; i < CNM_CNI_COMMAND_COUNT; i++) {
		cr_assert(cnm_cni_command_parse(&command, rows[i].name));
		cr_assert_eq((int)command, i);
		cr_assert_str_eq(cnm_cni_command_name(command), rows[i].name);
		cr_assert_eq(cnm_cni_command_since(command), rows[i].since);
	}
	cr_assert_not(cnm_cni_command_parse(&command, "add"));
	cr_assert_not(cnm_cni_command_parse(&command, ""));
}

Test(cni_version, reply)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"", "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" ALL "}"},
	        {" \n", "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" ALL "}"},
	        {"{}", "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" ALL "}"},
	        {"{\"cniVersion\":\"\"}", "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" ALL "}"},
	        {"{\"cniVersion\":null}", "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" ALL "}"},
	        {"{\"cniVersion\":\"0.2.0\"}", "{\"cniVersion\":\"0.2.0\",\"supportedVersions\":" ALL "}"},
	        {"{\"cniversion\":\"0.4.0\",\"x\":1}",
	         "{\"cniVersion\":\"0.4.0\",\"supportedVersions\":" ALL "}"},
	        {"{\"cniVersion\":\"9.9.9\"}", "{\"cniVersion\":\"9.9.9\",\"supportedVersions\":" ALL "}"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *reply = NULL;
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_cni_version_reply(&reply, rows[i].text, strlen(rows[i].text), &err), 0, "%s",
		             err.text);
		cnm_test_json_equal_text(reply, rows[i].want, rows[i].text);
	}
}

Test(cni_version, bad_requests)
{
	static const char *const rows[] = {"[]", "{", "{\"cniVersion\":1}", "\"1.0.0\""};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *reply = NULL;
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_cni_version_reply(&reply, rows[i], strlen(rows[i]), &err), -1,
		             "accepted: %s", rows[i]);
		cr_assert_null(reply);
		cr_assert_not_null(strstr(err.text, "the VERSION request"), "%s", err.text);
	}
}

/* An empty request means something, so truncation starts behind the first byte. */
Test(cni_version, truncated)
{
	static const char text[] = "{\"cniVersion\":\"1.0.0\"}";

	for (size_t len = 1; len < sizeof(text) - 1; len++) {
		_cleanup_json_ json_object *reply = NULL;
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_cni_version_reply(&reply, text, len, &err), -1);
		cnm_test_error_line(err.text, text);
	}
}
