/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sandboxes: create, adopt, find, list, delete. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include "cnm/sandbox_net.h"
#include <stdio.h>
#include <string.h>

#define OWN_NETNS     "/proc/self/ns/net"
#define ID_PREFIX_MIN 3

static int copy_text(char *ret, size_t size, const char *text, const char *what, struct cnm_error *err)
{
	if (!text)
		text = "";
	if (strlen(text) >= size)
		return cnm_fail(err, CNM_E_INVALID, "%s is longer than %zu bytes", what, size - 1);
	if (strpbrk(text, " \t\r\n"))
		return cnm_fail(err, CNM_E_INVALID, "%s \"%s\" has a blank in it", what, text);
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static int fill_record(struct cnm_controller *controller, const struct cnm_sandbox_spec *spec,
                       struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	memcpy(sandbox->id, spec->id, strlen(spec->id) + 1);
	memcpy(sandbox->boot_id, controller->boot_id, sizeof(sandbox->boot_id));
	cnm_time_now(sandbox->created);
	sandbox->no_files = spec->no_files;
	sandbox->pid = spec->pid > 0 ? spec->pid : 0;
	if (sandbox->pid && cnm_proc_start_time(sandbox->pid, &sandbox->start_time, err) < 0)
		return -1;
	if (copy_text(sandbox->hostname, sizeof(sandbox->hostname), spec->hostname, "host name", err) < 0 ||
	    copy_text(sandbox->domainname, sizeof(sandbox->domainname), spec->domainname, "domain name",
	              err) < 0 ||
	    copy_text(sandbox->files_mirror, sizeof(sandbox->files_mirror), spec->files_mirror,
	              "directory of mirrored files", err) < 0)
		return -1;
	if (!sandbox->hostname[0])
		snprintf(sandbox->hostname, sizeof(sandbox->hostname), "%.12s", sandbox->id);
	return cnm_sandbox_fill_dns(spec, sandbox, err);
}

/* A container with a namespace of its own would be told that it has the host's. */
static int check_is_host(const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	if (cnm_netns_path_is(OWN_NETNS, &sandbox->netns))
		return 0;
	return cnm_fail(err, CNM_E_NETNS,
	                "container %s has a network namespace of its own, %s: only one that shares the "
	                "host's can join",
	                sandbox->id, sandbox->key);
}

/* Adopts the given namespace, or makes and pins one. */
static int open_new(struct cnm_controller *controller, const struct cnm_sandbox_spec *spec,
                    bool host_namespace, struct cnm_sandbox *sandbox, int *ret_fd, struct cnm_error *err)
{
	struct cnm_store *store = controller->store;
	const char *path = spec->netns_path;

	if (host_namespace && !path)
		path = OWN_NETNS;
	if (path) {
		if (copy_text(sandbox->key, sizeof(sandbox->key), path, "namespace path", err) < 0)
			return -1;
	} else {
		/* A file of that name is what a killed predecessor left: the folder has no record. */
		if (cnm_netns_delete_pinned(store->netns_fd, store->netns_path, sandbox->id, err) < 0 ||
		    cnm_netns_create_pinned(store->netns_fd, store->netns_path, sandbox->id, err) < 0)
			return -1;
		sandbox->ours = true;
		snprintf(sandbox->key, sizeof(sandbox->key), "%s/%s", store->netns_path, sandbox->id);
	}
	*ret_fd = cnm_netns_open(sandbox->key, host_namespace || spec->allow_own_netns, &sandbox->netns, err);
	if (*ret_fd < 0)
		return -1;
	return host_namespace ? check_is_host(sandbox, err) : 0;
}

/* In a namespace of our own; an adopted one's comes up with the first join. */
static int bring_up_loopback(struct cnm_controller *controller, const struct cnm_sandbox *sandbox,
                             int netns_fd, struct cnm_error *err)
{
	struct cnm_sandbox_net net = {.netns_fd = netns_fd};

	return sandbox->ours ? cnm_sandbox_net_configure(controller, &net, err) : 0;
}

static int make_new(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                    const struct cnm_sandbox_spec *spec, bool host_namespace, bool explicit_,
                    struct cnm_sandbox **ret, int *ret_fd, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = calloc(1, sizeof(*sandbox));
	_cleanup_close_ int fd = -1;

	if (!sandbox)
		return cnm_fail_nomem(err);
	sandbox->explicit_ = explicit_;
	if (fill_record(controller, spec, sandbox, err) < 0 ||
	    cnm_files_mirror_claim(controller, sandbox, err) < 0 ||
	    open_new(controller, spec, host_namespace, sandbox, &fd, err) < 0 ||
	    bring_up_loopback(controller, sandbox, fd, err) < 0 ||
	    cnm_store_sandbox_save(sb, sandbox, err) < 0)
		return -1;
	*ret = TAKE_PTR(sandbox);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The namespace of a record that lives, if the specification means the same one. */
static int reuse(const struct cnm_sandbox_spec *spec, const struct cnm_sandbox *sandbox, bool host_namespace,
                 int *ret_fd, struct cnm_error *err)
{
	const char *path = spec->netns_path ? spec->netns_path : sandbox->key;
	struct cnm_netns_id id;
	_cleanup_close_ int fd = cnm_netns_open(path, host_namespace || spec->allow_own_netns, &id, err);

	if (fd < 0)
		return -1;
	if (!cnm_netns_id_equal(&id, &sandbox->netns))
		return cnm_fail(err, CNM_E_EXISTS, "container %s lives in another namespace, %s", sandbox->id,
		                sandbox->key);
	if (host_namespace && check_is_host(sandbox, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int cnm_sandbox_resolve(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                        const struct cnm_sandbox_spec *spec, bool host_namespace, struct cnm_sandbox **ret,
                        int *ret_netns_fd, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	char why[CNM_WHY_MAX];
	struct cnm_life life;

	if (cnm_store_sandbox_load_from(controller->store, sb->dir_fd, spec->id, &sandbox, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return make_new(controller, sb, spec, host_namespace, false, ret, ret_netns_fd, err);
	}
	life = cnm_sandbox_life(sandbox);
	if (cnm_life_is_over(controller, &life, why)) {
		if (sandbox->explicit_)
			return cnm_fail(err, CNM_E_NETNS, "sandbox %s: %s; remove it with `sandbox rm`",
			                sandbox->id, why);
		/* A predecessor of that name, of which nobody told us that it ended. */
		if (cnm_detach_all(controller, sb, NULL, err) < 0)
			return -1;
		return make_new(controller, sb, spec, host_namespace, false, ret, ret_netns_fd, err);
	}
	if (reuse(spec, sandbox, host_namespace, ret_netns_fd, err) < 0)
		return -1;
	*ret = TAKE_PTR(sandbox);
	return 0;
}

int cnm_sandbox_create(struct cnm_controller *controller, const struct cnm_sandbox_spec *spec,
                       struct cnm_sandbox **ret, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;
	_cleanup_close_ int fd = -1;

	if (cnm_container_check(spec->id, err) < 0 ||
	    cnm_store_sandbox_lock(controller->store, spec->id, true, &sb, err) < 0)
		return -1;
	if (cnm_store_sandbox_load(controller->store, spec->id, &sandbox, &missing) == 0)
		return cnm_fail(err, CNM_E_EXISTS, "sandbox %s exists already", spec->id);
	if (missing.code != CNM_E_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	if (make_new(controller, &sb, spec, false, true, &sandbox, &fd, err) < 0 ||
	    (!sandbox->no_files && cnm_files_write(controller, &sb, sandbox, NULL, 0, err) < 0)) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		/* The record, if it was written, must not hold on to the folder. */
		cnm_file_delete_at(sb.dir_fd, "sandbox.json", &ignored);
		cnm_sandbox_release_unused(controller, &sb, spec->id, &ignored);
		return cnm_wrap(err, "sandbox %s", spec->id);
	}
	if (ret)
		*ret = TAKE_PTR(sandbox);
	return 0;
}

int cnm_sandbox_list(struct cnm_controller *controller, struct cnm_sandbox ***ret, size_t *ret_count,
                     struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names ids = {0};
	struct cnm_sandbox **sandboxes;
	size_t i, count = 0;

	if (cnm_store_sandbox_ids(controller->store, &ids, err) < 0)
		return -1;
	sandboxes = calloc(ids.count + 1, sizeof(*sandboxes));
	if (!sandboxes)
		return cnm_fail_nomem(err);
	for (i = 0; i < ids.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT; /* gone meanwhile, or unreadable: harms no other */

		if (cnm_store_sandbox_load(controller->store, ids.items[i], &sandboxes[count], &one) == 0) {
			count++;
		} else if (!cnm_store_is_lost(&one)) {
			cnm_sandbox_list_free(sandboxes, count);
			*err = one;
			return -1;
		}
	}
	*ret = sandboxes;
	*ret_count = count;
	return 0;
}

/* Only random ids are shortened: "web1" must never mean "web10", which lives when web1 is gone. */
static bool fits(const struct cnm_sandbox *sandbox, const char *text)
{
	if (strcmp(sandbox->key, text) == 0)
		return true;
	return strlen(text) >= ID_PREFIX_MIN && cnm_id_is_prefix(text) && strlen(sandbox->id) == CNM_ID_LEN &&
	       cnm_id_is_prefix(sandbox->id) && strncmp(sandbox->id, text, strlen(text)) == 0;
}

static int find_by_key_or_prefix(struct cnm_controller *controller, const char *text,
                                 struct cnm_sandbox **ret, struct cnm_error *err)
{
	struct cnm_sandbox **sandboxes = NULL, *found = NULL;
	size_t count = 0, matches = 0, i;

	if (cnm_sandbox_list(controller, &sandboxes, &count, err) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (fits(sandboxes[i], text) && matches++ == 0)
			found = TAKE_PTR(sandboxes[i]);
	for (i = 0; i < count; i++)
		cnm_sandbox_free(sandboxes[i]);
	free(sandboxes);
	if (matches == 1) {
		*ret = found;
		return 0;
	}
	cnm_sandbox_free(found);
	if (matches > 1)
		return cnm_fail(err, CNM_E_INVALID, "sandbox %s: %zu sandboxes fit", text, matches);
	return cnm_fail(err, CNM_E_NOT_FOUND, "sandbox %s: no such sandbox", text);
}

int cnm_sandbox_find(struct cnm_controller *controller, const char *id_or_key, struct cnm_sandbox **ret,
                     struct cnm_error *err)
{
	if (id_or_key[0] != '/') {
		if (cnm_container_check(id_or_key, err) < 0)
			return -1;
		if (cnm_store_sandbox_load(controller->store, id_or_key, ret, err) == 0)
			return 0;
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
	}
	return find_by_key_or_prefix(controller, id_or_key, ret, err);
}

int cnm_sandbox_delete(struct cnm_controller *controller, struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_sandbox_ struct cnm_sandbox *now = NULL;

	if (cnm_store_sandbox_lock(controller->store, sandbox->id, false, &sb, err) < 0 ||
	    cnm_store_sandbox_load(controller->store, sandbox->id, &now, err) < 0)
		return -1;
	if (cnm_detach_all(controller, &sb, NULL, err) < 0)
		return cnm_wrap(err, "sandbox %s", sandbox->id);
	if (now->explicit_) {
		now->explicit_ = false;
		if (cnm_store_sandbox_save(&sb, now, err) < 0)
			return -1;
	}
	if (cnm_sandbox_release_unused(controller, &sb, sandbox->id, err) < 0)
		return -1;
	cnm_store_sandbox_close(&sb);
	cnm_controller_settle(controller);
	return 0;
}

static int mirror_locked(struct cnm_controller *controller, struct cnm_store_sandbox *sb, const char *id,
                         const char *directory, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *now = NULL;
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int made = -1;

	if (cnm_store_sandbox_load(controller->store, id, &now, err) < 0 ||
	    copy_text(now->files_mirror, sizeof(now->files_mirror), directory, "directory", err) < 0)
		return -1;
	made = cnm_dir_open_root(directory, true, err);
	if (made < 0 || cnm_files_mirror_claim(controller, now, err) < 0 ||
	    cnm_store_sandbox_save(sb, now, err) < 0 ||
	    cnm_endpoint_set_load(controller, sb, NULL, &set, err) < 0)
		return -1;
	/* Written once more, so that the mirror gets it too. */
	cnm_file_delete_at(sb->dir_fd, "hosts", &ignored);
	cnm_file_delete_at(sb->dir_fd, "resolv.conf", &ignored);
	return cnm_files_write(controller, sb, now, (const struct cnm_endpoint *const *)set.items, set.count,
	                       err);
}

int cnm_sandbox_mirror_files(struct cnm_controller *controller, struct cnm_sandbox *sandbox,
                             const char *directory, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;

	if (cnm_store_sandbox_lock(controller->store, sandbox->id, false, &sb, err) < 0 ||
	    mirror_locked(controller, &sb, sandbox->id, directory, err) < 0)
		return cnm_wrap(err, "sandbox %s", sandbox->id);
	return 0;
}
