/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of the reference plugins that we stand in for, with the reference's defaults filled in. Strings
 * are borrowed from the configuration. loopback has no keys of its own. Every error is code 7.
 */
#ifndef CNM_SPEC_CNI_PLUGIN_H
#define CNM_SPEC_CNI_PLUGIN_H

#include "cnm/base/list.h"
#include "spec/cni_config.h"
#include <stdint.h>

struct cnm_cni_vlans {
	uint16_t first, last; /* inclusive, 1 to 4094 */
};

struct cnm_cni_bridge {
	const char *bridge; /* "cni0" */
	bool is_gateway;    /* also when isDefaultGateway is given */
	bool is_default_gateway;
	bool force_address;
	bool ip_masq;
	const char *ip_masq_backend; /* NULL: not given */
	int mtu;                     /* 0: the kernel's choice */
	bool hairpin;
	bool promisc; /* never together with hairpin */
	int vlan;     /* 0: none */
	struct cnm_cni_vlans *trunk;
	size_t trunk_count;
	bool preserve_default_vlan; /* true */
	bool mac_spoof_check;
	bool enable_dad;
	bool disable_container_interface; /* never together with ipam */
	bool port_isolation;
};

int cnm_cni_bridge_parse(struct cnm_cni_bridge *ret, const struct cnm_cni_config *config,
                         struct cnm_cni_error *err);
void cnm_cni_bridge_free(struct cnm_cni_bridge *bridge);
#define _cleanup_cni_bridge_ __attribute__((cleanup(cnm_cni_bridge_free)))

struct cnm_cni_portmap {
	const char *backend; /* NULL, "iptables" or "nftables" */
	bool snat;           /* true */
	bool masq_all;
	int mark_masq_bit;                   /* 13 */
	const char *external_set_mark_chain; /* NULL: not given */
	struct cnm_strings conditions_v4, conditions_v6;
};

int cnm_cni_portmap_parse(struct cnm_cni_portmap *ret, const struct cnm_cni_config *config,
                          struct cnm_cni_error *err);
void cnm_cni_portmap_free(struct cnm_cni_portmap *portmap);
#define _cleanup_cni_portmap_ __attribute__((cleanup(cnm_cni_portmap_free)))

enum cnm_cni_ingress { CNM_CNI_INGRESS_OPEN, CNM_CNI_INGRESS_SAME_BRIDGE, CNM_CNI_INGRESS_ISOLATED };

struct cnm_cni_firewall {
	const char *backend;     /* "": the plugin's choice */
	const char *admin_chain; /* "CNI-ADMIN" */
	const char *zone;        /* "trusted" */
	enum cnm_cni_ingress ingress;
};

int cnm_cni_firewall_parse(struct cnm_cni_firewall *ret, const struct cnm_cni_config *config,
                           struct cnm_cni_error *err);

/* -1, NULL or 0 where not given, as said. What args.cni gives goes before the plain keys and is merged in,
 * but for the MAC: cnm_cni_requested_mac goes before `mac`. */
struct cnm_cni_tuning {
	struct cnm_kvs sysctl;
	char *mac;            /* canonical; NULL */
	int promisc;          /* -1 */
	int allmulti;         /* -1 */
	int mtu;              /* 0 */
	int txqlen;           /* -1 */
	const char *data_dir; /* "/run/cni/tuning" */
};

int cnm_cni_tuning_parse(struct cnm_cni_tuning *ret, const struct cnm_cni_config *config,
                         struct cnm_cni_error *err);
void cnm_cni_tuning_free(struct cnm_cni_tuning *tuning);
#define _cleanup_cni_tuning_ __attribute__((cleanup(cnm_cni_tuning_free)))

/* macvlan, ipvlan, vlan: links on a master. */
enum cnm_cni_parent_type { CNM_CNI_MACVLAN, CNM_CNI_IPVLAN, CNM_CNI_VLAN };

struct cnm_cni_parent {
	const char *master; /* NULL: the link of the default route; vlan has one */
	const char *
	        mode; /* macvlan: "bridge", "private", "vepa" or "passthru"; ipvlan: "l2", "l3" or "l3s"; vlan: NULL */
	int mtu; /* 0: that of master */
	bool link_in_container;
	const char *mac;      /* of macvlan's configuration; NULL: not given */
	int64_t bc_queue_len; /* of macvlan; 0: the kernel's choice */
	int vlan_id;          /* of vlan: 1 to 4094 */
};

int cnm_cni_parent_parse(struct cnm_cni_parent *ret, enum cnm_cni_parent_type type,
                         const struct cnm_cni_config *config, struct cnm_cni_error *err);

/* Rates and bursts of a bandwidth plugin: runtimeConfig.bandwidth if given, else the flat keys. A rate
 * without a burst, or the reverse, is code 7. */
int cnm_cni_bandwidth_of_config(struct cnm_cni_bandwidth *ret, const struct cnm_cni_config *config,
                                struct cnm_cni_error *err);

/* The MAC that an attachment asks for: runtimeConfig before args.cni before CNI_ARGS; NULL: none. */
struct cnm_cni_args;
const char *cnm_cni_requested_mac(const struct cnm_cni_config *config, const struct cnm_cni_args *args);
/* The addresses that it asks for, the same order; the first place that has any counts alone. */
const struct cnm_strings *cnm_cni_requested_ips(const struct cnm_cni_config *config,
                                                const struct cnm_cni_args *args);

#endif
