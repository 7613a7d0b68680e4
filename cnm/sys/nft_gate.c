/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of others at hook forward: finding them, and the rules of ours in them. */
#include "cnm/sys/nft_gate.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include "cnm/sys/nft_rule_parts.h"
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 256 /* of one owner in one gate */
#define SET_TRIES 256 /* each lost try is a transaction of somebody else that went through */

/* XT_CONNTRACK_STATE_BIT gives these very bits, which are those of `ct state` too (NF_CT_STATE_BIT). */
#define ANSWERS (XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) | XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED))

struct finding {
	struct cnm_gate *gates;
	size_t count;
};

static bool is_gate(const struct nftnl_chain *chain)
{
	uint32_t family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);

	return nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) &&
	       nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) == NF_INET_FORWARD &&
	       (family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET) &&
	       !(family == NFPROTO_INET &&
	         strcmp(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), CNM_NFT_TABLE) == 0);
}

static int note_gate(const struct nftnl_chain *chain, struct finding *finding)
{
	struct cnm_gate *gate, *more = reallocarray(finding->gates, finding->count + 1, sizeof(*more));

	if (!more)
		return -1;
	finding->gates = more;
	gate = &more[finding->count++];
	*gate = (struct cnm_gate){.nfproto = (uint8_t)nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY)};
	snprintf(gate->table, sizeof(gate->table), "%s", nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE));
	snprintf(gate->chain, sizeof(gate->chain), "%s", nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
	gate->drops = nftnl_chain_is_set(chain, NFTNL_CHAIN_POLICY) &&
	              nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
	return 0;
}

static int take_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int r = 0;

	if (!chain)
		return -1;
	if (nftnl_chain_nlmsg_parse(nlh, chain) == 0 && is_gate(chain))
		r = note_gate(chain, arg);
	nftnl_chain_free(chain);
	return r;
}

int cnm_gates_find(struct cnm_nft *nft, struct cnm_gate **ret, size_t *ret_count, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh =
	        nftnl_nlmsg_build_hdr(message, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NLM_F_DUMP, 0);
	struct finding finding = {.count = 0};
	int refused = 0;
	int r = cnm_nft_ask(nft, nlh, take_chain, &finding, "list the chains of nftables", &refused, err);

	if (r == 0 && refused)
		r = cnm_fail_sys(err, refused, "list the chains of nftables");
	if (r < 0) {
		free(finding.gates);
		return -1;
	}
	*ret = finding.gates;
	*ret_count = finding.count;
	return 0;
}

/* A gate's rules, in their order. */
struct reading {
	const char *owner;
	bool closed;      /* by its policy, or by a rule */
	uint64_t closing; /* that rule's handle; 0: the policy */
	struct {
		uint64_t handle;
		bool reached; /* stands before the rule that closes */
		char comment[CNM_NFT_COMMENT_MAX];
	} ours[RULES_MAX];
	size_t count;
};

static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	char comment[CNM_NFT_COMMENT_MAX];
	struct reading *reading = arg;

	if (!rule)
		return -1;
	if (nftnl_rule_nlmsg_parse(nlh, rule) == 0) {
		uint64_t handle = nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE);

		cnm_nft_rule_comment(rule, comment);
		if (strncmp(comment, reading->owner, strlen(reading->owner)) == 0) {
			if (reading->count < RULES_MAX) {
				reading->ours[reading->count].handle = handle;
				reading->ours[reading->count].reached = reading->closing == 0;
				memcpy(reading->ours[reading->count++].comment, comment, sizeof(comment));
			}
		} else if (reading->closing == 0 && cnm_nft_rule_drops(rule, true)) {
			reading->closed = true;
			reading->closing = handle;
		}
	}
	nftnl_rule_free(rule);
	return 0;
}

/* A chain that is gone has no rules, and is not closed. */
static int read_gate(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner, struct reading *ret,
                     struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETRULE, gate->nfproto, NLM_F_DUMP, 0);
	int refused = 0;

	ret->owner = owner;
	ret->closed = gate->drops;
	ret->closing = 0;
	ret->count = 0;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, gate->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, gate->chain);
	if (cnm_nft_ask(nft, nlh, take_rule, ret, "list the rules of a chain", &refused, err) < 0)
		return -1;
	if (refused && refused != ENOENT)
		return cnm_fail_sys(err, refused, "list the rules of chain %s %s", gate->table, gate->chain);
	return 0;
}

static bool is_as_wanted(const struct reading *reading, const struct cnm_gate_rule *rules, size_t count,
                         bool and_no_other)
{
	size_t i;

	if (!reading->closed)
		count = 0;
	if (reading->count < count || (and_no_other && reading->count > count))
		return false;
	for (i = 0; i < count; i++)
		if (!reading->ours[i].reached || strcmp(reading->ours[i].comment, rules[i].comment) != 0)
			return false;
	return true;
}

int cnm_gate_has(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner,
                 const struct cnm_gate_rule *rules, size_t count, bool and_no_other, struct cnm_error *err)
{
	_cleanup_free_ struct reading *reading = malloc(sizeof(*reading));

	if (!reading)
		return cnm_fail_nomem(err);
	if (read_gate(nft, gate, owner, reading, err) < 0)
		return -1;
	return is_as_wanted(reading, rules, count, and_no_other);
}

/* iptables' own chain, whose rules have a form of their own. */
static bool is_of_iptables(const struct cnm_gate *gate)
{
	return gate->nfproto != NFPROTO_INET && strcmp(gate->table, "filter") == 0 &&
	       strcmp(gate->chain, "FORWARD") == 0;
}

static int match_state(struct nftnl_rule *rule, const struct cnm_gate *gate, enum cnm_gate_state state)
{
	bool xt = is_of_iptables(gate);

	switch (state) {
	case CNM_GATE_ANSWERS:
		return xt ? cnm_nft_rule_match_xt_state(rule, ANSWERS)
		          : cnm_nft_rule_match_ct(rule, NFT_CT_STATE, ANSWERS);
	case CNM_GATE_TRANSLATED:
		return xt ? cnm_nft_rule_match_xt_state(rule, XT_CONNTRACK_STATE_DNAT)
		          : cnm_nft_rule_match_ct(rule, NFT_CT_STATUS, IPS_DST_NAT);
	default:
		return 0;
	}
}

static struct nftnl_rule *new_rule(const struct cnm_gate *gate)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (rule && nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, gate->table) == 0 &&
	    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, gate->chain) == 0)
		return rule;
	if (rule)
		nftnl_rule_free(rule);
	return NULL;
}

static int append(struct cnm_nft_batch *batch, const struct cnm_gate *gate, uint16_t type, uint16_t flags,
                  struct nftnl_rule *rule, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, type, gate->nfproto, flags, 0);

	nftnl_rule_nlmsg_build_payload(nlh, rule);
	return cnm_nft_batch_append(batch, nlh, CNM_NFT_ADD, gate->nfproto, gate->chain, err);
}

static int put_rule(struct cnm_nft_batch *batch, const struct cnm_gate *gate,
                    const struct cnm_gate_rule *wanted, uint64_t closing, struct cnm_error *err)
{
	struct nftnl_rule *rule = new_rule(gate);
	int r = -1;

	/* Before a rule that is named; without one, at the end. */
	if (rule && closing)
		nftnl_rule_set_u64(rule, NFTNL_RULE_POSITION, closing);
	if (rule && (!wanted->in[0] || cnm_nft_rule_match_ifname(rule, wanted->in, false) == 0) &&
	    (!wanted->out[0] || cnm_nft_rule_match_ifname(rule, wanted->out, true) == 0) &&
	    match_state(rule, gate, wanted->state) == 0 && cnm_nft_rule_accept(rule, wanted->comment) == 0)
		r = append(batch, gate, NFT_MSG_NEWRULE,
		           (uint16_t)(NLM_F_CREATE | (closing ? 0 : NLM_F_APPEND)), rule, err);
	else
		cnm_fail_nomem(err);
	if (rule)
		nftnl_rule_free(rule);
	return r;
}

static int drop_rule(struct cnm_nft_batch *batch, const struct cnm_gate *gate, uint64_t handle,
                     struct cnm_error *err)
{
	struct nftnl_rule *rule = new_rule(gate);
	int r;

	if (!rule)
		return cnm_fail_nomem(err);
	nftnl_rule_set_u64(rule, NFTNL_RULE_HANDLE, handle);
	r = append(batch, gate, NFT_MSG_DELRULE, 0, rule, err);
	nftnl_rule_free(rule);
	return r;
}

/* The commit holds only while nobody changes the ruleset that was read. */
static int set_once(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner,
                    const struct cnm_gate_rule *rules, size_t count, struct reading *reading,
                    struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	uint32_t generation;
	size_t i;

	if (cnm_nft_generation(nft, &generation, err) < 0 || read_gate(nft, gate, owner, reading, err) < 0)
		return -1;
	if (is_as_wanted(reading, rules, count, true))
		return 0;
	if (cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	for (i = 0; i < reading->count; i++)
		if (drop_rule(batch, gate, reading->ours[i].handle, err) < 0)
			return -1;
	for (i = 0; reading->closed && i < count; i++)
		if (put_rule(batch, gate, &rules[i], reading->closing, err) < 0)
			return -1;
	cnm_nft_batch_expect(batch, generation);
	return cnm_nft_commit(nft, batch, err);
}

int cnm_gate_set(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner,
                 const struct cnm_gate_rule *rules, size_t count, struct cnm_error *err)
{
	_cleanup_free_ struct reading *reading = malloc(sizeof(*reading));
	unsigned tries;

	if (!reading)
		return cnm_fail_nomem(err);
	for (tries = 1; set_once(nft, gate, owner, rules, count, reading, err) < 0; tries++) {
		bool again = err->code == CNM_E_TRY_AGAIN && tries < SET_TRIES;

		if (err->code != CNM_E_NOT_FOUND && !again)
			return err->sys_errno ? cnm_fail_sys(err, err->sys_errno,
			                                     "change rules of chain %s of table %s",
			                                     gate->chain, gate->table)
			                      : -1;
		cnm_error_clear(err);
		if (!again)
			return 0;
	}
	return 0;
}
