/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions of the CNI specification. All released ones are spoken; their order in the enum is their
 * age, so `version >= CNM_CNI_0_4_0` reads as it should.
 */
#ifndef CNM_SPEC_CNI_VERSION_H
#define CNM_SPEC_CNI_VERSION_H

#include <json-c/json.h>
#include <stdbool.h>

struct cnm_error;

enum cnm_cni_version {
	CNM_CNI_0_1_0,
	CNM_CNI_0_2_0,
	CNM_CNI_0_3_0,
	CNM_CNI_0_3_1,
	CNM_CNI_0_4_0,
	CNM_CNI_1_0_0,
	CNM_CNI_1_1_0,
};
#define CNM_CNI_VERSION_COUNT 7
#define CNM_CNI_NEWEST        CNM_CNI_1_1_0

enum cnm_cni_command {
	CNM_CNI_ADD,
	CNM_CNI_DEL,
	CNM_CNI_CHECK,
	CNM_CNI_VERSION,
	CNM_CNI_STATUS,
	CNM_CNI_GC,
};
#define CNM_CNI_COMMAND_COUNT 6

/* "0.4.0". Never NULL. */
const char *cnm_cni_version_name(enum cnm_cni_version version);
/* false: not a version that we speak. */
bool cnm_cni_version_parse(enum cnm_cni_version *ret, const char *text);
/* "0.1.0, 0.2.0, ...": for error details and for the banner. */
const char *cnm_cni_versions_text(void);
/* The version that brought the command (VERSION counts as 0.1.0: it must always be answered). */
enum cnm_cni_version cnm_cni_command_since(enum cnm_cni_command command);
const char *cnm_cni_command_name(enum cnm_cni_command command);
bool cnm_cni_command_parse(enum cnm_cni_command *ret, const char *text);

/* The reply to VERSION: {"cniVersion": X, "supportedVersions": [...]}. `text` is what stdin held,
 * `{"cniVersion": X}`; X is echoed, and is our newest when stdin is empty or holds none. */
int cnm_cni_version_reply(json_object **ret, const char *text, size_t len, struct cnm_error *err);

#endif
