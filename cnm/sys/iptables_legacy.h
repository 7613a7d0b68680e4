/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chain FORWARD of iptables-legacy, whose tables are not nftables'. It is only read: its one way of changing a table is to replace it wholly, which loses
 * what another program puts in at the same moment.
 */
#ifndef CNM_SYS_IPTABLES_LEGACY_H
#define CNM_SYS_IPTABLES_LEGACY_H

struct cnm_error;

/* 1: the chain of the family (AF_INET, AF_INET6) is closed, by its policy or a rule without conditions, and no rule of the table accepts what comes in or goes
 * out by that link; 0: otherwise, or there is no such table here (asking does not make one). */
int cnm_iptables_legacy_closes(int family, const char *ifname, struct cnm_error *err);

#endif
