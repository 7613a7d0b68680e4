/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands, each in the file of its noun; hook/main.c puts them together. */
#ifndef CNM_HOOK_CLI_COMMANDS_H
#define CNM_HOOK_CLI_COMMANDS_H

#include "hook/cli.h"

extern const struct cnm_cli_command cnm_cli_network;
extern const struct cnm_cli_command cnm_cli_endpoint;
extern const struct cnm_cli_command cnm_cli_sandbox;
extern const struct cnm_cli_command cnm_cli_connect;
extern const struct cnm_cli_command cnm_cli_disconnect;
extern const struct cnm_cli_command cnm_cli_exec;
extern const struct cnm_cli_command cnm_cli_gc;
extern const struct cnm_cli_command cnm_cli_reconcile;
extern const struct cnm_cli_command cnm_cli_doctor;
extern const struct cnm_cli_command cnm_cli_agent;
extern const struct cnm_cli_command cnm_cli_oci;
extern const struct cnm_cli_command cnm_cli_oci_spec;
extern const struct cnm_cli_command cnm_cli_version;

/* The verbs of network that have a file of their own. */
extern const struct cnm_cli_command cnm_cli_network_create;

#endif
