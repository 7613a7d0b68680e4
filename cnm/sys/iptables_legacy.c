/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables-legacy's table `filter`, as getsockopt hands it out (net/ipv4/netfilter/ip_tables.c and its sister for IPv6). */
#include "cnm/sys/iptables_legacy.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE     "filter"
#define WHAT      "read table filter of iptables-legacy"
#define TRIES     8
#define BYTES_MAX (64 * 1024 * 1024)

/* A rule, whatever its family. */
struct rule {
	const char *in, *out; /* interfaces, "" any */
	bool has_condition;
	const char *target; /* "" a verdict or a jump, "ERROR" the head of a chain */
	int verdict;        /* with target "" */
};

static const struct kind {
	int family, level, get_info, get_entries;
	const char *names;
	size_t entry_size;
} kinds[] = {
        {AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "/proc/thread-self/net/ip_tables_names",
         sizeof(struct ipt_entry)},
        {AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
         "/proc/thread-self/net/ip6_tables_names", sizeof(struct ip6t_entry)},
};

/* A getsockopt for a table that this namespace does not have yet would make it. */
static bool is_there(const struct kind *kind)
{
	_cleanup_close_ int fd = open(kind->names, O_RDONLY | O_CLOEXEC);
	char text[512], *line, *rest;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, TABLE) == 0)
			return true;
	return false;
}

/* The two families' structures are alike (ip6t_get_entries, ipt_get_entries), but for the entries' own. */
static int read_table(const struct kind *kind, struct ipt_getinfo *info, struct ipt_get_entries **ret,
                      struct cnm_error *err)
{
	_cleanup_close_ int fd = socket(kind->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned tries;

	if (fd < 0)
		return cnm_fail_sys(err, errno, WHAT);
	/* EAGAIN: it was replaced by one of another size between the two questions. */
	for (tries = 1;; tries++) {
		_cleanup_free_ struct ipt_get_entries *entries = NULL;
		socklen_t len = sizeof(*info);

		*info = (struct ipt_getinfo){.name = TABLE};
		if (getsockopt(fd, kind->level, kind->get_info, info, &len) < 0)
			return cnm_fail_sys(err, errno, WHAT);
		entries = info->size > BYTES_MAX ? NULL : calloc(1, sizeof(*entries) + info->size);
		if (!entries)
			return cnm_fail_nomem(err);
		memcpy(entries->name, TABLE, sizeof(TABLE));
		entries->size = info->size;
		len = (socklen_t)(sizeof(*entries) + info->size);
		if (getsockopt(fd, kind->level, kind->get_entries, entries, &len) == 0) {
			*ret = TAKE_PTR(entries);
			return 0;
		}
		if (errno != EAGAIN || tries == TRIES)
			return cnm_fail_sys(err, errno, WHAT);
	}
}

static bool is_zero(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		if (at[i])
			return false;
	return true;
}

/* Reads the entry at that place; the next one's place, or 0 where there is none. */
static size_t read_rule(const struct kind *kind, const char *table, size_t size, size_t at, struct rule *ret)
{
	const struct ipt_entry *v4 = (const void *)(table + at);
	const struct ip6t_entry *v6 = (const void *)(table + at);
	bool is_ipv4 = kind->family == AF_INET;
	const struct xt_standard_target *target;
	size_t target_at, next;

	if (at > size || size - at < kind->entry_size)
		return 0;
	target_at = is_ipv4 ? v4->target_offset : v6->target_offset;
	next = is_ipv4 ? v4->next_offset : v6->next_offset;
	if (next > size - at || target_at + sizeof(struct xt_entry_target) > next)
		return 0;
	target = (const void *)(table + at + target_at);
	ret->in = is_ipv4 ? v4->ip.iniface : v6->ipv6.iniface;
	ret->out = is_ipv4 ? v4->ip.outiface : v6->ipv6.outiface;
	ret->has_condition =
	        target_at > kind->entry_size ||
	        (is_ipv4 ? !is_zero(&v4->ip, sizeof(v4->ip)) : !is_zero(&v6->ipv6, sizeof(v6->ipv6)));
	ret->target = target->target.u.user.name;
	ret->verdict = !*ret->target && target_at + sizeof(*target) <= next ? target->verdict : 0;
	return at + next;
}

/* As xt_standard_target keeps a verdict: -NF_DROP - 1. */
static bool drops(const struct rule *rule)
{
	return !rule->has_condition &&
	       (strcmp(rule->target, "REJECT") == 0 || (!*rule->target && rule->verdict == -NF_DROP - 1));
}

static bool accepts(const struct rule *rule, const char *ifname)
{
	return !*rule->target && rule->verdict == -NF_ACCEPT - 1 &&
	       (strncmp(rule->in, ifname, IFNAMSIZ) == 0 || strncmp(rule->out, ifname, IFNAMSIZ) == 0);
}

int cnm_iptables_legacy_closes(int family, const char *ifname, struct cnm_error *err)
{
	const struct kind *kind = &kinds[family == AF_INET ? 0 : 1];
	_cleanup_free_ struct ipt_get_entries *entries = NULL;
	const char *table;
	struct ipt_getinfo info;
	bool closed = false;
	size_t at, next;
	struct rule rule;

	if (!is_there(kind))
		return 0;
	if (read_table(kind, &info, &entries, err) < 0)
		return -1;
	table = (const char *)entries->entrytable;
	for (at = 0; (next = read_rule(kind, table, info.size, at, &rule)) > at; at = next) {
		/* The last of the chain's rules is its policy. */
		if (at >= info.hook_entry[NF_INET_FORWARD] && at <= info.underflow[NF_INET_FORWARD])
			closed = closed || drops(&rule);
		if (accepts(&rule, ifname))
			return 0;
	}
	return closed;
}
