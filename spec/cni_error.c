/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CNI errors: filling, and the object on stdout. */
#include "spec/cni_error.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/cni_version.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cnm_cni_fail(struct cnm_cni_error *err, unsigned code, const char *format, ...)
{
	struct cnm_error clean = CNM_ERROR_INIT;
	char text[CNM_ERROR_TEXT_MAX];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* cnm_fail makes one line of valid UTF-8 out of what hostile input may have brought. */
	cnm_fail(&clean, CNM_E_INVALID, "%s", text);
	return cnm_cni_fail_from(err, code, &clean);
}

int cnm_cni_fail_from(struct cnm_cni_error *err, unsigned code, const struct cnm_error *from)
{
	if (!err)
		return -1;
	*err = (struct cnm_cni_error)CNM_CNI_ERROR_INIT;
	err->code = from->code == CNM_E_NOMEM || from->code == CNM_E_SYSTEM ? CNM_CNI_E_INTERNAL : code;
	memcpy(err->msg, from->text, sizeof(err->msg));
	return -1;
}

int cnm_cni_error_build(json_object **ret, const char *version, const struct cnm_cni_error *error,
                        struct cnm_error *err)
{
	json_object *object _cleanup_json_ = json_object_new_object();

	if (cnm_json_add_string(object, "cniVersion",
	                        version ? version : cnm_cni_version_name(CNM_CNI_NEWEST), err) < 0 ||
	    cnm_json_add(object, "code", json_object_new_int64(error->code), err) < 0 ||
	    cnm_json_add_string(object, "msg", error->msg, err) < 0)
		return -1;
	if (*error->details && cnm_json_add_string(object, "details", error->details, err) < 0)
		return -1;
	*ret = TAKE_PTR(object);
	return 0;
}
