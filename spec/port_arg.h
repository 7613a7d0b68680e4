/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A published port as people write it, Docker's form: [HOSTIP:]HOSTPORT[-END]:PORT[-END][/tcp|udp|sctp]. An IPv6 HOSTIP stands in brackets.
 * Without a HOSTPORT ("80", "127.0.0.1::80") one is to be chosen.
 */
#ifndef CNM_SPEC_PORT_ARG_H
#define CNM_SPEC_PORT_ARG_H

#include <stddef.h>
#include <stdint.h>

struct cnm_error;

struct cnm_port_arg {
	char host_ip[64];        /* "": every address */
	uint16_t host_port;      /* 0: to be chosen */
	uint16_t port, port_end; /* equal for one port */
	char protocol[8];
};

struct cnm_port_args {
	struct cnm_port_arg *items;
	size_t count;
};

/* CNM_E_INVALID: one line with the text and what is wrong in it. */
int cnm_port_arg_parse(struct cnm_port_arg *ret, const char *text, struct cnm_error *err);
int cnm_port_args_append(struct cnm_port_args *args, const struct cnm_port_arg *arg, struct cnm_error *err);
/* Adds one; or those of a comma-separated list (blanks around an item do not count). A failure adds none. */
int cnm_port_args_add(struct cnm_port_args *args, const char *text, struct cnm_error *err);
int cnm_port_args_parse(struct cnm_port_args *args, const char *text, struct cnm_error *err);
void cnm_port_args_free(struct cnm_port_args *args);

#endif
