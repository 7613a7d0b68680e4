/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in chain FORWARD of iptables' table `filter`. */
#include "cnm/sys/nft_forward.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include "cnm/sys/nft_rule_parts.h"
#include "cnm/sys/nlmsg.h"
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TABLE       "filter"
#define CHAIN       "FORWARD"
#define HANDLES_MAX 64
#define WHAT        "chain FORWARD of iptables"

static uint16_t nfproto_of(int family)
{
	return family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* Sends a request and hands its answers to fn. 1, or 0 where the kernel has no such thing. */
typedef int (*answer_fn)(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err);
static int ask(struct cnm_nft *nft, struct nlmsghdr *nlh, bool dump, answer_fn fn, void *arg,
               struct cnm_error *err)
{
	int error = 0;
	bool done = false, failed = false;

	nlh->nlmsg_seq = ++nft->seq;
	if (cnm_nft_send(nft, nlh, nlh->nlmsg_len, WHAT, err) < 0)
		return -1;
	while (!done) {
		ssize_t got = cnm_nft_receive(nft, WHAT, err);
		const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)nft->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left)) {
			if (at->nlmsg_seq != nft->seq)
				continue;
			done = done || !dump || at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR;
			if (at->nlmsg_type == NLMSG_ERROR)
				error = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(at))->error;
			else if (at->nlmsg_type != NLMSG_DONE && !failed)
				failed = fn(at, arg, err) < 0;
		}
	}
	if (error && error != ENOENT)
		return cnm_fail_sys(err, error, WHAT);
	return failed ? -1 : !error;
}

static int take_policy(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	bool *drops = arg;

	if (!chain)
		return cnm_fail_nomem(err);
	if (nftnl_chain_nlmsg_parse(nlh, chain) == 0)
		*drops = nftnl_chain_is_set(chain, NFTNL_CHAIN_POLICY) &&
		         nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
	nftnl_chain_free(chain);
	return 0;
}

static int ask_policy(struct cnm_nft *nft, int family, bool *drops, struct cnm_error *err)
{
	char message[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETCHAIN, nfproto_of(family), 0, 0);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, CHAIN);
	return ask(nft, nlh, false, take_policy, drops, err);
}

/* What a reading of the chain's rules looks for. */
struct reading {
	const char *comment;
	uint64_t handles[HANDLES_MAX]; /* of the rules with that comment */
	size_t count;
	bool drops; /* another rule drops or rejects */
};

static int take_rule(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct reading *reading = arg;
	char comment[CNM_NFT_COMMENT_MAX];

	if (!rule)
		return cnm_fail_nomem(err);
	if (nftnl_rule_nlmsg_parse(nlh, rule) == 0) {
		cnm_nft_rule_comment(rule, comment);
		if (reading->comment && strcmp(comment, reading->comment) == 0) {
			if (reading->count < HANDLES_MAX)
				reading->handles[reading->count++] =
				        nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE);
		} else {
			reading->drops = reading->drops || cnm_nft_rule_drops(rule, false);
		}
	}
	nftnl_rule_free(rule);
	return 0;
}

static int read_rules(struct cnm_nft *nft, int family, struct reading *reading, struct cnm_error *err)
{
	char message[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh =
	        nftnl_nlmsg_build_hdr(message, NFT_MSG_GETRULE, nfproto_of(family), NLM_F_DUMP, 0);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, CHAIN);
	return ask(nft, nlh, true, take_rule, reading, err);
}

int cnm_forward_drops(struct cnm_nft *nft, int family, struct cnm_error *err)
{
	struct reading reading = {.comment = NULL};
	bool drops = false;
	int there = ask_policy(nft, family, &drops, err);

	if (there <= 0 || drops)
		return there < 0 ? -1 : drops;
	return read_rules(nft, family, &reading, err) < 0 ? -1 : reading.drops;
}

int cnm_forward_count(struct cnm_nft *nft, int family, const char *comment, struct cnm_error *err)
{
	struct reading reading = {.comment = comment};

	return read_rules(nft, family, &reading, err) < 0 ? -1 : (int)reading.count;
}

/* Source or destination of the packet is the address. */
static int match_addr(struct nftnl_rule *rule, const struct cnm_addr *addr, bool source)
{
	uint32_t offset = addr->family == AF_INET ? (source ? 12 : 16) : (source ? 8 : 24);
	struct nftnl_expr *load = cnm_nft_rule_add(rule, "payload"),
	                  *cmp = load ? cnm_nft_rule_add(rule, "cmp") : NULL;

	if (!cmp)
		return -1;
	nftnl_expr_set_u32(load, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(load, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(load, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(load, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)cnm_addr_size(addr));
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	return nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, addr->bytes, (uint32_t)cnm_addr_size(addr));
}

static struct nftnl_rule *new_rule(void)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (rule && nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, TABLE) == 0 &&
	    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, CHAIN) == 0)
		return rule;
	if (rule)
		nftnl_rule_free(rule);
	return NULL;
}

/* What belongs to a connection or a published port. */
#define STATES                                                                                               \
	(XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) | XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |                 \
	 XT_CONNTRACK_STATE_DNAT)

static struct nftnl_rule *accept_rule(const struct cnm_addr *addr, bool source, const char *comment)
{
	struct nftnl_rule *rule = new_rule();

	if (rule && match_addr(rule, addr, source) == 0 &&
	    (source || cnm_nft_rule_match_xt_state(rule, STATES) == 0) &&
	    cnm_nft_rule_accept(rule, comment) == 0)
		return rule;
	if (rule)
		nftnl_rule_free(rule);
	return NULL;
}

/* A transaction of a few rules. */
struct change {
	char data[32 * 1024] __attribute__((aligned(8)));
	size_t len;
	uint32_t first, count;
};

static void change_begin(struct change *change, struct cnm_nft *nft)
{
	change->len = nftnl_batch_begin(change->data, nft->seq)->nlmsg_len;
	change->first = nft->seq + 1;
	change->count = 0;
}

/* Frees the rule. NULL: memory was out. */
static int change_put(struct change *change, uint16_t type, int family, struct nftnl_rule *rule,
                      struct cnm_error *err)
{
	struct nlmsghdr *nlh;

	if (!rule)
		return cnm_fail_nomem(err);
	if (change->len + CNM_NFT_MESSAGE_MAX > sizeof(change->data)) {
		nftnl_rule_free(rule);
		return cnm_fail(err, CNM_E_SYSTEM, WHAT ": too many rules at once");
	}
	nlh = nftnl_nlmsg_build_hdr(change->data + change->len, type, nfproto_of(family),
	                            (uint16_t)(NLM_F_ACK | (type == NFT_MSG_NEWRULE ? NLM_F_CREATE : 0)),
	                            change->first + change->count++);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	change->len += NLMSG_ALIGN(nlh->nlmsg_len);
	return 0;
}

static int change_commit(struct change *change, struct cnm_nft *nft, struct cnm_error *err)
{
	uint32_t acks = 0;
	int error = 0;

	nft->seq = change->first + change->count;
	change->len += nftnl_batch_end(change->data + change->len, nft->seq)->nlmsg_len;
	if (cnm_nft_send(nft, change->data, change->len, WHAT, err) < 0)
		return -1;
	while (acks < change->count) {
		ssize_t got = cnm_nft_receive(nft, WHAT, err);
		const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)nft->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left)) {
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(at);

			if (at->nlmsg_type != NLMSG_ERROR || at->nlmsg_seq - change->first >= change->count)
				continue;
			acks++;
			if (answer->error && !error)
				error = -answer->error;
		}
	}
	return error ? cnm_fail_sys(err, error, WHAT) : 0;
}

int cnm_forward_open(struct cnm_nft *nft, const struct cnm_addr *addr, const char *comment,
                     struct cnm_error *err)
{
	_cleanup_free_ struct change *change = malloc(sizeof(*change));
	int family = addr->family;

	if (!change)
		return cnm_fail_nomem(err);
	change_begin(change, nft);
	if (change_put(change, NFT_MSG_NEWRULE, family, accept_rule(addr, true, comment), err) < 0 ||
	    change_put(change, NFT_MSG_NEWRULE, family, accept_rule(addr, false, comment), err) < 0)
		return -1;
	return change_commit(change, nft, err);
}

int cnm_forward_close(struct cnm_nft *nft, int family, const char *comment, struct cnm_error *err)
{
	_cleanup_free_ struct change *change = malloc(sizeof(*change));
	struct reading reading = {.comment = comment};
	size_t i;

	if (!change)
		return cnm_fail_nomem(err);
	if (read_rules(nft, family, &reading, err) < 0)
		return -1;
	if (reading.count == 0)
		return 0;
	change_begin(change, nft);
	for (i = 0; i < reading.count; i++) {
		struct nftnl_rule *rule = new_rule();

		if (rule)
			nftnl_rule_set_u64(rule, NFTNL_RULE_HANDLE, reading.handles[i]);
		if (change_put(change, NFT_MSG_DELRULE, family, rule, err) < 0)
			return -1;
	}
	return change_commit(change, nft, err);
}
