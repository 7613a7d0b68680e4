/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network configuration on a CNI plugin's stdin: what is common to all plugin types. Keys match without
 * regard to case, exact first, since Go callers rely on it; unknown keys are ignored; a known key with a
 * wrong type is code 7. Keys of one plugin type: cni_network.h (our own), cni_plugin.h (the reference
 * plugins'), cni_ipam.h.
 */
#ifndef CNM_SPEC_CNI_CONFIG_H
#define CNM_SPEC_CNI_CONFIG_H

#include "spec/cni_config_args.h"
#include "spec/cni_dns.h"
#include "spec/cni_error.h"
#include "spec/cni_runtime_config.h"
#include "spec/cni_version.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct cnm_cni_attachment {
	const char *container;
	const char *ifname;
};

struct cnm_cni_config {
	json_object *root; /* the configuration as it came; owns the borrowed strings and objects below */
	enum cnm_cni_version version;
	const char *name;         /* of the network */
	const char *type;         /* of the plugin; "" when absent (VERSION and some libraries send none) */
	json_object *prev_result; /* untouched, see cni_result.h; NULL: none */
	json_object *ipam;        /* untouched, see cni_ipam.h; NULL: none */
	const char *ipam_type;    /* "" when there is no ipam, or it has none */
	struct cnm_cni_dns dns;
	struct cnm_cni_runtime runtime;
	struct cnm_cni_config_args args;

	/* GC: key "cni.dev/valid-attachments", or "cni.dev/attachments" of the first 1.1.0 text. Absent is
	 * not the same as empty: absent says nothing, empty says that nothing is valid. */
	bool has_valid_attachments;
	struct cnm_cni_attachment *valid_attachments;
	size_t valid_attachment_count;
};

/*
 * Order of checks: JSON (6), name (7), version (1, with the versions that we speak as details; also a
 * command that its version does not have), then everything else (7). CHECK without prevResult is 7. For DEL
 * nothing but these first three can fail: what else is wrong in it is left out, since it must release
 * whatever an ADD with the same configuration left.
 *
 * ret->version is set as soon as it is known, so that the error object can say it: before that it is the
 * newest. On failure there is nothing else in *ret.
 */
int cnm_cni_config_parse(struct cnm_cni_config *ret, enum cnm_cni_command command, const char *text,
                         size_t len, struct cnm_cni_error *err);
void cnm_cni_config_free(struct cnm_cni_config *config);
#define _cleanup_cni_config_ __attribute__((cleanup(cnm_cni_config_free)))

#endif
