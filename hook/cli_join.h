/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of every verb that brings an endpoint into a sandbox. */
#ifndef CNM_HOOK_CLI_JOIN_H
#define CNM_HOOK_CLI_JOIN_H

#include "cnm/cnm.h"
#include "hook/cli.h"

enum {
	CNM_CLI_KEY_IFNAME = CNM_CLI_KEY_JOIN,
	CNM_CLI_KEY_GW_PRIORITY,
	CNM_CLI_KEY_NETNS,
};

/* Rows for the verb's table of options. */
/* clang-format off */
#define CNM_CLI_JOIN_OPTIONS                                                                           \
	{ "ifname", CNM_CLI_KEY_IFNAME, "NAME", 0,                                                     \
	  "Call the interface NAME; else the first free of eth0, eth1, ...", 0 },                      \
	{ "gw-priority", CNM_CLI_KEY_GW_PRIORITY, "N", 0,                                              \
	  "The endpoint with the highest N has the sandbox's default route", 0 },                      \
	{ "netns", CNM_CLI_KEY_NETNS, "PATH", 0,                                                       \
	  "Adopt the network namespace at PATH for a sandbox that is not known yet", 0 }
/* clang-format on */

struct cnm_cli_join_args {
	struct cnm_join_spec join;
	const char *netns_path;
};

/* ARGP_ERR_UNKNOWN for a key that is none of the rows above. */
error_t cnm_cli_join_option(int key, const char *arg, struct cnm_cli_join_args *args, struct cnm_error *err);

/* A decimal number and nothing else. `what` begins the error. */
int cnm_cli_number(const char *text, long min, long max, const char *what, long *ret, struct cnm_error *err);

#endif
