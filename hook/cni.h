/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way in for container runtimes that speak CNI. */
#ifndef CNM_HOOK_CNI_H
#define CNM_HOOK_CNI_H

/* Runs the plugin: command in the environment, configuration on stdin, result or error object on stdout. Called with the
 * process sanitized and its capabilities dropped. Returns the exit status. */
int cnm_cni_main(int argc, char **argv);

#endif
