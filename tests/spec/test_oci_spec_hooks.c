/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our hooks in a config.json: written once however often, and taken out without a trace. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/oci_spec.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

#define PATH_ENV "\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\""
#define UP                                                                                                   \
	"{\"path\":\"/usr/bin/cnm\",\"args\":[\"cnm\",\"oci\",\"createRuntime\",\"--network\",\"web\"],"     \
	"\"env\":[" PATH_ENV ",\"CNM_ROOT=/r\"],\"timeout\":10}"
#define DOWN                                                                                                 \
	"{\"path\":\"/usr/bin/cnm\",\"args\":[\"cnm\",\"oci\",\"poststop\"],"                                \
	"\"env\":[" PATH_ENV ",\"CNM_ROOT=/r\"],\"timeout\":10}"
#define OLD     "{\"path\":\"/old/cnm\",\"args\":[\"cnm\",\"oci\",\"createRuntime\"],\"timeout\":1}"
#define FOREIGN "{\"path\":\"/bin/x\",\"args\":[\"cnm\",\"other\"]}"
#define BARE    "{\"path\":\"/bin/y\"}"

static void set(json_object *spec)
{
	static const char *const args[] = {"--network", "web"}, *const env[] = {"CNM_ROOT=/r"};
	const struct cnm_oci_hooks hooks = {"/usr/bin/cnm", args, 2, env, 1};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_oci_spec_set_hooks(spec, &hooks, &err), 0, "%s", err.text);
}

Test(oci_spec_hooks, set)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
	        {"{}", "{\"hooks\":{\"createRuntime\":[" UP "],\"poststop\":[" DOWN "]}}"},
	        {"{\"hooks\":null}", "{\"hooks\":{\"createRuntime\":[" UP "],\"poststop\":[" DOWN "]}}"},
	        /* Others' entries and members stay; ours goes behind them. */
	        {"{\"a\":1,\"hooks\":{\"createRuntime\":[" FOREIGN "," BARE "],\"x\":[5],\"prestart\":[" BARE
	         "]}}",
	         "{\"a\":1,\"hooks\":{\"createRuntime\":[" FOREIGN "," BARE "," UP
	         "],\"x\":[5],\"prestart\":[" BARE "],"
	         "\"poststop\":[" DOWN "]}}"},
	        /* An earlier one is replaced where it stands, and a second one goes. */
	        {"{\"hooks\":{\"createRuntime\":[" BARE "," OLD "," FOREIGN "," OLD "],\"poststop\":[" OLD
	         "," BARE "]}}",
	         "{\"hooks\":{\"createRuntime\":[" BARE "," UP "," FOREIGN "],\"poststop\":[" DOWN "," BARE
	         "]}}"},
	        /* One in a stage that we do not use would run twice. */
	        {"{\"hooks\":{\"prestart\":[" OLD "],\"poststart\":[" BARE "," OLD
	         "],\"startContainer\":[]}}",
	         "{\"hooks\":{\"poststart\":[" BARE "],\"startContainer\":[],\"createRuntime\":[" UP
	         "],\"poststop\":[" DOWN "]}}"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].before);

		set(spec);
		cnm_test_json_equal_text(spec, rows[i].after, "once");
		set(spec);
		cnm_test_json_equal_text(spec, rows[i].after, "twice");
	}
}

Test(oci_spec_hooks, remove)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
	        {"{}", "{}"},
	        {"{\"hooks\":null}", "{\"hooks\":null}"},
	        {"{\"hooks\":{}}", "{\"hooks\":{}}"},
	        {"{\"hooks\":{\"poststop\":[],\"prestart\":[" BARE "," FOREIGN "]}}",
	         "{\"hooks\":{\"poststop\":[],\"prestart\":[" BARE "," FOREIGN "]}}"},
	        {"{\"a\":1,\"hooks\":{\"createRuntime\":[" OLD "," OLD "],\"poststop\":[" DOWN "]}}",
	         "{\"a\":1}"},
	        {"{\"hooks\":{\"prestart\":[" OLD "],\"createContainer\":[" OLD "],\"startContainer\":[" OLD
	         "],"
	         "\"poststart\":[" OLD "],\"createRuntime\":[" UP "],\"poststop\":[" DOWN "]}}",
	         "{}"},
	        {"{\"hooks\":{\"createRuntime\":[" BARE "," UP "," FOREIGN "],\"poststop\":[" DOWN "]}}",
	         "{\"hooks\":{\"createRuntime\":[" BARE "," FOREIGN "]}}"},
	        {"{\"hooks\":{\"createRuntime\":[" UP "],\"poststart\":[]}}",
	         "{\"hooks\":{\"poststart\":[]}}"},
	        {"{\"hooks\":{\"createRuntime\":[" UP "],\"x\":1}}", "{\"hooks\":{\"x\":1}}"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].before);
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_oci_spec_remove_hooks(spec, &err), 0, "%s", err.text);
		cnm_test_json_equal_text(spec, rows[i].after, rows[i].before);
	}
}

Test(oci_spec_hooks, set_and_removed_is_as_before)
{
	static const char text[] = "{\"ociVersion\":\"1.0.2\",\"hooks\":{\"createRuntime\":[" BARE
	                           "]},\"linux\":{\"namespaces\":[]}}";
	_cleanup_json_ json_object *spec = cnm_test_json(text);
	_cleanup_free_ char *before = strdup(json_object_to_json_string(spec));
	struct cnm_error err = CNM_ERROR_INIT;

	set(spec);
	cr_assert_eq(cnm_oci_spec_remove_hooks(spec, &err), 0, "%s", err.text);
	cr_assert_str_eq(json_object_to_json_string(spec), before, "the place of members counts too");
}

/* Only "cnm", "oci" is ours, whatever the program is. */
Test(oci_spec_hooks, whose)
{
	static const struct {
		const char *hook;
		bool ours;
	} rows[] = {
	        {"{\"path\":\"/any\",\"args\":[\"cnm\",\"oci\"]}", true},
	        {"{\"path\":\"/usr/bin/cnm\",\"args\":[\"cnm\"]}", false},
	        {"{\"path\":\"/usr/bin/cnm\",\"args\":[\"/usr/bin/cnm\",\"oci\"]}", false},
	        {"{\"path\":\"/usr/bin/cnm\",\"args\":[\"oci\",\"cnm\"]}", false},
	        {"{\"path\":\"/usr/bin/cnm\",\"args\":[1,2]}", false},
	        {"{\"path\":\"/usr/bin/cnm\",\"args\":\"cnm oci\"}", false},
	        {"{\"path\":\"/usr/bin/cnm\"}", false},
	        {"5", false},
	        {"null", false},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json("{\"hooks\":{\"prestart\":[]}}");
		json_object *all = json_object_object_get(spec, "hooks"),
		            *list = json_object_object_get(all, "prestart");
		struct cnm_error err = CNM_ERROR_INIT;

		json_object_array_add(list, cnm_test_json(rows[i].hook));
		cr_assert_eq(cnm_oci_spec_remove_hooks(spec, &err), 0, "%s", err.text);
		cr_assert_eq(json_object_object_length(spec), rows[i].ours ? 0 : 1, "%s", rows[i].hook);
	}
}

Test(oci_spec_hooks, refusals)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"{\"hooks\":[]}", "config.json: key \"hooks\": expected an object"},
	        {"{\"hooks\":{\"createRuntime\":{}}}", "config.json: hooks: key \"createRuntime\""},
	        {"{\"hooks\":{\"prestart\":5}}", "config.json: hooks: key \"prestart\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *spec = cnm_test_json(rows[i].text);
		const struct cnm_oci_hooks hooks = {.program = "/usr/bin/cnm"};
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_oci_spec_set_hooks(spec, &hooks, &err), -1, "accepted: %s", rows[i].text);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, rows[i].want, strlen(rows[i].want)), 0, "%s", err.text);
		cnm_error_clear(&err);
		cr_assert_eq(cnm_oci_spec_remove_hooks(spec, &err), -1, "accepted: %s", rows[i].text);
		cr_assert_eq(strncmp(err.text, rows[i].want, strlen(rows[i].want)), 0, "%s", err.text);
	}
}
