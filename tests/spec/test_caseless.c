/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Getters for input of Go callers: the exact key first, then any case; wrong types are named as they were
 * written. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

Test(caseless, exact_key_goes_first)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"HOSTPORT\":1,\"hostPort\":2,\"HostPort\":3}");
	struct cnm_error err = CNM_ERROR_INIT;
	int value = 0;

	cr_assert_eq(cnm_caseless_get_int(obj, "hostPort", 0, 9, &value, &err), 0, "%s", err.text);
	cr_assert_eq(value, 2);
	cr_assert_eq(cnm_caseless_get_int(obj, "hostport", 0, 9, &value, &err), 0, "%s", err.text);
	cr_assert_eq(value, 1, "the first that matches in any case");
}

Test(caseless, absent_and_null_leave_the_value)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"A\":null}");
	_cleanup_strings_ struct cnm_strings list = {0};
	_cleanup_kvs_ struct cnm_kvs kvs = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *rows[] = {NULL, obj, obj};
	const char *keys[] = {"a", "a", "b"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		const char *text = "kept";
		json_object *object = obj;
		char *copy = NULL;
		bool flag = true;
		int number = 7, toggle = -1;
		int64_t wide = 7;

		cr_assert_eq(cnm_caseless_get_string(rows[i], keys[i], &text, &err), 0);
		cr_assert_eq(cnm_caseless_get_bool(rows[i], keys[i], &flag, &err), 0);
		cr_assert_eq(cnm_caseless_get_switch(rows[i], keys[i], &toggle, &err), 0);
		cr_assert_eq(cnm_caseless_get_int(rows[i], keys[i], 0, 1, &number, &err), 0);
		cr_assert_eq(cnm_caseless_get_int64(rows[i], keys[i], 0, 1, &wide, &err), 0);
		cr_assert_eq(cnm_caseless_get_object(rows[i], keys[i], &object, &err), 0);
		cr_assert_eq(cnm_caseless_get_array(rows[i], keys[i], &object, &err), 0);
		cr_assert_eq(cnm_caseless_get_strings(rows[i], keys[i], &list, &err), 0);
		cr_assert_eq(cnm_caseless_get_kvs(rows[i], keys[i], &kvs, &err), 0);
		cr_assert_eq(cnm_caseless_dup_string(rows[i], keys[i], &copy, &err), 0);
		cr_assert_eq(cnm_caseless_get_mac(rows[i], keys[i], &copy, &err), 0);
		cr_assert_str_eq(text, "kept");
		cr_assert(flag && number == 7 && wide == 7 && toggle == -1 && object == obj);
		cr_assert(list.count == 0 && kvs.count == 0 && copy == NULL);
	}
}

Test(caseless, scalars)
{
	_cleanup_json_ json_object *obj = cnm_test_json(
	        "{\"Text\":\"x\",\"ON\":true,\"off\":false,\"Number\":1500.0,\"BIG\":9007199254740993}");
	struct cnm_error err = CNM_ERROR_INIT;
	const char *text = NULL;
	int64_t wide = 0;
	bool flag = false;
	int value = -1;

	cr_assert_eq(cnm_caseless_get_string(obj, "text", &text, &err), 0);
	cr_assert_str_eq(text, "x");
	cr_assert_eq(cnm_caseless_get_bool(obj, "on", &flag, &err), 0);
	cr_assert(flag);
	cr_assert_eq(cnm_caseless_get_switch(obj, "on", &value, &err), 0);
	cr_assert_eq(value, 1);
	cr_assert_eq(cnm_caseless_get_switch(obj, "Off", &value, &err), 0);
	cr_assert_eq(value, 0);
	cr_assert_eq(cnm_caseless_get_int(obj, "number", 0, INT_MAX, &value, &err), 0, "%s", err.text);
	cr_assert_eq(value, 1500);
	cr_assert_eq(cnm_caseless_get_int64(obj, "big", 0, INT64_MAX, &wide, &err), 0);
	cr_assert_eq(wide, 9007199254740993);
}

Test(caseless, switch_off_overrides_what_was_on)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"a\":false}");
	struct cnm_error err = CNM_ERROR_INIT;
	int value = 1;

	cr_assert_eq(cnm_caseless_get_switch(obj, "A", &value, &err), 0);
	cr_assert_eq(value, 0);
}

Test(caseless, wrong_types_name_the_key_as_written)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"Key\":[1],\"NUM\":\"x\",\"Far\":10}");
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_strings_ struct cnm_strings list = {0};
	const char *text = NULL;
	json_object *object = NULL;
	bool flag = false;
	int value = 0;

	cr_assert_eq(cnm_caseless_get_string(obj, "key", &text, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(err.text, "key \"Key\": expected a string");
	cr_assert_eq(cnm_caseless_get_bool(obj, "num", &flag, &err), -1);
	cr_assert_str_eq(err.text, "key \"NUM\": expected true or false");
	cr_assert_eq(cnm_caseless_get_switch(obj, "num", &value, &err), -1);
	cr_assert_eq(cnm_caseless_get_object(obj, "key", &object, &err), -1);
	cr_assert_str_eq(err.text, "key \"Key\": expected an object");
	cr_assert_eq(cnm_caseless_get_array(obj, "num", &object, &err), -1);
	cr_assert_not_null(strstr(err.text, "key \"NUM\""), "%s", err.text);
	cr_assert_eq(cnm_caseless_get_int(obj, "far", 0, 9, &value, &err), -1);
	cr_assert_str_eq(err.text, "key \"Far\": expected an integer from 0 to 9, not 10");
	cr_assert_eq(cnm_caseless_get_strings(obj, "key", &list, &err), -1);
	cr_assert_not_null(strstr(err.text, "Key"), "%s", err.text);
	cr_assert_eq(value, 0);
}

Test(caseless, strings_are_appended)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"Names\":[\"b\",\"\"]}");
	_cleanup_strings_ struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_strings_add(&list, "a", &err), 0);
	cr_assert_eq(cnm_caseless_get_strings(obj, "names", &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, 3);
	cr_assert_str_eq(list.items[1], "b");
	cr_assert_str_eq(list.items[2], "");
}

Test(caseless, kvs_take_scalars_as_their_text)
{
	_cleanup_json_ json_object *obj = cnm_test_json(
	        "{\"Options\":{\"mtu\":1400,\"icc\":false,\"text\":\"a=b\",\"none\":null,\"half\":0.5}}");
	_cleanup_kvs_ struct cnm_kvs kvs = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_caseless_get_kvs(obj, "options", &kvs, &err), 0, "%s", err.text);
	cr_assert_eq(kvs.count, 4);
	cr_assert_str_eq(cnm_kvs_get(&kvs, "mtu"), "1400");
	cr_assert_str_eq(cnm_kvs_get(&kvs, "icc"), "false");
	cr_assert_str_eq(cnm_kvs_get(&kvs, "text"), "a=b");
	cr_assert_str_eq(cnm_kvs_get(&kvs, "half"), "0.5");
	cr_assert_null(cnm_kvs_get(&kvs, "none"));
}

Test(caseless, kvs_refuse_what_has_no_text)
{
	static const char *const rows[] = {"{\"o\":{\"a\":[]}}", "{\"o\":{\"a\":{}}}", "{\"o\":{\"\":\"x\"}}",
	                                   "{\"o\":[]}", "{\"o\":{\"a\":\"x\\u0000y\"}}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]);
		_cleanup_kvs_ struct cnm_kvs kvs = {0};
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_caseless_get_kvs(obj, "O", &kvs, &err), -1, "accepted: %s", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_not_null(strstr(err.text, "key \"o\""), "%s", err.text);
	}
}

Test(caseless, copies_replace)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"A\":\"new\",\"empty\":\"\"}");
	_cleanup_free_ char *copy = strdup("old");
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_caseless_dup_string(obj, "Empty", &copy, &err), 0);
	cr_assert_str_eq(copy, "old");
	cr_assert_eq(cnm_caseless_dup_string(obj, "a", &copy, &err), 0);
	cr_assert_str_eq(copy, "new");
}

Test(caseless, mac_is_made_canonical)
{
	_cleanup_json_ json_object *obj = cnm_test_json("{\"MAC\":\"02-AB-00-00-00-01\",\"empty\":\"\","
	                                                "\"bad\":\"02:ab\",\"multi\":\"01:00:5e:00:00:01\"}");
	_cleanup_free_ char *mac = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_caseless_get_mac(obj, "empty", &mac, &err), 0);
	cr_assert_null(mac);
	cr_assert_eq(cnm_caseless_get_mac(obj, "mac", &mac, &err), 0, "%s", err.text);
	cr_assert_str_eq(mac, "02:ab:00:00:00:01");
	cr_assert_eq(cnm_caseless_get_mac(obj, "bad", &mac, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_not_null(strstr(err.text, "key \"bad\": "), "%s", err.text);
	cr_assert_eq(cnm_caseless_get_mac(obj, "multi", &mac, &err), -1);
	cr_assert_str_eq(mac, "02:ab:00:00:00:01");
}
