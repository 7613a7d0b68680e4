/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links: create, change, delete, read. Builders append to a batch (see rtnl.h). */
#ifndef CNM_SYS_RTNL_LINK_H
#define CNM_SYS_RTNL_LINK_H

#include "cnm/base/addr.h"
#include "cnm/sys/rtnl.h"
#include <net/if.h>

#define CNM_LINK_ALIAS_MAX 256

/* A veth pair whose peer is born in another namespace under its final name (VETH_INFO_PEER with
 * IFLA_NET_NS_FD): moving a link between namespaces later costs an RCU grace period. */
struct cnm_veth {
	const char *name;
	struct cnm_mac mac; /* of the host end; unset: the kernel chooses */
	const char *peer_name;
	struct cnm_mac peer_mac;
	int peer_netns_fd;  /* -1: this namespace */
	unsigned mtu;       /* of both; 0: the kernel's default */
	int master_ifindex; /* bridge of the host end, or 0 */
};

enum cnm_tristate { CNM_KEEP = 0, CNM_ON, CNM_OFF };

/* What to change on a link; zero means: leave it. Found by ifindex, else by name. */
struct cnm_link_change {
	int ifindex;
	const char *name;
	enum cnm_tristate up;
	unsigned mtu;
	struct cnm_mac mac;
	int master_ifindex;   /* -1: release from its master */
	const char *new_name; /* with ifindex only: the kernel has one place for both names */
	int netns_fd;         /* 0 or -1: stay. Otherwise move there */
	const char *alias;
	bool no_ipv6_link_local; /* IN6_ADDR_GEN_MODE_NONE: no fe80::, no router solicitations */
	struct {
		enum cnm_tristate hairpin, isolated, learning, flood, mcast_flood, bcast_flood;
	} port; /* bridge port flags (IFLA_INFO_SLAVE_DATA of kind "bridge") */
};

struct cnm_link {
	int ifindex;
	char name[IF_NAMESIZE];
	char kind[16]; /* "veth", "bridge", "vxlan", "" */
	char alias[CNM_LINK_ALIAS_MAX];
	struct cnm_mac mac;
	unsigned mtu;
	unsigned flags;   /* IFF_* */
	unsigned hw_type; /* ARPHRD_* */
	int master_ifindex;
	char master_kind[16]; /* "bridge", "bond", ...: what it is a port of; "" */
	int peer_ifindex;     /* IFLA_LINK: of a veth, the other end's index in its own namespace */
	int peer_netnsid;     /* IFLA_LINK_NETNSID, or -1 */
};

/* EEXIST is refused, so that a link of somebody else is never taken over unseen. */
void cnm_link_add_veth(struct cnm_rtnl_batch *batch, const struct cnm_veth *veth);
void cnm_link_add_bridge(struct cnm_rtnl_batch *batch, const char *name, const struct cnm_mac *mac);
void cnm_link_set(struct cnm_rtnl_batch *batch, const struct cnm_link_change *change);
/* A link that is not there counts as deleted. */
void cnm_link_delete(struct cnm_rtnl_batch *batch, const char *name);
void cnm_link_delete_index(struct cnm_rtnl_batch *batch, int ifindex);

/* By name, or by ifindex where name is NULL. CNM_E_NOT_FOUND: `link eth9: No such device`. */
int cnm_link_get(struct cnm_rtnl *rtnl, const char *name, int ifindex, struct cnm_link *ret,
                 struct cnm_error *err);
/* Sends the batch followed by an RTM_GETLINK of `name`, all in one sendmsg, and reads the answer: the link as the batch left it. */
int cnm_link_batch_send_and_get(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, const char *name,
                                struct cnm_link *ret, struct cnm_error *err);
/* All links of the namespace; fn returns 0 to go on. */
typedef int (*cnm_link_fn)(const struct cnm_link *link, void *arg, struct cnm_error *err);
int cnm_link_list(struct cnm_rtnl *rtnl, cnm_link_fn fn, void *arg, struct cnm_error *err);

#endif
