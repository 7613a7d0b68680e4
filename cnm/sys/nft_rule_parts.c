/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of other tables, in libnftnl's terms: building ours, and reading theirs as far as it matters to us. */
#include "cnm/sys/nft_rule_parts.h"
#include "cnm/base/cleanup.h"
#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nftnl_expr *cnm_nft_rule_add(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (expr)
		nftnl_rule_add_expr(rule, expr);
	return expr;
}

int cnm_nft_rule_match_ifname(struct nftnl_rule *rule, const char *ifname, bool out)
{
	struct nftnl_expr *load = cnm_nft_rule_add(rule, "meta");
	struct nftnl_expr *cmp = load ? cnm_nft_rule_add(rule, "cmp") : NULL;

	if (!cmp)
		return -1;
	nftnl_expr_set_u32(load, NFTNL_EXPR_META_KEY, out ? NFT_META_OIFNAME : NFT_META_IIFNAME);
	nftnl_expr_set_u32(load, NFTNL_EXPR_META_DREG, NFT_REG_1);
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	/* With the NUL: without it the name would be a prefix. */
	return nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, ifname, (uint32_t)strlen(ifname) + 1);
}

int cnm_nft_rule_match_xt_state(struct nftnl_rule *rule, uint16_t states)
{
	size_t size = (sizeof(struct xt_conntrack_mtinfo3) + 7) & ~(size_t)7; /* XT_ALIGN */
	struct xt_conntrack_mtinfo3 *info = calloc(1, size);
	struct nftnl_expr *match = info ? cnm_nft_rule_add(rule, "match") : NULL;

	if (!match) {
		free(info);
		return -1;
	}
	info->match_flags = XT_CONNTRACK_STATE;
	info->state_mask = states;
	nftnl_expr_set_u32(match, NFTNL_EXPR_MT_REV, 3);
	/* The expression owns it from now on. */
	nftnl_expr_set(match, NFTNL_EXPR_MT_INFO, info, (uint32_t)size);
	return nftnl_expr_set_str(match, NFTNL_EXPR_MT_NAME, "conntrack");
}

int cnm_nft_rule_match_ct(struct nftnl_rule *rule, uint32_t key, uint32_t bits)
{
	struct nftnl_expr *load = cnm_nft_rule_add(rule, "ct");
	struct nftnl_expr *mask = load ? cnm_nft_rule_add(rule, "bitwise") : NULL;
	struct nftnl_expr *cmp = mask ? cnm_nft_rule_add(rule, "cmp") : NULL;
	const uint32_t zero = 0;

	if (!cmp)
		return -1;
	nftnl_expr_set_u32(load, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(load, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_LEN, sizeof(bits));
	nftnl_expr_set(mask, NFTNL_EXPR_BITWISE_MASK, &bits, sizeof(bits));
	nftnl_expr_set(mask, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_NEQ);
	return nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, &zero, sizeof(zero));
}

static int set_comment(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	int r = -1;

	if (!udata)
		return -1;
	if (nftnl_udata_put_strz(udata, NFTNL_UDATA_RULE_COMMENT, comment))
		r = nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(udata),
		                        nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
	return r;
}

int cnm_nft_rule_accept(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_expr *verdict =
	        cnm_nft_rule_add(rule, "counter") ? cnm_nft_rule_add(rule, "immediate") : NULL;

	if (!verdict)
		return -1;
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
	return set_comment(rule, comment);
}

static int take_attr(const struct nftnl_udata *attr, void *arg)
{
	const char **comment = arg;
	const char *text = nftnl_udata_get(attr);

	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT && nftnl_udata_len(attr) > 0 &&
	    text[nftnl_udata_len(attr) - 1] == '\0')
		*comment = text;
	return 0;
}

/* As iptables-nft writes it, also when it restores what it had saved. */
static int take_xt_comment(struct nftnl_expr *expr, void *arg)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), *match, *text;
	uint32_t len = 0;

	if (strcmp(name, "match") != 0)
		return 0;
	match = nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME);
	text = nftnl_expr_get(expr, NFTNL_EXPR_MT_INFO, &len);
	if (match && text && strcmp(match, "comment") == 0)
		snprintf(arg, CNM_NFT_COMMENT_MAX, "%.*s", (int)strnlen(text, len), text);
	return 0;
}

void cnm_nft_rule_comment(struct nftnl_rule *rule, char out[CNM_NFT_COMMENT_MAX])
{
	const char *comment = NULL;
	const void *udata;
	uint32_t len = 0;

	out[0] = '\0';
	nftnl_expr_foreach(rule, take_xt_comment, out);
	if (!nftnl_rule_is_set(rule, NFTNL_RULE_USERDATA))
		return;
	udata = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
	if (nftnl_udata_parse(udata, len, take_attr, &comment) >= 0 && comment)
		snprintf(out, CNM_NFT_COMMENT_MAX, "%s", comment);
}

struct reading {
	bool drops, has_condition;
};

static int look_at_expr(struct nftnl_expr *expr, void *arg)
{
	static const char *const harmless[] = {"counter", "log"};
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	const char *target =
	        strcmp(name, "target") == 0 ? nftnl_expr_get_str(expr, NFTNL_EXPR_TG_NAME) : NULL;
	const char *match = strcmp(name, "match") == 0 ? nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME) : NULL;
	struct reading *reading = arg;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(harmless); i++)
		if (strcmp(name, harmless[i]) == 0)
			return 0;
	if (strcmp(name, "reject") == 0 || (target && strcmp(target, "REJECT") == 0))
		reading->drops = true;
	else if (strcmp(name, "immediate") == 0 && nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT))
		reading->drops = nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT) == NF_DROP;
	else if (!target && !(match && strcmp(match, "comment") == 0))
		reading->has_condition = true;
	return 0;
}

bool cnm_nft_rule_drops(struct nftnl_rule *rule, bool always)
{
	struct reading reading = {.drops = false};

	nftnl_expr_foreach(rule, look_at_expr, &reading);
	return reading.drops && !(always && reading.has_condition);
}
