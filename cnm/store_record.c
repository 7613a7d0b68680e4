/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record file: JSON text, whole or not at all. */
#include "cnm/store_record.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/codec.h"
#include "cnm/store.h"
#include "cnm/sys/file.h"
#include <string.h>

int cnm_record_read(int dir_fd, const char *file, struct cnm_buf *ret, struct cnm_error *err)
{
	return cnm_file_read_at(dir_fd, file, CNM_RECORD_MAX, ret, err);
}

int cnm_record_write(int dir_fd, const char *file, json_object *record, bool durable, struct cnm_error *err)
{
	size_t len;
	const char *text;
	int r;

	if (!record)
		return -1;
	text = json_object_to_json_string_length(
	        record, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	r = text ? cnm_file_write_at(dir_fd, file, text, len, durable, false, err) : cnm_fail_nomem(err);
	json_object_put(record);
	return r;
}

bool cnm_store_is_lost(const struct cnm_error *err)
{
	return err->code == CNM_E_NOT_FOUND || err->code == CNM_E_STORE;
}

void cnm_names_drop(struct cnm_names *names, size_t i)
{
	free(names->items[i]);
	names->count--;
	memmove(names->items + i, names->items + i + 1, (names->count - i) * sizeof(*names->items));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void cnm_names_unique(struct cnm_names *names)
{
	size_t i = 1;

	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), compare);
	while (i < names->count) {
		if (strcmp(names->items[i - 1], names->items[i]) == 0)
			cnm_names_drop(names, i);
		else
			i++;
	}
}
