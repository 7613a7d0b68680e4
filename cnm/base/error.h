/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one error type: what went wrong, as a code for programs and one line for people.
 *
 * An error lives on the caller's stack. A function that can fail takes `struct cnm_error *err` as
 * its last argument, returns 0 or -1 (or a pointer or NULL), and on failure has filled *err. It
 * either returns an error or handles it; nothing below hook/ prints.
 */
#ifndef CNM_BASE_ERROR_H
#define CNM_BASE_ERROR_H

#include <stdbool.h>

enum cnm_code {
	CNM_OK = 0,
	CNM_E_INVALID,     /* the caller's input is wrong; nothing was changed */
	CNM_E_NOT_FOUND,   /* no such network, endpoint, sandbox, driver */
	CNM_E_EXISTS,      /* the name, address, port or interface is taken */
	CNM_E_BUSY,        /* in use: active endpoints, a running container */
	CNM_E_EXHAUSTED,   /* no free address, port or subnet is left */
	CNM_E_UNSUPPORTED, /* this kernel, build or driver cannot do it */
	CNM_E_CONFLICT,    /* a description contradicts what exists */
	CNM_E_NETNS,       /* the network namespace is missing, dead or not usable */
	CNM_E_PARSE,       /* the input is not well-formed JSON, UTF-8, ... */
	CNM_E_STORE,       /* a stored record cannot be read or written */
	CNM_E_SYSTEM,      /* a system call or the kernel refused; sys_errno says why */
	CNM_E_TRY_AGAIN,   /* a passing condition; the same call may succeed later */
	CNM_E_NOMEM,
};

#define CNM_ERROR_TEXT_MAX 1024

struct cnm_error {
	enum cnm_code code;
	int sys_errno; /* errno where a system call failed, else 0 */
	char text[CNM_ERROR_TEXT_MAX];
};

#define CNM_ERROR_INIT                                                                                       \
	{                                                                                                    \
		.code = CNM_OK, .sys_errno = 0, .text = ""                                                   \
	}

/* Each of these returns -1, so that `return cnm_fail(err, ...)` is the whole failure path. */

/* Sets the code and the text. */
int cnm_fail(struct cnm_error *err, enum cnm_code code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Sets CNM_E_SYSTEM (CNM_E_NOMEM for ENOMEM) and the text, followed by ": " and strerror(sys_errno). */
int cnm_fail_sys(struct cnm_error *err, int sys_errno, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* CNM_E_NOMEM. */
int cnm_fail_nomem(struct cnm_error *err);

/* Puts `context: ` in front of the text; code and errno stay. An error that is CNM_OK stays so. */
int cnm_wrap(struct cnm_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void cnm_error_clear(struct cnm_error *err);

/* The analyzer looks into one file at a time: it must be told that a failure path is one. */
#if defined(__clang_analyzer__) && !defined(CNM_BASE_ERROR_C)
#define cnm_fail(...)       (cnm_fail(__VA_ARGS__), -1)
#define cnm_fail_sys(...)   (cnm_fail_sys(__VA_ARGS__), -1)
#define cnm_fail_nomem(err) (cnm_fail_nomem(err), -1)
#define cnm_wrap(...)       (cnm_wrap(__VA_ARGS__), -1)
#endif

#endif
