/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a person writes one attachment in an argument, and a list of them in an annotation:
 *
 *     NAME[:OPTION[,OPTION]...]
 *     OPTION = ip=IPV4 | ip6=IPV6 | mac=MAC | ifname=NAME | alias=HOSTNAME | gw-priority=INTEGER
 *
 * `alias` may be repeated, the others may not. In a list the attachments are separated by commas too: an
 * item that begins with the key of an option and '=' belongs to the attachment before it, any other item
 * begins the next one. No name of a network holds '=' or ':', so there is one way to read a list.
 */
#ifndef CNM_SPEC_ATTACH_ARG_H
#define CNM_SPEC_ATTACH_ARG_H

#include "spec/strings.h"
#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

struct cnm_attach_arg {
	char *network;
	struct cnm_strings addresses; /* at most one IPv4 and one IPv6, without prefix, in canonical form */
	char *mac;                    /* canonical; NULL: not given */
	char *ifname;                 /* NULL: not given */
	struct cnm_strings aliases;
	int gateway_priority; /* 0 when not given */
	bool gateway_priority_given;
};

struct cnm_attach_list {
	struct cnm_attach_arg *items;
	size_t count;
};

/* Errors are CNM_E_INVALID, one line that names the argument: `web:ip=x: option ip: ...`. Both leave
 * the list as it was when they fail. */

/* Adds one attachment (`--network` may be repeated). */
int cnm_attach_list_add(struct cnm_attach_list *list, const char *text, struct cnm_error *err);
/* Adds those of a comma-separated list; blanks around an item do not count. An empty text is an error. */
int cnm_attach_list_parse(struct cnm_attach_list *list, const char *text, struct cnm_error *err);

void cnm_attach_list_free(struct cnm_attach_list *list);
#define _cleanup_attach_list_ __attribute__((cleanup(cnm_attach_list_free)))

#endif
