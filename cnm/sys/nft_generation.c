/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions that hold only for the state of the ruleset by which they were decided: others who share the table, with roots of their own,
 * hold no lock of ours.
 */
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include <arpa/inet.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static int take_generation(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			*(uint32_t *)arg = ntohl(mnl_attr_get_u32(attr));
	}
	return 0;
}

int cnm_nft_generation(struct cnm_nft *nft, uint32_t *ret, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0, 0);
	int refused;

	*ret = 0; /* which no state has */
	if (cnm_nft_ask(nft, nlh, take_generation, ret, "ask for the ruleset's generation", &refused, err) <
	    0)
		return -1;
	return refused ? cnm_fail_sys(err, refused, "ask for the ruleset's generation") : 0;
}

void cnm_nft_batch_expect(struct cnm_nft_batch *batch, uint32_t generation)
{
	batch->expects = true;
	batch->generation = generation;
}

int cnm_nft_delete_table(struct cnm_nft_batch *batch, uint8_t family, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_DELTABLE, cnm_nft_family(family), 0, 0);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, CNM_NFT_TABLE);
	return cnm_nft_batch_append(batch, nlh, CNM_NFT_DELETE, family, "", err);
}
