/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own files about plugins: what is written is read, and what somebody broke is an error. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/plugin_owed.h"
#include "spec/plugin_record.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(plugin_files, record_comes_back)
{
	struct cnm_plugin_record record = {.identity = "1:2:3.4",
	                                   .local_space = "l",
	                                   .global_space = "g",
	                                   .node = "n"},
	                         back = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	record.implements.ipam = record.network.connectivity_global = record.ipam.requires_replay = true;
	text = cnm_plugin_record_encode(&record, &err);
	cr_assert_not_null(text);
	cr_assert_eq(cnm_plugin_record_decode(&back, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_str_eq(back.identity, "1:2:3.4");
	cr_assert_str_eq(back.node, "n");
	cr_assert(back.implements.ipam && !back.implements.network && back.network.connectivity_global &&
	          !back.network.global && back.ipam.requires_replay && !back.ipam.requires_mac);
	cr_assert_eq(cnm_plugin_record_decode(&back, text, strlen(text) / 2, &err), -1);
}

Test(plugin_files, owed_comes_back_in_its_order)
{
	_cleanup_owed_ struct cnm_owed owed = {.since = 7, .pid = 3, .start_time = 9}, back = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	owed.network = strdup("web");
	owed.network_id = strdup("id");
	owed.endpoint = strdup("");
	owed.endpoint_id = strdup("");
	cr_assert_eq(cnm_owed_add(&owed, "A.One", strdup("{\"a\":\"\\n\"}"), &err), 0);
	cr_assert_eq(cnm_owed_add(&owed, "A.Two", strdup("{}"), &err), 0);
	text = cnm_owed_encode(&owed, &err);
	cr_assert_eq(cnm_owed_decode(&back, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_eq(back.count, 2);
	cr_assert_str_eq(back.calls[0].name, "A.One");
	cr_assert_str_eq(back.calls[0].body, "{\"a\":\"\\n\"}");
	cr_assert(back.since == 7 && back.pid == 3 && back.start_time == 9);
	cr_assert_str_eq(back.network, "web");
	cnm_owed_drop(&back, 1);
	cr_assert_eq(back.count, 1);
	cr_assert_str_eq(back.calls[0].name, "A.Two");
}

Test(plugin_files, broken_owed)
{
	static const char *const texts[] = {"",
	                                    "[]",
	                                    "{\"calls\":5}",
	                                    "{\"calls\":[{}]}",
	                                    "{\"calls\":[{\"call\":\"x\"}]}",
	                                    "{\"pid\":-1}",
	                                    "{\"pid\":\"x\"}"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		_cleanup_owed_ struct cnm_owed back = {0};
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_owed_decode(&back, texts[i], strlen(texts[i]), &err), -1, "%s", texts[i]);
	}
}

Test(plugin_files, too_many_calls)
{
	_cleanup_owed_ struct cnm_owed owed = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	int i;

	for (i = 0; i < CNM_OWED_CALLS; i++)
		cr_assert_eq(cnm_owed_add(&owed, "x", strdup("{}"), &err), 0);
	cr_assert_eq(cnm_owed_add(&owed, "x", strdup("{}"), &err), -1);
	cr_assert_eq(err.code, CNM_E_EXHAUSTED);
}
