/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's structs as the controller, the drivers and the codec see them. A struct is exactly what
 * its record holds; nothing that can be derived from other records is kept in it.
 */
#ifndef CNM_MODEL_H
#define CNM_MODEL_H

#include "cnm/base/addr.h"
#include "cnm/base/list.h"
#include "cnm/cnm.h"
#include "cnm/names.h"
#include "cnm/sys/netns.h"
#include "cnm/sys/proc.h"
#include <net/if.h>

/* One subnet of a network. */
struct cnm_pool {
	struct cnm_addr subnet;
	struct cnm_addr first, last; /* inclusive bounds of what endpoints get */
	struct cnm_addr gateway;     /* unset: none */
	struct cnm_kvs aux;
};

struct cnm_network {
	char name[CNM_NAME_MAX + 1];
	char id[CNM_ID_LEN + 1];
	char driver[CNM_NAME_MAX + 1];
	char ipam_driver[CNM_NAME_MAX + 1];
	char created[32]; /* RFC 3339, UTC */
	bool internal;
	bool ipv6;
	bool described;
	struct cnm_kvs options; /* canonical names, as the driver normalised them */
	struct cnm_kvs labels;
	struct cnm_kvs ipam_options;
	struct cnm_pool *pools;
	size_t pool_count;
	struct cnm_kvs driver_state; /* what the driver chose: bridge name, MAC, MTU */
	struct cnm_kvs ipam_state;   /* what an IPAM plugin said: names of its pools */
};

/* An address of an endpoint with the gateway of its pool. */
struct cnm_endpoint_addr {
	struct cnm_addr addr;    /* with the pool's prefix */
	struct cnm_addr gateway; /* unset: none */
};

#define CNM_ENDPOINT_ADDRS  8
#define CNM_ENDPOINT_ROUTES 16

struct cnm_endpoint_route {
	struct cnm_addr dst;
	struct cnm_addr gateway; /* unset: on-link */
	uint32_t metric;
	uint32_t mtu, advmss;
};

/* A published range: host ports first to last become first_inside and on. */
struct cnm_port {
	uint8_t protocol;     /* IPPROTO_TCP, UDP, SCTP */
	struct cnm_addr host; /* unset: every address of the host, both families */
	uint16_t first, last; /* on the host; 0: to be chosen by the driver's endpoint_prepare */
	uint16_t first_inside;
	bool held; /* who listens on the host's port is not looked at */
};

#define CNM_ENDPOINT_PORTS 128

/* An endpoint; once joined, everything that its leave needs. */
struct cnm_endpoint {
	char name[CNM_KEY_MAX + 1];
	char id[CNM_ID_LEN + 1];
	char network[CNM_NAME_MAX + 1];
	char created[32];
	bool transient;  /* made by a connect: its leave deletes it */
	bool by_runtime; /* a CNI runtime keeps book of it */
	struct cnm_mac mac;
	struct cnm_endpoint_addr addrs[CNM_ENDPOINT_ADDRS];
	size_t addr_count;
	struct cnm_kvs aliases; /* key only */
	struct cnm_kvs options;
	struct cnm_kvs sysctls;
	bool no_gateway;     /* gives no default route: an internal network, or only_routes */
	bool device_gateway; /* its default routes lead to the interface, by no gateway */
	struct cnm_endpoint_route routes[CNM_ENDPOINT_ROUTES];
	size_t route_count;
	struct cnm_port *ports;
	size_t port_count;
	struct cnm_kvs ipam_state; /* of an IPAM plugin: which pool each address is of */
	struct cnm_kvs driver_state;

	/* From here on: the join. container "" means not joined. */
	char container[CNM_CONTAINER_MAX + 1];
	char ifname[IF_NAMESIZE];
	char host_ifname[IF_NAMESIZE]; /* "" where the driver has no link on the host */
	struct cnm_mac host_mac;
	char key[4096]; /* sandbox key (path) */
	struct cnm_netns_id netns;
	pid_t pid;           /* container's init, 0 unknown */
	uint64_t start_time; /* of pid */
	char boot_id[CNM_BOOT_ID_MAX];
	int gateway_priority;
	bool joining; /* not in the record: its file name says so (see store.h) */

	/* What its join saw, for who made it: in no record. */
	struct cnm_join_seen {
		bool default4, default6; /* the sandbox's default route of that family is this endpoint's */
		unsigned host_mtu;       /* of host_ifname */
		struct cnm_mac bridge_mac;
		unsigned bridge_mtu;
	} seen;
};

struct cnm_sandbox {
	char id[CNM_CONTAINER_MAX + 1];
	char key[4096];
	char created[32];
	bool ours;      /* made and pinned by us */
	bool explicit_; /* lives until sandbox rm */
	bool no_files;
	struct cnm_netns_id netns;
	pid_t pid;
	uint64_t start_time;
	char boot_id[CNM_BOOT_ID_MAX];
	char hostname[256];
	char domainname[256];
	char files_mirror[4096];
	struct cnm_kvs dns, dns_search, dns_options; /* keys only: servers, domains, options */
	struct cnm_kvs extra_hosts;                  /* keys only: NAME:ADDRESS */
};

#define CNM_DRIVERS_MAX 16

struct cnm_store;
struct cnm_outside;
struct cnm_rtnl;
struct cnm_nft;

struct cnm_controller {
	struct cnm_store *store;
	const struct cnm_driver *drivers[CNM_DRIVERS_MAX];
	size_t driver_count;
	struct cnm_rtnl *rtnl; /* of the host's namespace; opened on first use */
	struct cnm_nft *nft;   /* the same */
	char boot_id[CNM_BOOT_ID_MAX];
	unsigned removals; /* links that may still be removed without waiting for the kernel */
	const struct cnm_outside *outside; /* plugins; NULL: none are known */
	void *outside_state;               /* that table's own; it frees it */
	/* Networks that cnm_network_try takes for deleted; none otherwise. */
	struct cnm_network *const *gone;
	size_t gone_count;
};

/* Whether a network of that name is one of `gone`. */
bool cnm_controller_is_gone(const struct cnm_controller *controller, const char *network);

/* The sockets of the host's namespace, opened on first use; NULL on error. */
struct cnm_rtnl *cnm_controller_rtnl(struct cnm_controller *controller, struct cnm_error *err);
struct cnm_nft *cnm_controller_nft(struct cnm_controller *controller, struct cnm_error *err);
/* Removes a link of the host's namespace; one that is not there counts as removed. */
int cnm_controller_remove_link(struct cnm_controller *controller, const char *name, struct cnm_error *err);
/* CNM_E_NOT_FOUND names the driver and those there are. */
const struct cnm_driver *cnm_controller_driver(struct cnm_controller *controller, const char *name,
                                               struct cnm_error *err);

void cnm_network_freep(struct cnm_network **network);
void cnm_endpoint_freep(struct cnm_endpoint **endpoint);
/* The endpoint's first address of the family, borrowed; NULL: it has none. */
const struct cnm_addr *cnm_endpoint_address_of(const struct cnm_endpoint *endpoint, int family);
void cnm_sandbox_freep(struct cnm_sandbox **sandbox);
#define _cleanup_network_  __attribute__((cleanup(cnm_network_freep)))
#define _cleanup_endpoint_ __attribute__((cleanup(cnm_endpoint_freep)))
#define _cleanup_sandbox_  __attribute__((cleanup(cnm_sandbox_freep)))

#endif
