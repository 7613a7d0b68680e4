/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The typed getters of cnm/base/json.h for input of Go callers: the key that matches exactly, else the first
 * that matches without regard to case. Otherwise their contract; errors name the key as it was written.
 */
#ifndef CNM_SPEC_CASELESS_H
#define CNM_SPEC_CASELESS_H

#include "cnm/base/list.h"
#include "spec/strings.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct cnm_error;

/* The key as obj spells it; `key` itself when obj has nothing of that name. Borrowed from obj. For changing a
 * member where it stands. */
const char *cnm_caseless_key(json_object *obj, const char *key);

int cnm_caseless_get_string(json_object *obj, const char *key, const char **ret, struct cnm_error *err);
int cnm_caseless_get_bool(json_object *obj, const char *key, bool *ret, struct cnm_error *err);
/* For a switch that may be absent: 0 or 1. */
int cnm_caseless_get_switch(json_object *obj, const char *key, int *ret, struct cnm_error *err);
int cnm_caseless_get_int64(json_object *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
                           struct cnm_error *err);
int cnm_caseless_get_int(json_object *obj, const char *key, int min, int max, int *ret,
                         struct cnm_error *err);
int cnm_caseless_get_object(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);
int cnm_caseless_get_array(json_object *obj, const char *key, json_object **ret, struct cnm_error *err);
/* Appends the elements of an array of strings. */
int cnm_caseless_get_strings(json_object *obj, const char *key, struct cnm_strings *ret,
                             struct cnm_error *err);
/* Sets the members of an object of strings; numbers and booleans are taken as their text, since people write
 * {"mtu": 1400}. null is skipped. */
int cnm_caseless_get_kvs(json_object *obj, const char *key, struct cnm_kvs *ret, struct cnm_error *err);
/* A copy of a string; "" counts as absent. */
int cnm_caseless_dup_string(json_object *obj, const char *key, char **ret, struct cnm_error *err);
/* A MAC in canonical form; "" counts as absent. */
int cnm_caseless_get_mac(json_object *obj, const char *key, char **ret, struct cnm_error *err);

#endif
