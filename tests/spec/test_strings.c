/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of texts. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/strings.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(strings, keeps_copies_in_order)
{
	_cleanup_strings_ struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	char text[32];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "item %d", i);
		cr_assert_eq(cnm_strings_add(&list, text, &err), 0, "%s", err.text);
	}
	cr_assert_eq(list.count, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "item %d", i);
		cr_assert_str_eq(list.items[i], text);
	}
}

Test(strings, add_n_takes_part_of_a_text)
{
	_cleanup_strings_ struct cnm_strings list = {0};
	static const char bytes[] = {'a', 'b', 'c'};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_strings_add_n(&list, bytes, 2, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_strings_add_n(&list, bytes, 3, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_strings_add_n(&list, bytes, 0, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, 3);
	cr_assert_str_eq(list.items[0], "ab");
	cr_assert_str_eq(list.items[1], "abc");
	cr_assert_str_eq(list.items[2], "");
}

Test(strings, contain_compares_whole_texts)
{
	_cleanup_strings_ struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_not(cnm_strings_contain(&list, ""));
	cr_assert_eq(cnm_strings_add(&list, "web", &err), 0);
	cr_assert(cnm_strings_contain(&list, "web"));
	cr_assert_not(cnm_strings_contain(&list, "we"));
	cr_assert_not(cnm_strings_contain(&list, "webs"));
	cr_assert_not(cnm_strings_contain(&list, "WEB"));
}

Test(strings, free_leaves_an_empty_list)
{
	struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_strings_add(&list, "a", &err), 0);
	cnm_strings_free(&list);
	cr_assert_null(list.items);
	cr_assert_eq(list.count, 0);
	cnm_strings_free(&list);
	cnm_strings_free(NULL);
}

Test(strings, blank)
{
	static const struct {
		const char *text;
		size_t len;
		bool blank;
	} rows[] = {
	        {NULL, 0, true},  {"", 0, true},          {" \t\r\n", 4, true}, {"x", 0, true},
	        {" x", 1, true},  {" x", 2, false},       {"\v", 1, false},     {"\0", 1, false},
	        {"{}", 2, false}, {"\xc2\xa0", 2, false},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++)
		cr_assert_eq(cnm_text_is_blank(rows[i].text, rows[i].len), rows[i].blank, "row %zu", i);
}
