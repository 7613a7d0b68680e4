/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way in for OCI runtimes: a hook of one stage. */
#ifndef CNM_HOOK_OCI_H
#define CNM_HOOK_OCI_H

/* argv[0] is "cnm oci" (for messages), argv[1] the stage, options follow; the container's state is on stdin. Called with the
 * process sanitized and its capabilities dropped; --root and --state given before the command are in CNM_ROOT and
 * CNM_STATE. Returns the exit status. */
int cnm_oci_main(int argc, char **argv);

#endif
