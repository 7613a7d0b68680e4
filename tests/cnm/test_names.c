/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of names: what is accepted, what is refused and how the refusal reads; ids and times. */
#include "cnm/base/error.h"
#include "cnm/names.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static struct cnm_error err;

static int key(const char *text)
{
	cnm_error_clear(&err);
	return cnm_key_check(text, &err);
}

static int name(const char *text)
{
	cnm_error_clear(&err);
	return cnm_name_check(text, "network name", &err);
}

static int ifname(const char *text)
{
	cnm_error_clear(&err);
	return cnm_ifname_check(text, &err);
}

static void expect_refused(int r, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line");
}

Test(names, name_of_letters_digits_and_marks)
{
	static const char *const good[] = {"a",   "Z",   "0",     "web",   "a.b",
	                                   "a_b", "a-b", "1.2.3", "a..b-", FIFTY TEN "123"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert_eq(name(good[i]), 0, "%s", err.text);
}

Test(names, name_that_is_no_path_component_or_option_is_refused)
{
	static const char *const bad[] = {".",   "..",  "-a",  "_a",   ".a",       "a/b",   "/",   "a b",
	                                  "a\n", "a@b", "a:b", "a%sb", "\xc3\xa4", "a\x7f", "a\\b"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(name(bad[i]), "network name '");
	expect_refused(name(""), "network name is empty");
	expect_refused(name(FIFTY TEN "1234"), "64 characters, at most 63");
}

Test(names, container_id_may_be_longer_than_a_name)
{
	char id[CNM_CONTAINER_MAX + 2];

	memset(id, 'c', sizeof(id));
	id[CNM_CONTAINER_MAX] = '\0';
	cnm_error_clear(&err);
	cr_assert_eq(cnm_container_check(id, &err), 0, "%s", err.text);
	id[CNM_CONTAINER_MAX] = 'c';
	id[CNM_CONTAINER_MAX + 1] = '\0';
	expect_refused(cnm_container_check(id, &err), "at most 128");
	cnm_error_clear(&err);
	expect_refused(cnm_container_check("../c", &err), "container id '../c'");
}

Test(names, interface_name_as_the_kernel_has_it)
{
	static const char *const good[] = {"e", "eth0", "a-b_c.d", "123456789012345", "\xc3\xa4", "eth0@if3"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert_eq(ifname(good[i]), 0, "%s", err.text);
}

Test(names, interface_name_that_the_kernel_or_a_path_cannot_have_is_refused)
{
	static const char *const bad[] = {".",     "..",  ".e",    "a/b",   "a:b",   "a b",      "a\tb",
	                                  "eth%d", "a\n", "a\x01", "a\x7f", "a\xff", "a\xc2\xa0"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(ifname(bad[i]), "interface name '");
	expect_refused(ifname(""), "interface name is empty");
	expect_refused(ifname("1234567890123456"), "16 bytes, at most 15");
}

Test(names, key_is_a_name_or_container_at_interface)
{
	char longest[CNM_KEY_MAX + 2];

	memset(longest, 'c', CNM_CONTAINER_MAX);
	snprintf(longest + CNM_CONTAINER_MAX, sizeof(longest) - CNM_CONTAINER_MAX, "@123456789012345");
	cr_assert_eq(strlen(longest), CNM_KEY_MAX);
	cr_assert_eq(key("web"), 0);
	cr_assert_eq(key("c1@eth0"), 0);
	cr_assert_eq(key(longest), 0, "%s", err.text);
}

Test(names, key_that_is_neither_is_refused)
{
	char too_long[CNM_CONTAINER_MAX + 8];

	memset(too_long, 'c', CNM_CONTAINER_MAX + 1);
	snprintf(too_long + CNM_CONTAINER_MAX + 1, sizeof(too_long) - CNM_CONTAINER_MAX - 1, "@eth0");
	expect_refused(key(""), "endpoint name is empty");
	expect_refused(key("@eth0"), "endpoint name: container id is empty");
	expect_refused(key("c1@"), "endpoint name: interface name is empty");
	expect_refused(key("c1@a/b"), "endpoint name: interface name 'a/b'");
	expect_refused(key("../c1@eth0"), "endpoint name: container id '../c1'");
	expect_refused(key("a/b"), "endpoint name 'a/b'");
	expect_refused(key(FIFTY TEN "1234"), "at most 63");
	expect_refused(key(too_long), "is too long");
}

Test(names, id_prefix_is_lower_case_hexadecimal)
{
	char id[CNM_ID_LEN + 2];

	memset(id, 'f', sizeof(id));
	id[CNM_ID_LEN + 1] = '\0';
	cr_assert_not(cnm_id_is_prefix(id), "65 digits");
	id[CNM_ID_LEN] = '\0';
	cr_assert(cnm_id_is_prefix(id));
	cr_assert(cnm_id_is_prefix("0"));
	cr_assert_not(cnm_id_is_prefix(""));
	cr_assert_not(cnm_id_is_prefix("F"));
	cr_assert_not(cnm_id_is_prefix("abg"));
	cr_assert_not(cnm_id_is_prefix("ab "));
}

Test(names, id_is_new_each_time)
{
	char a[CNM_ID_LEN + 1], b[CNM_ID_LEN + 1];

	cr_assert_eq(cnm_id_make(a, &err), 0);
	cr_assert_eq(cnm_id_make(b, &err), 0);
	cr_assert_eq(strlen(a), CNM_ID_LEN);
	cr_assert(cnm_id_is_prefix(a));
	cr_assert_str_neq(a, b);
}

Test(names, time_is_what_the_c_library_says)
{
	/* Every day for 400 years, each at another second. */
	for (uint64_t day = 0; day < 146097; day++) {
		time_t at = (time_t)(day * 86400 + day % 86400);
		char expected[64], text[32];
		struct tm utc;

		cnm_time_format((uint64_t)at, text);
		cr_assert_not_null(gmtime_r(&at, &utc));
		cr_assert_gt(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &utc), 0);
		cr_assert_str_eq(text, expected);
	}
}

Test(names, time_is_rfc_3339_in_utc)
{
	int year, month, day, hour, minute, second, end = 0;
	char text[32];

	cnm_time_now(text);
	cr_assert_eq(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second,
	                    &end),
	             6, "%s", text);
	cr_assert_eq((size_t)end, strlen(text), "%s", text);
	cr_assert_eq(end, 20);
	cr_assert_geq(year, 2024);
}
