/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to a bundle's config.json (runtime-spec, config.md), made on the parsed object: every member that
 * is not ours stays, with its place among the others, and the same change made twice is made once.
 */
#ifndef CNM_SPEC_OCI_SPEC_H
#define CNM_SPEC_OCI_SPEC_H

#include "spec/strings.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

/* Which hooks to write. An entry is ours when its args begin with "cnm", "oci". */
struct cnm_oci_hooks {
	const char *program;     /* absolute path of the executable */
	const char *const *args; /* after "cnm oci createRuntime": --network ...; poststop needs none */
	size_t arg_count;
	const char *const *env; /* K=V, after PATH; for both */
	size_t env_count;
};

/* Writes hooks.createRuntime and hooks.poststop. Our entries of an earlier run are replaced where the first
 * of them stands (those in other lists are removed); a new createRuntime goes to the end of its list, a new
 * poststop too. Foreign entries keep their order. */
int cnm_oci_spec_set_hooks(json_object *spec, const struct cnm_oci_hooks *hooks, struct cnm_error *err);
/* Drops our entries from every stage. A list that this leaves empty goes, and `hooks` with the last of them;
 * without an entry of ours nothing changes. */
int cnm_oci_spec_remove_hooks(json_object *spec, struct cnm_error *err);

/* Sees to an entry {"type": "network"} in linux.namespaces. path NULL: an entry that exists stays as it is;
 * else the entry gets this path. */
int cnm_oci_spec_set_netns(json_object *spec, const char *path, struct cnm_error *err);
/* The entry, where there is one, loses its path: a new namespace. */
void cnm_oci_spec_forget_netns_path(json_object *spec);
/* Adds an annotation unless there is one of that name; one whose value ends with "/" and `tail` is ours, of this bundle or one it was copied from, and
 * is replaced. */
int cnm_oci_spec_add_annotation(json_object *spec, const char *key, const char *value, const char *tail,
                                struct cnm_error *err);
/* Whether there is such an entry, and its path (NULL: a new namespace). Without an entry the container has
 * the host's. */
int cnm_oci_spec_get_netns(json_object *spec, bool *ret_present, const char **ret_path,
                           struct cnm_error *err);

/* Sees to a bind mount of the file `source` at `destination`. A mount that is there is ours, and replaced in
 * place, when its source is the same, lies below one of own_dirs, or has the same last two components (a bundle that was copied or moved). A foreign one stays, nothing is added,
 * and *ret_foreign (may be NULL) is true. */
struct cnm_oci_mount {
	const char *destination; /* "/etc/hosts" */
	const char *source;      /* absolute */
	bool read_only;
	const char *const *own_dirs; /* absolute */
	size_t own_dir_count;
};

int cnm_oci_spec_set_mount(json_object *spec, const struct cnm_oci_mount *mount, bool *ret_foreign,
                           struct cnm_error *err);

/* NULL where absent or "". Borrowed. */
int cnm_oci_spec_get_names(json_object *spec, const char **ret_hostname, const char **ret_domainname,
                           struct cnm_error *err);

#endif
