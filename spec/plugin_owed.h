/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin is still to be told, as a file: calls in their order, who wrote them, and the record whose existence takes them back (a
 * network that was made after all must not be deleted).
 */
#ifndef CNM_SPEC_PLUGIN_OWED_H
#define CNM_SPEC_PLUGIN_OWED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cnm_error;

struct cnm_owed_call {
	char *name; /* "NetworkDriver.Leave" */
	char *body;
};

#define CNM_OWED_CALLS 64

struct cnm_owed {
	uint64_t since; /* nanoseconds: calls are told in the order of their entries */
	char boot_id[40];
	pid_t pid; /* who is at it in that boot, and when that process started */
	uint64_t start_time;
	char *network, *network_id;   /* "" : none */
	char *endpoint, *endpoint_id; /* of that network; "": the record is the network's */
	struct cnm_owed_call calls[CNM_OWED_CALLS];
	size_t count;
};

/* Takes ownership of body (also on failure; NULL is the error that *err holds already). */
int cnm_owed_add(struct cnm_owed *owed, const char *name, char *body, struct cnm_error *err);
/* Drops the first n calls. */
void cnm_owed_drop(struct cnm_owed *owed, size_t n);
/* The text, freed by the caller. */
char *cnm_owed_encode(const struct cnm_owed *owed, struct cnm_error *err);
int cnm_owed_decode(struct cnm_owed *ret, const char *text, size_t len, struct cnm_error *err);
void cnm_owed_free(struct cnm_owed *owed);
#define _cleanup_owed_ __attribute__((cleanup(cnm_owed_free)))

#endif
