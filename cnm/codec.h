/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: structs to JSON text and back. Every record carries "version": 1; another version is refused (CNM_E_STORE), so that an
 * older program does not damage what a newer one wrote. Decoding checks every name and address again.
 */
#ifndef CNM_CODEC_H
#define CNM_CODEC_H

#include "cnm/base/buf.h"
#include "cnm/base/json.h"
#include "cnm/model.h"

#define CNM_RECORD_MAX (256 * 1024)

/* The JSON object of a record; the caller owns it. NULL on error. */
json_object *cnm_network_to_json(const struct cnm_network *network, struct cnm_error *err);
json_object *cnm_endpoint_to_json(const struct cnm_endpoint *endpoint, struct cnm_error *err);
json_object *cnm_sandbox_to_json(const struct cnm_sandbox *sandbox, struct cnm_error *err);

int cnm_network_decode(struct cnm_network **ret, const char *text, size_t len, struct cnm_error *err);
int cnm_endpoint_decode(struct cnm_endpoint **ret, const char *text, size_t len, struct cnm_error *err);
int cnm_sandbox_decode(struct cnm_sandbox **ret, const char *text, size_t len, struct cnm_error *err);

/* {"k": "v"} both ways. */
json_object *cnm_kvs_to_json(const struct cnm_kvs *kvs, struct cnm_error *err);
int cnm_kvs_from_json(struct cnm_kvs *ret, json_object *obj, const char *what, struct cnm_error *err);

#endif
