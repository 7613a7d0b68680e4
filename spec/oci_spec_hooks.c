/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our hooks in a bundle's config.json: written, and recognised when they are there already. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/json_list.h"
#include "spec/oci_spec.h"
#include <string.h>

#define HOOK_PATH    "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
#define HOOK_TIMEOUT 10 /* seconds; far above what a join takes, and it ends a hook that hangs */

static bool is_word(json_object *args, size_t i, const char *word)
{
	json_object *item = json_object_array_get_idx(args, i);

	return json_object_is_type(item, json_type_string) && strcmp(json_object_get_string(item), word) == 0;
}

static bool is_ours(json_object *hook)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	json_object *args = NULL;

	return cnm_json_get_array(hook, "args", &args, &ignored) == 0 && args &&
	       json_object_array_length(args) >= 2 && is_word(args, 0, "cnm") && is_word(args, 1, "oci");
}

static int append_text(json_object *list, const char *text, struct cnm_error *err)
{
	return cnm_json_append(list, json_object_new_string(text), err);
}

static int fill_args(json_object *list, const char *stage, const char *const *args, size_t count,
                     struct cnm_error *err)
{
	if (append_text(list, "cnm", err) < 0 || append_text(list, "oci", err) < 0 ||
	    append_text(list, stage, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (append_text(list, args[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Runtimes give a hook nothing, or their own environment: an entry says all that it needs. */
static int fill_env(json_object *list, const struct cnm_oci_hooks *hooks, struct cnm_error *err)
{
	if (append_text(list, HOOK_PATH, err) < 0)
		return -1;
	for (size_t i = 0; i < hooks->env_count; i++) {
		if (append_text(list, hooks->env[i], err) < 0)
			return -1;
	}
	return 0;
}

static int build_hook(json_object **ret, const struct cnm_oci_hooks *hooks, const char *stage,
                      const char *const *args, size_t count, struct cnm_error *err)
{
	json_object *hook _cleanup_json_ = json_object_new_object();
	json_object *list;

	if (cnm_json_add_string(hook, "path", hooks->program, err) < 0)
		return -1;
	list = json_object_new_array();
	if (cnm_json_add(hook, "args", list, err) < 0 || fill_args(list, stage, args, count, err) < 0)
		return -1;
	list = json_object_new_array();
	if (cnm_json_add(hook, "env", list, err) < 0 || fill_env(list, hooks, err) < 0 ||
	    cnm_json_add(hook, "timeout", json_object_new_int(HOOK_TIMEOUT), err) < 0)
		return -1;
	*ret = TAKE_PTR(hook);
	return 0;
}

/* Puts `hook` (taken) where the first of ours stands, drops the others of ours; NULL drops all. */
static int replace(json_object *list, json_object *hook, struct cnm_error *err)
{
	size_t i = 0;

	while (i < json_object_array_length(list)) {
		if (!is_ours(json_object_array_get_idx(list, i))) {
			i++;
		} else if (hook) {
			if (json_object_array_put_idx(list, i, hook) < 0) {
				json_object_put(hook);
				return cnm_fail_nomem(err);
			}
			hook = NULL;
			i++;
		} else if (json_object_array_del_idx(list, i, 1) < 0) {
			return cnm_fail_nomem(err);
		}
	}
	return hook ? cnm_json_append(list, hook, err) : 0;
}

/* A list that only we had goes with its last entry; one that was empty before stays. */
static int remove_from(json_object *all, const char *stage, struct cnm_error *err)
{
	json_object *list = NULL;
	size_t before;

	if (cnm_json_get_array(all, stage, &list, err) < 0)
		return -1;
	before = list ? json_object_array_length(list) : 0;
	if (before == 0)
		return 0;
	if (replace(list, NULL, err) < 0)
		return -1;
	if (json_object_array_length(list) == 0)
		json_object_object_del(all, stage);
	return 0;
}

/* Our entries in stages that we do not use (an older version's, or a person's). */
static int drop_elsewhere(json_object *all, struct cnm_error *err)
{
	static const char *const stages[] = {"prestart", "createContainer", "startContainer", "poststart"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(stages); i++) {
		if (remove_from(all, stages[i], err) < 0)
			return -1;
	}
	return 0;
}

static int set_stage(json_object *all, const struct cnm_oci_hooks *hooks, const char *stage,
                     const char *const *args, size_t count, struct cnm_error *err)
{
	json_object *hook, *list;

	if (cnm_json_demand_array(all, stage, &list, err) < 0 ||
	    build_hook(&hook, hooks, stage, args, count, err) < 0)
		return -1;
	return replace(list, hook, err);
}

int cnm_oci_spec_set_hooks(json_object *spec, const struct cnm_oci_hooks *hooks, struct cnm_error *err)
{
	json_object *all;

	if (cnm_json_demand_object(spec, "hooks", &all, err) < 0)
		return cnm_wrap(err, "config.json");
	if (drop_elsewhere(all, err) < 0 ||
	    set_stage(all, hooks, "createRuntime", hooks->args, hooks->arg_count, err) < 0 ||
	    set_stage(all, hooks, "poststop", NULL, 0, err) < 0)
		return cnm_wrap(err, "config.json: hooks");
	return 0;
}

int cnm_oci_spec_remove_hooks(json_object *spec, struct cnm_error *err)
{
	static const char *const stages[] = {"prestart",       "createRuntime", "createContainer",
	                                     "startContainer", "poststart",     "poststop"};
	json_object *all = NULL;
	int before;

	if (cnm_json_get_object(spec, "hooks", &all, err) < 0)
		return cnm_wrap(err, "config.json");
	before = all ? json_object_object_length(all) : 0;
	for (size_t i = 0; i < CNM_ARRAY_SIZE(stages); i++) {
		if (remove_from(all, stages[i], err) < 0)
			return cnm_wrap(err, "config.json: hooks");
	}
	if (before > 0 && json_object_object_length(all) == 0)
		json_object_object_del(spec, "hooks");
	return 0;
}
