/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to a bundle's config.json: network namespace, mounts, names. Hooks: oci_spec_hooks.c. */
#include "spec/oci_spec.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/json_list.h"
#include <string.h>

#define WHAT "config.json"

/* The string member of an object in a list; NULL when it is none or absent. */
static const char *text_of(json_object *item, const char *key)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const char *text = NULL;

	return cnm_json_get_string(item, key, &text, &ignored) == 0 ? text : NULL;
}

static bool has_text(json_object *item, const char *key, const char *value)
{
	const char *text = text_of(item, key);

	return text && strcmp(text, value) == 0;
}

static json_object *find_item(json_object *list, const char *key, const char *value)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *item = json_object_array_get_idx(list, i);

		if (has_text(item, key, value))
			return item;
	}
	return NULL;
}

static int find_namespaces(json_object *spec, json_object **ret, struct cnm_error *err)
{
	json_object *platform = NULL;

	if (cnm_json_get_object(spec, "linux", &platform, err) < 0)
		return cnm_wrap(err, WHAT);
	if (cnm_json_get_array(platform, "namespaces", ret, err) < 0)
		return cnm_wrap(err, WHAT ": linux");
	return 0;
}

int cnm_oci_spec_get_netns(json_object *spec, bool *ret_present, const char **ret_path, struct cnm_error *err)
{
	json_object *list = NULL, *entry;

	*ret_present = false;
	*ret_path = NULL;
	if (find_namespaces(spec, &list, err) < 0)
		return -1;
	entry = find_item(list, "type", "network");
	if (!entry)
		return 0;
	*ret_present = true;
	if (cnm_json_get_string(entry, "path", ret_path, err) < 0)
		return cnm_wrap(err, WHAT ": linux.namespaces");
	if (*ret_path && **ret_path == '\0')
		*ret_path = NULL;
	return 0;
}

int cnm_oci_spec_set_netns(json_object *spec, const char *path, struct cnm_error *err)
{
	json_object *platform, *list, *entry;

	if (cnm_json_demand_object(spec, "linux", &platform, err) < 0 ||
	    cnm_json_demand_array(platform, "namespaces", &list, err) < 0)
		return cnm_wrap(err, WHAT);
	entry = find_item(list, "type", "network");
	if (!entry) {
		entry = json_object_new_object();
		if (cnm_json_append(list, entry, err) < 0 ||
		    cnm_json_add_string(entry, "type", "network", err) < 0)
			return -1;
	}
	return cnm_json_add_string(entry, "path", path, err);
}

void cnm_oci_spec_forget_netns_path(json_object *spec)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	json_object *list = NULL, *entry = NULL;

	if (find_namespaces(spec, &list, &ignored) == 0)
		entry = find_item(list, "type", "network");
	if (entry)
		json_object_object_del(entry, "path");
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

static bool ends_with(const char *path, const char *tail)
{
	size_t len = strlen(path), tail_len = strlen(tail);

	return len > tail_len && path[len - tail_len - 1] == '/' && strcmp(path + len - tail_len, tail) == 0;
}

/* "cnm/hosts" of "/srv/bundle/cnm/hosts". */
static const char *last_two(const char *path)
{
	const char *at = path + strlen(path);
	unsigned slashes = 0;

	while (at > path && (at[-1] != '/' || ++slashes < 2))
		at--;
	return at;
}

static bool is_ours(json_object *item, const struct cnm_oci_mount *mount)
{
	const char *source = text_of(item, "source");

	if (!source)
		return false;
	if (strcmp(source, mount->source) == 0 || ends_with(source, last_two(mount->source)))
		return true;
	for (size_t i = 0; i < mount->own_dir_count; i++) {
		if (is_below(source, mount->own_dirs[i]))
			return true;
	}
	return false;
}

/* Sets what a bind mount of ours needs; members of other names stay. */
static int fill_mount(json_object *item, const struct cnm_oci_mount *mount, struct cnm_error *err)
{
	const char *const options[] = {"rbind", "rprivate", mount->read_only ? "ro" : "rw"};
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (cnm_json_append(list, json_object_new_string(options[i]), err) < 0) {
			json_object_put(list);
			return -1;
		}
	}
	if (cnm_json_add_string(item, "destination", mount->destination, err) < 0 ||
	    cnm_json_add_string(item, "type", "bind", err) < 0 ||
	    cnm_json_add_string(item, "source", mount->source, err) < 0) {
		json_object_put(list);
		return -1;
	}
	return cnm_json_add(item, "options", list, err);
}

int cnm_oci_spec_set_mount(json_object *spec, const struct cnm_oci_mount *mount, bool *ret_foreign,
                           struct cnm_error *err)
{
	json_object *list, *item;
	bool foreign;

	if (cnm_json_demand_array(spec, "mounts", &list, err) < 0)
		return cnm_wrap(err, WHAT);
	item = find_item(list, "destination", mount->destination);
	foreign = item && !is_ours(item, mount);
	if (ret_foreign)
		*ret_foreign = foreign;
	if (foreign)
		return 0;
	if (!item) {
		item = json_object_new_object();
		if (cnm_json_append(list, item, err) < 0)
			return -1;
	}
	return fill_mount(item, mount, err);
}

static int read_name(json_object *spec, const char *key, const char **ret, struct cnm_error *err)
{
	*ret = NULL;
	if (cnm_json_get_string(spec, key, ret, err) < 0)
		return cnm_wrap(err, WHAT);
	if (*ret && **ret == '\0')
		*ret = NULL;
	return 0;
}

int cnm_oci_spec_get_names(json_object *spec, const char **ret_hostname, const char **ret_domainname,
                           struct cnm_error *err)
{
	if (read_name(spec, "hostname", ret_hostname, err) < 0)
		return -1;
	return read_name(spec, "domainname", ret_domainname, err);
}

int cnm_oci_spec_add_annotation(json_object *spec, const char *key, const char *value, const char *tail,
                                struct cnm_error *err)
{
	json_object *annotations;
	const char *known;

	if (cnm_json_demand_object(spec, "annotations", &annotations, err) < 0)
		return cnm_wrap(err, WHAT);
	known = text_of(annotations, key);
	if (known && !ends_with(known, tail))
		return 0;
	return cnm_json_add_string(annotations, key, value, err);
}
