/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to a config.json: namespace, mounts, names. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/oci_spec.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

Test(oci_spec, set_netns)
{
	static const struct {
		const char *before, *path, *after;
	} rows[] = {
	        {"{}", NULL, "{\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}}"},
	        {"{}", "/n", "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/n\"}]}}"},
	        {"{\"linux\":{\"x\":1,\"namespaces\":[{\"type\":\"pid\"}]}}", "/n",
	         "{\"linux\":{\"x\":1,\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/"
	         "n\"}]}}"},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/"
	         "old\",\"x\":1},{\"type\":\"pid\"}]}}",
	         "/n",
	         "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/"
	         "n\",\"x\":1},{\"type\":\"pid\"}]}}"},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/old\"}]}}", NULL,
	         "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/old\"}]}}"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].before);
		struct cnm_error err = CNM_ERROR_INIT;

		for (int times = 0; times < 2; times++) {
			cr_assert_eq(cnm_oci_spec_set_netns(spec, rows[i].path, &err), 0, "%s", err.text);
			cnm_test_json_equal_text(spec, rows[i].after, rows[i].before);
		}
	}
}

Test(oci_spec, get_netns)
{
	static const struct {
		const char *text;
		bool present;
		const char *path;
	} rows[] = {
	        {"{}", false, NULL},
	        {"{\"linux\":{}}", false, NULL},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"/p\"},5,{}]}}", false, NULL},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}}", true, NULL},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"\"}]}}", true, NULL},
	        {"{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}]}}",
	         true, "/n"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		const char *path = "old";
		bool present = !rows[i].present;

		cr_assert_eq(cnm_oci_spec_get_netns(spec, &present, &path, &err), 0, "%s", err.text);
		cr_assert_eq(present, rows[i].present, "%s", rows[i].text);
		if (rows[i].path)
			cr_assert_str_eq(path, rows[i].path);
		else
			cr_assert_null(path, "%s", rows[i].text);
	}
}

Test(oci_spec, netns_refusals)
{
	static const char *const rows[] = {"{\"linux\":[]}", "{\"linux\":{\"namespaces\":{}}}"};
	static const char wrong_path[] = "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":1}]}}";
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_json_ json_object *odd = cnm_test_json(wrong_path);
	const char *path;
	bool present;

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i]);

		cr_assert_eq(cnm_oci_spec_get_netns(spec, &present, &path, &err), -1, "accepted: %s",
		             rows[i]);
		cr_assert_eq(strncmp(err.text, "config.json: ", 13), 0, "%s", err.text);
		cr_assert_eq(cnm_oci_spec_set_netns(spec, "/n", &err), -1, "accepted: %s", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, "config.json: ", 13), 0, "%s", err.text);
	}
	cr_assert_eq(cnm_oci_spec_get_netns(odd, &present, &path, &err), -1);
	cr_assert_str_eq(err.text, "config.json: linux.namespaces: key \"path\": expected a string");
}

#define OURS(source, mode)                                                                                   \
	"{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":\"" source                             \
	"\",\"options\":[\"rbind\",\"rprivate\",\"" mode "\"]}"
#define PROC           "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define THEIRS(source) "{\"destination\":\"/etc/hosts\",\"source\":\"" source "\"}"

Test(oci_spec, set_mount)
{
	static const struct {
		const char *before;
		bool foreign;
		const char *after;
	} rows[] = {
	        {"{}", false, "{\"mounts\":[" OURS("/run/cnm/c1/hosts", "rw") "]}"},
	        {"{\"mounts\":[" PROC "]}", false,
	         "{\"mounts\":[" PROC "," OURS("/run/cnm/c1/hosts", "rw") "]}"},
	        /* The same source, and one of an earlier container of ours. */
	        {"{\"mounts\":[" THEIRS("/run/cnm/c1/hosts") "," PROC "]}", false,
	         "{\"mounts\":[" OURS("/run/cnm/c1/hosts", "rw") "," PROC "]}"},
	        {"{\"mounts\":[" THEIRS("/run/cnm/c0/hosts") "]}", false,
	         "{\"mounts\":[" OURS("/run/cnm/c1/hosts", "rw") "]}"},
	        {"{\"mounts\":[" THEIRS("/bundle/files/hosts") "]}", false,
	         "{\"mounts\":[" OURS("/run/cnm/c1/hosts", "rw") "]}"},
	        /* What a person mounted there stays. */
	        {"{\"mounts\":[" THEIRS("/srv/hosts") "]}", true, "{\"mounts\":[" THEIRS("/srv/hosts") "]}"},
	        {"{\"mounts\":[" THEIRS("/run/cnmx/hosts") "]}", true,
	         "{\"mounts\":[" THEIRS("/run/cnmx/hosts") "]}"},
	        {"{\"mounts\":[" THEIRS("/run/cnm") "]}", true, "{\"mounts\":[" THEIRS("/run/cnm") "]}"},
	        {"{\"mounts\":[{\"destination\":\"/etc/hosts\"}]}", true,
	         "{\"mounts\":[{\"destination\":\"/etc/hosts\"}]}"},
	        {"{\"mounts\":[5,{\"destination\":7}]}", false,
	         "{\"mounts\":[5,{\"destination\":7}," OURS("/run/cnm/c1/hosts", "rw") "]}"},
	};
	static const char *const dirs[] = {"/run/cnm", "/bundle/files/"};
	const struct cnm_oci_mount mount = {"/etc/hosts", "/run/cnm/c1/hosts", false, dirs, 2};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].before);
		struct cnm_error err = CNM_ERROR_INIT;
		bool foreign = !rows[i].foreign;

		for (int times = 0; times < 2; times++) {
			cr_assert_eq(cnm_oci_spec_set_mount(spec, &mount, &foreign, &err), 0, "%s", err.text);
			cr_assert_eq(foreign, rows[i].foreign, "%s", rows[i].before);
			cnm_test_json_equal_text(spec, rows[i].after, rows[i].before);
		}
	}
}

Test(oci_spec, mount_read_only_and_members_that_stay)
{
	_cleanup_json_ json_object *spec =
	        cnm_test_json("{\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/"
	                      "h\",\"x\":1,\"options\":[\"nosuid\"]}]}");
	const struct cnm_oci_mount mount = {.destination = "/etc/hosts", .source = "/h", .read_only = true};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_oci_spec_set_mount(spec, &mount, NULL, &err), 0, "%s", err.text);
	cnm_test_json_equal_text(
	        spec,
	        "{\"mounts\":[{\"destination\":\"/etc/hosts\",\"source\":\"/h\",\"x\":1,\"type\":\"bind\","
	        "\"options\":[\"rbind\",\"rprivate\",\"ro\"]}]}",
	        "ours");
}

Test(oci_spec, mounts_of_another_type)
{
	_cleanup_json_ json_object *spec = cnm_test_json("{\"mounts\":{}}");
	const struct cnm_oci_mount mount = {.destination = "/etc/hosts", .source = "/h"};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_oci_spec_set_mount(spec, &mount, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_eq(strncmp(err.text, "config.json: key \"mounts\"", 25), 0, "%s", err.text);
}

Test(oci_spec, names)
{
	_cleanup_json_ json_object *spec = cnm_test_json("{\"hostname\":\"web\",\"domainname\":\"\"}");
	_cleanup_json_ json_object *none = cnm_test_json("{\"domainname\":\"example\"}");
	_cleanup_json_ json_object *bad = cnm_test_json("{\"hostname\":5}");
	struct cnm_error err = CNM_ERROR_INIT;
	const char *host = "old", *domain = "old";

	cr_assert_eq(cnm_oci_spec_get_names(spec, &host, &domain, &err), 0);
	cr_assert_str_eq(host, "web");
	cr_assert_null(domain);
	cr_assert_eq(cnm_oci_spec_get_names(none, &host, &domain, &err), 0);
	cr_assert_null(host);
	cr_assert_str_eq(domain, "example");
	cr_assert_eq(cnm_oci_spec_get_names(bad, &host, &domain, &err), -1);
	cr_assert_str_eq(err.text, "config.json: key \"hostname\": expected a string");
}

/* Members keep their places: a diff of the file shows what was changed and nothing else. */
Test(oci_spec, order_of_members)
{
	_cleanup_json_ json_object *spec = cnm_test_json(
	        "{\"z\":1,\"linux\":{\"y\":2,\"namespaces\":[{\"type\":\"network\"}],\"b\":3},\"a\":4}");
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_oci_spec_set_netns(spec, "/n", &err), 0);
	cr_assert_str_eq(
	        json_object_to_json_string_ext(spec, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	        "{\"z\":1,\"linux\":{\"y\":2,\"namespaces\":[{\"type\":\"network\",\"path\":\"/"
	        "n\"}],\"b\":3},\"a\":4}");
}
