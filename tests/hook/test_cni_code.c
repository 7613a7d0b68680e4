/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Codes of errors towards CNI runtimes, and which plugin a name means. */
#include <criterion/criterion.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "hook/cni_plugin.h"

Test(cni_code, each_error_has_its_code)
{
	static const struct {
		enum cnm_code code;
		unsigned add, check;
	} rows[] = {
	        {CNM_E_INVALID, 7, 7},    {CNM_E_NOT_FOUND, 7, 7},   {CNM_E_EXISTS, 100, 100},
	        {CNM_E_BUSY, 11, 11},     {CNM_E_EXHAUSTED, 11, 11}, {CNM_E_UNSUPPORTED, 101, 101},
	        {CNM_E_CONFLICT, 7, 102}, {CNM_E_NETNS, 8, 8},       {CNM_E_PARSE, 6, 6},
	        {CNM_E_STORE, 5, 5},      {CNM_E_SYSTEM, 999, 999},  {CNM_E_TRY_AGAIN, 11, 11},
	        {CNM_E_NOMEM, 999, 999},
	};
	size_t i;

	/* None is forgotten. */
	cr_assert_eq(CNM_ARRAY_SIZE(rows), CNM_E_NOMEM);
	for (i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		cr_assert_eq(rows[i].code, i + 1);
		cr_assert_eq(cnm_cni_code_of(rows[i].code, CNM_CNI_ADD), rows[i].add, "code %zu", i + 1);
		cr_assert_eq(cnm_cni_code_of(rows[i].code, CNM_CNI_CHECK), rows[i].check, "code %zu", i + 1);
	}
}

Test(cni_code, fill_takes_code_and_text)
{
	struct cnm_cni_env env = {.command = CNM_CNI_CHECK};
	struct cnm_cni_call call = {.env = &env};
	struct cnm_cni_error error = CNM_CNI_ERROR_INIT;
	struct cnm_error plain = CNM_ERROR_INIT;

	cnm_fail(&plain, CNM_E_CONFLICT, "link v0 is down");
	cr_assert_eq(cnm_cni_fail_model(&error, &call, &plain), -1);
	cr_assert_eq(error.code, CNM_CNI_E_DIFFERS);
	cr_assert_str_eq(error.msg, "link v0 is down");
	env.command = CNM_CNI_ADD;
	cnm_cni_fail_model(&error, &call, &plain);
	cr_assert_eq(error.code, CNM_CNI_E_CONFIG);
}

Test(cni_code, plugin_of_a_name)
{
	static const char *const names[] = {"cnm", "/opt/cni/bin/cnm", "./no-such-plugin", "", "dir/"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(names); i++)
		cr_assert_str_eq(cnm_cni_plugin_find(names[i])->name, "cnm", "%s", names[i]);
	cr_assert_str_eq(cnm_cni_plugin_find(NULL)->name, "cnm");
}

Test(cni_code, plugin_is_complete)
{
	const struct cnm_cni_plugin *plugin = cnm_cni_plugin_find("cnm");

	cr_assert(plugin->add && plugin->del && plugin->check && plugin->status && plugin->gc);
}
