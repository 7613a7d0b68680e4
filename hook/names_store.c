/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table, kept equal to the directory store by inotify. The kernel queues an event within the rename or unlink that it is about: so who reads the queue
 * empty after a query has come in, has seen every record that was complete before the query was sent.
 */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#define FOLDERS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)
/* A file that was written without a name gets it by a link, complete (cnm/sys/file.c): IN_CREATE. */
#define RECORDS (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
#define RECORD  "network.json"
#define SUFFIX  ".json"

static struct cnm_store *store_of(const struct names *names)
{
	return names->agent->controller->store;
}

/* By descriptor: the folder that we looked at, whatever its path leads to by now. */
static int watch(const struct names *names, int dir_fd, uint32_t events)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
	return inotify_add_watch(names->store_source.fd, path, events);
}

static void unwatch(struct names *names, int *wd)
{
	if (*wd >= 0)
		inotify_rm_watch(names->store_source.fd, *wd);
	*wd = -1;
}

/* Endpoints ------------------------------------------------------------------------------------ */

static void load_endpoint(struct names_network *network, const char *key)
{
	struct cnm_store *store = store_of(network->names);
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error err = CNM_ERROR_INIT, lost = CNM_ERROR_INIT;
	struct names_record record;

	if (cnm_store_endpoint_load(&network->live, key, &endpoint, &err) < 0) {
		names_endpoint_remove(network, key);
		if (err.code != CNM_E_NOT_FOUND)
			cnm_agent_log("network %s: %s", network->name, err.text);
		return;
	}
	if (endpoint->container[0] && cnm_store_sandbox_load(store, endpoint->container, &sandbox, &lost) < 0)
		sandbox = NULL;
	record = (struct names_record){.endpoint = endpoint, .sandbox = sandbox};
	if (names_endpoint_put(network, &record, &err) < 0)
		cnm_agent_log("network %s, endpoint %s: %s", network->name, key, err.text);
}

static void scan_endpoints(struct names_network *network)
{
	_cleanup_names_ struct cnm_names keys = {0};
	struct names_endpoint *endpoint, *next;
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_endpoint_keys(&network->live, &keys, &err) < 0) {
		cnm_agent_log("network %s: %s", network->name, err.text);
		return;
	}
	for (endpoint = network->endpoints; endpoint; endpoint = next) {
		next = endpoint->next;
		if (endpoint->container && !cnm_names_has(&keys, endpoint->key))
			names_endpoint_remove(network, endpoint->key);
	}
	for (i = 0; i < keys.count; i++)
		load_endpoint(network, keys.items[i]);
}

static void on_endpoint(struct names_network *network, const char *file)
{
	size_t len = strlen(file), cut = strlen(SUFFIX);
	char key[CNM_KEY_MAX + 1];

	if (file[0] == '.' || len <= cut || len - cut > CNM_KEY_MAX || strcmp(file + len - cut, SUFFIX) != 0)
		return;
	memcpy(key, file, len - cut);
	key[len - cut] = '\0';
	load_endpoint(network, key);
}

static void forget_awaited(struct names *names, int wd)
{
	struct names_awaited **at = &names->awaited, *gone;

	while ((gone = *at)) {
		if (gone->wd != wd) {
			at = &gone->next;
			continue;
		}
		*at = gone->next;
		free(gone);
	}
}

/* Networks ------------------------------------------------------------------------------------- */

void names_store_forget(struct names_network *network)
{
	unwatch(network->names, &network->wd_record);
	unwatch(network->names, &network->wd_live);
	unwatch(network->names, &network->wd_endpoints);
	cnm_store_network_close(&network->live);
}

/* The live folder, made where nothing has joined since the boot. No lock is taken: who makes a network holds it, and waits for us. */
static int open_live(struct names_network *network, struct cnm_error *err)
{
	struct cnm_store *store = store_of(network->names);
	struct cnm_store_network *live = &network->live;

	cnm_store_network_close(live);
	live->live_fd = cnm_dir_open_at(store->live_fd, network->name, true, err);
	if (live->live_fd < 0)
		return -1;
	live->endpoints_fd = cnm_dir_open_at(live->live_fd, "endpoints", true, err);
	return live->endpoints_fd < 0 ? -1 : 0;
}

/* Watches first, then looks: what comes between is seen twice, not never. */
static int watch_network(struct names_network *network, struct cnm_error *err)
{
	struct cnm_store *store = store_of(network->names);
	_cleanup_close_ int dir = cnm_dir_open_at(store->networks_fd, network->name, false, err);

	if (dir < 0)
		return -1;
	unwatch(network->names, &network->wd_live);
	unwatch(network->names, &network->wd_endpoints);
	network->wd_record = watch(network->names, dir, RECORDS);
	if (network->wd_record < 0 || open_live(network, err) < 0)
		return network->wd_record < 0 ? cnm_fail_sys(err, errno, "inotify") : -1;
	network->wd_live = watch(network->names, network->live.live_fd, FOLDERS);
	network->wd_endpoints = watch(network->names, network->live.endpoints_fd, RECORDS);
	if (network->wd_live < 0 || network->wd_endpoints < 0)
		return cnm_fail_sys(err, errno, "inotify");
	return 0;
}

static void add_network(struct names *names, const struct cnm_network *record)
{
	struct names_network *network = names_network_add(names, record);
	struct cnm_error err = CNM_ERROR_INIT;

	if (!network || watch_network(network, &err) < 0) {
		cnm_agent_log("network %s: %s", record->name, network ? err.text : "out of memory");
		if (network)
			names_network_remove(network);
		return;
	}
	forget_awaited(names, network->wd_record);
	scan_endpoints(network);
	names_remote_attach(network);
	names_network_serve(network);
}

/* A record is renamed into a folder that may be new: until it is there, the folder is watched for it. */
static void await_record(struct names *names, const char *name)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int dir = cnm_dir_open_at(store_of(names)->networks_fd, name, false, &ignored);
	struct names_awaited *awaited;
	int wd = dir < 0 ? -1 : watch(names, dir, RECORDS);

	if (wd < 0)
		return;
	forget_awaited(names, wd);
	awaited = calloc(1, sizeof(*awaited));
	if (!awaited)
		return;
	awaited->wd = wd;
	snprintf(awaited->name, sizeof(awaited->name), "%s", name);
	awaited->next = names->awaited;
	names->awaited = awaited;
}

/* Brings one network in line with its record. */
static void sync_network(struct names *names, const char *name)
{
	struct names_network *network = names_network_find(names, name);
	_cleanup_network_ struct cnm_network *record = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_name_check(name, "network name", &err) < 0)
		return; /* nothing of ours */
	if (!network)
		await_record(names, name);
	if (cnm_store_network_load(store_of(names), name, &record, &err) < 0) {
		if (err.code != CNM_E_NOT_FOUND)
			cnm_agent_log("%s", err.text);
		if (network)
			names_network_remove(network);
		return;
	}
	if (network && strcmp(network->id, record->id) == 0)
		return;
	if (network)
		names_network_remove(network);
	add_network(names, record);
}

static void scan_networks(struct names *names)
{
	_cleanup_names_ struct cnm_names found = {0};
	struct names_network *network, *next;
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_dir_list(store_of(names)->networks_fd, &found, &err) < 0) {
		cnm_agent_log("%s", err.text);
		return;
	}
	for (network = names->networks; network; network = next) {
		next = network->next;
		if (!cnm_names_has(&found, network->name))
			names_network_remove(network);
	}
	for (i = 0; i < found.count; i++)
		sync_network(names, found.items[i]);
}

/* Events --------------------------------------------------------------------------------------- */

/* The live folder is gone and made anew, by the first join after somebody emptied it. */
static void renew_live(struct names_network *network)
{
	struct cnm_error err = CNM_ERROR_INIT;

	if (watch_network(network, &err) == 0)
		scan_endpoints(network);
	else if (err.code != CNM_E_NOT_FOUND)
		cnm_agent_log("network %s: %s", network->name, err.text);
}

static void on_known(struct names *names, const struct inotify_event *event, const char *name)
{
	struct names_network *network;
	struct names_awaited *awaited;

	for (network = names->networks; network; network = network->next) {
		if (event->wd == network->wd_record) {
			if (strcmp(name, RECORD) == 0)
				sync_network(names, network->name);
			return;
		}
		if (event->wd == network->wd_endpoints) {
			on_endpoint(network, name);
			return;
		}
		if (event->wd == network->wd_live) {
			if (event->mask & IN_CREATE && strcmp(name, "endpoints") == 0)
				renew_live(network);
			return;
		}
	}
	for (awaited = names->awaited; awaited; awaited = awaited->next) {
		if (event->wd == awaited->wd) {
			char network_name[CNM_NAME_MAX + 1];

			memcpy(network_name, awaited->name, sizeof(network_name));
			sync_network(names, network_name);
			return;
		}
	}
}

static void on_event(struct names *names, const struct inotify_event *event)
{
	const char *name = event->len ? event->name : "";
	struct names_network *network;

	if (event->mask & IN_Q_OVERFLOW) {
		scan_networks(names);
		for (network = names->networks; network; network = network->next)
			renew_live(network);
	} else if (event->mask & IN_IGNORED) {
		forget_awaited(names, event->wd);
	} else if (event->wd == names->wd_networks) {
		sync_network(names, name);
	} else if (event->wd == names->wd_live) {
		network = names_network_find(names, name);
		if (network && event->mask & IN_CREATE)
			renew_live(network);
	} else {
		on_known(names, event, name);
	}
}

void names_store_drain(struct names *names)
{
	char bytes[16 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while ((len = read(names->store_source.fd, bytes, sizeof(bytes))) > 0) {
		const char *at = bytes;

		while (at < bytes + len) {
			const struct inotify_event *event = (const void *)at;

			on_event(names, event);
			at += sizeof(*event) + event->len;
		}
	}
}

static void on_store(struct cnm_loop_source *source, uint32_t events)
{
	names_store_drain(CNM_CONTAINER_OF(source, struct names, store_source));
}

int names_store_open(struct names *names, struct cnm_error *err)
{
	struct cnm_store *store = store_of(names);

	names->store_source =
	        (struct cnm_loop_source){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .fn = on_store};
	if (names->store_source.fd < 0)
		return cnm_fail_sys(err, errno, "inotify");
	names->wd_networks = watch(names, store->networks_fd, FOLDERS);
	names->wd_live = watch(names, store->live_fd, FOLDERS);
	if (names->wd_networks < 0 || names->wd_live < 0)
		return cnm_fail_sys(err, errno, "inotify");
	if (cnm_loop_add(names->loop, &names->store_source, EPOLLIN, err) < 0)
		return -1;
	scan_networks(names);
	return 0;
}

void names_store_close(struct names *names)
{
	while (names->networks)
		names_network_remove(names->networks);
	while (names->awaited)
		forget_awaited(names, names->awaited->wd);
	cnm_loop_remove(names->loop, &names->store_source);
	cnm_closep(&names->store_source.fd);
	names->store_source.fd = -1;
}
