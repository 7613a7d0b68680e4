/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container state on a hook's stdin. */
#include "spec/oci_state.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/strings.h"
#include <limits.h>

#define WHAT "the container state"

static int check_annotations(json_object *annotations, struct cnm_error *err)
{
	const char *text;

	if (!annotations)
		return 0;
	for (struct json_object_iterator i = json_object_iter_begin(annotations),
	                                 end = json_object_iter_end(annotations);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		if (cnm_json_get_string(annotations, json_object_iter_peek_name(&i), &text, err) < 0)
			return cnm_wrap(err, "annotations");
	}
	return 0;
}

static int read_members(struct cnm_oci_state *state, struct cnm_error *err)
{
	int64_t pid = 0;

	if (cnm_json_get_string(state->root, "id", &state->id, err) < 0)
		return -1;
	if (!state->id || *state->id == '\0')
		return cnm_fail(err, CNM_E_INVALID, "no \"id\"");
	if (cnm_json_get_int(state->root, "pid", INT64_MIN, INT_MAX, &pid, err) < 0)
		return -1;
	state->pid = pid > 0 ? (pid_t)pid : 0;
	if (cnm_json_get_string(state->root, "bundle", &state->bundle, err) < 0)
		return -1;
	if (state->bundle && *state->bundle == '\0')
		state->bundle = NULL;
	if (state->bundle && *state->bundle != '/')
		return cnm_fail(err, CNM_E_INVALID, "bundle \"%s\": not an absolute path", state->bundle);
	if (cnm_json_get_object(state->root, "annotations", &state->annotations, err) < 0)
		return -1;
	return check_annotations(state->annotations, err);
}

int cnm_oci_state_parse(struct cnm_oci_state *ret, const char *text, size_t len, struct cnm_error *err)
{
	*ret = (struct cnm_oci_state){0};
	if (cnm_text_is_blank(text, len))
		return cnm_fail(err, CNM_E_PARSE,
		                "no container state on stdin: a hook is run by an OCI runtime");
	if (cnm_json_parse_object(&ret->root, text, len, WHAT, err) < 0)
		return -1;
	if (read_members(ret, err) < 0) {
		cnm_oci_state_free(ret);
		return cnm_wrap(err, WHAT);
	}
	return 0;
}

const char *cnm_oci_state_annotation(const struct cnm_oci_state *state, const char *key)
{
	struct cnm_error err = CNM_ERROR_INIT;
	const char *text = NULL;

	return cnm_json_get_string(state->annotations, key, &text, &err) == 0 ? text : NULL;
}

void cnm_oci_state_free(struct cnm_oci_state *state)
{
	if (!state)
		return;
	json_object_put(state->root);
	*state = (struct cnm_oci_state){0};
}
