/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: codes, the one line, and what hostile arguments can do to it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/utf8.h"

static void assert_utf8(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len;) {
		size_t n = cnm_utf8_length(text + i, len - i);

		cr_assert_gt(n, 0, "byte %zu of %zu is not UTF-8", i, len);
		i += n;
	}
}

Test(error, fail_sets_code_and_text)
{
	struct cnm_error err = CNM_ERROR_INIT;

	err.sys_errno = EPERM;
	cr_assert_eq(cnm_fail(&err, CNM_E_NOT_FOUND, "network \"%s\": no such network", "web"), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert_eq(err.sys_errno, 0);
	cr_assert_str_eq(err.text, "network \"web\": no such network");
}

Test(error, fail_sys_appends_the_reason)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_fail_sys(&err, ENOENT, "cannot open %s", "/x"), -1);
	cr_assert_eq(err.code, CNM_E_SYSTEM);
	cr_assert_eq(err.sys_errno, ENOENT);
	cr_assert_str_eq(err.text, "cannot open /x: No such file or directory");
	cnm_fail_sys(&err, ENOMEM, "cannot open %s", "/x");
	cr_assert_eq(err.code, CNM_E_NOMEM);
}

Test(error, fail_nomem)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_fail_nomem(&err), -1);
	cr_assert_eq(err.code, CNM_E_NOMEM);
	cr_assert_eq(err.sys_errno, ENOMEM);
	cr_assert_str_eq(err.text, "out of memory");
}

Test(error, fail_sys_keeps_the_reason_of_a_long_text)
{
	static const char reason[] = ": No such file or directory";
	struct cnm_error err = CNM_ERROR_INIT;
	char name[5000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cnm_fail_sys(&err, ENOENT, "cannot open %s", name);
	cr_assert_leq(strlen(err.text), sizeof(err.text) - 1);
	cr_assert_str_eq(err.text + strlen(err.text) - strlen(reason), reason);
}

Test(error, wrap_puts_context_in_front)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cnm_fail_sys(&err, EBUSY, "cannot make eth0");
	cr_assert_eq(cnm_wrap(&err, "endpoint \"%s\"", "c1"), -1);
	cr_assert_eq(err.code, CNM_E_SYSTEM);
	cr_assert_eq(err.sys_errno, EBUSY);
	cr_assert_str_eq(err.text, "endpoint \"c1\": cannot make eth0: Device or resource busy");
}

Test(error, wrap_leaves_success_alone)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_wrap(&err, "context"), -1);
	cr_assert_eq(err.code, CNM_OK);
	cr_assert_str_eq(err.text, "");
}

Test(error, own_text_as_argument)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cnm_fail(&err, CNM_E_INVALID, "first");
	cnm_fail(&err, CNM_E_BUSY, "%s and %s", err.text, err.text);
	cr_assert_str_eq(err.text, "first and first");
	cnm_wrap(&err, "again %s", err.text);
	cr_assert_str_eq(err.text, "again first and first: first and first");
	cnm_fail_sys(&err, EPERM, "%.5s", err.text);
	cr_assert_str_eq(err.text, "again: Operation not permitted");
}

Test(error, one_line_whatever_is_quoted)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	        {"a\nb\r\tc", "a?b??c"},
	        {"\x1b[31mred\x7f", "?[31mred?"},
	        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3"},
	        {"csi \xc2\x9b 1m", "csi ? 1m"},
	        {"latin1 \xe9 end", "latin1 ? end"},
	        {"overlong \xc0\xaf", "overlong ??"},
	        {"surrogate \xed\xa0\x80", "surrogate ???"},
	        {"cut \xe2\x82", "cut ??"},
	};
	struct cnm_error err = CNM_ERROR_INIT;

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		cnm_fail(&err, CNM_E_INVALID, "%s", rows[i].in);
		cr_assert_str_eq(err.text, rows[i].out, "row %zu: %s", i, err.text);
	}
}

Test(error, truncation_never_splits_a_character)
{
	struct cnm_error err = CNM_ERROR_INIT;
	char text[2048];

	for (size_t lead = 0; lead < 8; lead++) {
		memset(text, 'x', lead);
		for (size_t i = lead; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x90\xb3", 5);
		cnm_fail(&err, CNM_E_INVALID, "%s", text);
		assert_utf8(err.text);
		cr_assert_null(strchr(err.text, '?'));
		cr_assert_geq(strlen(err.text), sizeof(err.text) - 5);
		cnm_wrap(&err, "context");
		assert_utf8(err.text);
		cr_assert_eq(strncmp(err.text, "context: x", lead ? 10 : 9), 0);
	}
}

Test(error, wrap_by_a_context_that_fills_the_room)
{
	struct cnm_error err = CNM_ERROR_INIT;
	char name[3000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cnm_fail(&err, CNM_E_BUSY, "cause");
	cnm_wrap(&err, "%s", name);
	cr_assert_eq(err.code, CNM_E_BUSY);
	cr_assert_lt(strlen(err.text), sizeof(err.text));
}

Test(error, clear_and_null)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cnm_fail_sys(&err, EPERM, "x");
	cnm_error_clear(&err);
	cr_assert_eq(err.code, CNM_OK);
	cr_assert_eq(err.sys_errno, 0);
	cr_assert_str_eq(err.text, "");
	cnm_error_clear(NULL);
	cr_assert_eq(cnm_fail(NULL, CNM_E_BUSY, "x"), -1);
	cr_assert_eq(cnm_wrap(NULL, "x"), -1);
}
