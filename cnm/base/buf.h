/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer that declares its greatest size at birth. Failure is sticky: after a failed
 * append every later one fails too, so that a writer checks once, at its end.
 */
#ifndef CNM_BASE_BUF_H
#define CNM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

struct cnm_buf {
	char *data; /* NUL-terminated once anything was appended; else NULL */
	size_t len; /* without the NUL */
	size_t cap;
	size_t max;
	bool failed;
};

#define CNM_BUF_INIT(limit)                                                                                  \
	{                                                                                                    \
		.data = NULL, .len = 0, .cap = 0, .max = (limit), .failed = false                            \
	}

/* 0, or -1 when memory or the limit is exhausted. */
int cnm_buf_append(struct cnm_buf *buf, const void *bytes, size_t len);
int cnm_buf_puts(struct cnm_buf *buf, const char *text);
int cnm_buf_printf(struct cnm_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text ("" when empty), owned by the buffer. */
const char *cnm_buf_text(const struct cnm_buf *buf);

/* Hands the text to the caller, who frees it; NULL when an append failed. The buffer is empty after. */
char *cnm_buf_take(struct cnm_buf *buf);

/* Reads fd to its end. Past the limit: CNM_E_INVALID, but fd is still drained (up to 16 MiB), since
 * a runtime that blocks writing to a hook's stdin does not run the hook's timeout. */
int cnm_buf_read_fd(struct cnm_buf *buf, int fd, const char *what, struct cnm_error *err);

void cnm_buf_free(struct cnm_buf *buf);

#endif
