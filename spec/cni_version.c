/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions and commands of the CNI specification. */
#include "spec/cni_version.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/json_list.h"
#include <string.h>

static const char *const versions[CNM_CNI_VERSION_COUNT] = {
        [CNM_CNI_0_1_0] = "0.1.0", [CNM_CNI_0_2_0] = "0.2.0", [CNM_CNI_0_3_0] = "0.3.0",
        [CNM_CNI_0_3_1] = "0.3.1", [CNM_CNI_0_4_0] = "0.4.0", [CNM_CNI_1_0_0] = "1.0.0",
        [CNM_CNI_1_1_0] = "1.1.0",
};

static const struct {
	const char *name;
	enum cnm_cni_version since;
} commands[CNM_CNI_COMMAND_COUNT] = {
        [CNM_CNI_ADD] = {"ADD", CNM_CNI_0_1_0},       [CNM_CNI_DEL] = {"DEL", CNM_CNI_0_1_0},
        [CNM_CNI_CHECK] = {"CHECK", CNM_CNI_0_4_0},   [CNM_CNI_VERSION] = {"VERSION", CNM_CNI_0_1_0},
        [CNM_CNI_STATUS] = {"STATUS", CNM_CNI_1_1_0}, [CNM_CNI_GC] = {"GC", CNM_CNI_1_1_0},
};

const char *cnm_cni_version_name(enum cnm_cni_version version)
{
	return versions[version];
}

bool cnm_cni_version_parse(enum cnm_cni_version *ret, const char *text)
{
	for (int i = 0; i < CNM_CNI_VERSION_COUNT; i++) {
		if (strcmp(versions[i], text) == 0) {
			*ret = (enum cnm_cni_version)i;
			return true;
		}
	}
	return false;
}

const char *cnm_cni_versions_text(void)
{
	return "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0";
}

enum cnm_cni_version cnm_cni_command_since(enum cnm_cni_command command)
{
	return commands[command].since;
}

const char *cnm_cni_command_name(enum cnm_cni_command command)
{
	return commands[command].name;
}

bool cnm_cni_command_parse(enum cnm_cni_command *ret, const char *text)
{
	for (int i = 0; i < CNM_CNI_COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, text) == 0) {
			*ret = (enum cnm_cni_command)i;
			return true;
		}
	}
	return false;
}

static int read_asked(const char **ret, json_object **ret_root, const char *text, size_t len,
                      struct cnm_error *err)
{
	const char *what = "the VERSION request";

	if (cnm_text_is_blank(text, len))
		return 0;
	if (cnm_json_parse_object(ret_root, text, len, what, err) < 0)
		return -1;
	if (cnm_caseless_get_string(*ret_root, "cniVersion", ret, err) < 0)
		return cnm_wrap(err, "%s", what);
	return 0;
}

int cnm_cni_version_reply(json_object **ret, const char *text, size_t len, struct cnm_error *err)
{
	json_object *root _cleanup_json_ = NULL;
	json_object *reply _cleanup_json_ = json_object_new_object();
	json_object *list;
	const char *asked = NULL;

	if (read_asked(&asked, &root, text, len, err) < 0)
		return -1;
	if (!asked || *asked == '\0')
		asked = versions[CNM_CNI_NEWEST];
	if (!reply)
		return cnm_fail_nomem(err);
	list = json_object_new_array();
	if (cnm_json_add_string(reply, "cniVersion", asked, err) < 0 ||
	    cnm_json_add(reply, "supportedVersions", list, err) < 0)
		return -1;
	for (int i = 0; i < CNM_CNI_VERSION_COUNT; i++) {
		if (cnm_json_append(list, json_object_new_string(versions[i]), err) < 0)
			return -1;
	}
	*ret = TAKE_PTR(reply);
	return 0;
}
