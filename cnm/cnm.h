/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcnm: the Container Network Model as a library.
 *
 * A controller owns networks, sandboxes and the driver registry, and keeps their records in two
 * roots: the durable one (networks) and the live one (endpoints, addresses, sandboxes), which does
 * not outlive a boot. An endpoint belongs to one network and joins at most one sandbox; a sandbox is
 * a container's network namespace, made by us or adopted by its path, its key.
 *
 * Every function that can fail takes a `struct cnm_error *` and returns 0 or -1; then the error holds
 * a code and one line of text. Handles (`struct cnm_network *`, ...) are snapshots of a record, owned by the
 * caller and freed with the function of their noun; strings got from a handle live as long as it does.
 * A controller belongs to one thread at a time; any number of processes may work on the same roots.
 */
#ifndef CNM_CNM_H
#define CNM_CNM_H

#include "cnm/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cnm_controller;
struct cnm_network;
struct cnm_endpoint;
struct cnm_sandbox;
struct cnm_driver;

struct cnm_option {
	const char *key;
	const char *value;
};

struct cnm_options {
	const struct cnm_option *items;
	size_t count;
};

/* Controller ------------------------------------------------------------------------------------ */

#define CNM_DEFAULT_ROOT  "/var/lib/cnm"
#define CNM_DEFAULT_STATE "/run/cnm"

struct cnm_settings {
	const char *root;  /* durable records; NULL: CNM_DEFAULT_ROOT */
	const char *state; /* live records; NULL: CNM_DEFAULT_STATE */
	/* A leave returns when its link is announced to be gone; what the kernel waits for after that is left to a child process, which is not reaped.
	 * For programs that end soon. */
	bool leaves_waiting;
};

/* Opens the roots (they are made when missing) with an empty driver registry. */
int cnm_controller_open(struct cnm_controller **ret, const struct cnm_settings *settings,
                        struct cnm_error *err);
void cnm_controller_close(struct cnm_controller *controller);
/* Adds a driver under its name; a second one of that name is CNM_E_EXISTS. The driver must outlive the controller. */
int cnm_controller_add_driver(struct cnm_controller *controller, const struct cnm_driver *driver,
                              struct cnm_error *err);
/* null, host and bridge; and plugins, which are known by any other name (docs/remote.md). */
int cnm_controller_add_builtin_drivers(struct cnm_controller *controller, struct cnm_error *err);

/* Calls of plugins may take a bounded time together, which begins with the first (docs/remote.md). A program that makes more than one verb out of one
 * controller lets it begin anew. */
void cnm_controller_restart_clock(struct cnm_controller *controller);

/* Networks -------------------------------------------------------------------------------------- */

struct cnm_pool_spec {
	const char *subnet; /* CIDR; NULL: chosen from the default pools */
	const char *
	        range; /* CIDR inside the subnet from which addresses are given, or "FIRST-LAST"; NULL: all of it */
	const char *gateway;    /* NULL: the first address */
	struct cnm_options aux; /* name = address that is never given to an endpoint */
};

struct cnm_network_spec {
	const char *name;
	const char *driver;      /* NULL: "bridge" */
	const char *ipam_driver; /* NULL: "default" */
	struct cnm_options ipam_options;
	const struct cnm_pool_spec *pools; /* none: one IPv4 pool, and with ipv6 one IPv6 pool, are chosen */
	size_t pool_count;
	bool ipv6;                  /* wants IPv6; implied by an IPv6 pool */
	bool internal;              /* reaches nothing outside and cannot be reached */
	struct cnm_options options; /* of the driver, Docker's names or short ones */
	struct cnm_options labels;
	bool described; /* exists only because a configuration describes it: it follows that description,
			 * and prune and gc may remove it when it has no endpoint */
};

/* Makes the network and its kernel objects. On failure nothing is left. ret may be NULL. */
int cnm_network_create(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                       struct cnm_network **ret, struct cnm_error *err);
/* The network that a configuration describes. Missing: it is made, as a described one; of several that try at once one makes it. There and
 * as described: that one; only what the description says is compared (see cnm_network_compare). Otherwise: a described network
 * without endpoints is made anew, and any other is CNM_E_CONFLICT. On failure everything is as it was. */
int cnm_network_ensure(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                       struct cnm_network **ret, struct cnm_error *err);
/* Compares a description with a network of that name: driver, IPAM driver, subnets with ranges, gateways and auxiliary addresses, options; ipv6
 * and internal where true. What the description leaves out is not compared. CNM_E_CONFLICT names key and both values. */
int cnm_network_compare(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                        const struct cnm_network *network, struct cnm_error *err);
/* Finds by name, by id, or by a unique prefix of the id; in that order. */
int cnm_network_find(struct cnm_controller *controller, const char *name_or_id, struct cnm_network **ret,
                     struct cnm_error *err);
/* Deletes the network; CNM_E_BUSY names its endpoints while it has any. */
int cnm_network_delete(struct cnm_controller *controller, struct cnm_network *network, struct cnm_error *err);
/* All networks sorted by name. Free with cnm_network_list_free. An unreadable record is set aside and does not fail the list. */
int cnm_network_list(struct cnm_controller *controller, struct cnm_network ***ret, size_t *ret_count,
                     struct cnm_error *err);
void cnm_network_list_free(struct cnm_network **networks, size_t count);
void cnm_network_free(struct cnm_network *network);

const char *cnm_network_name(const struct cnm_network *network);
const char *cnm_network_id(const struct cnm_network *network); /* 64 hexadecimal digits */
const char *cnm_network_driver(const struct cnm_network *network);
bool cnm_network_is_internal(const struct cnm_network *network);

/* Sandboxes ------------------------------------------------------------------------------------- */

struct cnm_sandbox_spec {
	const char *id;         /* container id */
	const char *netns_path; /* adopt this namespace; NULL: make and pin one of our own */
	pid_t pid;              /* container's init where known, else 0: proves later that it is gone */
	const char *hostname;   /* for hosts; NULL: the first 12 characters of the id */
	const char *domainname;
	const char *
	        files_mirror; /* absolute directory whose hosts and resolv.conf are bind-mounted and follow ours; NULL: none */
	/* Docker's --dns, --dns-search ("." alone: none), --dns-option, --add-host NAME:ADDRESS; what is given stands instead of the host's. */
	const char *const *dns;
	size_t dns_count;
	const char *const *dns_search;
	size_t dns_search_count;
	const char *const *dns_options;
	size_t dns_option_count;
	const char *const *extra_hosts;
	size_t extra_host_count;
	bool no_files; /* the caller makes hosts and resolv.conf itself (CNI runtimes do) */
	bool allow_own_netns; /* netns_path may be the caller's own namespace, which is refused otherwise (CNI_NETNS_OVERRIDE) */
};

/* Makes a sandbox that lives until cnm_sandbox_delete, whatever joins and leaves. */
int cnm_sandbox_create(struct cnm_controller *controller, const struct cnm_sandbox_spec *spec,
                       struct cnm_sandbox **ret, struct cnm_error *err);
/* By container id, by key, or by a unique prefix (3 digits at least) of an id that is 64 hexadecimal digits. */
int cnm_sandbox_find(struct cnm_controller *controller, const char *id_or_key, struct cnm_sandbox **ret,
                     struct cnm_error *err);
int cnm_sandbox_list(struct cnm_controller *controller, struct cnm_sandbox ***ret, size_t *ret_count,
                     struct cnm_error *err);
void cnm_sandbox_list_free(struct cnm_sandbox **sandboxes, size_t count);
/* Leaves every network (endpoints made by a connect are deleted), then deletes the sandbox; an adopted namespace stays. */
int cnm_sandbox_delete(struct cnm_controller *controller, struct cnm_sandbox *sandbox, struct cnm_error *err);
/* Keeps copies of hosts and resolv.conf in `directory` (absolute) current from now on: what a runtime bind-mounts. */
int cnm_sandbox_mirror_files(struct cnm_controller *controller, struct cnm_sandbox *sandbox,
                             const char *directory, struct cnm_error *err);
void cnm_sandbox_free(struct cnm_sandbox *sandbox);

const char *cnm_sandbox_id(const struct cnm_sandbox *sandbox);
const char *cnm_sandbox_key(const struct cnm_sandbox *sandbox); /* path of the network namespace */

/* Endpoints ------------------------------------------------------------------------------------- */

struct cnm_route_spec {
	const char *dst; /* CIDR; "0.0.0.0/0" and "::/0" are default routes */
	const char *
	        gateway; /* NULL: the gateway of the endpoint's address of that family, or on-link where it has none */
	uint32_t metric;      /* 0: the kernel's default */
	uint32_t mtu, advmss; /* 0: none */
};

/* A published port, or a range of them: host_port is translated to port, host_port + 1 to port + 1, ... */
struct cnm_port_spec {
	const char *host_ip; /* one address of the host, which also decides the family; NULL: every address */
	uint16_t host_port;  /* 0: a free one is chosen */
	uint16_t port, port_end; /* the container's; port_end 0: the one port */
	const char *protocol;    /* "tcp", "udp", "sctp"; NULL: tcp */
	/* The caller answers for nobody else on this host using it, and may listen there itself to hold it (podman and nerdctl do). */
	bool held;
};

struct cnm_endpoint_spec {
	const char *name; /* NULL in cnm_connect: CONTAINER@IFNAME */
	const char *const *
	        addresses; /* requested addresses, either family, with or without prefix; at most one a pool */
	size_t address_count;
	const char *mac; /* NULL: random */
	const char *const *aliases;
	size_t alias_count;
	struct cnm_options options; /* of the driver */
	struct cnm_options
	        sysctls; /* "net.ipv4.conf.IFNAME.rp_filter" = "0"; IFNAME stands for the interface */
	const struct cnm_route_spec
	        *routes; /* beside the elected default route, or, with only_routes, instead of it */
	size_t route_count;
	const struct cnm_port_spec *ports;
	size_t port_count;
	bool only_routes; /* the endpoint has these routes and no other, and takes no part in the election */
	bool by_runtime;  /* a CNI runtime made it: that runtime's GC may release it */
};

struct cnm_join_spec {
	const char *ifname;   /* NULL: the first free of eth0, eth1, ... */
	int gateway_priority; /* the endpoint with the highest gives the default route */
};

/* Reserves an endpoint (name, addresses, MAC) on a network; it joins later. */
int cnm_endpoint_create(struct cnm_controller *controller, struct cnm_network *network,
                        const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret,
                        struct cnm_error *err);
/* Joins a sandbox that exists (by a spec that names it, or adopts, or makes it). The key is then cnm_endpoint_sandbox_key(). */
int cnm_endpoint_join(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                      const struct cnm_sandbox_spec *sandbox, const struct cnm_join_spec *join,
                      struct cnm_error *err);
/* Undoes the join exactly; needs neither the namespace nor the container to be alive. Not joined: CNM_E_NOT_FOUND. */
int cnm_endpoint_leave(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                       struct cnm_error *err);
/* Deletes; a joined endpoint is CNM_E_BUSY unless force, which leaves first. */
int cnm_endpoint_delete(struct cnm_controller *controller, struct cnm_endpoint *endpoint, bool force,
                        struct cnm_error *err);
/* By name or id or unique id prefix, inside a network. */
int cnm_endpoint_find(struct cnm_controller *controller, struct cnm_network *network, const char *name_or_id,
                      struct cnm_endpoint **ret, struct cnm_error *err);
int cnm_endpoint_list(struct cnm_controller *controller, struct cnm_network *network,
                      struct cnm_endpoint ***ret, size_t *ret_count, struct cnm_error *err);
void cnm_endpoint_list_free(struct cnm_endpoint **endpoints, size_t count);
void cnm_endpoint_free(struct cnm_endpoint *endpoint);

const char *cnm_endpoint_name(const struct cnm_endpoint *endpoint);
const char *cnm_endpoint_id(const struct cnm_endpoint *endpoint);
const char *cnm_endpoint_network(const struct cnm_endpoint *endpoint);
const char *cnm_endpoint_sandbox(const struct cnm_endpoint *endpoint); /* container id; "" when not joined */
const char *cnm_endpoint_sandbox_key(const struct cnm_endpoint *endpoint); /* "" when not joined */
const char *cnm_endpoint_ifname(const struct cnm_endpoint *endpoint);
/* Address i as CIDR text into out (at least 64 bytes); NULL past the last. */
const char *cnm_endpoint_address(const struct cnm_endpoint *endpoint, size_t i, char *out);

/* Published ports of a joined endpoint, besides those of its specification (a CNI portmap plugin comes after the join). All or none;
 * CNM_E_EXISTS names who has a port. Ports that are published already, the same way, are no error. */
int cnm_endpoint_publish(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                         const struct cnm_port_spec *ports, size_t count, struct cnm_error *err);
/* Takes all published ports back; the leave does so too. */
int cnm_endpoint_unpublish(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                           struct cnm_error *err);

/* Connect and disconnect: endpoint and join in one step ------------------------------------------ */

enum cnm_connect_mode {
	CNM_CONNECT_NEW, /* an attachment of that container and interface is CNM_E_EXISTS while its namespace lives (CNI ADD) */
	CNM_CONNECT_IDEMPOTENT, /* the same attachment in the same namespace is success (OCI hooks are repeated), another request CNM_E_CONFLICT */
};

/* What a crashed predecessor left of the same attachment is adopted or replaced. ret may be NULL. */
int cnm_connect(struct cnm_controller *controller, struct cnm_network *network,
                const struct cnm_sandbox_spec *sandbox, const struct cnm_endpoint_spec *endpoint,
                const struct cnm_join_spec *join, enum cnm_connect_mode mode, struct cnm_endpoint **ret,
                struct cnm_error *err);
/* Leave and delete by network name (NULL: every network) and container; ifname NULL: every interface. What is not there is success; *ret_count
 * (may be NULL) says how many attachments were released. Works from the records alone. */
int cnm_disconnect(struct cnm_controller *controller, const char *network, const char *container,
                   const char *ifname, size_t *ret_count, struct cnm_error *err);
/* The same for poststop: refuses (CNM_E_BUSY, nothing changed) while the recorded init of the container runs: then this is the late
 * poststop of a predecessor with the same id. */
int cnm_container_stopped(struct cnm_controller *controller, const char *container, struct cnm_error *err);

/* What the plugin behind a joined endpoint says of it, as text of a JSON object that the caller frees with free(). CNM_E_UNSUPPORTED: its driver is
 * no plugin. */
int cnm_endpoint_info(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, char **ret,
                      struct cnm_error *err);

/* Compares what the attachment's record says with the kernel: link, addresses, routes, reservation, rules. CNM_E_CONFLICT says what differs. */
int cnm_endpoint_check(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                       struct cnm_error *err);

/* Releases what belongs to containers that are provably gone; never what is in doubt. fn (may be NULL) is told of each item and
 * why; with dry_run nothing is changed. */
typedef void (*cnm_gc_fn)(const char *what, const char *why, void *arg);
int cnm_gc(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg, struct cnm_error *err);

/* Makes the kernel agree with the records where others took something away (a flushed ruleset): restores it, and tells fn (may be NULL)
 * of each network. *ret_count (may be NULL) is 0 when nothing was missing; then nothing was changed. CNM_E_CONFLICT: the rest was restored, and the text
 * says what is left to the admin. */
int cnm_reconcile(struct cnm_controller *controller, cnm_gc_fn fn, void *arg, size_t *ret_count,
                  struct cnm_error *err);

/* Ids and names --------------------------------------------------------------------------------- */

#define CNM_SHORT_ID 12
const char *cnm_version(void);

#ifdef __cplusplus
}
#endif

#endif
