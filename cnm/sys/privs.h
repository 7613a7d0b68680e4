/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hygiene at entry: what a runtime hands to a hook is not what a program may rely on. */
#ifndef CNM_SYS_PRIVS_H
#define CNM_SYS_PRIVS_H

struct cnm_error;

/* All signals unblocked (crun blocks nearly all); those that end a process, and SIGCHLD, at their defaults,
 * SIGPIPE ignored; umask 077; descriptors above 2 closed (close_range), 0 to 2 opened on /dev/null where
 * closed. Keeps the working directory. */
int cnm_privs_sanitize_process(struct cnm_error *err);
/* Keeps CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE (those that are permitted now), drops
 * the others from permitted, effective, inheritable and the ambient set, and sets no_new_privs, so that an
 * executed program gets none of them back. Verified by reading back. For a process with one thread. */
int cnm_privs_drop(struct cnm_error *err);
/* The same for the agent, which keeps CAP_NET_BIND_SERVICE too. */
int cnm_privs_drop_server(struct cnm_error *err);

#endif
