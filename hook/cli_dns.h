/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of every verb that can make a sandbox with name settings, as docker run has them. */
#ifndef CNM_HOOK_CLI_DNS_H
#define CNM_HOOK_CLI_DNS_H

#include "hook/cli_options.h"

enum {
	CNM_CLI_KEY_DNS = CNM_CLI_KEY_JOIN + 0x40,
	CNM_CLI_KEY_DNS_SEARCH,
	CNM_CLI_KEY_DNS_OPTION,
	CNM_CLI_KEY_ADD_HOST,
};

/* Rows for the verb's table of options. */
/* clang-format off */
#define CNM_CLI_DNS_OPTIONS                                                                            \
	{ "dns", CNM_CLI_KEY_DNS, "ADDRESS", 0, "Ask this DNS server instead of the host's (repeat)", 0 }, \
	{ "dns-search", CNM_CLI_KEY_DNS_SEARCH, "DOMAIN", 0,                                           \
	  "Search this domain instead of the host's; . alone: none (repeat)", 0 },                     \
	{ "dns-option", CNM_CLI_KEY_DNS_OPTION, "OPTION", 0, "Option of resolv.conf(5) (repeat)", 0 }, \
	{ "add-host", CNM_CLI_KEY_ADD_HOST, "NAME:ADDRESS", 0, "Line in the hosts file (repeat)", 0 }
/* clang-format on */

struct cnm_cli_dns_args {
	struct cnm_cli_list dns, search, options, hosts;
};

/* ARGP_ERR_UNKNOWN for a key that is none of the rows above. */
error_t cnm_cli_dns_option(int key, const char *arg, struct cnm_cli_dns_args *args, struct cnm_error *err);
/* The settings into a specification, which points into args then. */
void cnm_cli_dns_spec(const struct cnm_cli_dns_args *args, struct cnm_sandbox_spec *ret);
void cnm_cli_dns_args_free(struct cnm_cli_dns_args *args);

#endif
