/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chain FORWARD of iptables' table `filter`, as its nft variant keeps it: the one place where a host closes what it forwards to everybody that
 * no rule of it names, and which another table's accept does not open. Rules go there in the form that iptables itself
 * writes, so that it can still show and save the chain; a comment says whose they are.
 */
#ifndef CNM_SYS_NFT_FORWARD_H
#define CNM_SYS_NFT_FORWARD_H

#include "cnm/base/addr.h"
#include "cnm/sys/nft.h"

#define CNM_FORWARD_COMMENT_MAX 128

/* 1: the chain of the family (AF_INET, AF_INET6) drops or rejects packets, by its policy or by a rule; 0: it does not, or there is none. */
int cnm_forward_drops(struct cnm_nft *nft, int family, struct cnm_error *err);
/* Lets pass what the address sends, and what belongs to its connections or to a port that is published. Before all other rules. */
int cnm_forward_open(struct cnm_nft *nft, const struct cnm_addr *addr, const char *comment,
                     struct cnm_error *err);
/* Takes all rules with that comment away; none, or no chain, is success. */
int cnm_forward_close(struct cnm_nft *nft, int family, const char *comment, struct cnm_error *err);
/* How many rules have that comment; two for each address that is open. -1 on error. */
int cnm_forward_count(struct cnm_nft *nft, int family, const char *comment, struct cnm_error *err);

#endif
