/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict JSON in, through json-c. json-c alone accepts single quotes, NaN, duplicate keys (the last
 * wins) and coerces types; the scan before it and the typed getters below do not.
 *
 * Getters: `key` absent (or null) leaves *ret untouched and returns 0; present with the wrong type
 * or out of range is -1, CNM_E_INVALID, and the text names the key: `key "mtu": expected an integer`.
 * Returned strings and objects are borrowed from the root. Every function accepts obj == NULL as an
 * empty object.
 */
#ifndef CNM_BASE_JSON_H
#define CNM_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;

#define CNM_JSON_MAX   (1024 * 1024) /* bytes of input accepted anywhere */
#define CNM_JSON_DEPTH 32

/* Parses exactly one value out of text[0..len): RFC 8259, UTF-8, no duplicate key in an object (letter
 * case counts), no NUL in a key, depth at most 32, nothing but blanks behind it. `what` ("the
 * container state") begins the error text, which gives line and column. The caller owns *ret. */
int cnm_json_parse(json_object **ret, const char *text, size_t len, const char *what, struct cnm_error *err);
/* The same, and the root must be an object. */
int cnm_json_parse_object(json_object **ret, const char *text, size_t len, const char *what,
                          struct cnm_error *err);

int cnm_json_get_string(json_object *obj, const char *key, const char **ret, struct cnm_error *err);
int cnm_json_get_bool(json_object *obj, const char *key, bool *ret, struct cnm_error *err);
/* A double without fraction counts as an integer: Go callers send 1500.0 after a float64 detour. */
int cnm_json_get_int(json_object *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
                     struct cnm_error *err);
int cnm_json_get_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);
int cnm_json_get_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);
/* Element i of an array as a string; CNM_E_INVALID names `what` and i otherwise. */
int cnm_json_string_at(json_object *array, size_t i, const char *what, const char **ret,
                       struct cnm_error *err);

/* The member `key`: exact match first, else the first that matches without regard to ASCII case (Go
 * readers do so, and Go writers rely on it). NULL when absent. Borrowed. */
json_object *cnm_json_get_caseless(json_object *obj, const char *key);

/* Adds and takes ownership of value. -1 (CNM_E_NOMEM) when memory is out; value is then released. A NULL
 * obj or value is a json_object_new_* that failed: the same error. */
int cnm_json_add(json_object *obj, const char *key, json_object *value, struct cnm_error *err);
/* A NULL value adds nothing. */
int cnm_json_add_string(json_object *obj, const char *key, const char *value, struct cnm_error *err);

/* The object as one line of text, slashes as they are: the object's own, until it changes or goes. NULL: memory is out. */
const char *cnm_json_line(json_object *obj, struct cnm_error *err);
/* A copy of it, which the caller frees. */
char *cnm_json_text(json_object *obj, struct cnm_error *err);

void cnm_json_putp(json_object **obj);
#define _cleanup_json_ __attribute__((cleanup(cnm_json_putp)))

#endif
