/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers share whose endpoints are links on a parent, a link of the host: macvlan, ipvlan, vlan. A driver reads its own options and
 * says what is wanted (cnm_parent_prepare); everything later is done from the records alone, by the same functions for all.
 *
 * The parent is the user's, and is left alone, or ours: the VLAN link PARENT.VID where there is none of that name, and for a network without
 * a parent one end of a veth pair that leads nowhere.
 */
#ifndef CNM_DRIVERS_PARENT_H
#define CNM_DRIVERS_PARENT_H

#include "cnm/driver.h"
#include "cnm/sys/rtnl_child.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/options.h"

/* Options, under Docker's names where Docker has one. */
#define CNM_PARENT_NAME     "parent"
#define CNM_PARENT_MTU      "com.docker.network.driver.mtu"
#define CNM_PARENT_IFPREFIX "com.docker.network.container_iface_prefix"
#define CNM_PARENT_ALLOW    "cnm.allow"
#define CNM_PARENT_MTU_MIN  68 /* RFC 791 */
#define CNM_PARENT_MTU_MAX  65535

/* Rows that every such driver has in its table of options. */
#define CNM_PARENT_RULES                                                                                     \
	{CNM_PARENT_NAME, NULL, CNM_OPTION_IFNAME, 0, 0, NULL},                                              \
	        {CNM_PARENT_MTU, "mtu", CNM_OPTION_UINT, CNM_PARENT_MTU_MIN, CNM_PARENT_MTU_MAX, NULL},      \
	        {CNM_PARENT_IFPREFIX, "ifprefix", CNM_OPTION_IFNAME, 0, 0, NULL},                            \
	{                                                                                                    \
		CNM_PARENT_ALLOW, "allow", CNM_OPTION_WORDS, 0, 0, "ip mac ports"                            \
	}

#define CNM_PARENT_NO_PORTS                                                                                  \
	"its packets do not pass this host; the container's ports are open at its own address"

/* What a driver wants its endpoints to be. */
struct cnm_parent_want {
	enum cnm_child_kind kind;
	uint32_t mode; /* as in struct cnm_child */
	uint16_t flags;
	uint32_t bc_queue_len;
	const char *words;   /* kind, mode and flags for people: "macvlan, mode bridge" */
	bool single;         /* one endpoint at a time, and of macvlan no second network on the parent */
	bool shares_mac;     /* endpoints have the parent's MAC address */
	bool device_gateway; /* default routes name the interface, by no gateway */
	bool needs_parent;   /* a network without one makes no sense */
};

/* A network's settings, read out of its record. */
struct cnm_parent {
	char name[IF_NAMESIZE];
	char base[IF_NAMESIZE]; /* "": the parent is no VLAN link that we would make */
	uint16_t vlan_id;
	char far_end[IF_NAMESIZE]; /* "": the parent is no veth of ours */
	unsigned mtu;              /* 0: the parent's */
	struct cnm_parent_want want;
};

/* Slot network_prepare, once the options are normalised. */
int cnm_parent_prepare(struct cnm_controller *controller, struct cnm_network *network,
                       const struct cnm_parent_want *want, struct cnm_error *err);
/* CNM_E_STORE when the record lacks one. */
int cnm_parent_settings(const struct cnm_network *network, struct cnm_parent *ret, struct cnm_error *err);
/* "PARENT.VID": 1 it is of that form, 0 not, -1 with CNM_E_INVALID where only the id is wrong. */
int cnm_parent_parse_vlan(const char *name, char base[IF_NAMESIZE], uint16_t *ret_id, struct cnm_error *err);

/* CNM_E_EXISTS where another network has the parent in a way that leaves no room for this one. */
int cnm_parent_check_others(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_parent *parent, struct cnm_error *err);
/* The id of another network on the same parent: 1, or 0 where there is none. */
int cnm_parent_find_heir(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_parent *parent, char ret_id[CNM_ID_LEN + 1], struct cnm_error *err);

/* The parent as a link: 1 it is there, 0 missing. *ours: made by the network (its alias says so). */
int cnm_parent_find(struct cnm_rtnl *rtnl, const struct cnm_network *network, const struct cnm_parent *parent,
                    struct cnm_link *link, bool *ours, struct cnm_error *err);
/* A link that can carry others: CNM_E_INVALID says why not. */
int cnm_parent_check_link(const struct cnm_link *link, struct cnm_error *err);
/* Asks the kernel for the kind: CNM_E_UNSUPPORTED names what it lacks. */
int cnm_parent_check_kernel(struct cnm_rtnl *rtnl, const char *driver, enum cnm_child_kind kind,
                            struct cnm_error *err);

/* Slots. */
int cnm_parent_network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err);
int cnm_parent_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                                struct cnm_error *err);
int cnm_parent_network_delete(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err);
int cnm_parent_network_check(struct cnm_controller *controller, struct cnm_network *network,
                             struct cnm_error *err);
bool cnm_parent_shares_mac(const struct cnm_network *network);
int cnm_parent_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_parent_join(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                    struct cnm_error *err);
int cnm_parent_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err);
int cnm_parent_endpoint_check(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_endpoint *endpoint, struct cnm_error *err);

/* What the tables of all drivers on a parent have in common. */
#define CNM_PARENT_SLOTS                                                                                     \
	.data_scope = CNM_SCOPE_LOCAL, .connectivity_scope = CNM_SCOPE_GLOBAL,                               \
	.network_ensure = cnm_parent_network_ensure, .network_is_ready = cnm_parent_network_is_ready,        \
	.network_delete = cnm_parent_network_delete, .network_check = cnm_parent_network_check,              \
	.shares_mac = cnm_parent_shares_mac, .no_ports = CNM_PARENT_NO_PORTS,                                \
	.endpoint_prepare = cnm_parent_endpoint_prepare, .join = cnm_parent_join, .leave = cnm_parent_leave, \
	.endpoint_check = cnm_parent_endpoint_check

#endif
