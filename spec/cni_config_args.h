/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `args.cni` of a configuration: arguments of one attachment that a runtime injects (CONVENTIONS.md). */
#ifndef CNM_SPEC_CNI_CONFIG_ARGS_H
#define CNM_SPEC_CNI_CONFIG_ARGS_H

#include "cnm/base/list.h"
#include "spec/strings.h"
#include <json-c/json.h>

struct cnm_error;

/* The two of the convention, and what the reference plugins read there besides. */
struct cnm_cni_config_args {
	struct cnm_kvs labels;
	struct cnm_strings ips; /* addresses, each with or without prefix */
	char *mac;              /* NULL: not given */
	struct cnm_kvs sysctl;
	int mtu;      /* 0: not given */
	int txqlen;   /* -1: not given */
	int promisc;  /* 0, 1, or -1: not given */
	int allmulti; /* the same */
};

/* obj NULL: nothing given. CNM_E_INVALID; *ret is then zeroed. */
int cnm_cni_config_args_parse(struct cnm_cni_config_args *ret, json_object *obj, struct cnm_error *err);
void cnm_cni_config_args_free(struct cnm_cni_config_args *args);

#endif
