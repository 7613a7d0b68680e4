/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of a test's plugin share: its book, and how they answer. */
#ifndef CNM_TESTS_PLUGIN_BOOK_H
#define CNM_TESTS_PLUGIN_BOOK_H

#include "tests/support/plugin.h"
#include <json-c/json.h>
#include <string.h>

/* The slot whose first text is id; "" finds a free one. */
#define FIND(array, id)                                                                                      \
	({                                                                                                   \
		__typeof__(&(array)[0]) found = NULL;                                                        \
		size_t find_i;                                                                               \
		for (find_i = 0; find_i < CNM_ARRAY_SIZE(array) && !found; find_i++)                         \
			if (strcmp((char *)&(array)[find_i], (id)) == 0)                                     \
				found = &(array)[find_i];                                                    \
		found;                                                                                       \
	})

/* Member of a request; "" when it is not there. */
const char *cnm_test_text(json_object *obj, const char *key);
/* NULL, with the reason. */
json_object *cnm_test_refuse(const char *why, const char **ret);
/* An object of one member. */
json_object *cnm_test_one(const char *key, json_object *value);

json_object *cnm_test_request_pool(struct cnm_test_book *b, json_object *request, const char **no);
json_object *cnm_test_release_pool(struct cnm_test_book *b, json_object *request, const char **no);
json_object *cnm_test_request_address(struct cnm_test_book *b, json_object *request, const char **no);
json_object *cnm_test_release_address(struct cnm_test_book *b, json_object *request, const char **no);

#endif
