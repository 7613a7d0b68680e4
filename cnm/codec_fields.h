/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record's plain members as a table that serves both directions, so that what is written is what is read.
 * Shared by the codec's files only.
 */
#ifndef CNM_CODEC_FIELDS_H
#define CNM_CODEC_FIELDS_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "cnm/base/cleanup.h"
#include "cnm/model.h"

enum cnm_field_type {
	CNM_FIELD_TEXT, /* char[] */
	CNM_FIELD_BOOL,
	CNM_FIELD_INT,   /* int; pid_t is one */
	CNM_FIELD_U16,   /* uint16_t */
	CNM_FIELD_U32,   /* uint32_t */
	CNM_FIELD_U64,   /* uint64_t */
	CNM_FIELD_KVS,   /* struct cnm_kvs as {"k": "v"} */
	CNM_FIELD_NAMES, /* struct cnm_kvs of which only the keys count, as ["k"] */
	CNM_FIELD_ADDR,  /* struct cnm_addr as "10.0.0.1" */
	CNM_FIELD_CIDR,  /* struct cnm_addr as "10.0.0.1/24" */
	CNM_FIELD_MAC,   /* struct cnm_mac */
	CNM_FIELD_PROTO, /* uint8_t, IPPROTO_*, as "tcp", "udp", "sctp" */
};

struct cnm_field {
	const char *key;
	enum cnm_field_type type;
	size_t offset;
	size_t size;
};

#define CNM_FIELD(struct_type, json_key, kind, member)                                                       \
	{                                                                                                    \
		.key = (json_key), .type = CNM_FIELD_##kind, .offset = offsetof(struct_type, member),        \
		.size = sizeof(((struct_type *)NULL)->member),                                               \
	}

struct cnm_fields {
	const struct cnm_field *items;
	size_t count;
};

#define CNM_FIELDS(array)                                                                                    \
	{                                                                                                    \
		.items = (array), .count = CNM_ARRAY_SIZE(array)                                             \
	}

/* Adds to obj each member that is not empty, zero, false or unset. */
int cnm_fields_encode(json_object *obj, const void *record, const struct cnm_fields *fields,
                      struct cnm_error *err);
/* The same into a new object under `key`, which is left out when nothing is in it. */
int cnm_fields_encode_under(json_object *parent, const char *key, const void *record,
                            const struct cnm_fields *fields, struct cnm_error *err);
/* count structs of `stride` bytes as an array under `key`; nothing when count is 0. */
int cnm_fields_encode_array(json_object *parent, const char *key, const void *records, size_t stride,
                            size_t count, const struct cnm_fields *fields, struct cnm_error *err);

/* Fills what obj has of the members; the rest of the zeroed record stays. */
int cnm_fields_decode(void *record, json_object *obj, const struct cnm_fields *fields, struct cnm_error *err);
/* The array under `key` into at most max structs of `stride` bytes. */
int cnm_fields_decode_array(void *records, size_t stride, size_t max, size_t *ret_count, json_object *parent,
                            const char *key, const struct cnm_fields *fields, struct cnm_error *err);

/* {"version": 1}, or NULL. */
json_object *cnm_record_new(struct cnm_error *err);
/* The record's object, its version checked; the caller owns it. */
int cnm_record_parse(json_object **ret, const char *text, size_t len, struct cnm_error *err);
/* What every failure to decode says: CNM_E_STORE (CNM_E_NOMEM stays). Returns -1. */
int cnm_record_fail(struct cnm_error *err);

/* 64 lower-case hexadecimal digits. */
int cnm_record_check_id(const char *id, struct cnm_error *err);

#endif
