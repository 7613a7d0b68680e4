/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of texts that owns them. `items` can be passed where a `const char *const *` with a count is
 * asked for; it is NULL while the list is empty.
 */
#ifndef CNM_SPEC_STRINGS_H
#define CNM_SPEC_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

struct cnm_strings {
	char **items;
	size_t count;
};

int cnm_strings_add(struct cnm_strings *strings, const char *text, struct cnm_error *err);
/* The first `len` bytes of text. */
int cnm_strings_add_n(struct cnm_strings *strings, const char *text, size_t len, struct cnm_error *err);
bool cnm_strings_contain(const struct cnm_strings *strings, const char *text);
void cnm_strings_free(struct cnm_strings *strings);
/* Nothing but JSON's blanks in text[0..len); true for an empty text. */
bool cnm_text_is_blank(const char *text, size_t len);
#define _cleanup_strings_ __attribute__((cleanup(cnm_strings_free)))

#endif
