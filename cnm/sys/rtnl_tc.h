/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic control, as far as limiting a link's rate goes: token buckets (tbf), and a redirection of what a link receives to an
 * ifb device, where it can be limited too. Builders append to a batch (see rtnl.h).
 */
#ifndef CNM_SYS_RTNL_TC_H
#define CNM_SYS_RTNL_TC_H

#include "cnm/sys/rtnl.h"
#include <net/if.h>

/* A token bucket: what a link sends. */
struct cnm_tbf {
	uint64_t rate;  /* bytes a second, not 0 */
	uint32_t burst; /* bytes, not 0 */
	uint32_t limit; /* bytes that wait at most; more are dropped */
};

/* limit is what the rate lets through in `latency_ms` beyond the burst, saturated. */
void cnm_tbf_init(struct cnm_tbf *tbf, uint64_t rate, uint32_t burst, unsigned latency_ms);

/* All three refuse to replace what is there (EEXIST). The tbf becomes the root qdisc. */
void cnm_qdisc_add_tbf(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_tbf *tbf);
void cnm_qdisc_add_ingress(struct cnm_rtnl_batch *batch, int ifindex);
void cnm_link_add_ifb(struct cnm_rtnl_batch *batch, const char *name, const char *alias, unsigned mtu);
/* Whatever the link receives is sent by the other; an ingress qdisc must be there. */
void cnm_filter_add_redirect(struct cnm_rtnl_batch *batch, int ifindex, int to_ifindex);
/* What is not there counts as deleted. */
void cnm_qdisc_delete_root(struct cnm_rtnl_batch *batch, int ifindex);
void cnm_qdisc_delete_ingress(struct cnm_rtnl_batch *batch, int ifindex);

/* cnm_rtnl_batch_send, where a kernel without the kind of qdisc, filter, action or link is CNM_E_UNSUPPORTED, and says which. */
int cnm_tc_batch_send(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct cnm_error *err);

/* What limits a link now. */
struct cnm_tc {
	bool has_tbf; /* as the root qdisc */
	struct cnm_tbf tbf;
	bool has_ingress;
	int redirect_ifindex; /* where what it receives goes; 0: nowhere else */
};
int cnm_tc_get(struct cnm_rtnl *rtnl, int ifindex, struct cnm_tc *ret, struct cnm_error *err);

#endif
