/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of repeated options, and the options that every verb which makes an endpoint has. */
#ifndef CNM_HOOK_CLI_OPTIONS_H
#define CNM_HOOK_CLI_OPTIONS_H

#include <argp.h>

#include "cnm/base/list.h"
#include "cnm/cnm.h"
#include "hook/cli.h"
#include "spec/port_arg.h"

/* Texts of the command line, which outlive the list. */
struct cnm_cli_list {
	const char **items;
	size_t count;
};

int cnm_cli_list_add(struct cnm_cli_list *list, const char *text, struct cnm_error *err);
void cnm_cli_list_free(struct cnm_cli_list *list);

/* The library's view of kvs, which must outlive it. The array is the view's own, although its type has it const. */
int cnm_cli_options_view(struct cnm_options *ret, const struct cnm_kvs *kvs, struct cnm_error *err);
void cnm_cli_options_view_free(struct cnm_options *view);
#define _cleanup_options_view_ __attribute__((cleanup(cnm_cli_options_view_free)))

/* "-o K=V" and the like: as cnm_kvs_set_text, and the error names the option. */
int cnm_cli_kvs_add(struct cnm_kvs *kvs, const char *option, const char *text, struct cnm_error *err);

/* Options of an endpoint ------------------------------------------------------------------------ */

enum {
	CNM_CLI_KEY_IP = CNM_CLI_KEY_ENDPOINT,
	CNM_CLI_KEY_IP6,
	CNM_CLI_KEY_MAC,
	CNM_CLI_KEY_ALIAS,
	CNM_CLI_KEY_SYSCTL,
};

/* Rows for the verb's table of options. */
/* clang-format off */
#define CNM_CLI_ENDPOINT_OPTIONS                                                                      \
	{ "ip", CNM_CLI_KEY_IP, "ADDRESS", 0, "Ask for this IPv4 address (repeat: one for each subnet)", 0 }, \
	{ "ip6", CNM_CLI_KEY_IP6, "ADDRESS", 0, "Ask for this IPv6 address", 0 },                      \
	{ "mac", CNM_CLI_KEY_MAC, "MAC", 0, "Ask for this MAC address", 0 },                           \
	{ "alias", CNM_CLI_KEY_ALIAS, "NAME", 0, "Another name on this network (repeat)", 0 },         \
	{ "sysctl", CNM_CLI_KEY_SYSCTL, "KEY=VALUE", 0,                                                \
	  "Set in the sandbox; IFNAME in KEY is the interface (repeat)", 0 },                          \
	{ "publish", 'p', "[HOSTIP:]HOSTPORT:PORT[/PROTOCOL]", 0,                                      \
	  "Publish a port, or FIRST-LAST, on the host (repeat)", 0 },                                  \
	{ "opt", 'o', "KEY=VALUE", 0, "Option of the driver (repeat)", 0 }
/* clang-format on */

struct cnm_cli_endpoint_args {
	struct cnm_cli_list ip;
	struct cnm_cli_list ip6;
	struct cnm_cli_list aliases;
	const char *mac;
	struct cnm_kvs options;
	struct cnm_kvs sysctls;
	struct cnm_port_args ports;
	struct cnm_port_spec *ports_view;
	struct cnm_cli_list addresses; /* both families, made by cnm_cli_endpoint_spec as the views are */
	struct cnm_options options_view;
	struct cnm_options sysctls_view;
};

/* ARGP_ERR_UNKNOWN for a key that is none of the rows above. */
error_t cnm_cli_endpoint_option(int key, const char *arg, struct cnm_cli_endpoint_args *args,
                                struct cnm_error *err);
/* The specification that the options describe; it points into args. */
int cnm_cli_endpoint_spec(struct cnm_cli_endpoint_args *args, const char *name, struct cnm_endpoint_spec *ret,
                          struct cnm_error *err);
void cnm_cli_endpoint_args_free(struct cnm_cli_endpoint_args *args);

#endif
