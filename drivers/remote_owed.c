/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plugins are still to be told: ROOT/owed/PLUGIN/KEY.json. An entry is written while the verb's locks are held, and before
 * what it is about goes or comes; whether it counts is decided by that record when the plugin is told. The lock on a plugin's folder is
 * only ever tried: who finds it held for long leaves the telling to its holder, which looks again before it lets go. So nobody waits here for a
 * plugin that does not answer.
 */
#include "cnm/base/cleanup.h"
#include "drivers/remote.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FOLDER "owed"

static int open_folder(struct cnm_controller *controller, const char *plugin, bool create,
                       struct cnm_error *err)
{
	return cnm_remote_folder(controller, FOLDER, plugin, create, err);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int dup_text(char **at, const char *text, struct cnm_error *err)
{
	free(*at);
	*at = strdup(text);
	return *at ? 0 : cnm_fail_nomem(err);
}

int cnm_remote_owed_about(struct cnm_owed *owed, const char *network, const char *network_id,
                          const char *endpoint, const char *endpoint_id, struct cnm_error *err)
{
	if (dup_text(&owed->network, network, err) < 0 || dup_text(&owed->network_id, network_id, err) < 0 ||
	    dup_text(&owed->endpoint, endpoint, err) < 0)
		return -1;
	return dup_text(&owed->endpoint_id, endpoint_id, err);
}

int cnm_remote_owe(struct cnm_controller *controller, const char *plugin, const char *key,
                   struct cnm_owed *owed, struct cnm_error *err)
{
	struct cnm_remote *remote = cnm_remote_of(controller, err);
	_cleanup_close_ int fd = remote ? open_folder(controller, plugin, true, err) : -1;
	char file[CNM_OWED_KEY_MAX + 8];
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (fd < 0)
		return -1;
	owed->since = now_ns();
	memcpy(owed->boot_id, controller->boot_id, sizeof(owed->boot_id));
	if (!owed->pid) {
		owed->pid = getpid();
		cnm_proc_start_time(owed->pid, &owed->start_time, &ignored);
	}
	if (cnm_remote_entry_write(fd, cnm_remote_entry_file(key, file), owed, err) < 0)
		return cnm_wrap(err, "what plugin %s is to be told", plugin);
	cnm_remote_let_go(controller, plugin, key);
	return cnm_kvs_set(&remote->touched, plugin, "", err);
}

void cnm_remote_owe_no_more(struct cnm_controller *controller, const char *plugin, const char *key)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int fd = open_folder(controller, plugin, false, &ignored);
	char file[CNM_OWED_KEY_MAX + 8];

	if (fd >= 0)
		cnm_file_delete_at(fd, cnm_remote_entry_file(key, file), &ignored);
}

/* Entries in the order in which they were written. */
struct entry {
	struct cnm_owed owed;
	char *file; /* borrowed from the names */
};

struct entries {
	struct entry *items;
	size_t count;
	struct cnm_names names;
};

static void entries_free(struct entries *entries)
{
	size_t i;

	for (i = 0; i < entries->count; i++)
		cnm_owed_free(&entries->items[i].owed);
	free(entries->items);
	cnm_names_free(&entries->names);
}
#define _cleanup_entries_ __attribute__((cleanup(entries_free)))

static int by_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->owed.since < y->owed.since ? -1 : x->owed.since > y->owed.since;
}

static int load_entries(int fd, struct entries *ret, struct cnm_error *err)
{
	size_t i;

	if (cnm_dir_list(fd, &ret->names, err) < 0)
		return -1;
	ret->items = calloc(ret->names.count + 1, sizeof(*ret->items));
	if (!ret->items)
		return cnm_fail_nomem(err);
	for (i = 0; i < ret->names.count; i++) {
		_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_REMOTE_ENTRY_MAX);
		struct entry *entry = &ret->items[ret->count];
		struct cnm_error one = CNM_ERROR_INIT;

		/* One that cannot be read does not keep the others. */
		if (cnm_file_read_at(fd, ret->names.items[i], CNM_REMOTE_ENTRY_MAX, &text, &one) < 0 ||
		    cnm_owed_decode(&entry->owed, cnm_buf_text(&text), text.len, &one) < 0) {
			cnm_owed_free(&entry->owed);
			continue;
		}
		entry->file = ret->names.items[i];
		ret->count++;
	}
	qsort(ret->items, ret->count, sizeof(*ret->items), by_age);
	return 0;
}

static bool network_stands(struct cnm_controller *controller, const struct cnm_owed *owed)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_store_network_load(controller->store, owed->network, &network, &ignored) == 0 &&
	       strcmp(network->id, owed->network_id) == 0;
}

static bool endpoint_stands(struct cnm_controller *controller, const struct cnm_owed *owed, bool joined)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_store_network_open_live(controller->store, owed->network, &net, &ignored) == 0 &&
	       cnm_store_endpoint_load(&net, owed->endpoint, &endpoint, &ignored) == 0 &&
	       strcmp(endpoint->id, owed->endpoint_id) == 0 && (!joined || endpoint->container[0]);
}

enum standing { COUNTS, TAKEN_BACK, AT_WORK };

static enum standing stand(struct cnm_controller *controller, const struct entry *entry,
                           enum cnm_remote_moment moment)
{
	const struct cnm_owed *owed = &entry->owed;
	bool is_own = owed->pid == getpid() && strcmp(owed->boot_id, controller->boot_id) == 0,
	     stands = false;

	if (is_own ? moment == CNM_REMOTE_BEFORE
	           : owed->pid > 0 && strcmp(owed->boot_id, controller->boot_id) == 0 &&
	                     cnm_proc_is_alive(owed->pid, owed->start_time))
		return AT_WORK;
	if (strncmp(entry->file, CNM_OWED_ENDPOINT, 2) == 0)
		stands = endpoint_stands(controller, owed, true);
	else if (strncmp(entry->file, CNM_OWED_ADDRS, 2) == 0)
		stands = endpoint_stands(controller, owed, false);
	else if (strncmp(entry->file, CNM_OWED_NETWORK, 2) == 0 ||
	         strncmp(entry->file, CNM_OWED_POOLS, 2) == 0)
		stands = network_stands(controller, owed);
	return stands ? TAKEN_BACK : COUNTS;
}

/* A refusal is an answer. It is asked once more, as some refuse what they are busy with; then it was told. */
static int tell_call(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                     const struct cnm_owed_call *call, struct cnm_error *err)
{
	enum cnm_remote_outcome outcome = CNM_REMOTE_REFUSED;
	unsigned i;

	for (i = 0; i < 2 && outcome == CNM_REMOTE_REFUSED; i++) {
		cnm_error_clear(err);
		cnm_remote_call(controller, plugin, call->name, call->body, CNM_REMOTE_TELL, NULL, &outcome,
		                err);
	}
	if (outcome != CNM_REMOTE_DONE && outcome != CNM_REMOTE_REFUSED)
		return -1;
	cnm_error_clear(err);
	return 0;
}

static int tell_entry(struct cnm_controller *controller, struct cnm_remote_plugin *plugin, int fd,
                      struct entry *entry, struct cnm_error *err)
{
	size_t told = 0;

	while (told < entry->owed.count && tell_call(controller, plugin, &entry->owed.calls[told], err) == 0)
		told++;
	if (told == entry->owed.count)
		return cnm_file_delete_at(fd, entry->file, err);
	cnm_owed_drop(&entry->owed, told);
	return -1;
}

/* It stays, without what was told, and nobody is at it any more: the next who needs the plugin tells it. */
static void put_back(int fd, struct entry *entry)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	entry->owed.pid = 0;
	cnm_remote_entry_write(fd, entry->file, &entry->owed, &ignored);
}

/* One look at the folder: 1 something was told, 0 there was nothing to tell, -1 the plugin did not hear. */
static int tell_round(struct cnm_controller *controller, const char *name, int fd,
                      enum cnm_remote_moment moment, size_t *left, struct cnm_error *err)
{
	_cleanup_entries_ struct entries entries = {0};
	struct cnm_remote_plugin *plugin = NULL;
	size_t i;
	int r = 0;

	*left = 0;
	if (load_entries(fd, &entries, err) < 0)
		return -1;
	for (i = 0; i < entries.count; i++) {
		enum standing standing = stand(controller, &entries.items[i], moment);
		struct cnm_error ignored = CNM_ERROR_INIT;

		if (standing == TAKEN_BACK)
			cnm_file_delete_at(fd, entries.items[i].file, &ignored);
		if (standing != COUNTS)
			continue;
		(*left)++;
		if (r < 0 ||
		    (!plugin && cnm_remote_plugin_get(controller, name, CNM_REMOTE_ANY, &plugin, err) < 0)) {
			r = -1;
			put_back(fd, &entries.items[i]);
			continue;
		}
		if (plugin->silent)
			r = cnm_fail(err, CNM_E_TRY_AGAIN, "plugin %s did not answer before", name);
		else
			r = tell_entry(controller, plugin, fd, &entries.items[i], err) < 0 ? -1 : 1;
		if (r > 0)
			(*left)--;
		else
			put_back(fd, &entries.items[i]);
	}
	return r;
}

#define BUSY_WAIT_NS 20000000

/* Whoever tells already looks again before it ends: it is waited for as long as one call may take, and no longer. 1 locked, 0 busy. */
static int lock_folder(const struct cnm_remote *remote, enum cnm_remote_moment moment, int fd,
                       struct cnm_error *err)
{
	uint64_t end =
	        cnm_remote_now_ms() +
	        cnm_remote_time_left(remote, moment == CNM_REMOTE_BEFORE ? CNM_REMOTE_ASK : CNM_REMOTE_TELL);
	int r = cnm_dir_try_lock(fd, CNM_LOCK_EXCLUSIVE, err);

	while (r == 0 && cnm_remote_now_ms() < end) {
		nanosleep(&(struct timespec){.tv_nsec = BUSY_WAIT_NS}, NULL);
		r = cnm_dir_try_lock(fd, CNM_LOCK_EXCLUSIVE, err);
	}
	return r;
}

/* Mostly there is nothing, and then nobody need be waited for. */
static bool is_empty(int fd)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_dir_list(fd, &names, &ignored) == 0 && names.count == 0;
}

int cnm_remote_tell(struct cnm_controller *controller, const char *plugin, enum cnm_remote_moment moment,
                    size_t *ret_left, struct cnm_error *err)
{
	const struct cnm_remote *remote = cnm_remote_of(controller, err);
	_cleanup_close_ int fd = remote ? open_folder(controller, plugin, false, err) : -1;
	int r;

	*ret_left = 0;
	if (fd < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (is_empty(fd))
		return 0;
	r = lock_folder(remote, moment, fd, err);
	if (r < 0)
		return -1;
	/* A plugin that is told much, and slowly, may still be asked. */
	if (r == 0)
		return moment == CNM_REMOTE_BEFORE
		               ? 0
		               : cnm_fail(err, CNM_E_TRY_AGAIN, "plugin %s is still being told other things",
		                          plugin);
	do
		r = tell_round(controller, plugin, fd, moment, ret_left, err);
	while (r > 0);
	return r;
}

void cnm_remote_settle(struct cnm_controller *controller)
{
	struct cnm_remote *remote = controller->outside_state;
	size_t i, left;

	for (i = 0; remote && i < remote->touched.count; i++) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		cnm_remote_tell(controller, remote->touched.items[i].key, CNM_REMOTE_AFTER, &left, &ignored);
	}
	if (remote)
		cnm_kvs_free(&remote->touched);
}

/* One line for each entry that counts: what, and whether it was told. */
static void report(const struct entry *entry, const char *plugin, const char *why, cnm_gc_fn fn, void *arg)
{
	const struct cnm_owed *owed = &entry->owed;
	char what[512];

	snprintf(what, sizeof(what), "%s%s owed to plugin %s (%s%s%s)", owed->calls[0].name,
	         owed->count > 1 ? " and more" : "", plugin, owed->network, owed->endpoint[0] ? "/" : "",
	         owed->endpoint);
	if (fn)
		fn(what, why, arg);
}

static int collect_plugin(struct cnm_controller *controller, const char *plugin, bool dry_run, cnm_gc_fn fn,
                          void *arg, struct cnm_error *err)
{
	_cleanup_close_ int fd = open_folder(controller, plugin, false, err);
	_cleanup_entries_ struct entries entries = {0};
	struct cnm_error why = CNM_ERROR_INIT;
	size_t i, left = 0;

	if (fd < 0 || load_entries(fd, &entries, err) < 0)
		return -1;
	if (!dry_run)
		cnm_remote_tell(controller, plugin, CNM_REMOTE_AFTER, &left, &why);
	for (i = 0; i < entries.count; i++) {
		bool told = !dry_run && faccessat(fd, entries.items[i].file, F_OK, AT_SYMLINK_NOFOLLOW) < 0;

		if (entries.items[i].owed.count == 0 ||
		    (!told && stand(controller, &entries.items[i], CNM_REMOTE_AFTER) != COUNTS))
			continue;
		report(&entries.items[i], plugin,
		       told          ? "it could not be told before"
		       : why.text[0] ? why.text
		                     : "it was not told so far",
		       fn, arg);
	}
	return 0;
}

int cnm_remote_collect(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg,
                       struct cnm_error *err)
{
	_cleanup_close_ int all = -1;
	_cleanup_names_ struct cnm_names plugins = {0};
	size_t i;

	cnm_remote_held_after_boot(controller);
	all = cnm_dir_open_at(controller->store->root_fd, FOLDER, false, err);
	if (all < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (cnm_dir_list(all, &plugins, err) < 0)
		return -1;
	for (i = 0; i < plugins.count; i++)
		if (collect_plugin(controller, plugins.items[i], dry_run, fn, arg, err) < 0)
			return -1;
	return 0;
}
