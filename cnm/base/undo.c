/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of inverse actions. An action leaves the list before it runs, so none can run twice.
 */
#include "cnm/base/undo.h"

#include <stdlib.h>

void cnm_undo_push(struct cnm_undo *undo, cnm_undo_fn fn, void *arg)
{
	if (undo->count >= CNM_UNDO_MAX)
		abort();
	undo->actions[undo->count].fn = fn;
	undo->actions[undo->count].arg = arg;
	undo->count++;
}

void cnm_undo_commit(struct cnm_undo *undo)
{
	if (undo)
		undo->count = 0;
}

void cnm_undo_run(struct cnm_undo *undo)
{
	while (undo && undo->count > 0) {
		undo->count--;
		undo->actions[undo->count].fn(undo->actions[undo->count].arg);
	}
}
