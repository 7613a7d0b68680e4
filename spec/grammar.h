/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammars that the specifications give to names. They say what a caller may send; what the model
 * accepts (lengths among others) is the model's own, stricter check.
 */
#ifndef CNM_SPEC_GRAMMAR_H
#define CNM_SPEC_GRAMMAR_H

#include "spec/strings.h"
#include <stdbool.h>

struct cnm_error;

/* [A-Za-z0-9][A-Za-z0-9_.-]*: container ids, network names (CNI specification 1.0.0, sections 2 and 1). */
bool cnm_grammar_is_name(const char *text);
/* 1 to 15 bytes, not "." or "..", no '/', ':', '%', blank or control byte (CNI specification 1.0.0,
 * section 2; the kernel would number a '%'). */
bool cnm_grammar_is_ifname(const char *text);
/* 1 to 253 bytes, [A-Za-z0-9_][A-Za-z0-9_.-]*: what may stand as a name in a hosts file. */
bool cnm_grammar_is_hostname(const char *text);
/* An address of either family, with or without a prefix length. */
bool cnm_grammar_is_address(const char *text);
/* Every text of a list is one; CNM_E_INVALID names `what` and the text. */
int cnm_addresses_check(const struct cnm_strings *texts, const char *what, struct cnm_error *err);

#endif
