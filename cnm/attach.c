/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The join: from two locks to a complete record. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/reconcile.h"
#include "cnm/sandbox_net.h"
#include "cnm/served.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int load_network(struct cnm_attach *attach, const char *name, struct cnm_error *err)
{
	cnm_network_freep(&attach->network);
	if (cnm_store_network_load_from(attach->controller->store, attach->net.dir_fd, name, &attach->network,
	                                err) < 0)
		return -1;
	attach->driver = cnm_controller_driver(attach->controller, attach->network->driver, err);
	return attach->driver ? 0 : -1;
}

/* The network's objects: made at its creation, and again after a boot or after somebody deleted them. */
static int ensure_network(struct cnm_attach *attach, enum cnm_lock_mode mode, struct cnm_error *err)
{
	struct cnm_controller *controller = attach->controller;
	char name[CNM_NAME_MAX + 1];
	int ready = attach->driver->network_is_ready(controller, attach->network, err);
	size_t repaired = 0;

	if (ready != 0)
		return ready < 0 ? -1 : 0;
	snprintf(name, sizeof(name), "%s", attach->network->name);
	/* What was flushed is not this network's alone. No lock of a network is held meanwhile. */
	cnm_store_network_close(&attach->net);
	if (cnm_firewall_restore(controller, err) < 0 ||
	    cnm_store_network_lock(controller->store, name, CNM_LOCK_EXCLUSIVE, &attach->net, err) < 0 ||
	    load_network(attach, name, err) < 0)
		return -1;
	if (attach->driver->network_ensure(controller, attach->network, err) < 0 ||
	    cnm_endpoints_repair(controller, &attach->net, attach->network, attach->driver, &repaired, err) <
	            0)
		return -1;
	if (mode == CNM_LOCK_SHARED && (cnm_store_network_relock(&attach->net, CNM_LOCK_SHARED, err) < 0 ||
	                                load_network(attach, name, err) < 0))
		return -1;
	return 0;
}

int cnm_attach_open(struct cnm_attach *attach, struct cnm_controller *controller, const char *network,
                    const struct cnm_sandbox_spec *sandbox, enum cnm_lock_mode mode, struct cnm_error *err)
{
	*attach = (struct cnm_attach){.controller = controller,
	                              .sb = CNM_STORE_SANDBOX_INIT,
	                              .net = CNM_STORE_NETWORK_INIT,
	                              .netns_fd = -1};
	if (cnm_container_check(sandbox->id, err) < 0 ||
	    cnm_store_sandbox_lock(controller->store, sandbox->id, true, &attach->sb, err) < 0)
		return -1;
	snprintf(attach->id, sizeof(attach->id), "%s", sandbox->id);
	/* Shared at first: a predecessor that is replaced may have to leave this very network, which locks it shared too. */
	if (cnm_store_network_lock(controller->store, network, CNM_LOCK_SHARED, &attach->net, err) < 0 ||
	    load_network(attach, network, err) < 0 || ensure_network(attach, CNM_LOCK_SHARED, err) < 0 ||
	    cnm_sandbox_resolve(controller, &attach->sb, sandbox, attach->driver->host_namespace,
	                        &attach->sandbox, &attach->netns_fd, err) < 0)
		return -1;
	if (mode == CNM_LOCK_SHARED)
		return 0;
	if (cnm_store_network_relock(&attach->net, mode, err) < 0)
		return -1;
	return load_network(attach, network, err);
}

void cnm_attach_close(struct cnm_attach *attach)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (attach->sb.dir_fd >= 0 && !attach->joined)
		cnm_sandbox_release_unused(attach->controller, &attach->sb, attach->id, &ignored);
	cnm_closep(&attach->netns_fd);
	cnm_network_freep(&attach->network);
	cnm_sandbox_freep(&attach->sandbox);
	cnm_store_network_close(&attach->net);
	cnm_store_sandbox_close(&attach->sb);
}

static bool is_used(const struct cnm_link_refs *refs, const char *ifname)
{
	size_t i;

	for (i = 0; i < refs->count; i++)
		if (strcmp(refs->items[i].ifname, ifname) == 0)
			return true;
	return false;
}

#define IFNAME_TRIES 1024

int cnm_attach_choose_ifname(struct cnm_attach *attach, const char *wanted, char ret[IF_NAMESIZE],
                             struct cnm_error *err)
{
	const char *prefix =
	        cnm_kvs_get(&attach->network->options, "com.docker.network.container_iface_prefix");

	/* An endpoint without an interface takes none of the names that interfaces have. */
	if (attach->driver->no_addresses)
		prefix = attach->driver->name;
	if (wanted) {
		if (cnm_ifname_check(wanted, err) < 0)
			return -1;
		snprintf(ret, IF_NAMESIZE, "%s", wanted);
		return 0;
	}
	return cnm_attach_free_ifname(attach, prefix ? prefix : "eth", ret, err);
}

int cnm_attach_free_ifname(struct cnm_attach *attach, const char *prefix, char ret[IF_NAMESIZE],
                           struct cnm_error *err)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	unsigned i;

	if (cnm_store_links_list(&attach->sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < IFNAME_TRIES; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%u", prefix, i);
		if (is_used(&refs, name))
			continue;
		if (cnm_ifname_check(name, err) < 0)
			return -1;
		snprintf(ret, IF_NAMESIZE, "%.15s", name);
		return 0;
	}
	return cnm_fail(err, CNM_E_EXHAUSTED, "sandbox %s has %d interfaces already", attach->sandbox->id,
	                IFNAME_TRIES);
}

/* What the leave must know, into the record. */
static int fill_join(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const struct cnm_sandbox *sandbox = attach->sandbox;

	snprintf(endpoint->container, sizeof(endpoint->container), "%s", sandbox->id);
	snprintf(endpoint->key, sizeof(endpoint->key), "%s", sandbox->key);
	snprintf(endpoint->boot_id, sizeof(endpoint->boot_id), "%s", sandbox->boot_id);
	endpoint->netns = sandbox->netns;
	endpoint->pid = sandbox->pid;
	endpoint->start_time = sandbox->start_time;
	endpoint->joining = true;
	if (cnm_kvs_set(&endpoint->driver_state, "driver", attach->network->driver, err) < 0)
		return -1;
	return attach->driver->endpoint_prepare(attach->controller, attach->network, endpoint, err);
}

/* A link that another program made has no end on the host by which it would be found again. The record is saved with the answers that follow. */
static int note_ifindex(struct cnm_endpoint *endpoint, int ifindex, struct cnm_error *err)
{
	char text[16];

	if (!ifindex)
		return 0;
	snprintf(text, sizeof(text), "%d", ifindex);
	return cnm_kvs_set(&endpoint->driver_state, "ifindex", text, err);
}

/* The kernel's part. `set` holds every endpoint of the sandbox, this one included. */
static int join_kernel(struct cnm_attach *attach, struct cnm_endpoint *endpoint,
                       const struct cnm_endpoint_set *set, struct cnm_error *err)
{
	const struct cnm_endpoint *const *all = (const struct cnm_endpoint *const *)set->items;
	struct cnm_sandbox_net net = {.netns_fd = attach->netns_fd, .endpoint = endpoint};

	if (attach->driver->join(attach->controller, attach->network, endpoint, attach->netns_fd, &net.link,
	                         err) < 0)
		return -1;
	if (!cnm_mac_is_set(&endpoint->mac))
		endpoint->mac = net.link.mac;
	if (attach->driver->ask_join && note_ifindex(endpoint, net.link.ifindex, err) < 0)
		return -1;
	if (attach->driver->host_namespace)
		return 0;
	net.default4 = cnm_gateway_elect(all, set->count, AF_INET) == endpoint;
	net.default6 = cnm_gateway_elect(all, set->count, AF_INET6) == endpoint;
	endpoint->seen = (struct cnm_join_seen){.default4 = net.default4,
	                                        .default6 = net.default6,
	                                        .host_mtu = net.link.host_mtu,
	                                        .bridge_mac = net.link.bridge_mac,
	                                        .bridge_mtu = net.link.bridge_mtu};
	return cnm_sandbox_net_configure(attach->controller, &net, err);
}

int cnm_attach_join(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};

	if (fill_join(attach, endpoint, err) < 0 ||
	    cnm_store_endpoint_save(&attach->net, endpoint, err) < 0 ||
	    cnm_attach_ask_join(attach, endpoint, err) < 0 ||
	    cnm_endpoint_set_load(attach->controller, &attach->sb, endpoint, &set, err) < 0 ||
	    join_kernel(attach, endpoint, &set, err) < 0 ||
	    cnm_attach_ask_external(attach, endpoint, &set, err) < 0)
		return -1;
	if (!attach->sandbox->no_files &&
	    (cnm_files_add_reader(attach->controller->store, endpoint->network, endpoint->container, err) <
	             0 ||
	     cnm_files_write(attach->controller, &attach->sb, attach->sandbox,
	                     (const struct cnm_endpoint *const *)set.items, set.count, err) < 0))
		return -1;
	if (cnm_store_endpoint_complete(&attach->net, endpoint, err) < 0)
		return -1;
	/* Our own file too: who joined between its writing and now did not see us. */
	if (cnm_files_tell_readers(attach->controller, endpoint->network, NULL, NULL, err) < 0)
		return -1;
	attach->joined = true;
	/* The agent listens inside when it has seen the record. */
	if (cnm_network_wants_loopback(attach->network))
		cnm_agent_sync(attach->controller->store);
	return 0;
}

void cnm_endpoint_set_free(struct cnm_endpoint_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->items[i] != set->known)
			cnm_endpoint_free(set->items[i]);
	free(set->items);
	*set = (struct cnm_endpoint_set){0};
}

static bool refers_to(const struct cnm_link_ref *ref, const struct cnm_endpoint *endpoint)
{
	return endpoint && strcmp(ref->network, endpoint->network) == 0 &&
	       strcmp(ref->key, endpoint->name) == 0;
}

int cnm_endpoint_set_load(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                          const struct cnm_endpoint *known, struct cnm_endpoint_set *ret,
                          struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {.known = known};
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	if (cnm_store_links_list(sb, &refs, err) < 0)
		return -1;
	set.items = calloc(refs.count + 1, sizeof(*set.items));
	if (!set.items)
		return cnm_fail_nomem(err);
	for (i = 0; i < refs.count; i++) {
		_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
		struct cnm_error lost = CNM_ERROR_INIT; /* a lost record has no say */

		if (refers_to(&refs.items[i], known)) {
			/* Borrowed: never written to, never freed through the set. */
			memcpy(&set.items[set.count++], &known, sizeof(known));
			continue;
		}
		if (cnm_store_network_open_live(controller->store, refs.items[i].network, &net, &lost) == 0 &&
		    cnm_store_endpoint_load(&net, refs.items[i].key, &set.items[set.count], &lost) == 0) {
			set.count++;
		} else if (!cnm_store_is_lost(&lost)) {
			*err = lost;
			return -1;
		}
	}
	*ret = set;
	set = (struct cnm_endpoint_set){0};
	return 0;
}
