/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tracked connections go and which stay; `conntrack` lists what is left. */
#include "cnm/sys/conntrack.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cnm/base/error.h"
#include "cnm/sys/nft.h"
#include "tests/support/support.h"

#define MANY 5000

/* A rule that looks at the state of connections turns tracking on, in this namespace. */
static const char tracking[] =
        "table inet t {\n"
        "	chain out { type filter hook output priority 0; ct state new accept; }\n"
        "	chain in { type filter hook input priority 0; ct state established accept; }\n"
        "}\n";

static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_run(tracking, &err), 0, "%s", err.text);
}

TestSuite(conntrack, .init = setup);

static int udp_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	return fd;
}

static void send_one(int fd, int family, const char *to, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	ssize_t n;

	if (family == AF_INET6) {
		cr_assert_eq(inet_pton(family, to, &in6.sin6_addr), 1);
		n = sendto(fd, "x", 1, 0, (const struct sockaddr *)&in6, sizeof(in6));
	} else {
		cr_assert_eq(inet_pton(family, to, &in4.sin_addr), 1);
		n = sendto(fd, "x", 1, 0, (const struct sockaddr *)&in4, sizeof(in4));
	}
	/* A port where nobody listens answers by ICMP, which comes as an error of the next send. */
	if (n < 0 && errno == ECONNREFUSED)
		send_one(fd, family, to, port);
	else
		cr_assert_eq(n, 1, "send to %s port %d: %s", to, port, strerror(errno));
}

/* A UDP flow to port at the address; its source port. */
static uint16_t flow_to(int family, const char *to, uint16_t port)
{
	struct sockaddr_in6 own = {.sin6_family = 0};
	socklen_t len = sizeof(own);
	int fd = udp_socket(family);

	send_one(fd, family, to, port);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	close(fd);
	return ntohs(own.sin6_port);
}

/* How many flows `conntrack` lists for the arguments. */
static int shown(const char *arguments)
{
	struct cnm_test_output output;
	int n;

	cr_assert_eq(cnm_test_shell(&output, "conntrack -L %s 2>/dev/null | wc -l", arguments), 0);
	n = atoi(output.out);
	cnm_test_output_free(&output);
	return n;
}

struct asked {
	uint16_t dport; /* these go; 0: all */
	int count;
	struct cnm_conntrack_flow last;
};

static bool match_port(const struct cnm_conntrack_flow *flow, void *arg)
{
	struct asked *asked = arg;

	asked->count++;
	if (asked->dport && flow->dport != asked->dport)
		return false;
	asked->last = *flow;
	return true;
}

/* Deletes UDP flows to the port (0: to all). */
static size_t forget(uint8_t family, uint16_t dport, struct asked *asked)
{
	size_t count = 12345;

	*asked = (struct asked){.dport = dport};
	cr_assert_eq(cnm_conntrack_delete(family, IPPROTO_UDP, match_port, asked, &count, &err), 0, "%s",
	             err.text);
	return count;
}

static void expect_addr(const struct cnm_addr *addr, const char *text)
{
	char out[CNM_ADDR_TEXT_MAX];

	cr_expect_str_eq(cnm_addr_format(addr, out), text);
}

Test(conntrack, nothing)
{
	struct asked asked;

	cr_expect_eq(forget(AF_INET, 0, &asked), 0);
	cr_expect_eq(forget(AF_INET6, 0, &asked), 0);
	cr_expect_eq(asked.count, 0);
	cr_expect_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_port, &asked, NULL, &err), 0);
}

Test(conntrack, only_what_matches)
{
	struct asked asked;
	uint16_t sport;

	flow_to(AF_INET, "127.0.0.1", 5001);
	flow_to(AF_INET, "127.0.0.1", 5002);
	sport = flow_to(AF_INET, "127.0.0.2", 5003);
	cr_assert_eq(shown("-p udp"), 3);
	cr_expect_eq(forget(AF_INET, 5003, &asked), 1);
	cr_expect_eq(asked.count, 3);
	cr_expect_eq(asked.last.family, AF_INET);
	cr_expect_eq(asked.last.protocol, IPPROTO_UDP);
	expect_addr(&asked.last.src, "127.0.0.1");
	expect_addr(&asked.last.dst, "127.0.0.2");
	expect_addr(&asked.last.reply_src, "127.0.0.2");
	expect_addr(&asked.last.reply_dst, "127.0.0.1");
	cr_expect_eq(asked.last.sport, sport);
	cr_expect_eq(asked.last.dport, 5003);
	cr_expect_eq(asked.last.reply_sport, 5003);
	cr_expect_eq(asked.last.reply_dport, sport);
	cr_expect_neq(asked.last.status, 0);
	cr_expect_eq(asked.last.zone, 0);
	cr_expect_eq(shown("-p udp --dport 5003"), 0);
	cr_expect_eq(shown("-p udp"), 2);
	cr_expect_eq(forget(AF_INET, 5003, &asked), 0, "it went before");
	cr_expect_eq(forget(AF_INET, 5004, &asked), 0);
	cr_expect_eq(shown("-p udp"), 2);
}

static bool match_all(const struct cnm_conntrack_flow *flow, void *arg)
{
	cr_expect_eq(flow->protocol, *(uint8_t *)arg);
	return true;
}

Test(conntrack, tcp_stays)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint8_t protocol = IPPROTO_TCP;
	socklen_t len = sizeof(here);
	struct asked asked;
	size_t count = 0;

	cr_assert_eq(bind(server, (const struct sockaddr *)&here, sizeof(here)), 0);
	cr_assert_eq(listen(server, 1), 0);
	cr_assert_eq(getsockname(server, (struct sockaddr *)&here, &len), 0);
	cr_assert_eq(connect(client, (const struct sockaddr *)&here, sizeof(here)), 0);
	flow_to(AF_INET, "127.0.0.1", ntohs(here.sin_port));
	cr_assert_eq(shown("-p tcp"), 1);
	cr_expect_eq(forget(AF_INET, 0, &asked), 1);
	cr_expect_eq(asked.count, 1, "TCP is not asked about");
	cr_expect_eq(shown("-p tcp"), 1);
	cr_expect_eq(shown("-p udp"), 0);
	flow_to(AF_INET, "127.0.0.1", 5001);
	cr_expect_eq(cnm_conntrack_delete(AF_INET, protocol, match_all, &protocol, &count, &err), 0, "%s",
	             err.text);
	cr_expect_eq(count, 1);
	cr_expect_eq(shown("-p tcp"), 0);
	cr_expect_eq(shown("-p udp"), 1);
	close(client);
	close(server);
}

Test(conntrack, families)
{
	struct asked asked;

	flow_to(AF_INET, "127.0.0.1", 5001);
	flow_to(AF_INET6, "::1", 5001);
	flow_to(AF_INET6, "::1", 5002);
	cr_expect_eq(forget(AF_INET, 0, &asked), 1);
	cr_expect_eq(shown("-f ipv6 -p udp"), 2);
	flow_to(AF_INET, "127.0.0.1", 5001);
	cr_expect_eq(forget(AF_INET6, 5002, &asked), 1);
	cr_expect_eq(asked.count, 2);
	cr_expect_eq(asked.last.family, AF_INET6);
	expect_addr(&asked.last.dst, "::1");
	expect_addr(&asked.last.reply_src, "::1");
	cr_expect_eq(shown("-f ipv6 -p udp"), 1);
	cr_expect_eq(shown("-f ipv4 -p udp"), 1);
}

/* The answers come from elsewhere than the flow went to. */
Test(conntrack, translated)
{
	struct asked asked;

	cr_assert_eq(cnm_nft_run("table ip n { chain c { type nat hook output priority -100;"
	                         " udp dport 5001 dnat to 127.0.0.9:6001; }; }",
	                         &err),
	             0, "%s", err.text);
	flow_to(AF_INET, "127.0.0.1", 5001);
	cr_expect_eq(forget(AF_INET, 5001, &asked), 1);
	expect_addr(&asked.last.dst, "127.0.0.1");
	expect_addr(&asked.last.reply_src, "127.0.0.9");
	cr_expect_eq(asked.last.reply_sport, 6001);
	cr_expect_eq(shown("-p udp"), 0);
}

static void set_zone(const char *statement)
{
	char text[256];

	snprintf(text, sizeof(text), "table ip z { chain c { type filter hook output priority -300; %s; }; }",
	         statement);
	cr_assert_eq(cnm_nft_run(text, &err), 0, "%s", err.text);
}

/* The same tuple in another zone is another flow. */
Test(conntrack, zone)
{
	struct asked asked;
	int fd = udp_socket(AF_INET);

	send_one(fd, AF_INET, "127.0.0.1", 5001);
	set_zone("ct zone set 7");
	send_one(fd, AF_INET, "127.0.0.1", 5001);
	cr_assert_eq(shown("-p udp --dport 5001"), 2);
	cr_expect_eq(forget(AF_INET, 5001, &asked), 2);
	cr_expect_eq(shown("-p udp --dport 5001"), 0);
	close(fd);
}

/* Zones of one direction are told, and taken, in another way. */
Test(conntrack, zone_of_one_direction)
{
	static const char *const statements[] = {"ct original zone set 7", "ct reply zone set 7"};

	for (int i = 0; i < 2; i++) {
		struct asked asked;

		set_zone(statements[i]);
		flow_to(AF_INET, "127.0.0.1", 5001);
		cr_assert_eq(shown("-p udp --dport 5001"), 1);
		cr_expect_eq(forget(AF_INET, 5001, &asked), 1, "%s", statements[i]);
		cr_expect_eq(asked.last.zone, i == 0 ? 7 : 0);
		cr_expect_eq(shown("-p udp --dport 5001"), 0, "%s", statements[i]);
		cr_assert_eq(cnm_nft_run("delete table ip z", &err), 0, "%s", err.text);
	}
}

static bool match_zone(const struct cnm_conntrack_flow *flow, void *arg)
{
	return flow->zone == *(const uint16_t *)arg;
}

Test(conntrack, zone_alone)
{
	uint16_t zone = 7;
	size_t count;

	flow_to(AF_INET, "127.0.0.1", 5001);
	set_zone("ct zone set 7");
	flow_to(AF_INET, "127.0.0.1", 5001);
	cr_assert_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_zone, &zone, &count, &err), 0, "%s",
	             err.text);
	cr_expect_eq(count, 1);
	cr_expect_eq(shown("-p udp"), 1);
	cr_expect_eq(shown("-p udp --zone 7"), 0);
}

/* One flow to each of many ports, every fifth of which is to stay. */
static void send_many(void)
{
	int fd = udp_socket(AF_INET);
	unsigned i;

	for (i = 0; i < MANY; i++)
		send_one(fd, AF_INET, "127.0.0.1", (uint16_t)(10000 + i));
	close(fd);
	cr_assert_eq(shown("-p udp"), MANY);
}

static bool match_fifths(const struct cnm_conntrack_flow *flow, void *arg)
{
	(*(int *)arg)++;
	return flow->dport % 5 != 0;
}

Test(conntrack, many)
{
	int asked = 0;
	size_t count;

	send_many();
	cr_assert_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_fifths, &asked, &count, &err), 0, "%s",
	             err.text);
	cr_expect_geq(asked, MANY);
	cr_expect_eq(count, MANY / 5 * 4);
	cr_expect_eq(shown("-p udp"), MANY / 5);
	cr_expect_eq(shown("-p udp --dport 10005"), 1);
	cr_expect_eq(shown("-p udp --dport 10006"), 0);
}

/* Somebody else empties the table between the reading and the deletions. */
static bool match_and_flush(const struct cnm_conntrack_flow *flow, void *arg)
{
	bool *flushed = arg;

	if (!*flushed)
		cr_assert_eq(cnm_test_shell(NULL, "conntrack -F 2>/dev/null"), 0);
	*flushed = true;
	return true;
}

Test(conntrack, went_meanwhile)
{
	bool flushed = false;
	size_t count = 1;

	send_many();
	cr_expect_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_and_flush, &flushed, &count, &err), 0,
	             "%s", err.text);
	cr_expect(flushed);
	cr_expect_eq(count, 0, "%zu", count);
}

/* A new flow of the same tuple is not the one that was asked about. Its id follows from its place in memory, which another takes first;
 * each processor has its own free places. */
static bool match_and_replace(const struct cnm_conntrack_flow *flow, void *arg)
{
	cr_assert_eq(cnm_test_shell(NULL, "conntrack -F 2>/dev/null"), 0);
	flow_to(AF_INET6, "::1", 5002);
	send_one(*(int *)arg, AF_INET, "127.0.0.1", 5001);
	return true;
}

Test(conntrack, came_meanwhile)
{
	int fd = udp_socket(AF_INET);
	size_t count = 1;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	send_one(fd, AF_INET, "127.0.0.1", 5001);
	cr_expect_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_and_replace, &fd, &count, &err), 0,
	             "%s", err.text);
	cr_expect_eq(count, 0);
	cr_expect_eq(shown("-p udp --dport 5001"), 1);
	close(fd);
}

/* Without CAP_NET_ADMIN the kernel refuses, and says so. */
Test(conntrack, refused)
{
	struct asked asked = {.dport = 0};

	flow_to(AF_INET, "127.0.0.1", 5001);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect_eq(cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_port, &asked, NULL, &err), -1);
	cr_expect_eq(err.code, CNM_E_SYSTEM);
	cr_expect_eq(err.sys_errno, EPERM);
	cr_expect_str_eq(err.text, "list tracked connections: Operation not permitted");
	cr_assert_eq(seteuid(0), 0);
}
