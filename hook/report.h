/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user is told when something fails. The only place that knows exit statuses. */
#ifndef CNM_HOOK_REPORT_H
#define CNM_HOOK_REPORT_H

#include "cnm/base/error.h"

enum cnm_format { CNM_FORMAT_TEXT, CNM_FORMAT_JSON };

enum cnm_exit {
	CNM_EXIT_OK = 0,
	CNM_EXIT_ERROR = 1,
	CNM_EXIT_USAGE = 2,
};

/* "not_found" for CNM_E_NOT_FOUND: the code's name for programs, which does not change. */
const char *cnm_report_code(enum cnm_code code);

/* One line on stderr: `cnm: TEXT`, or {"error":{"code":"not_found","message":"TEXT"}}. Returns CNM_EXIT_ERROR. */
int cnm_report_error(enum cnm_format format, const struct cnm_error *err);

#endif
