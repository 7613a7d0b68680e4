/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets make a port used, asked one port at a time (by bind) and as part of a wide range (by the kernel's list). */
#include "cnm/sys/listener.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

#define PORT 5001

static struct cnm_error err;

TestSuite(listener, .init = cnm_test_netns_enter);

/* A bound socket; of TCP it listens. */
static int serve(int family, uint8_t protocol, const char *at, uint16_t port, bool v6only)
{
	int fd = socket(family, (protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int only = v6only;

	cr_assert_geq(fd, 0);
	if (family == AF_INET6) {
		cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
		cr_assert_eq(inet_pton(family, at, &in6.sin6_addr), 1);
		cr_assert_eq(bind(fd, (const struct sockaddr *)&in6, sizeof(in6)), 0);
	} else {
		cr_assert_eq(inet_pton(family, at, &in4.sin_addr), 1);
		cr_assert_eq(bind(fd, (const struct sockaddr *)&in4, sizeof(in4)), 0);
	}
	if (protocol == IPPROTO_TCP)
		cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

static int ask(uint8_t protocol, const char *host, uint16_t first, uint16_t last, uint16_t *port)
{
	struct cnm_addr addr = {0};
	int r;

	if (host)
		cr_assert_eq(cnm_addr_parse(&addr, host, &err), 0, "%s", err.text);
	r = cnm_port_in_use(protocol, &addr, first, last, port, &err);
	cr_assert_geq(r, 0, "%s", err.text);
	return r;
}

/* Asked both ways, the answer is the same. */
static void expect_use(uint8_t protocol, const char *host, uint16_t port, int used)
{
	uint16_t found = 0;

	cr_expect_eq(ask(protocol, host, port, port, &found), used, "protocol %d, %s, port %d", protocol,
	             host ? host : "any", port);
	cr_expect_eq(found, used ? port : 0);
	found = 0;
	cr_expect_eq(ask(protocol, host, (uint16_t)(port - 30), (uint16_t)(port + 30), &found), used,
	             "protocol %d, %s, a range around port %d", protocol, host ? host : "any", port);
	cr_expect_eq(found, used ? port : 0);
}

struct row {
	int family;
	const char *at;
	bool v6only;
	int any, any4, any6, own4, other4, own6; /* host unset, 0.0.0.0, ::, 127.0.0.1, 127.0.0.2, ::1 */
};

static const struct row rows[] = {
        {AF_INET, "0.0.0.0", false, 1, 1, 0, 1, 1, 0},
        {AF_INET, "127.0.0.1", false, 1, 1, 0, 1, 0, 0},
        {AF_INET6, "::", true, 1, 0, 1, 0, 0, 1},
        {AF_INET6, "::", false, 1, 1, 1, 1, 1, 1},
        {AF_INET6, "::1", false, 1, 0, 1, 0, 0, 1},
        {AF_INET6, "::ffff:127.0.0.1", false, 1, 1, 0, 1, 0, 0},
};

static void check_rows(uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		int fd = serve(row->family, protocol, row->at, PORT, row->v6only);

		expect_use(protocol, NULL, PORT, row->any);
		expect_use(protocol, "0.0.0.0", PORT, row->any4);
		expect_use(protocol, "::", PORT, row->any6);
		expect_use(protocol, "127.0.0.1", PORT, row->own4);
		expect_use(protocol, "127.0.0.2", PORT, row->other4);
		expect_use(protocol, "::1", PORT, row->own6);
		expect_use(protocol == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP, NULL, PORT, 0);
		close(fd);
		expect_use(protocol, NULL, PORT, 0);
	}
}

Test(listener, tcp)
{
	check_rows(IPPROTO_TCP);
}

Test(listener, udp)
{
	check_rows(IPPROTO_UDP);
}

Test(listener, edges_of_a_range)
{
	int low = serve(AF_INET, IPPROTO_TCP, "0.0.0.0", 5000, false);
	int high = serve(AF_INET6, IPPROTO_TCP, "::", 5100, true);
	uint16_t port = 0;

	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5001, 5099, &port), 0);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5001, 5010, &port), 0);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5000, 5099, &port), 1);
	cr_expect_eq(port, 5000);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5001, 5100, &port), 1);
	cr_expect_eq(port, 5100);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5091, 5100, &port), 1);
	cr_expect_eq(port, 5100);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 5101, 65535, &port), 0);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 65535, 65535, &port), 0);
	cr_expect_eq(ask(IPPROTO_TCP, NULL, 1, 65535, &port), 1);
	close(low);
	low = serve(AF_INET, IPPROTO_TCP, "0.0.0.0", 65535, false);
	cr_expect_eq(ask(IPPROTO_TCP, "0.0.0.0", 65530, 65535, &port), 1);
	cr_expect_eq(port, 65535);
	close(low);
	close(high);
}

Test(listener, lowest_of_several)
{
	int fds[20];
	uint16_t port;

	for (int i = 0; i < 20; i++)
		fds[i] = serve(AF_INET, IPPROTO_UDP, "127.0.0.1", (uint16_t)(5100 - i), false);
	cr_expect_eq(ask(IPPROTO_UDP, "0.0.0.0", 5000, 6000, &port), 1);
	cr_expect_eq(port, 5081);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
}

/* A connection, its server closing first so that the server's end waits; `reuse` is the server's SO_REUSEADDR. */
static void leave_waiting(int reuse)
{
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in here = {
	        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int accepted;
	char byte;

	cr_assert_eq(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)), 0);
	cr_assert_eq(bind(server, (const struct sockaddr *)&here, sizeof(here)), 0);
	cr_assert_eq(listen(server, 1), 0);
	cr_assert_eq(connect(client, (const struct sockaddr *)&here, sizeof(here)), 0);
	accepted = accept(server, NULL, NULL);
	cr_assert_geq(accepted, 0);
	close(server);
	close(accepted);
	cr_assert_eq(read(client, &byte, 1), 0);
	close(client);
	cr_assert_eq(cnm_test_shell(NULL, "ss -Htan state time-wait | grep -q ':%d '", PORT), 0);
}

Test(listener, time_wait_is_free)
{
	leave_waiting(1);
	expect_use(IPPROTO_TCP, NULL, PORT, 0);
	expect_use(IPPROTO_TCP, "127.0.0.1", PORT, 0);
}

Test(listener, time_wait_without_reuse_is_free)
{
	leave_waiting(0);
	expect_use(IPPROTO_TCP, NULL, PORT, 0);
	expect_use(IPPROTO_TCP, "127.0.0.1", PORT, 0);
}

/* The port of a client's connection refuses a bind, but no new connection goes there. */
Test(listener, client_is_no_listener)
{
	int server = serve(AF_INET, IPPROTO_TCP, "127.0.0.1", PORT, false);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in there = {
	        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	cr_assert_eq(connect(client, (const struct sockaddr *)&there, sizeof(there)), 0);
	cr_assert_eq(getsockname(client, (struct sockaddr *)&own, &len), 0);
	expect_use(IPPROTO_TCP, "127.0.0.1", ntohs(own.sin_port), 0);
	expect_use(IPPROTO_TCP, "127.0.0.1", PORT, 1);
	close(client);
	close(server);
}

/* SO_REUSEPORT lets servers share a port; it is used all the same. */
Test(listener, shared_port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&in4, sizeof(in4)), 0);
	expect_use(IPPROTO_UDP, NULL, PORT, 1);
	close(fd);
}

Test(listener, address_of_somebody_else)
{
	int fd = serve(AF_INET, IPPROTO_TCP, "0.0.0.0", PORT, false);

	expect_use(IPPROTO_TCP, "192.0.2.1", PORT, 0);
	expect_use(IPPROTO_TCP, "2001:db8::1", PORT, 0);
	close(fd);
}

Test(listener, link_local)
{
	int fd;

	cr_assert_eq(cnm_test_shell(NULL, "ip addr add fe80::1/64 dev lo nodad"), 0);
	expect_use(IPPROTO_TCP, "fe80::1", PORT, 0);
	fd = serve(AF_INET6, IPPROTO_TCP, "::", PORT, false);
	expect_use(IPPROTO_TCP, "fe80::1", PORT, 1);
	close(fd);
}

Test(listener, sctp_is_not_asked)
{
	uint16_t port;

	cr_expect_eq(ask(IPPROTO_SCTP, NULL, PORT, PORT + 100, &port), 0);
}

/* As the program runs: without the right to bind low ports. */
Test(listener, low_port_without_capabilities)
{
	int tcp = serve(AF_INET, IPPROTO_TCP, "0.0.0.0", 80, false);
	int udp = serve(AF_INET6, IPPROTO_UDP, "::", 53, false);

	cr_assert_eq(seteuid(65534), 0);
	expect_use(IPPROTO_TCP, NULL, 80, 1);
	expect_use(IPPROTO_TCP, "0.0.0.0", 80, 1);
	expect_use(IPPROTO_TCP, NULL, 180, 0);
	expect_use(IPPROTO_UDP, NULL, 53, 1);
	expect_use(IPPROTO_UDP, "127.0.0.1", 53, 1);
	expect_use(IPPROTO_UDP, "127.0.0.1", 153, 0);
	cr_assert_eq(seteuid(0), 0);
	close(tcp);
	close(udp);
}

/* One socket and one bind a port would take several times as long. The best of some runs: the machine does other things too. */
Test(listener, thousand_ports)
{
	double best = 1e9;

	for (int i = 0; i < 20; i++) {
		struct timespec before, after;
		uint16_t port;
		double ms;

		clock_gettime(CLOCK_MONOTONIC, &before);
		cr_assert_eq(ask(IPPROTO_TCP, NULL, 20000, 20999, &port), 0);
		clock_gettime(CLOCK_MONOTONIC, &after);
		ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
		     (double)(after.tv_nsec - before.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	cr_expect_lt(best, 3, "%.3f ms", best);
}

static void expect_user(uint8_t protocol, uint16_t port, const char *text)
{
	char user[64] = "before";

	cnm_port_user(protocol, port, user, sizeof(user));
	cr_expect_str_eq(user, text, "%s", user);
}

Test(listener, user)
{
	int tcp = serve(AF_INET, IPPROTO_TCP, "127.0.0.1", PORT, false);
	int udp = serve(AF_INET6, IPPROTO_UDP, "::", PORT + 1, false);
	char text[64];

	cr_assert_eq(prctl(PR_SET_NAME, "a (server) x"), 0);
	snprintf(text, sizeof(text), "process %d (a (server) x)", getpid());
	expect_user(IPPROTO_TCP, PORT, text);
	expect_user(IPPROTO_UDP, PORT, "");
	expect_user(IPPROTO_UDP, PORT + 1, text);
	expect_user(IPPROTO_TCP, PORT + 1, "");
	expect_user(IPPROTO_SCTP, PORT, "");
	close(tcp);
	close(udp);
	expect_user(IPPROTO_TCP, PORT, "");
}

Test(listener, user_is_cut)
{
	int tcp = serve(AF_INET6, IPPROTO_TCP, "::1", PORT, false);
	char user[8] = "before";

	cnm_port_user(IPPROTO_TCP, PORT, user, 5);
	cr_expect_str_eq(user, "proc");
	cnm_port_user(IPPROTO_TCP, PORT, user, 0);
	cr_expect_str_eq(user, "proc", "nothing is written");
	close(tcp);
}
