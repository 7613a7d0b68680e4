/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of rules that go into chains of others. What goes into a chain of iptables has the form that iptables-nft itself writes (xt matches, not
 * nft's own), so that it can still show and save the chain. Shared by the files cnm/sys/nft*.c only.
 */
#ifndef CNM_SYS_NFT_RULE_PARTS_H
#define CNM_SYS_NFT_RULE_PARTS_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stdint.h>

#define CNM_NFT_COMMENT_MAX 129

/* Appends an expression; NULL when memory is out. The rule owns it. */
struct nftnl_expr *cnm_nft_rule_add(struct nftnl_rule *rule, const char *name);
/* The interface by which the packet comes in, or goes out. */
int cnm_nft_rule_match_ifname(struct nftnl_rule *rule, const char *ifname, bool out);
/* -m conntrack --ctstate, of bits XT_CONNTRACK_STATE_* */
int cnm_nft_rule_match_xt_state(struct nftnl_rule *rule, uint16_t states);
/* `ct KEY` (NFT_CT_STATE, NFT_CT_STATUS) has one of the bits. */
int cnm_nft_rule_match_ct(struct nftnl_rule *rule, uint32_t key, uint32_t bits);
/* counter accept comment "..." */
int cnm_nft_rule_accept(struct nftnl_rule *rule, const char *comment);

/* The rule's comment, "" without one. */
void cnm_nft_rule_comment(struct nftnl_rule *rule, char out[CNM_NFT_COMMENT_MAX]);
/* Whether it drops or rejects packets; `always`: whichever comes to it. */
bool cnm_nft_rule_drops(struct nftnl_rule *rule, bool always);

#endif
