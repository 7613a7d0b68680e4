/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS settings: the same content under the names of a configuration or result, and of runtimeConfig. */
#ifndef CNM_SPEC_CNI_DNS_H
#define CNM_SPEC_CNI_DNS_H

#include "spec/strings.h"
#include <json-c/json.h>
#include <stdbool.h>

struct cnm_error;

struct cnm_cni_dns {
	struct cnm_strings nameservers; /* addresses */
	char *domain;                   /* NULL: not given */
	struct cnm_strings search;
	struct cnm_strings options;
};

/* {nameservers, domain, search, options}; obj NULL: none. */
int cnm_cni_dns_parse(struct cnm_cni_dns *ret, json_object *obj, struct cnm_error *err);
/* runtimeConfig.dns: {servers, searches, options}. */
int cnm_cni_dns_parse_runtime(struct cnm_cni_dns *ret, json_object *obj, struct cnm_error *err);
/* Always an object; {} when nothing is set. */
int cnm_cni_dns_build(json_object **ret, const struct cnm_cni_dns *dns, struct cnm_error *err);
bool cnm_cni_dns_is_set(const struct cnm_cni_dns *dns);
void cnm_cni_dns_free(struct cnm_cni_dns *dns);

#endif
