/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings below /proc/sys, of the calling thread's network namespace where they belong to one. Opened with
 * openat2 (RESOLVE_NO_SYMLINKS), and the open file itself must be procfs', so that a prepared mount or link
 * cannot redirect a write (CVE-2019-19921 and its successors).
 */
#ifndef CNM_SYS_SYSCTL_H
#define CNM_SYS_SYSCTL_H

#include <stddef.h>

struct cnm_error;

/* `path` below /proc/sys with slashes: "net/ipv6/conf/eth0/accept_ra". Missing file: CNM_E_NOT_FOUND. The text
 * names path and value: `sysctl net/ipv6/conf/eth0/accept_ra = 0: No such file or directory`. */
int cnm_sysctl_write(const char *path, const char *value, struct cnm_error *err);
/* The same, where a kernel without the feature (CNM_E_NOT_FOUND: ipv6.disable=1) is success. */
int cnm_sysctl_write_if_present(const char *path, const char *value, struct cnm_error *err);
/* Text without the last newline, into ret (NUL-terminated, cut at size). */
int cnm_sysctl_read(const char *path, char *ret, size_t size, struct cnm_error *err);

#endif
