/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers in hosts files, for networks without an agent that answers names. STATE/networks/NAME/readers names the sandboxes that have a hosts file; where it is
 * missing, as on networks of CNI, a join costs nothing here. All that is read and written here happens under the hosts lock and
 * after the change that is told: of two joins at once the second one's files name both.
 */
#include "cnm/base/cleanup.h"
#include "cnm/endpoint_names.h"
#include "cnm/files.h"
#include "cnm/served.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define READERS "readers"

static bool is_joined(const struct cnm_endpoint *endpoint)
{
	return endpoint->container[0] && !endpoint->joining;
}

static void free_network(struct cnm_peers_network *item)
{
	size_t i;

	for (i = 0; i < item->count; i++) {
		cnm_endpoint_free(item->endpoints[i]);
		cnm_sandbox_free(item->sandboxes[i]);
	}
	free(item->endpoints);
	free(item->sandboxes);
	cnm_network_free(item->network);
}

void cnm_peers_free(struct cnm_peers *peers)
{
	size_t i;

	for (i = 0; i < peers->count; i++)
		free_network(&peers->items[i]);
	free(peers->items);
	*peers = (struct cnm_peers){0};
}

/* One unreadable record harms no other; what the kernel would not do now leaves no file half as long. */
static int may_be_lost(const struct cnm_error *lost, struct cnm_error *err)
{
	if (cnm_store_is_lost(lost))
		return 0;
	*err = *lost;
	return -1;
}

static int load_endpoint(struct cnm_store *store, struct cnm_store_network *net, const char *key,
                         struct cnm_peers_network *item, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error lost = CNM_ERROR_INIT;

	if (cnm_store_endpoint_load(net, key, &endpoint, &lost) < 0)
		return may_be_lost(&lost, err);
	if (!is_joined(endpoint))
		return 0;
	if (cnm_store_sandbox_load(store, endpoint->container, &item->sandboxes[item->count], &lost) < 0) {
		item->sandboxes[item->count] = NULL;
		if (may_be_lost(&lost, err) < 0)
			return -1;
	}
	item->endpoints[item->count++] = TAKE_PTR(endpoint);
	return 0;
}

static int load_network(struct cnm_store *store, struct cnm_peers_network *item, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names keys = {0};
	struct cnm_error lost = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_network_load(store, item->name, &item->network, &lost) < 0)
		item->network = NULL;
	item->served = cnm_network_is_served(store, item->name);
	/* What an agent knows is in no file. */
	if (item->served || cnm_store_network_open_live(store, item->name, &net, &lost) < 0)
		return 0;
	if (cnm_store_endpoint_keys(&net, &keys, err) < 0)
		return -1;
	item->endpoints = calloc(keys.count + 1, sizeof(struct cnm_endpoint *));
	item->sandboxes = calloc(keys.count + 1, sizeof(struct cnm_sandbox *));
	if (!item->endpoints || !item->sandboxes)
		return cnm_fail_nomem(err);
	for (i = 0; i < keys.count; i++)
		if (load_endpoint(store, &net, keys.items[i], item, err) < 0)
			return -1;
	return 0;
}

int cnm_peers_get(struct cnm_peers *peers, const char *network, const struct cnm_peers_network **ret,
                  struct cnm_error *err)
{
	struct cnm_peers_network *grown;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		if (strcmp(peers->items[i].name, network) == 0) {
			*ret = &peers->items[i];
			return 0;
		}
	}
	grown = reallocarray(peers->items, peers->count + 1, sizeof(*grown));
	if (!grown)
		return cnm_fail_nomem(err);
	peers->items = grown;
	grown[peers->count] = (struct cnm_peers_network){0};
	snprintf(grown[peers->count].name, sizeof(grown->name), "%s", network);
	*ret = &grown[peers->count++];
	return load_network(peers->controller->store, &grown[peers->count - 1], err);
}

static int put_endpoint(struct cnm_buf *buf, const struct cnm_endpoint *endpoint,
                        const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	_cleanup_endpoint_names_ struct cnm_endpoint_names names;
	char text[CNM_ADDR_TEXT_MAX];
	size_t i, j;

	if (cnm_endpoint_names(&names, endpoint, sandbox, err) < 0)
		return -1;
	for (i = 0; i < endpoint->addr_count; i++) {
		cnm_buf_printf(buf, "%s\t%s", cnm_addr_format(&endpoint->addrs[i].addr, text),
		               names.items[0]);
		for (j = 1; j < names.count; j++)
			cnm_buf_printf(buf, " %s", names.items[j]);
		cnm_buf_printf(buf, " %s.%s\n", names.items[0], endpoint->network);
	}
	return 0;
}

int cnm_peers_put_hosts(struct cnm_peers *peers, const struct cnm_endpoint *const *endpoints, size_t count,
                        struct cnm_buf *buf, struct cnm_error *err)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		const struct cnm_peers_network *network;

		/* Twice on one network: its peers once. */
		for (j = 0; j < i; j++)
			if (strcmp(endpoints[i]->network, endpoints[j]->network) == 0)
				break;
		if (j < i)
			continue;
		if (cnm_peers_get(peers, endpoints[i]->network, &network, err) < 0)
			return -1;
		for (j = 0; j < network->count; j++) {
			const struct cnm_endpoint *peer = network->endpoints[j];

			if (!peer || strcmp(peer->container, endpoints[i]->container) == 0)
				continue;
			if (put_endpoint(buf, peer, network->sandboxes[j], err) < 0)
				return -1;
		}
	}
	return 0;
}

/* Readers --------------------------------------------------------------------------------------- */

static int open_readers(struct cnm_store *store, const char *network, bool create, struct cnm_error *err)
{
	_cleanup_close_ int live = cnm_dir_open_below(store->live_fd, network, false, err);

	return live < 0 ? -1 : cnm_dir_open_below(live, READERS, create, err);
}

int cnm_files_add_reader(struct cnm_store *store, const char *network, const char *container,
                         struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_hosts_lock(store, err);
	_cleanup_close_ int readers = lock < 0 ? -1 : open_readers(store, network, true, err);

	if (readers < 0)
		return -1;
	if (symlinkat(network, readers, container) < 0 && errno != EEXIST)
		return cnm_fail_sys(err, errno, "network %s: reader %s", network, container);
	return 0;
}

/* Whose files are told: all of the network's. */
struct telling {
	struct cnm_peers peers;
	const char *network;
	const struct cnm_store_sandbox *leaving;
	const char *ifname; /* that it leaves by */
};

static bool is_leaving(const struct telling *telling, int dir_fd)
{
	struct stat one, other;

	return telling->leaving && fstat(telling->leaving->dir_fd, &one) == 0 && fstat(dir_fd, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool has_left(const struct telling *telling, struct cnm_store_sandbox *sb)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	struct cnm_error lost = CNM_ERROR_INIT;
	bool leaving = is_leaving(telling, sb->dir_fd);
	size_t i;

	if (cnm_store_links_list(sb, &refs, &lost) < 0)
		return cnm_store_is_lost(&lost);
	for (i = 0; i < refs.count; i++)
		if (strcmp(refs.items[i].network, telling->network) == 0 &&
		    !(leaving && strcmp(refs.items[i].ifname, telling->ifname) == 0))
			return false;
	return true;
}

/* Brings one reader's files up to date: 1, or 0: it is a reader no more, or -1. */
static int tell(struct telling *telling, const char *container, struct cnm_error *err)
{
	struct cnm_store *store = telling->peers.controller->store;
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;

	/* Its own lock is not held: it may be waiting for ours. Its folder is deleted under the hosts lock only. */
	sb.dir_fd = cnm_dir_open_below(store->sandboxes_fd, container, false, err);
	if (sb.dir_fd >= 0)
		sb.links_fd = cnm_dir_open_below(sb.dir_fd, "links", false, err);
	if (sb.links_fd < 0)
		return cnm_store_is_lost(err) ? 0 : -1;
	if (has_left(telling, &sb))
		return 0;
	if (cnm_store_sandbox_load_from(store, sb.dir_fd, container, &sandbox, err) < 0)
		return err->code == CNM_E_NOT_FOUND ? 0 : cnm_store_is_lost(err) ? 1 : -1;
	if (sandbox->no_files)
		return 0;
	if (cnm_endpoint_set_load(telling->peers.controller, &sb, NULL, &set, err) == 0 &&
	    cnm_files_write_locked(&telling->peers, &sb, sandbox,
	                           (const struct cnm_endpoint *const *)set.items, set.count, err) == 0)
		return 1;
	return sandbox->files_mirror[0] || cnm_store_is_lost(err) ? 1 : -1;
}

/* How many readers are left, or -1 with the first error; the others are told all the same. */
static int tell_all(struct telling *telling, int readers, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error first = CNM_ERROR_INIT;
	size_t i;
	int left = 0;

	if (cnm_dir_list(readers, &names, err) < 0)
		return err->code == CNM_E_NOT_FOUND ? 1 : -1;
	for (i = 0; i < names.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;
		int r = cnm_container_check(names.items[i], &one) == 0 ? tell(telling, names.items[i], &one)
		                                                       : 0;

		if (r == 0 && unlinkat(readers, names.items[i], 0) < 0 && errno != ENOENT)
			r = cnm_fail_sys(&one, errno, "reader %s", names.items[i]);
		if (r < 0 && first.code == CNM_OK)
			first = one;
		left += r != 0;
	}
	if (first.code == CNM_OK)
		return left;
	*err = first;
	return -1;
}

static int drop_readers(struct cnm_store *store, const char *network, struct cnm_error *err)
{
	_cleanup_close_ int live = cnm_dir_open_below(store->live_fd, network, false, err);

	if (live >= 0 &&
	    (unlinkat(live, READERS, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENOTEMPTY))
		return 0;
	return live < 0 ? -1 : cnm_fail_sys(err, errno, READERS);
}

int cnm_files_tell_readers(struct cnm_controller *controller, const char *network,
                           const struct cnm_store_sandbox *leaving, const char *ifname, struct cnm_error *err)
{
	struct telling telling = {.peers = {.controller = controller},
	                          .network = network,
	                          .leaving = leaving,
	                          .ifname = ifname};
	struct cnm_error own = CNM_ERROR_INIT;
	_cleanup_close_ int readers = open_readers(controller->store, network, false, &own);
	_cleanup_close_ int lock = -1;
	int left = -1;

	/* Who becomes a reader after this look reads our change itself. */
	if (readers < 0 && cnm_store_is_lost(&own))
		return 0;
	if (readers >= 0)
		lock = cnm_store_hosts_lock(controller->store, &own);
	if (lock >= 0)
		left = tell_all(&telling, readers, &own);
	cnm_peers_free(&telling.peers);
	if (left == 0)
		left = drop_readers(controller->store, network, &own);
	if (left >= 0)
		return 0;
	if (err)
		*err = own;
	return cnm_wrap(err, "network %s: names of its containers", network);
}
