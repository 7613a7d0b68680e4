/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of cnm/sys only. */
#ifndef CNM_SYS_INTERNAL_H
#define CNM_SYS_INTERNAL_H

#include "cnm/base/error.h"
#include <sys/auxv.h>
#include <sys/types.h>

/* Gives an error of cnm_fail_sys a code that says more than CNM_E_SYSTEM; out of memory stays. Returns -1. */
static inline int cnm_sys_recode(struct cnm_error *err, enum cnm_code code)
{
	if (err && err->code != CNM_E_NOMEM)
		err->code = code;
	return -1;
}

/* 0 when `name` is one component of a path; else -1 with CNM_E_INVALID. O_NOFOLLOW guards only the
 * last component, so a name with a slash would lose its protection. */
int cnm_sys_check_name(const char *name, struct cnm_error *err);

/* The effective user at the start, which costs no call. Of a process that became another since then every file is refused. */
static inline uid_t cnm_sys_user(void)
{
	return (uid_t)getauxval(AT_EUID);
}

#endif
