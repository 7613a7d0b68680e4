/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text tables for people: a header line, left-aligned columns, three blanks between them. */
#ifndef CNM_HOOK_TABLE_H
#define CNM_HOOK_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct cnm_error;

#define CNM_TABLE_COLUMNS 8

struct cnm_table {
	size_t columns;
	const char *const *headers;
	char **cells; /* row by row */
	size_t cell_count;
};

/* `headers` has a text for each column and ends with NULL; at most CNM_TABLE_COLUMNS. */
void cnm_table_init(struct cnm_table *table, const char *const *headers);
/* Copies a text for each column; an empty one becomes "-", so that columns can be counted by programs too. */
int cnm_table_add(struct cnm_table *table, const char *const *cells, struct cnm_error *err);
/* Control characters in cells are printed as '?': a cell cannot make a line of its own, or steer a terminal. */
void cnm_table_print(const struct cnm_table *table, FILE *out);
void cnm_table_free(struct cnm_table *table);
#define _cleanup_table_ __attribute__((cleanup(cnm_table_free)))

#endif
