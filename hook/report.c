/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors become lines on stderr here, and nowhere else in the executable. An error's text is one line of valid UTF-8
 * already (cnm/base/error.c), so it is printed as it is.
 */
#include "hook/report.h"

#include <stdio.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"

static const char *const code_names[] = {
        [CNM_OK] = "ok",
        [CNM_E_INVALID] = "invalid",
        [CNM_E_NOT_FOUND] = "not_found",
        [CNM_E_EXISTS] = "exists",
        [CNM_E_BUSY] = "busy",
        [CNM_E_EXHAUSTED] = "exhausted",
        [CNM_E_UNSUPPORTED] = "unsupported",
        [CNM_E_CONFLICT] = "conflict",
        [CNM_E_NETNS] = "netns",
        [CNM_E_PARSE] = "parse",
        [CNM_E_STORE] = "store",
        [CNM_E_SYSTEM] = "system",
        [CNM_E_TRY_AGAIN] = "try_again",
        [CNM_E_NOMEM] = "no_memory",
};

const char *cnm_report_code(enum cnm_code code)
{
	return (size_t)code < CNM_ARRAY_SIZE(code_names) ? code_names[code] : "unknown";
}

static json_object *error_to_json(const struct cnm_error *err)
{
	_cleanup_json_ json_object *root = json_object_new_object();
	json_object *error = json_object_new_object();
	struct cnm_error ignored;

	if (cnm_json_add(root, "error", error, &ignored) < 0 ||
	    cnm_json_add_string(error, "code", cnm_report_code(err->code), &ignored) < 0 ||
	    cnm_json_add_string(error, "message", err->text, &ignored) < 0)
		return NULL;
	return TAKE_PTR(root);
}

int cnm_report_error(enum cnm_format format, const struct cnm_error *err)
{
	_cleanup_json_ json_object *root = format == CNM_FORMAT_JSON ? error_to_json(err) : NULL;

	/* What was printed so far comes first, also where both streams go to one file. */
	fflush(stdout);
	if (root)
		fprintf(stderr, "%s\n",
		        json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
		                                                     JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		fprintf(stderr, "cnm: %s\n", err->text);
	return CNM_EXIT_ERROR;
}
