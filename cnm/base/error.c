/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filling errors. Whatever the arguments quote, the text that results is one line of valid UTF-8: it
 * ends up in terminals, in logs and in JSON. Arguments may point into err->text itself, so every text
 * is composed elsewhere and copied last.
 */
#define CNM_BASE_ERROR_C
#include "cnm/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/utf8.h"

/* U+0080..U+009F steer terminals just as the ASCII control characters do. */
static bool is_control(const char *s, size_t n)
{
	unsigned char first = (unsigned char)s[0];

	if (n == 1)
		return first < 0x20 || first == 0x7f;
	return n == 2 && first == 0xc2 && (unsigned char)s[1] < 0xa0;
}

/* Copies text[0..len) to out, which holds size > 0 bytes: '?' for what may not be shown, and no
 * character cut in half. Returns the length. */
static size_t copy_clean(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		size_t n = cnm_utf8_length(text + i, len - i);
		bool shown = n > 0 && !is_control(text + i, n);
		size_t step = n > 0 ? n : 1;
		size_t width = shown ? n : 1;

		if (width >= size - used)
			break;
		if (shown)
			memcpy(out + used, text + i, n);
		else
			out[used] = '?';
		used += width;
		i += step;
	}
	out[used] = '\0';
	return used;
}

/* The tail that vsnprintf's limit cut off a character: 0 to 3 bytes. */
static size_t cut_tail(const char *text, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)text[len - back];

		if (c >= 0xc0)
			return cnm_utf8_length(text + len - back, back) == 0 ? back : 0;
		if (c < 0x80)
			break;
	}
	return 0;
}

/* Formats into out[size] and returns the length. */
__attribute__((format(printf, 3, 0))) static size_t format_clean(char *out, size_t size, const char *format,
                                                                 va_list args)
{
	char raw[CNM_ERROR_TEXT_MAX];
	int n = vsnprintf(raw, sizeof(raw), format, args);
	size_t len;

	if (n < 0) {
		out[0] = '\0';
		return 0;
	}
	len = (size_t)n;
	if (len >= sizeof(raw)) {
		len = sizeof(raw) - 1;
		len -= cut_tail(raw, len);
	}
	return copy_clean(out, size, raw, len);
}

static int fill(struct cnm_error *err, enum cnm_code code, int sys_errno, const char *text)
{
	if (err) {
		err->code = code;
		err->sys_errno = sys_errno;
		memcpy(err->text, text, strlen(text) + 1);
	}
	return -1;
}

int cnm_fail(struct cnm_error *err, enum cnm_code code, const char *format, ...)
{
	char text[CNM_ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	format_clean(text, sizeof(text), format, args);
	va_end(args);
	return fill(err, code, 0, text);
}

int cnm_fail_sys(struct cnm_error *err, int sys_errno, const char *format, ...)
{
	const char *reason = strerror(sys_errno);
	size_t reason_len = strnlen(reason, CNM_ERROR_TEXT_MAX / 2);
	char text[CNM_ERROR_TEXT_MAX];
	va_list args;
	size_t len;

	/* The reason keeps its room: a text that is too long loses its own end instead. */
	va_start(args, format);
	len = format_clean(text, sizeof(text) - reason_len - 2, format, args);
	va_end(args);
	memcpy(text + len, ": ", 2);
	copy_clean(text + len + 2, sizeof(text) - len - 2, reason, reason_len);
	return fill(err, sys_errno == ENOMEM ? CNM_E_NOMEM : CNM_E_SYSTEM, sys_errno, text);
}

int cnm_fail_nomem(struct cnm_error *err)
{
	return fill(err, CNM_E_NOMEM, ENOMEM, "out of memory");
}

int cnm_wrap(struct cnm_error *err, const char *format, ...)
{
	char text[CNM_ERROR_TEXT_MAX];
	va_list args;
	size_t len;

	if (!err || err->code == CNM_OK)
		return -1;
	va_start(args, format);
	len = format_clean(text, sizeof(text) - 2, format, args);
	va_end(args);
	memcpy(text + len, ": ", 2);
	copy_clean(text + len + 2, sizeof(text) - len - 2, err->text, strnlen(err->text, sizeof(err->text)));
	return fill(err, err->code, err->sys_errno, text);
}

void cnm_error_clear(struct cnm_error *err)
{
	if (!err)
		return;
	err->code = CNM_OK;
	err->sys_errno = 0;
	err->text[0] = '\0';
}
