/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check of JSON text that comes before json-c sees it.
 */
#ifndef CNM_BASE_JSON_SCAN_H
#define CNM_BASE_JSON_SCAN_H

#include <stddef.h>

struct cnm_error;

/* Whether text[0..len) is what cnm_json_parse promises to accept; builds nothing. CNM_E_PARSE, and the
 * text begins with the place: `line 1, column 17: duplicate key "id"`. Columns count characters. */
int cnm_json_scan(const char *text, size_t len, struct cnm_error *err);

#endif
