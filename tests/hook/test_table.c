/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text tables: columns as wide as their widest cell, no trailing blanks, no cell that makes a line of its own. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "hook/table.h"

static const char *const headers[] = {"ID", "NAME", "SUBNETS", NULL};

static void add(struct cnm_table *table, const char *a, const char *b, const char *c)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_table_add(table, (const char *[]){a, b, c}, &err), 0, "%s", err.text);
}

/* What the table prints; the caller frees it. */
static char *print(const struct cnm_table *table)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	cnm_table_print(table, out);
	fclose(out);
	return text;
}

Test(table, only_a_header_when_empty)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;

	cnm_table_init(&table, headers);
	text = print(&table);
	cr_assert_str_eq(text, "ID   NAME   SUBNETS\n");
}

Test(table, columns_are_as_wide_as_their_widest_cell)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;

	cnm_table_init(&table, headers);
	add(&table, "0123456789ab", "web", "10.0.0.0/24");
	add(&table, "1", "a-longer-name", "x");
	text = print(&table);
	cr_assert_str_eq(text, "ID             NAME            SUBNETS\n"
	                       "0123456789ab   web             10.0.0.0/24\n"
	                       "1              a-longer-name   x\n");
}

Test(table, empty_cells_are_dashes)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;

	cnm_table_init(&table, headers);
	add(&table, "", "b", "");
	text = print(&table);
	cr_assert_str_eq(text, "ID   NAME   SUBNETS\n"
	                       "-    b      -\n");
}

Test(table, control_characters_are_not_printed)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;

	cnm_table_init(&table, headers);
	add(&table, "a\nb", "\x1b[2J", "c\x7f");
	text = print(&table);
	cr_assert_str_eq(text, "ID    NAME   SUBNETS\n"
	                       "a?b   ?[2J   c?\n");
}

Test(table, width_counts_characters)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;

	cnm_table_init(&table, headers);
	add(&table, "é", "n", "s");
	text = print(&table);
	cr_assert_str_eq(text, "ID   NAME   SUBNETS\n"
	                       "é    n      s\n");
}

Test(table, cells_are_copied)
{
	_cleanup_table_ struct cnm_table table;
	_cleanup_free_ char *text = NULL;
	char cell[] = "before";

	cnm_table_init(&table, headers);
	add(&table, cell, "n", "s");
	cell[0] = 'X';
	text = print(&table);
	cr_assert_not_null(strstr(text, "before"));
}
