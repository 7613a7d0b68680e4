/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grammar of names and making of ids. Every name that becomes part of a path passes through here. */
#ifndef CNM_NAMES_H
#define CNM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct cnm_error;

#define CNM_NAME_MAX      63  /* of a network, an endpoint, a driver */
#define CNM_CONTAINER_MAX 128 /* a container id */
#define CNM_ID_LEN        64
/* An endpoint's name: a NAME, or CONTAINER@IFNAME for one made by a connect. */
#define CNM_KEY_MAX (CNM_CONTAINER_MAX + 1 + 15)

/* [A-Za-z0-9][A-Za-z0-9_.-]*, as CNI and Docker have it, at most CNM_NAME_MAX; `what` ("network name") begins the error. */
int cnm_name_check(const char *name, const char *what, struct cnm_error *err);
/* The same grammar, at most CNM_CONTAINER_MAX ("container id"). */
int cnm_container_check(const char *id, struct cnm_error *err);
/* 1 to 15 bytes, not "." or "..", no '/', ':', blank or control byte (CNI specification; dev_valid_name in net/core/dev.c), and no '%', which the kernel would number. */
int cnm_ifname_check(const char *name, struct cnm_error *err);
/* An endpoint's name: either form. */
int cnm_key_check(const char *key, struct cnm_error *err);
bool cnm_id_is_prefix(const char *text); /* 1 to 64 lower-case hexadecimal digits */

/* 64 random hexadecimal digits. */
int cnm_id_make(char ret[CNM_ID_LEN + 1], struct cnm_error *err);
/* RFC 3339 in UTC: 2026-01-31T12:00:00Z. */
void cnm_time_now(char ret[32]);
/* The same of a time in seconds since 1970. */
void cnm_time_format(uint64_t now, char ret[32]);

#endif
