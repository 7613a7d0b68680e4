/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects rows, since a column is as wide as its widest cell, then prints them. */
#include "hook/table.h"

#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

#define GAP "   "

void cnm_table_init(struct cnm_table *table, const char *const *headers)
{
	*table = (struct cnm_table){.headers = headers};
	while (headers[table->columns] && table->columns < CNM_TABLE_COLUMNS)
		table->columns++;
}

int cnm_table_add(struct cnm_table *table, const char *const *cells, struct cnm_error *err)
{
	size_t count = table->cell_count;
	char **grown = reallocarray(table->cells, count + table->columns, sizeof(*grown));

	if (!grown)
		return cnm_fail_nomem(err);
	table->cells = grown;
	for (size_t i = 0; i < table->columns; i++) {
		grown[count + i] = strdup(cells[i][0] ? cells[i] : "-");
		if (!grown[count + i]) {
			while (i-- > 0)
				free(grown[count + i]);
			return cnm_fail_nomem(err);
		}
	}
	table->cell_count += table->columns;
	return 0;
}

/* Characters, so that names in UTF-8 do not shift the columns behind them: every byte but those that continue one. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *text, size_t pad_to, FILE *out)
{
	size_t used = width(text);

	for (const char *c = text; *c; c++)
		putc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, out);
	for (; used < pad_to; used++)
		putc(' ', out);
}

/* Nothing is padded behind the last column: lines carry no trailing blanks. */
static void print_row(const struct cnm_table *table, const char *const *cells, const size_t *widths,
                      FILE *out)
{
	for (size_t i = 0; i < table->columns; i++) {
		bool last = i + 1 == table->columns;

		print_cell(cells[i], last ? 0 : widths[i], out);
		fputs(last ? "\n" : GAP, out);
	}
}

void cnm_table_print(const struct cnm_table *table, FILE *out)
{
	size_t widths[CNM_TABLE_COLUMNS];

	if (table->columns == 0)
		return;
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = width(table->headers[i]);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t n = width(table->cells[i]);

		if (n > widths[i % table->columns])
			widths[i % table->columns] = n;
	}
	print_row(table, table->headers, widths, out);
	for (size_t i = 0; i < table->cell_count; i += table->columns)
		print_row(table, (const char *const *)table->cells + i, widths, out);
}

void cnm_table_free(struct cnm_table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct cnm_table){0};
}
