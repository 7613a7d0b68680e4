/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a result as JSON, and which shape a version has: shared by building, merging and parsing. */
#ifndef CNM_SPEC_CNI_RESULT_ITEMS_H
#define CNM_SPEC_CNI_RESULT_ITEMS_H

#include "spec/cni_result.h"

enum cnm_cni_shape {
	CNM_CNI_SHAPE_FAMILY,  /* 0.1.0, 0.2.0: ip4, ip6 */
	CNM_CNI_SHAPE_VERSION, /* 0.3.0 to 0.4.0: lists, ips[].version */
	CNM_CNI_SHAPE_LIST,    /* 1.0.0 on: lists */
};

enum cnm_cni_shape cnm_cni_shape_of(enum cnm_cni_version version);

/* The version that a result object says; *ret stays when it says none. CNM_E_INVALID: one that we do not
 * speak. */
int cnm_cni_result_version(json_object *obj, enum cnm_cni_version *ret, struct cnm_error *err);

/* Each appends the items of `result` to a JSON list; indexes of interfaces are raised by `shift`. */
int cnm_cni_append_interfaces(json_object *list, const struct cnm_cni_result *result,
                              enum cnm_cni_version version, struct cnm_error *err);
int cnm_cni_append_ips(json_object *list, const struct cnm_cni_result *result, int shift,
                       enum cnm_cni_version version, struct cnm_error *err);
int cnm_cni_append_routes(json_object *list, const struct cnm_cni_result *result,
                          enum cnm_cni_version version, struct cnm_error *err);

/* Adds the ip4 or ip6 member of the old shape for one family (AF_INET, AF_INET6), if result has an address of
 * it. */
int cnm_cni_add_family(json_object *obj, const struct cnm_cni_result *result, int family,
                       struct cnm_error *err);

#endif
