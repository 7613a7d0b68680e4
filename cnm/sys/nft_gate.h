/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gates: chains at hook forward that other programs (or the admin) keep in tables of their own. A packet has to pass them all, and an accept in our table
 * does not open theirs: where one is closed to whatever no rule of it names, only a rule in it lets our packets pass. Our rules go behind
 * theirs, before the rule (or the policy) that closes it; what another's rule decides stays decided. A comment says whose ours are.
 */
#ifndef CNM_SYS_NFT_GATE_H
#define CNM_SYS_NFT_GATE_H

#include "cnm/sys/nft.h"
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

struct cnm_gate {
	uint8_t nfproto; /* NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET */
	char table[NFT_NAME_MAXLEN], chain[NFT_NAME_MAXLEN];
	bool drops; /* its policy */
};

/* What a rule of ours lets pass, besides its interfaces. */
enum cnm_gate_state { CNM_GATE_ANY, CNM_GATE_ANSWERS, CNM_GATE_TRANSLATED };

#define CNM_GATE_COMMENT_MAX 129
struct cnm_gate_rule {
	char in[IF_NAMESIZE], out[IF_NAMESIZE]; /* "": any */
	enum cnm_gate_state state;
	char comment[CNM_GATE_COMMENT_MAX]; /* begins with the owner, and tells the owner's rules apart */
};

/* Every chain that filters at hook forward, but ours. The caller frees *ret. */
int cnm_gates_find(struct cnm_nft *nft, struct cnm_gate **ret, size_t *ret_count, struct cnm_error *err);
/* 1: the gate is not closed, or the owner's rules there begin with these (and_no_other: and end with them) where packets come to them; 0: not. A
 * rule is known by its comment. */
int cnm_gate_has(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner,
                 const struct cnm_gate_rule *rules, size_t count, bool and_no_other, struct cnm_error *err);
/* Makes the gate hold exactly these rules of the owner, in one transaction; none where it is not closed. `owner` is how their comments begin. A gate that
 * went meanwhile is success. sys_errno EPERM: another process keeps the table for itself (flags owner). */
int cnm_gate_set(struct cnm_nft *nft, const struct cnm_gate *gate, const char *owner,
                 const struct cnm_gate_rule *rules, size_t count, struct cnm_error *err);

#endif
