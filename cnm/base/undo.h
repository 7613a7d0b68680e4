/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of inverse actions. Each change to kernel or store pushes its inverse right after it
 * succeeded; a failure runs them newest first, success drops them. Fixed room, so a push never fails.
 */
#ifndef CNM_BASE_UNDO_H
#define CNM_BASE_UNDO_H

#include <stddef.h>

#define CNM_UNDO_MAX 32

typedef void (*cnm_undo_fn)(void *arg);

struct cnm_undo {
	size_t count;
	struct {
		cnm_undo_fn fn;
		void *arg;
	} actions[CNM_UNDO_MAX];
};

#define CNM_UNDO_INIT                                                                                        \
	{                                                                                                    \
		.count = 0                                                                                   \
	}

/* More than CNM_UNDO_MAX pushes is a programming error (abort). `arg` must outlive the list. */
void cnm_undo_push(struct cnm_undo *undo, cnm_undo_fn fn, void *arg);
void cnm_undo_commit(struct cnm_undo *undo);
/* Runs what was not committed, newest first; also the destructor: `_cleanup_undo_ struct cnm_undo`. */
void cnm_undo_run(struct cnm_undo *undo);
#define _cleanup_undo_ __attribute__((cleanup(cnm_undo_run)))

#endif
