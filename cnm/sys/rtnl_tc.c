/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic control: token buckets, and redirection to an ifb device. */
#include "cnm/sys/rtnl_tc.h"
#include "cnm/base/error.h"
#include "cnm/sys/rtnl_link.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>
#include <sys/socket.h>

#define TBF_HANDLE     TC_H_MAKE(1U << 16, 0)
#define INGRESS_HANDLE TC_H_MAKE(TC_H_INGRESS, 0)

void cnm_tbf_init(struct cnm_tbf *tbf, uint64_t rate, uint32_t burst, unsigned latency_ms)
{
	uint64_t in_flight = rate / 1000 * latency_ms + rate % 1000 * latency_ms / 1000;

	*tbf = (struct cnm_tbf){.rate = rate, .burst = burst, .limit = UINT32_MAX};
	if (in_flight < UINT32_MAX - burst)
		tbf->limit = (uint32_t)in_flight + burst;
}

static struct tcmsg *put_tcmsg(struct nlmsghdr *nlh, int ifindex, uint32_t parent, uint32_t handle)
{
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));

	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = ifindex;
	tcm->tcm_parent = parent;
	tcm->tcm_handle = handle;
	return tcm;
}

/* The burst goes in bytes (TCA_TBF_BURST): the older field counts it in time, 32 bits of which a slow rate overflows. */
void cnm_qdisc_add_tbf(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_tbf *tbf)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "limit link %d (qdisc tbf)", ifindex);
	struct tc_tbf_qopt opt = {
	        .rate = {.rate = tbf->rate < UINT32_MAX ? (uint32_t)tbf->rate : UINT32_MAX,
	                 .linklayer = TC_LINKLAYER_ETHERNET},
	        .limit = tbf->limit,
	};
	struct nlattr *options;

	put_tcmsg(nlh, ifindex, TC_H_ROOT, TBF_HANDLE);
	cnm_rtnl_put_string(batch, nlh, TCA_KIND, "tbf");
	options = cnm_rtnl_nest_begin(batch, nlh, TCA_OPTIONS);
	cnm_rtnl_put(batch, nlh, TCA_TBF_PARMS, &opt, sizeof(opt));
	cnm_rtnl_put_u32(batch, nlh, TCA_TBF_BURST, tbf->burst);
	if (tbf->rate >= UINT32_MAX)
		cnm_rtnl_put(batch, nlh, TCA_TBF_RATE64, &tbf->rate, sizeof(tbf->rate));
	cnm_rtnl_nest_end(batch, nlh, options);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_qdisc_add_ingress(struct cnm_rtnl_batch *batch, int ifindex)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "redirect link %d (qdisc ingress)", ifindex);

	put_tcmsg(nlh, ifindex, TC_H_INGRESS, INGRESS_HANDLE);
	cnm_rtnl_put_string(batch, nlh, TCA_KIND, "ingress");
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_link_add_ifb(struct cnm_rtnl_batch *batch, const char *name, const char *alias, unsigned mtu)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "create link %s (ifb)", name);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct cnm_link_change named = {.name = name, .alias = alias};
	struct nlattr *info;

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	cnm_rtnl_put_string(batch, nlh, IFLA_IFNAME, name);
	if (mtu)
		cnm_rtnl_put_u32(batch, nlh, IFLA_MTU, mtu);
	info = cnm_rtnl_nest_begin(batch, nlh, IFLA_LINKINFO);
	cnm_rtnl_put_string(batch, nlh, IFLA_INFO_KIND, "ifb");
	cnm_rtnl_nest_end(batch, nlh, info);
	cnm_rtnl_batch_end(batch, nlh);
	/* A link is made without one (rtnl_create_link in net/core/rtnetlink.c). */
	cnm_link_set(batch, &named);
}

/* One key that every packet fits (net/sched/cls_u32.c): the filter that kernels have which lack matchall. */
static void put_match_all(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh)
{
	struct tc_u32_sel sel = {.flags = TC_U32_TERMINAL, .nkeys = 1};
	struct tc_u32_key key = {0};
	char bytes[sizeof(sel) + sizeof(key)];

	memcpy(bytes, &sel, sizeof(sel));
	memcpy(bytes + sizeof(sel), &key, sizeof(key));
	cnm_rtnl_put(batch, nlh, TCA_U32_SEL, bytes, sizeof(bytes));
}

static void put_mirred(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, int to_ifindex)
{
	struct tc_mirred mirred = {
	        .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (uint32_t)to_ifindex};
	struct nlattr *list = cnm_rtnl_nest_begin(batch, nlh, TCA_U32_ACT);
	struct nlattr *action = cnm_rtnl_nest_begin(batch, nlh, 1); /* its place in the list */
	struct nlattr *options;

	cnm_rtnl_put_string(batch, nlh, TCA_ACT_KIND, "mirred");
	options = cnm_rtnl_nest_begin(batch, nlh, TCA_ACT_OPTIONS);
	cnm_rtnl_put(batch, nlh, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
	cnm_rtnl_nest_end(batch, nlh, options);
	cnm_rtnl_nest_end(batch, nlh, action);
	cnm_rtnl_nest_end(batch, nlh, list);
}

void cnm_filter_add_redirect(struct cnm_rtnl_batch *batch, int ifindex, int to_ifindex)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, 0,
	                                            "redirect link %d (filter u32, action mirred)", ifindex);
	struct tcmsg *tcm = put_tcmsg(nlh, ifindex, INGRESS_HANDLE, 0);
	struct nlattr *options;

	tcm->tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
	cnm_rtnl_put_string(batch, nlh, TCA_KIND, "u32");
	options = cnm_rtnl_nest_begin(batch, nlh, TCA_OPTIONS);
	put_match_all(batch, nlh);
	put_mirred(batch, nlh, to_ifindex);
	cnm_rtnl_nest_end(batch, nlh, options);
	cnm_rtnl_batch_end(batch, nlh);
}

/* Without a handle ENOENT means that there is none, or the default one only (tc_get_qdisc in net/sched/sch_api.c). */
static void delete_qdisc(struct cnm_rtnl_batch *batch, int ifindex, uint32_t parent)
{
	struct nlmsghdr *nlh =
	        cnm_rtnl_batch_begin(batch, RTM_DELQDISC, 0, ENOENT, "delete a qdisc of link %d", ifindex);

	put_tcmsg(nlh, ifindex, parent, 0);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_qdisc_delete_root(struct cnm_rtnl_batch *batch, int ifindex)
{
	delete_qdisc(batch, ifindex, TC_H_ROOT);
}

void cnm_qdisc_delete_ingress(struct cnm_rtnl_batch *batch, int ifindex)
{
	delete_qdisc(batch, ifindex, TC_H_INGRESS);
}

int cnm_tc_batch_send(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct cnm_error *err)
{
	struct cnm_error own = CNM_ERROR_INIT;

	if (cnm_rtnl_batch_send(rtnl, batch, &own) == 0)
		return 0;
	if (own.sys_errno == ENOENT || own.sys_errno == EOPNOTSUPP) {
		cnm_wrap(&own, "this kernel lacks a part of traffic control");
		own.code = CNM_E_UNSUPPORTED;
	}
	if (err)
		*err = own;
	return -1;
}

struct search {
	int ifindex;
	struct cnm_tc *tc;
};

static void read_tbf(struct cnm_tbf *tbf, const struct nlattr *options)
{
	struct nlattr *attr;
	struct tc_tbf_qopt opt = {0};
	uint64_t rate64 = 0;

	mnl_attr_for_each_nested(attr, options)
	{
		uint16_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == TCA_TBF_PARMS && len >= sizeof(opt))
			memcpy(&opt, mnl_attr_get_payload(attr), sizeof(opt));
		else if (mnl_attr_get_type(attr) == TCA_TBF_RATE64 && len >= sizeof(rate64))
			memcpy(&rate64, mnl_attr_get_payload(attr), sizeof(rate64));
	}
	tbf->rate = rate64 ? rate64 : opt.rate.rate;
	tbf->limit = opt.limit;
	/* Given back as time, in ticks of 64 ns (PSCHED_SHIFT in include/net/pkt_sched.h). */
	tbf->burst = (uint32_t)((double)opt.buffer * 64.0 / 1e9 * (double)tbf->rate + 0.5);
}

static int take_qdisc(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *options = NULL;
	struct search *search = arg;
	const char *kind = "";
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(nlh) < sizeof(*tcm) ||
	    tcm->tcm_ifindex != search->ifindex)
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*tcm))
	{
		if (mnl_attr_get_type(attr) == TCA_KIND && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			kind = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	if (tcm->tcm_parent == TC_H_INGRESS && strcmp(kind, "ingress") == 0)
		search->tc->has_ingress = true;
	if (tcm->tcm_parent != TC_H_ROOT || strcmp(kind, "tbf") != 0 || !options)
		return 0;
	search->tc->has_tbf = true;
	read_tbf(&search->tc->tbf, options);
	return 0;
}

static struct nlattr *find_nested(const struct nlattr *nest, uint16_t type)
{
	struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

static int take_filter(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct search *search = arg;
	struct nlattr *attr, *params;
	struct tc_mirred mirred;

	if (nlh->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(nlh) < sizeof(struct tcmsg))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct tcmsg))
	{
		if (mnl_attr_get_type(attr) != TCA_OPTIONS)
			continue;
		params = find_nested(find_nested(attr, TCA_U32_ACT), 1);
		params = find_nested(find_nested(params, TCA_ACT_OPTIONS), TCA_MIRRED_PARMS);
		if (!params || mnl_attr_get_payload_len(params) < sizeof(mirred))
			continue;
		memcpy(&mirred, mnl_attr_get_payload(params), sizeof(mirred));
		if (mirred.eaction == TCA_EGRESS_REDIR)
			search->tc->redirect_ifindex = (int)mirred.ifindex;
	}
	return 0;
}

int cnm_tc_get(struct cnm_rtnl *rtnl, int ifindex, struct cnm_tc *ret, struct cnm_error *err)
{
	struct search search = {ifindex, ret};
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;

	*ret = (struct cnm_tc){0};
	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETQDISC, NLM_F_DUMP, 0, "list qdiscs");
	put_tcmsg(nlh, ifindex, 0, 0);
	cnm_rtnl_batch_end(&batch, nlh);
	if (cnm_rtnl_query(rtnl, &batch, take_qdisc, NULL, &search, err) < 0)
		return -1;
	if (!ret->has_ingress)
		return 0;
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETTFILTER, NLM_F_DUMP, 0, "list filters of link %d", ifindex);
	put_tcmsg(nlh, ifindex, INGRESS_HANDLE, 0);
	cnm_rtnl_batch_end(&batch, nlh);
	return cnm_rtnl_query(rtnl, &batch, take_filter, NULL, &search, err);
}
