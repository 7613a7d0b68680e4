/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing of one record file. Shared by the files cnm/store*.c only. */
#ifndef CNM_STORE_RECORD_H
#define CNM_STORE_RECORD_H

#include "cnm/base/buf.h"
#include <json-c/json.h>
#include <stdbool.h>

/* Longest name of a file in the store: a key and its suffix. */
#define CNM_FILE_NAME_MAX 192

/* The record's text appended to ret. Absent: CNM_E_NOT_FOUND. */
int cnm_record_read(int dir_fd, const char *file, struct cnm_buf *ret, struct cnm_error *err);
/* Writes the object (taken, also on failure; NULL is the error that *err holds already) by rename. */
int cnm_record_write(int dir_fd, const char *file, json_object *record, bool durable, struct cnm_error *err);

/* Makes a name list sorted with each name once. */
struct cnm_names;
void cnm_names_unique(struct cnm_names *names);
/* Drops name i. */
void cnm_names_drop(struct cnm_names *names, size_t i);

#endif
