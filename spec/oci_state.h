/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The container state that an OCI runtime writes to a hook's stdin (runtime-spec, runtime.md, "State").
 * Runtimes disagree about `status` and `ociVersion`, so neither is read: the stage of a hook comes from
 * its arguments.
 */
#ifndef CNM_SPEC_OCI_STATE_H
#define CNM_SPEC_OCI_STATE_H

#include <json-c/json.h>
#include <stddef.h>
#include <sys/types.h>

struct cnm_error;

/* Networks of a container, in the form of cnm_attach_list_parse. */
#define CNM_ANNOTATION_NETWORKS "cnm.networks"

struct cnm_oci_state {
	json_object *root;        /* owns everything below */
	const char *id;           /* never NULL or "" */
	const char *bundle;       /* absolute; NULL when absent or "" */
	pid_t pid;                /* 0: none (absent, null, 0 or negative in the text) */
	json_object *annotations; /* object whose members are strings, or NULL */
};

/* CNM_E_PARSE: not JSON (an empty text is called "no container state on stdin"). CNM_E_INVALID: id
 * missing, a member of the wrong type. Unknown members are fine. On failure *ret is zeroed. */
int cnm_oci_state_parse(struct cnm_oci_state *ret, const char *text, size_t len, struct cnm_error *err);
/* The annotation's text, or NULL. */
const char *cnm_oci_state_annotation(const struct cnm_oci_state *state, const char *key);
void cnm_oci_state_free(struct cnm_oci_state *state);
#define _cleanup_oci_state_ __attribute__((cleanup(cnm_oci_state_free)))

#endif
