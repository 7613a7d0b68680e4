/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many rules our tables hold: of one base chain by a single question, of every chain by a dump. */
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_RESTARTS 8

static int take_use(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int r;

	if (!chain)
		return -1;
	r = nftnl_chain_nlmsg_parse(nlh, chain);
	if (r == 0)
		*(size_t *)arg = nftnl_chain_get_u32(chain, NFTNL_CHAIN_USE);
	nftnl_chain_free(chain);
	return r;
}

/* The kernel counts a chain's users, and those of a base chain are its rules: nothing can jump to it (nft_verdict_init in
 * net/netfilter/nf_tables_api.c). */
int cnm_nft_base_chain_rules(struct cnm_nft *nft, uint8_t family, const char *chain, size_t *ret,
                             struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETCHAIN, cnm_nft_family(family), 0, 0);
	struct cnm_nft_reply reply = {.dump = false};

	*ret = 0;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, CNM_NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain);
	if (cnm_nft_exchange(nft, nlh, &reply, take_use, ret, "look at a chain of table " CNM_NFT_TABLE,
	                     err) < 0)
		return -1;
	if (reply.error == 0 || reply.error == ENOENT)
		return 0;
	return cnm_fail_sys(err, reply.error, "look at chain %s of table %s " CNM_NFT_TABLE, chain,
	                    cnm_nft_family_name(family));
}

/* The chain names of one dump, one NUL-ended behind the other: a dump that a change interrupted is forgotten whole. */
struct names {
	char *text;
	size_t len, cap;
};

static int append_name(struct names *names, const char *name)
{
	size_t len = strlen(name) + 1;

	if (names->len + len > names->cap) {
		size_t cap = (names->cap + len) * 2;
		char *text = realloc(names->text, cap);

		if (!text)
			return -1;
		names->text = text;
		names->cap = cap;
	}
	memcpy(names->text + names->len, name, len);
	names->len += len;
	return 0;
}

static const char *text_of(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ? "" : mnl_attr_get_str(attr);
}

/* A kernel that knows no filter by table sends the rules of all. */
static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	const char *table = "", *chain = "";
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == NFTA_RULE_TABLE)
			table = text_of(attr);
		else if (mnl_attr_get_type(attr) == NFTA_RULE_CHAIN)
			chain = text_of(attr);
	}
	return strcmp(table, CNM_NFT_TABLE) == 0 ? append_name(arg, chain) : 0;
}

static int dump_rules(struct cnm_nft *nft, uint8_t family, struct names *names, struct cnm_nft_reply *reply,
                      struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh =
	        nftnl_nlmsg_build_hdr(message, NFT_MSG_GETRULE, cnm_nft_family(family), NLM_F_DUMP, 0);

	*reply = (struct cnm_nft_reply){.dump = true};
	names->len = 0;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, CNM_NFT_TABLE);
	return cnm_nft_exchange(nft, nlh, reply, take_rule, names, "list the rules of table " CNM_NFT_TABLE,
	                        err);
}

int cnm_nft_rules_list(struct cnm_nft *nft, uint8_t family, cnm_nft_rule_fn fn, void *arg,
                       struct cnm_error *err)
{
	struct cnm_nft_reply reply = {.interrupted = true};
	struct names names = {0};
	unsigned tries;
	size_t at;
	int r = 0;

	for (tries = 0; r == 0 && reply.interrupted && tries <= DUMP_RESTARTS; tries++)
		r = dump_rules(nft, family, &names, &reply, err);
	if (r == 0 && reply.interrupted)
		r = cnm_fail(err, CNM_E_TRY_AGAIN,
		             "the rules of table %s " CNM_NFT_TABLE " changed during each of %u readings",
		             cnm_nft_family_name(family), tries);
	else if (r == 0 && reply.error && reply.error != ENOENT)
		r = cnm_fail_sys(err, reply.error, "list the rules of table %s " CNM_NFT_TABLE,
		                 cnm_nft_family_name(family));
	for (at = 0; r == 0 && at < names.len; at += strlen(names.text + at) + 1)
		fn(names.text + at, arg);
	free(names.text);
	return r;
}
