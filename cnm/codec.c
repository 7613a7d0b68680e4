/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the records share: their version, and their plain members both ways. */
#include "cnm/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/codec_fields.h"

#define RECORD_VERSION 1

json_object *cnm_kvs_to_json(const struct cnm_kvs *kvs, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (!obj) {
		cnm_fail_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < kvs->count; i++) {
		if (cnm_json_add_string(obj, kvs->items[i].key, kvs->items[i].value, err) < 0)
			return NULL;
	}
	return TAKE_PTR(obj);
}

int cnm_kvs_from_json(struct cnm_kvs *ret, json_object *obj, const char *what, struct cnm_error *err)
{
	_cleanup_kvs_ struct cnm_kvs kvs = {.items = NULL, .count = 0};
	json_object_iter i;

	if (obj && !json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "%s: expected an object of strings", what);
	if (obj) {
		json_object_object_foreachC(obj, i)
		{
			const char *value = "";

			if (cnm_json_get_string(obj, i.key, &value, err) < 0)
				return cnm_wrap(err, "%s", what);
			if (i.key[0] == '\0')
				return cnm_fail(err, CNM_E_INVALID, "%s: a key is empty", what);
			if (cnm_kvs_set(&kvs, i.key, value, err) < 0)
				return -1;
		}
	}
	cnm_kvs_free(ret);
	*ret = kvs;
	kvs = (struct cnm_kvs){.items = NULL, .count = 0};
	return 0;
}

static json_object *names_to_json(const struct cnm_kvs *kvs)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	if (!array)
		return NULL;
	for (size_t i = 0; i < kvs->count; i++) {
		json_object *name = json_object_new_string(kvs->items[i].key);

		if (!name || json_object_array_add(array, name) != 0) {
			json_object_put(name);
			return NULL;
		}
	}
	return TAKE_PTR(array);
}

static int names_from_json(struct cnm_kvs *ret, json_object *obj, const char *key, struct cnm_error *err)
{
	json_object *array = NULL;

	if (cnm_json_get_array(obj, key, &array, err) < 0)
		return -1;
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		const char *name = NULL;

		if (cnm_json_string_at(array, i, key, &name, err) < 0 || cnm_kvs_set(ret, name, "", err) < 0)
			return -1;
	}
	return 0;
}

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {{IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {IPPROTO_SCTP, "sctp"}};

static int encode_protocol(json_object *obj, const char *key, uint8_t number, struct cnm_error *err)
{
	for (size_t i = 0; i < CNM_ARRAY_SIZE(protocols); i++) {
		if (protocols[i].number == number)
			return cnm_json_add_string(obj, key, protocols[i].name, err);
	}
	return cnm_fail(err, CNM_E_INVALID, "key \"%s\": no name for protocol %u", key, number);
}

static int decode_protocol(uint8_t *ret, json_object *obj, const char *key, struct cnm_error *err)
{
	const char *name = NULL;

	if (cnm_json_get_string(obj, key, &name, err) < 0)
		return -1;
	for (size_t i = 0; name && i < CNM_ARRAY_SIZE(protocols); i++) {
		if (strcmp(protocols[i].name, name) == 0) {
			*ret = protocols[i].number;
			return 0;
		}
	}
	return cnm_fail(err, CNM_E_INVALID, "key \"%s\": expected \"tcp\", \"udp\" or \"sctp\"", key);
}

/* No text is read as anything but itself: NULL from json-c is out of memory here. */
static int encode_field(json_object *obj, const struct cnm_field *field, const void *at,
                        struct cnm_error *err)
{
	const struct cnm_kvs *kvs = at;
	const struct cnm_addr *addr = at;
	char text[CNM_ADDR_TEXT_MAX];

	switch (field->type) {
	case CNM_FIELD_TEXT:
		return *(const char *)at ? cnm_json_add_string(obj, field->key, at, err) : 0;
	case CNM_FIELD_BOOL:
		return *(const bool *)at ? cnm_json_add(obj, field->key, json_object_new_boolean(1), err) : 0;
	case CNM_FIELD_INT:
		if (*(const int *)at == 0)
			return 0;
		return cnm_json_add(obj, field->key, json_object_new_int64(*(const int *)at), err);
	case CNM_FIELD_U16:
		if (*(const uint16_t *)at == 0)
			return 0;
		return cnm_json_add(obj, field->key, json_object_new_int(*(const uint16_t *)at), err);
	case CNM_FIELD_U32:
		if (*(const uint32_t *)at == 0)
			return 0;
		return cnm_json_add(obj, field->key, json_object_new_int64(*(const uint32_t *)at), err);
	case CNM_FIELD_U64:
		if (*(const uint64_t *)at == 0)
			return 0;
		return cnm_json_add(obj, field->key, json_object_new_uint64(*(const uint64_t *)at), err);
	case CNM_FIELD_KVS:
		return kvs->count ? cnm_json_add(obj, field->key, cnm_kvs_to_json(kvs, err), err) : 0;
	case CNM_FIELD_NAMES:
		return kvs->count ? cnm_json_add(obj, field->key, names_to_json(kvs), err) : 0;
	case CNM_FIELD_ADDR:
		if (!cnm_addr_is_set(addr))
			return 0;
		return cnm_json_add_string(obj, field->key, cnm_addr_format(addr, text), err);
	case CNM_FIELD_CIDR:
		if (!cnm_addr_is_set(addr))
			return 0;
		return cnm_json_add_string(obj, field->key, cnm_addr_format_cidr(addr, text), err);
	case CNM_FIELD_MAC:
		if (!cnm_mac_is_set(at))
			return 0;
		return cnm_json_add_string(obj, field->key, cnm_mac_format(at, text), err);
	case CNM_FIELD_PROTO:
		return encode_protocol(obj, field->key, *(const uint8_t *)at, err);
	}
	return 0;
}

int cnm_fields_encode(json_object *obj, const void *record, const struct cnm_fields *fields,
                      struct cnm_error *err)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cnm_field *field = &fields->items[i];

		if (encode_field(obj, field, (const char *)record + field->offset, err) < 0)
			return -1;
	}
	return 0;
}

int cnm_fields_encode_under(json_object *parent, const char *key, const void *record,
                            const struct cnm_fields *fields, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (!obj)
		return cnm_fail_nomem(err);
	if (cnm_fields_encode(obj, record, fields, err) < 0)
		return -1;
	if (json_object_object_length(obj) == 0)
		return 0;
	return cnm_json_add(parent, key, TAKE_PTR(obj), err);
}

int cnm_fields_encode_array(json_object *parent, const char *key, const void *records, size_t stride,
                            size_t count, const struct cnm_fields *fields, struct cnm_error *err)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	if (!array)
		return cnm_fail_nomem(err);
	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		_cleanup_json_ json_object *obj = json_object_new_object();

		if (!obj)
			return cnm_fail_nomem(err);
		if (cnm_fields_encode(obj, (const char *)records + i * stride, fields, err) < 0)
			return -1;
		if (json_object_array_add(array, obj) != 0)
			return cnm_fail_nomem(err);
		obj = NULL;
	}
	return cnm_json_add(parent, key, TAKE_PTR(array), err);
}

static int decode_text(char *ret, size_t size, json_object *obj, const char *key, struct cnm_error *err)
{
	const char *text = "";

	if (cnm_json_get_string(obj, key, &text, err) < 0)
		return -1;
	if (strlen(text) >= size)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": longer than %zu bytes", key, size - 1);
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

/* The whole range: an inode number may be beyond what cnm_json_get_int gives. */
static int decode_u64(uint64_t *ret, json_object *obj, const char *key, struct cnm_error *err)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(obj, key, &value))
		return 0;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": expected an integer from 0", key);
	*ret = json_object_get_uint64(value);
	return 0;
}

static int decode_parsed(void *at, const struct cnm_field *field, json_object *obj, struct cnm_error *err)
{
	const char *text = NULL;
	int r;

	if (cnm_json_get_string(obj, field->key, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	r = field->type == CNM_FIELD_MAC    ? cnm_mac_parse(at, text, err)
	    : field->type == CNM_FIELD_CIDR ? cnm_addr_parse_cidr(at, text, err)
	                                    : cnm_addr_parse(at, text, err);
	return r < 0 ? cnm_wrap(err, "key \"%s\"", field->key) : 0;
}

static int decode_field(void *at, const struct cnm_field *field, json_object *obj, struct cnm_error *err)
{
	json_object *value = NULL;
	int64_t number = 0;

	switch (field->type) {
	case CNM_FIELD_TEXT:
		return decode_text(at, field->size, obj, field->key, err);
	case CNM_FIELD_BOOL:
		return cnm_json_get_bool(obj, field->key, at, err);
	case CNM_FIELD_INT:
		if (cnm_json_get_int(obj, field->key, INT_MIN, INT_MAX, &number, err) < 0)
			return -1;
		*(int *)at = (int)number;
		return 0;
	case CNM_FIELD_U16:
		if (cnm_json_get_int(obj, field->key, 0, UINT16_MAX, &number, err) < 0)
			return -1;
		*(uint16_t *)at = (uint16_t)number;
		return 0;
	case CNM_FIELD_U32:
		if (cnm_json_get_int(obj, field->key, 0, UINT32_MAX, &number, err) < 0)
			return -1;
		*(uint32_t *)at = (uint32_t)number;
		return 0;
	case CNM_FIELD_U64:
		return decode_u64(at, obj, field->key, err);
	case CNM_FIELD_KVS:
		if (cnm_json_get_object(obj, field->key, &value, err) < 0)
			return -1;
		return cnm_kvs_from_json(at, value, field->key, err);
	case CNM_FIELD_NAMES:
		return names_from_json(at, obj, field->key, err);
	case CNM_FIELD_ADDR:
	case CNM_FIELD_CIDR:
	case CNM_FIELD_MAC:
		return decode_parsed(at, field, obj, err);
	case CNM_FIELD_PROTO:
		return decode_protocol(at, obj, field->key, err);
	}
	return 0;
}

int cnm_fields_decode(void *record, json_object *obj, const struct cnm_fields *fields, struct cnm_error *err)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cnm_field *field = &fields->items[i];

		if (decode_field((char *)record + field->offset, field, obj, err) < 0)
			return -1;
	}
	return 0;
}

int cnm_fields_decode_array(void *records, size_t stride, size_t max, size_t *ret_count, json_object *parent,
                            const char *key, const struct cnm_fields *fields, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_json_get_array(parent, key, &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count > max)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": %zu items, at most %zu are allowed", key,
		                count, max);
	for (size_t i = 0; i < count; i++) {
		json_object *obj = json_object_array_get_idx(array, i);

		if (!json_object_is_type(obj, json_type_object))
			return cnm_fail(err, CNM_E_INVALID, "%s[%zu]: expected an object", key, i);
		/* Counted first: what a failure leaves half-filled is freed with the record. */
		*ret_count = i + 1;
		if (cnm_fields_decode((char *)records + i * stride, obj, fields, err) < 0)
			return cnm_wrap(err, "%s[%zu]", key, i);
	}
	return 0;
}

json_object *cnm_record_new(struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = json_object_new_object();

	if (cnm_json_add(obj, "version", json_object_new_int(RECORD_VERSION), err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

int cnm_record_parse(json_object **ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = NULL;
	int64_t version = 0;

	if (len > CNM_RECORD_MAX)
		return cnm_fail(err, CNM_E_INVALID, "the record is larger than %d bytes", CNM_RECORD_MAX);
	if (cnm_json_parse_object(&obj, text, len, "the record", err) < 0 ||
	    cnm_json_get_int(obj, "version", INT64_MIN, INT64_MAX, &version, err) < 0)
		return -1;
	if (version == 0)
		return cnm_fail(err, CNM_E_INVALID, "the record has no version");
	if (version != RECORD_VERSION)
		return cnm_fail(err, CNM_E_INVALID,
		                "the record has version %" PRId64 ", this program knows version %d only",
		                version, RECORD_VERSION);
	*ret = TAKE_PTR(obj);
	return 0;
}

int cnm_record_fail(struct cnm_error *err)
{
	if (err && err->code != CNM_E_NOMEM)
		err->code = CNM_E_STORE;
	return -1;
}

int cnm_record_check_id(const char *id, struct cnm_error *err)
{
	if (strlen(id) != CNM_ID_LEN || !cnm_id_is_prefix(id))
		return cnm_fail(err, CNM_E_INVALID, "key \"id\": expected %d hexadecimal digits", CNM_ID_LEN);
	return 0;
}
