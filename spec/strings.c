/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of texts that owns them. */
#include "spec/strings.h"
#include "cnm/base/error.h"
#include <stdlib.h>
#include <string.h>

int cnm_strings_add_n(struct cnm_strings *strings, const char *text, size_t len, struct cnm_error *err)
{
	char **items = strings->items;

	/* Room doubles at each power of two, so the count alone says how much there is. */
	if ((strings->count & (strings->count - 1)) == 0) {
		size_t room = strings->count ? strings->count * 2 : 1;

		items = reallocarray(strings->items, room, sizeof(*items));
		if (!items)
			return cnm_fail_nomem(err);
		strings->items = items;
	}
	items[strings->count] = strndup(text, len);
	if (!items[strings->count])
		return cnm_fail_nomem(err);
	strings->count++;
	return 0;
}

int cnm_strings_add(struct cnm_strings *strings, const char *text, struct cnm_error *err)
{
	return cnm_strings_add_n(strings, text, strlen(text), err);
}

bool cnm_strings_contain(const struct cnm_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (strcmp(strings->items[i], text) == 0)
			return true;
	}
	return false;
}

void cnm_strings_free(struct cnm_strings *strings)
{
	if (!strings)
		return;
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct cnm_strings){0};
}

bool cnm_text_is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	}
	return true;
}
