/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bridge driver: one Linux bridge for each network, a veth pair for each endpoint. Its files share this header; other drivers do not.
 * A bridge is ours when it carries the MAC address that the network's record chose for it; one that was there before is used
 * and left in place.
 */
#ifndef CNM_DRIVERS_BRIDGE_H
#define CNM_DRIVERS_BRIDGE_H

#include "cnm/driver.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/ports.h"

/* Options, under Docker's names where Docker has one. */
#define CNM_BRIDGE_NAME         "com.docker.network.bridge.name"
#define CNM_BRIDGE_ICC          "com.docker.network.bridge.enable_icc"
#define CNM_BRIDGE_MASQUERADE   "com.docker.network.bridge.enable_ip_masquerade"
#define CNM_BRIDGE_INHIBIT_IPV4 "com.docker.network.bridge.inhibit_ipv4"
#define CNM_BRIDGE_MTU          "com.docker.network.driver.mtu"
#define CNM_BRIDGE_IFPREFIX     "com.docker.network.container_iface_prefix"
#define CNM_BRIDGE_HAIRPIN      "cnm.bridge.hairpin"
#define CNM_BRIDGE_MODE4        "com.docker.network.bridge.gateway_mode_ipv4"
#define CNM_BRIDGE_MODE6        "com.docker.network.bridge.gateway_mode_ipv6"
#define CNM_BRIDGE_ANTI_SPOOF   "cnm.bridge.anti_spoof"
#define CNM_BRIDGE_BINDING      "com.docker.network.bridge.host_binding_ipv4"
#define CNM_BRIDGE_INHIBIT_IPV6 "cnm.bridge.inhibit_ipv6"
#define CNM_BRIDGE_PROMISC      "cnm.bridge.promisc"
#define CNM_BRIDGE_MAC_CHECK    "cnm.bridge.mac_check"
#define CNM_BRIDGE_OTHERS       "cnm.bridge.other_addresses"
#define CNM_BRIDGE_FIREWALL     "cnm.bridge.foreign_firewall"
#define CNM_BRIDGE_OPEN         "cnm.bridge.open"

/* In a network's driver_state: that it was closed afterwards, and how far. */
#define CNM_BRIDGE_INGRESS          "ingress"
#define CNM_BRIDGE_INGRESS_NETWORK  "same-bridge" /* no other network that was closed */
#define CNM_BRIDGE_INGRESS_ISOLATED "isolated"    /* nor its own neighbours */

/* What becomes of other addresses on a bridge that was there before. */
enum cnm_bridge_others { CNM_OTHERS_KEEP, CNM_OTHERS_REFUSE, CNM_OTHERS_REPLACE };

/* A network's settings, read out of its record. */
struct cnm_bridge {
	char name[IF_NAMESIZE];
	struct cnm_mac mac;
	unsigned mtu;
	bool icc;
	bool masquerade;
	bool inhibit_ipv4; /* no IPv4 gateway address on the bridge */
	bool inhibit_ipv6; /* the same for IPv6 */
	bool hairpin;
	bool promisc;
	bool mac_check; /* an endpoint sends from its own MAC address only */
	enum cnm_bridge_others others;
	bool keeps_firewall; /* firewalls of others stay as they are */
	bool internal;
	bool ipv6;
	bool lan;    /* others had the bridge in use before: nothing is closed on it */
	bool open;   /* everybody reaches its containers by their own addresses, other open networks too */
	bool closed; /* but no other that is closed */
	bool anti_spoof; /* ports are pinned to the addresses of their endpoints */
	enum cnm_gateway_mode mode4, mode6;
};

int cnm_bridge_network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                               struct cnm_error *err);
/* The settings; CNM_E_STORE when the record lacks one. */
int cnm_bridge_settings(const struct cnm_network *network, struct cnm_bridge *ret, struct cnm_error *err);

int cnm_bridge_network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err);
int cnm_bridge_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                                struct cnm_error *err);
int cnm_bridge_network_delete(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err);
int cnm_bridge_network_check(struct cnm_controller *controller, struct cnm_network *network,
                             struct cnm_error *err);

/* The bridge as a link: 1 it is there and ours (by its MAC address), 2 it is there and somebody else's, 0 missing. */
int cnm_bridge_find(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge, struct cnm_link *link,
                    struct cnm_error *err);
/* A joined endpoint's port on the bridge, as the record wants it: its settings into a batch, once it is in the bridge; compared with the kernel
 * (CNM_E_CONFLICT); put right. */
void cnm_bridge_port_set(struct cnm_rtnl_batch *batch, const struct cnm_bridge *bridge,
                         const struct cnm_endpoint *endpoint, int ifindex);
int cnm_bridge_port_set_sysctls(const struct cnm_bridge *bridge, const char *ifname, struct cnm_error *err);
int cnm_bridge_port_check(struct cnm_rtnl *rtnl, const struct cnm_bridge *bridge,
                          const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_endpoint_repair(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err);
/* Whether the host has to forward packets of the family for the network. */
bool cnm_bridge_forwards(const struct cnm_network *network, const struct cnm_bridge *bridge, int family);

/* Notes in driver_state that others have the bridge in use: it has ports, or addresses that are none of the network's. */
int cnm_bridge_look_at_bridge(struct cnm_controller *controller, struct cnm_network *network,
                              const char *bridge, struct cnm_error *err);
#define CNM_BRIDGE_LAN "lan" /* that key */
/* Looks at the addresses of this host: a subnet that holds one of another link is refused (CNM_E_EXISTS), gateway addresses that the network's bridge
 * has already are noted in the record. */
int cnm_bridge_look_at_host(struct cnm_controller *controller, struct cnm_network *network,
                            const char *bridge, struct cnm_error *err);
/* The bridge carried the address before it became the network's. */
bool cnm_bridge_had_address(const struct cnm_network *network, const struct cnm_addr *addr);

/* The gateway address that the bridge carries of a pool: with the subnet's prefix; false: none. */
bool cnm_bridge_gateway(const struct cnm_bridge *bridge, const struct cnm_pool *pool, struct cnm_addr *ret);
bool cnm_bridge_has_gateway(const struct cnm_network *network, const struct cnm_pool *pool);
/* Of a bridge that was there before: refuses or removes addresses that stand beside the network's gateways, as its option says. */
int cnm_bridge_settle_others(struct cnm_rtnl *rtnl, const struct cnm_network *network,
                             const struct cnm_bridge *bridge, int ifindex, struct cnm_error *err);

/* The elements of the network in the firewall's sets: put them all, or take them all away. */
int cnm_bridge_firewall_add(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_bridge *bridge, struct cnm_error *err);
int cnm_bridge_firewall_remove(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_bridge *bridge, struct cnm_error *err);
/* Appends what is missing to a batch, and counts it. */
int cnm_bridge_firewall_restore(struct cnm_controller *controller, const struct cnm_network *network,
                                const struct cnm_bridge *bridge, struct cnm_nft_batch *batch, size_t *count,
                                struct cnm_error *err);
/* 1 when every element is there, 0 when one is missing (its set's name in ret_set, if not NULL). */
int cnm_bridge_firewall_has(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_bridge *bridge, const char **ret_set, struct cnm_error *err);

/* 1 when the network's elements are loaded: they come and go in one transaction, so one stands for all. */
int cnm_bridge_firewall_is_loaded(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                  struct cnm_error *err);

/*
 * Anti-spoofing, table bridge cnm (drivers/ruleset_bridge.nft). A network with the option holds the table; its endpoints add
 * elements for their port. All of it does nothing for networks and endpoints without. `restore` appends what is missing to a
 * batch and counts it.
 */
int cnm_bridge_guard_network_add(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                 struct cnm_error *err);
int cnm_bridge_guard_network_remove(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                    struct cnm_error *err);
/* 1 when the table guards the network, or the network wants no guard. */
int cnm_bridge_guard_is_loaded(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                               struct cnm_error *err);
int cnm_bridge_guard_network_restore(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                                     struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err);
/* Notes in the endpoint's record that it is guarded, so that its leave knows. */
int cnm_bridge_guard_prepare(const struct cnm_bridge *bridge, struct cnm_endpoint *endpoint,
                             struct cnm_error *err);
int cnm_bridge_guard_add(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err);
int cnm_bridge_guard_remove(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                            struct cnm_error *err);
int cnm_bridge_guard_check(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                           const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_guard_restore(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                             struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err);

/* Lets the network pass chains of others that would drop what is forwarded (drivers/bridge_gates.c), where they do; takes that back; whether nothing is
 * missing (1, 0), in short; the same with the outside's links and iptables-legacy, CNM_E_CONFLICT. */
int cnm_bridge_gates_open(struct cnm_controller *controller, const struct cnm_network *network,
                          const struct cnm_bridge *bridge, struct cnm_error *err);
int cnm_bridge_gates_close(struct cnm_controller *controller, const struct cnm_network *network,
                           struct cnm_error *err);
int cnm_bridge_gates_are_open(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_bridge *bridge, struct cnm_error *err);
int cnm_bridge_gates_check(struct cnm_controller *controller, const struct cnm_network *network,
                           const struct cnm_bridge *bridge, struct cnm_error *err);

/* Chooses host ports where the user left that to us. */
int cnm_bridge_ports_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                             struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_publish(struct cnm_controller *controller, const struct cnm_network *network,
                       const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_ports_repair(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                            const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err);
int cnm_bridge_ports_check(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                           const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_restore(struct cnm_controller *controller, const struct cnm_network *network,
                       const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch, size_t *count,
                       struct cnm_error *err);

int cnm_bridge_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_bridge_join(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                    struct cnm_error *err);
int cnm_bridge_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err);
int cnm_bridge_endpoint_check(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_endpoint *endpoint, struct cnm_error *err);

#endif
