/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A constant table: text that is loaded when it is missing, and loaded again over what somebody took out of it (`nft flush table` removes the
 * rules and leaves chains, sets and elements). Loading is one transaction and keeps the elements.
 */
#ifndef CNM_DRIVERS_RULESET_TABLE_H
#define CNM_DRIVERS_RULESET_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct cnm_controller;
struct cnm_error;

struct cnm_table {
	uint8_t family; /* NFPROTO_* */
	const char *family_name;
	const char *text;
	const char *lead;      /* a base chain: it stands for all chains where a join asks */
	const char *lead_head; /* where it begins in the text, which has it */
};

extern const struct cnm_table cnm_table_inet;   /* drivers/ruleset.nft */
extern const struct cnm_table cnm_table_bridge; /* drivers/ruleset_bridge.nft */

/* 1 when the table's leading chain has all its rules, 0 when not. One question to the kernel. */
int cnm_table_is_loaded(struct cnm_controller *controller, const struct cnm_table *table,
                        struct cnm_error *err);
/* Loads what cnm_table_is_loaded misses; one of several processes that try does it. */
int cnm_table_ensure(struct cnm_controller *controller, const struct cnm_table *table, struct cnm_error *err);
/* Compares every chain; CNM_E_CONFLICT names the first that lacks a rule or has one too many. */
int cnm_table_check(struct cnm_controller *controller, const struct cnm_table *table, struct cnm_error *err);
/* Loads the table where the check would fail, and counts that. */
int cnm_table_restore(struct cnm_controller *controller, const struct cnm_table *table, size_t *count,
                      struct cnm_error *err);

#endif
