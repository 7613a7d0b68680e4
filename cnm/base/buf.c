/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The growing buffer. Invariant: data is NULL, or cap > len bytes large with data[len] == 0; len never
 * exceeds max.
 */
#include "cnm/base/buf.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cnm/base/error.h"

#define FIRST_CAP   256
#define DRAIN_LIMIT ((size_t)16 * 1024 * 1024)

/* Makes room for `more` bytes and a NUL. */
static int buf_reserve(struct cnm_buf *buf, size_t more)
{
	size_t need, cap;
	char *data;

	if (buf->failed)
		return -1;
	if (more > buf->max - buf->len || more > SIZE_MAX / 2 - buf->len - 1) {
		buf->failed = true;
		return -1;
	}
	need = buf->len + more + 1;
	if (need <= buf->cap)
		return 0;
	cap = buf->cap ? buf->cap : FIRST_CAP;
	while (cap < need)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return -1;
	}
	buf->data = data;
	buf->cap = cap;
	return 0;
}

int cnm_buf_append(struct cnm_buf *buf, const void *bytes, size_t len)
{
	if (buf_reserve(buf, len) < 0)
		return -1;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int cnm_buf_puts(struct cnm_buf *buf, const char *text)
{
	return cnm_buf_append(buf, text, strlen(text));
}

int cnm_buf_printf(struct cnm_buf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		buf->failed = true;
	if (n < 0 || buf_reserve(buf, (size_t)n) < 0)
		return -1;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, format, args);
	va_end(args);
	buf->len += (size_t)n;
	return 0;
}

const char *cnm_buf_text(const struct cnm_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *cnm_buf_take(struct cnm_buf *buf)
{
	char *text = NULL;

	if (!buf->failed) {
		text = buf->data ? buf->data : strdup("");
		buf->data = NULL;
	}
	cnm_buf_free(buf);
	return text;
}

/* read() that sleeps through signals and through a descriptor that somebody made non-blocking. */
static ssize_t read_some(int fd, void *bytes, size_t size)
{
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t n = read(fd, bytes, size);

		if (n >= 0)
			return n;
		if (errno == EAGAIN && poll(&wait, 1, -1) < 0 && errno != EINTR)
			return -1;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
}

int cnm_buf_read_fd(struct cnm_buf *buf, int fd, const char *what, struct cnm_error *err)
{
	size_t room = buf->max - buf->len;
	size_t total = 0;
	char chunk[8192];

	while (total < DRAIN_LIMIT || !buf->failed) {
		ssize_t n = read_some(fd, chunk, sizeof(chunk));

		if (n < 0)
			return cnm_fail_sys(err, errno, "cannot read %s", what);
		if (n == 0)
			break;
		total += (size_t)n;
		cnm_buf_append(buf, chunk, (size_t)n); /* the failure is sticky: judged below */
	}
	if (total > room)
		return cnm_fail(err, CNM_E_INVALID, "%s: larger than %zu bytes", what, buf->max);
	return buf->failed ? cnm_fail_nomem(err) : 0;
}

void cnm_buf_free(struct cnm_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->cap = 0;
	buf->failed = false;
}
