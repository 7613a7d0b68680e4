/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gc and reconcile tell of: a line each for people, an array of {Item, Reason} for programs. */
#ifndef CNM_HOOK_CLI_ITEMS_H
#define CNM_HOOK_CLI_ITEMS_H

#include "hook/cli.h"
#include <json-c/json.h>
#include <stdbool.h>

struct cnm_cli_items {
	struct cnm_cli *cli;
	json_object *array;
	bool failed; /* memory was out */
};

int cnm_cli_items_begin(struct cnm_cli_items *items, struct cnm_error *err);
/* A cnm_gc_fn; arg is the items. */
void cnm_cli_items_add(const char *what, const char *why, void *arg);
/* Prints the array. */
int cnm_cli_items_end(struct cnm_cli_items *items, struct cnm_error *err);
void cnm_cli_items_free(struct cnm_cli_items *items);
#define _cleanup_cli_items_ __attribute__((cleanup(cnm_cli_items_free)))

#endif
