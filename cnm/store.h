/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory store: records of networks (durable root), endpoints, addresses and sandboxes (live root).
 *
 *   ROOT/networks/NAME/network.json
 *   ROOT/owed/PLUGIN/, ROOT/held/PLUGIN/        what plugins are to be told (drivers/remote_owed.c, remote_held.c)
 *   STATE/networks/NAME/endpoints/KEY.json      a complete endpoint
 *   STATE/networks/NAME/endpoints/KEY.joining   written before the first kernel change; renamed to .json after the last
 *   STATE/networks/NAME/addresses/IP -> KEY     exclusive by symlinkat; the owner is the link's target
 *   STATE/networks/NAME/readers/ID              a sandbox whose hosts file names its peers there
 *   STATE/networks/NAME/served                  locked by the agent that answers names there
 *   STATE/networks/NAME/cursors/SUBNET -> IP    where the allocator goes on
 *   STATE/sandboxes/ID/sandbox.json, hosts, resolv.conf
 *   STATE/sandboxes/ID/links/IFNAME -> NETWORK/KEY   taken before the addresses, given up after them
 *   STATE/plugins/NAME.json                     what a plugin said when it was activated (drivers/remote_plugin.c)
 *   STATE/netns/ID                              namespaces of our own
 *   STATE/NAME.mark                             a fact of this boot that must outlive the kernel's own memory of it
 *
 * Locks are flocks on the directories themselves: sandboxes/ID first, then ROOT/networks/NAME. Network creation and deletion also
 * hold ROOT/networks (subnets are chosen there). A join holds its network's lock shared.
 */
#ifndef CNM_STORE_H
#define CNM_STORE_H

#include "cnm/model.h"
#include "cnm/sys/file.h"

struct cnm_store {
	int root_fd;      /* ROOT */
	int state_fd;     /* STATE */
	int networks_fd;  /* ROOT/networks */
	int live_fd;      /* STATE/networks */
	int sandboxes_fd; /* STATE/sandboxes */
	int netns_fd;     /* STATE/netns */
	char *root_path;
	char *state_path;
	char *netns_path; /* STATE/netns */
};

/* Whether an error of loading says that this record is gone or unreadable, which harms no other. Any other error is the system's, and says
 * nothing about the record: who passes over it takes a living thing for a dead one. */
bool cnm_store_is_lost(const struct cnm_error *err);

int cnm_store_open(struct cnm_store **ret, const char *root, const char *state, struct cnm_error *err);
void cnm_store_close(struct cnm_store *store);

/* A held network lock and the directories that belong to it. Zero-initialise with CNM_STORE_NETWORK_INIT. */
struct cnm_store_network {
	int dir_fd;       /* ROOT/networks/NAME, locked */
	int live_fd;      /* STATE/networks/NAME */
	int endpoints_fd; /* STATE/networks/NAME/endpoints */
	int addresses_fd; /* STATE/networks/NAME/addresses */
};
#define CNM_STORE_NETWORK_INIT                                                                               \
	{                                                                                                    \
		-1, -1, -1, -1                                                                               \
	}
void cnm_store_network_close(struct cnm_store_network *net);
#define _cleanup_store_network_ __attribute__((cleanup(cnm_store_network_close)))

/* Locks the network and opens its directories. CNM_E_NOT_FOUND when it does not exist (or was deleted while waiting). */
int cnm_store_network_lock(struct cnm_store *store, const char *name, enum cnm_lock_mode mode,
                           struct cnm_store_network *ret, struct cnm_error *err);
/* Shared to exclusive or back. Between the two others may have changed things: read again. */
int cnm_store_network_relock(struct cnm_store_network *net, enum cnm_lock_mode mode, struct cnm_error *err);
/* The live directories alone, without lock and without the durable record: for releasing what a lost network left. */
int cnm_store_network_open_live(struct cnm_store *store, const char *name, struct cnm_store_network *ret,
                                struct cnm_error *err);

/* Creation and deletion hold this first: the lock on ROOT/networks. Returns a descriptor to close, or -1. */
int cnm_store_networks_lock(struct cnm_store *store, struct cnm_error *err);
/* The innermost lock: held while the firewall's table is made or deleted. Returns a descriptor to close, or -1. */
int cnm_store_firewall_lock(struct cnm_store *store, struct cnm_error *err);
/* The innermost lock beside it: held while hosts and resolv.conf of sandboxes are written, and while a sandbox's folder is deleted. */
int cnm_store_hosts_lock(struct cnm_store *store, struct cnm_error *err);
/* Marks: on until cleared, or until the next boot. cnm_store_mark_is_set: 1 it is, 0 not, -1 error. */
int cnm_store_mark_set(struct cnm_store *store, const char *name, const char *boot_id, struct cnm_error *err);
int cnm_store_mark_is_set(struct cnm_store *store, const char *name, const char *boot_id,
                          struct cnm_error *err);
int cnm_store_mark_clear(struct cnm_store *store, const char *name, struct cnm_error *err);
/* Makes the directory; CNM_E_EXISTS when a network of that name exists (a half-made one is taken over). Locked exclusive. */
int cnm_store_network_create(struct cnm_store *store, const char *name, struct cnm_store_network *ret,
                             struct cnm_error *err);
int cnm_store_network_save(struct cnm_store_network *net, const struct cnm_network *network,
                           struct cnm_error *err);
int cnm_store_network_load(struct cnm_store *store, const char *name, struct cnm_network **ret,
                           struct cnm_error *err);
/* By who has the folder open, that of a held lock. dir_fd -1: the error of its opening is in *err, and is put into words. */
int cnm_store_network_load_from(struct cnm_store *store, int dir_fd, const char *name,
                                struct cnm_network **ret, struct cnm_error *err);
/* Removes record, live directory and directory. */
int cnm_store_network_delete(struct cnm_store *store, const char *name, struct cnm_error *err);
/* Names of the networks that have a record. */
int cnm_store_network_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err);
/* Names of durable and live directories without a record: half made, half removed, or lost. */
int cnm_store_half_network_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err);
/* Names of the live directories, whether or not a network record stands behind them. */
int cnm_store_live_names(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err);

/* Endpoints of a network. */
int cnm_store_endpoint_load(struct cnm_store_network *net, const char *key, struct cnm_endpoint **ret,
                            struct cnm_error *err);
/* Writes KEY.joining where endpoint->joining, else KEY.json (and takes a KEY.joining away). */
int cnm_store_endpoint_save(struct cnm_store_network *net, const struct cnm_endpoint *endpoint,
                            struct cnm_error *err);
/* KEY.joining becomes KEY.json. */
int cnm_store_endpoint_complete(struct cnm_store_network *net, struct cnm_endpoint *endpoint,
                                struct cnm_error *err);
/* KEY.json becomes KEY.joining: from now on it is half there, which the next join, leave or gc ends. */
int cnm_store_endpoint_begin_leave(struct cnm_store_network *net, struct cnm_endpoint *endpoint,
                                   struct cnm_error *err);
/* Both forms; absent is success. */
int cnm_store_endpoint_delete(struct cnm_store_network *net, const char *key, struct cnm_error *err);
/* Keys of all endpoints, complete or joining, sorted, each once. */
int cnm_store_endpoint_keys(struct cnm_store_network *net, struct cnm_names *ret, struct cnm_error *err);

/* Addresses. 1: taken, 0: another endpoint has it, -1: error. An address that `key` has already counts as taken. */
int cnm_store_address_take(struct cnm_store_network *net, const struct cnm_addr *addr, const char *key,
                           struct cnm_error *err);
/* Gives it up if it belongs to key. */
int cnm_store_address_release(struct cnm_store_network *net, const struct cnm_addr *addr, const char *key,
                              struct cnm_error *err);
/* The owner into ret (CNM_KEY_MAX + 1 bytes): 1; free: 0. */
int cnm_store_address_owner(struct cnm_store_network *net, const struct cnm_addr *addr, char *ret,
                            struct cnm_error *err);
/* Gives up every address of key by a scan: after a crash between address and record. */
int cnm_store_address_release_all(struct cnm_store_network *net, const char *key, struct cnm_error *err);
/* Texts of all taken addresses. */
int cnm_store_address_list(struct cnm_store_network *net, struct cnm_names *ret, struct cnm_error *err);
/* The allocator's cursor of a subnet; *ret unset when there is none. Best effort: a lost cursor costs nothing but reuse order. */
void cnm_store_cursor_load(struct cnm_store_network *net, const struct cnm_addr *subnet,
                           struct cnm_addr *ret);
void cnm_store_cursor_save(struct cnm_store_network *net, const struct cnm_addr *subnet,
                           const struct cnm_addr *at);

/* Sandboxes. */
struct cnm_store_sandbox {
	int dir_fd;   /* STATE/sandboxes/ID, locked exclusive */
	int links_fd; /* STATE/sandboxes/ID/links */
};
#define CNM_STORE_SANDBOX_INIT                                                                               \
	{                                                                                                    \
		-1, -1                                                                                       \
	}
void cnm_store_sandbox_close(struct cnm_store_sandbox *sb);
#define _cleanup_store_sandbox_ __attribute__((cleanup(cnm_store_sandbox_close)))

/* Locks the container's folder, which is made first with `create`; else CNM_E_NOT_FOUND. */
int cnm_store_sandbox_lock(struct cnm_store *store, const char *id, bool create,
                           struct cnm_store_sandbox *ret, struct cnm_error *err);
/* CNM_E_NOT_FOUND where the folder has no record. */
int cnm_store_sandbox_load(struct cnm_store *store, const char *id, struct cnm_sandbox **ret,
                           struct cnm_error *err);
/* As cnm_store_network_load_from. */
int cnm_store_sandbox_load_from(struct cnm_store *store, int dir_fd, const char *id, struct cnm_sandbox **ret,
                                struct cnm_error *err);
int cnm_store_sandbox_save(struct cnm_store_sandbox *sb, const struct cnm_sandbox *sandbox,
                           struct cnm_error *err);
/* Removes the folder (the lock must be held). */
int cnm_store_sandbox_delete(struct cnm_store *store, const char *id, struct cnm_error *err);
int cnm_store_sandbox_ids(struct cnm_store *store, struct cnm_names *ret, struct cnm_error *err);

/* The sandbox's interfaces: IFNAME -> NETWORK/KEY. */
struct cnm_link_ref {
	char ifname[IF_NAMESIZE];
	char network[CNM_NAME_MAX + 1];
	char key[CNM_KEY_MAX + 1];
};
struct cnm_link_refs {
	struct cnm_link_ref *items;
	size_t count;
};
/* Sorted by interface name. */
int cnm_store_links_list(struct cnm_store_sandbox *sb, struct cnm_link_refs *ret, struct cnm_error *err);
void cnm_link_refs_free(struct cnm_link_refs *refs);
#define _cleanup_link_refs_ __attribute__((cleanup(cnm_link_refs_free)))
/* 1: taken now, 0: it exists (ret_existing filled where not NULL), -1: error. */
int cnm_store_link_take(struct cnm_store_sandbox *sb, const struct cnm_link_ref *ref,
                        struct cnm_link_ref *ret_existing, struct cnm_error *err);
int cnm_store_link_release(struct cnm_store_sandbox *sb, const char *ifname, struct cnm_error *err);

#endif
