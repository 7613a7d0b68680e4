/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program as a child: text in, text out, an end in time. There is one use for it: an external IPAM plugin.
 */
#ifndef CNM_SYS_PROCESS_H
#define CNM_SYS_PROCESS_H

#include "cnm/base/buf.h"
#include "cnm/base/error.h"

struct cnm_process {
	const char *path; /* executed without a search; it is also argv[0], and there are no arguments */
	const char *const *env; /* "NAME=VALUE", ..., NULL: the whole environment */
	const char *input;      /* on its standard input, which then ends; NULL: nothing */
	size_t input_len;
	unsigned timeout_ms; /* then it is killed, with what it started in its process group */
};

/* Runs it and waits for its end. Its standard output goes to `output`, past whose limit it is killed (CNM_E_INVALID); its standard error is ours.
 * *ret_status: as an exit status, or 128 + the signal that ended it. It inherits no descriptor (Linux 5.11) and no signal setting, and it does not
 * outlive us. What it leaves in the background is not waited for. CNM_E_SYSTEM: it could not be executed; CNM_E_TRY_AGAIN: out of time. */
int cnm_process_run(const struct cnm_process *process, struct cnm_buf *output, int *ret_status,
                    struct cnm_error *err);

#endif
