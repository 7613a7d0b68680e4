/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way in for people who prepare a bundle. */
#ifndef CNM_HOOK_OCI_SPEC_H
#define CNM_HOOK_OCI_SPEC_H

/* argv[0] is "cnm oci-spec" (for messages), options and the bundle follow. Called with the process sanitized and its
 * capabilities dropped; --root and --state given before the command are in CNM_ROOT and CNM_STATE. Returns the exit
 * status. */
int cnm_oci_spec_main(int argc, char **argv);

#endif
