/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the garbage collection share. */
#ifndef CNM_GC_INTERNAL_H
#define CNM_GC_INTERNAL_H

#include "cnm/model.h"

struct cnm_gc {
	struct cnm_controller *controller;
	bool dry_run;
	cnm_gc_fn fn;
	void *arg;
	struct cnm_error first; /* an error with one item does not spare the others */
};

/* Tells the caller of an item and why it goes. */
__attribute__((format(printf, 3, 4))) void cnm_gc_tell(struct cnm_gc *gc, const char *why, const char *format,
                                                       ...);
/* Remembers the first error. */
void cnm_gc_note(struct cnm_gc *gc, const struct cnm_error *err);

/* gc_network.c */
void cnm_gc_collect_network(struct cnm_gc *gc, const char *name);
void cnm_gc_collect_half_networks(struct cnm_gc *gc);

#endif
