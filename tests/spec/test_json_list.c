/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building JSON arrays. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/json_list.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>

Test(json_list, append)
{
	_cleanup_json_ json_object *list = json_object_new_array();
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_json_append(list, json_object_new_int(1), &err), 0);
	cr_assert_eq(cnm_json_append(list, json_object_new_string("a"), &err), 0);
	cnm_test_json_equal_text(list, "[1,\"a\"]", "append");
}

/* NULL is an allocation that failed; the value that came along is released (a leak checker sees it). */
Test(json_list, append_to_nothing)
{
	_cleanup_json_ json_object *list = json_object_new_array();
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_json_append(NULL, json_object_new_string("lost"), &err), -1);
	cr_assert_eq(err.code, CNM_E_NOMEM);
	cr_assert_eq(cnm_json_append(list, NULL, &err), -1);
	cr_assert_eq(json_object_array_length(list), 0);
}

Test(json_list, add_strings)
{
	_cleanup_json_ json_object *obj = json_object_new_object();
	_cleanup_strings_ struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_json_add_strings(obj, "none", &list, &err), 0);
	cr_assert_eq(cnm_strings_add(&list, "a", &err), 0);
	cr_assert_eq(cnm_strings_add(&list, "", &err), 0);
	cr_assert_eq(cnm_json_add_strings(obj, "some", &list, &err), 0);
	cnm_test_json_equal_text(obj, "{\"some\":[\"a\",\"\"]}", "add_strings");
}

Test(json_list, demand_makes_what_is_absent)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"list\":[1],\"object\":{\"a\":1},\"none\":null}");
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *found = NULL;

	cr_assert_eq(cnm_json_demand_array(obj, "list", &found, &err), 0);
	cr_assert_eq(found, json_object_object_get(obj, "list"));
	cr_assert_eq(cnm_json_demand_object(obj, "object", &found, &err), 0);
	cr_assert_eq(found, json_object_object_get(obj, "object"));
	cr_assert_eq(cnm_json_demand_array(obj, "none", &found, &err), 0);
	cr_assert_eq(cnm_json_demand_array(obj, "more", &found, &err), 0);
	cr_assert_eq(cnm_json_demand_object(obj, "other", &found, &err), 0);
	cr_assert_eq(found, json_object_object_get(obj, "other"));
	cnm_test_json_equal_text(
	        obj, "{\"list\":[1],\"object\":{\"a\":1},\"none\":[],\"more\":[],\"other\":{}}", "demand");
}

Test(json_list, demand_refuses_another_type)
{
	static const char text[] = "{\"list\":{},\"object\":[],\"word\":\"x\"}";
	_cleanup_json_ json_object *obj = cnm_test_json(text);
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *found = NULL;

	cr_assert_eq(cnm_json_demand_array(obj, "list", &found, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_eq(cnm_json_demand_object(obj, "object", &found, &err), -1);
	cr_assert_str_eq(err.text, "key \"object\": expected an object");
	cr_assert_eq(cnm_json_demand_array(obj, "word", &found, &err), -1);
	cr_assert_null(found);
	cnm_test_json_equal_text(obj, text, "nothing is changed");
}
