/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gc and reconcile tell of. */
#include "hook/cli_items.h"
#include "cnm/base/json.h"
#include "hook/describe.h"
#include <stdio.h>

int cnm_cli_items_begin(struct cnm_cli_items *items, struct cnm_error *err)
{
	if (items->cli->format == CNM_FORMAT_TEXT)
		return 0;
	items->array = json_object_new_array();
	return items->array ? 0 : cnm_fail_nomem(err);
}

void cnm_cli_items_add(const char *what, const char *why, void *arg)
{
	struct cnm_cli_items *items = arg;
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *item;

	if (!items->array) {
		printf("%s: %s\n", what, why);
		return;
	}
	item = json_object_new_object();
	if (cnm_json_add_string(item, "Item", what, &err) < 0 ||
	    cnm_json_add_string(item, "Reason", why, &err) < 0) {
		json_object_put(item);
		items->failed = true;
	} else if (cnm_describe_append(items->array, item, &err) < 0) {
		items->failed = true;
	}
}

int cnm_cli_items_end(struct cnm_cli_items *items, struct cnm_error *err)
{
	if (!items->array)
		return 0;
	if (cnm_cli_print(items->array, err) < 0)
		return -1;
	return items->failed ? cnm_fail_nomem(err) : 0;
}

void cnm_cli_items_free(struct cnm_cli_items *items)
{
	cnm_json_putp(&items->array);
}
