/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driver options: spellings, types and defaults as a table, so that an unknown or malformed one is refused by one rule. */
#ifndef CNM_DRIVERS_OPTIONS_H
#define CNM_DRIVERS_OPTIONS_H

#include "cnm/base/list.h"
#include "cnm/model.h"

enum cnm_option_type {
	CNM_OPTION_BOOL,
	CNM_OPTION_UINT,
	CNM_OPTION_IFNAME,
	CNM_OPTION_WORDS,
	CNM_OPTION_WORD,
	CNM_OPTION_ADDRESS
};

struct cnm_option_rule {
	const char *name;  /* canonical */
	const char *alias; /* short spelling for people, or NULL */
	enum cnm_option_type type;
	unsigned long min, max; /* of CNM_OPTION_UINT */
	const char *
	        words; /* of CNM_OPTION_WORD: the value is one of these, blank-separated; of CNM_OPTION_WORDS: each comma-separated item is */
};

/* Rewrites options to canonical names and values (true and false for booleans). CNM_E_INVALID: an unknown option (named with those there are), a bad value,
 * or one option under both spellings. */
int cnm_options_normalise(struct cnm_kvs *options, const struct cnm_option_rule *rules, size_t rule_count,
                          struct cnm_error *err);
bool cnm_options_bool(const struct cnm_kvs *options, const char *name, bool fallback);
unsigned long cnm_options_uint(const struct cnm_kvs *options, const char *name, unsigned long fallback);

#endif
