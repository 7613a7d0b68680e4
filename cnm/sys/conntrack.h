/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of tracked connections, by ctnetlink (net/netfilter/nf_conntrack_netlink.c). */
#ifndef CNM_SYS_CONNTRACK_H
#define CNM_SYS_CONNTRACK_H

#include "cnm/base/addr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;

/* A flow: as it was sent, and as its answers come. Ports are 0 where the protocol has none. */
struct cnm_conntrack_flow {
	uint8_t family;
	uint8_t protocol;
	struct cnm_addr src, dst;
	uint16_t sport, dport;
	struct cnm_addr reply_src, reply_dst;
	uint16_t reply_sport, reply_dport;
	uint32_t status; /* IPS_* */
	uint32_t id;
	uint16_t zone; /* of the original direction */
};

/* Decides: true deletes the flow. May be asked about a flow more than once. */
typedef bool (*cnm_conntrack_match)(const struct cnm_conntrack_flow *flow, void *arg);

/* Deletes every flow of the family (AF_INET, AF_INET6) and protocol (TCP, UDP, SCTP: one with ports), in the calling thread's
 * network namespace, for which match says so; *ret_count (may be NULL) says how many. A kernel without ctnetlink has
 * nothing to delete, and a flow that went by itself meanwhile is none to delete: both succeed. On failure some flows may be
 * gone already. */
int cnm_conntrack_delete(uint8_t family, uint8_t protocol, cnm_conntrack_match match, void *arg,
                         size_t *ret_count, struct cnm_error *err);

#endif
