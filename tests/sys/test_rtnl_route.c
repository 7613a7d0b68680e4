/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes as the kernel has them after our requests; `ip` says what that is. */
#include "cnm/sys/rtnl_route.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;
static int a; /* up, with 10.0.0.2/24 and fd00::2/64 */

static void setup(void)
{
	struct cnm_test_output output;

	cnm_test_netns_enter();
	cr_assert_eq(
	        cnm_test_shell(
	                &output,
	                "ip link add name a type veth peer name b && ip link set dev a addrgenmode none && "
	                "ip link set dev b addrgenmode none && ip link set dev a up && ip link set dev b up "
	                "&& "
	                "ip addr add 10.0.0.2/24 dev a && ip addr add fd00::2/64 dev a nodad && "
	                "ip -o link show a"),
	        0, "%s", output.err);
	a = atoi(output.out);
	cnm_test_output_free(&output);
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
}

/* To dst by gateway (NULL: on-link) on a. "0.0.0.0/0" and "::/0" are the default routes. */
static struct cnm_route route_to(const char *dst, const char *gateway)
{
	struct cnm_route route = {.ifindex = a};

	cr_assert_eq(cnm_addr_parse_cidr(&route.dst, dst, &err), 0, "%s", err.text);
	if (gateway)
		cr_assert_eq(cnm_addr_parse(&route.gateway, gateway, &err), 0, "%s", err.text);
	return route;
}

static int commit(void)
{
	cnm_error_clear(&err);
	return cnm_rtnl_batch_send(rtnl, &batch, &err);
}

static void add(const struct cnm_route *route)
{
	cnm_route_add(&batch, route, false);
	cr_assert_eq(commit(), 0, "%s", err.text);
}

static void delete_now(const struct cnm_route *route)
{
	cnm_route_delete(&batch, route);
	cr_assert_eq(commit(), 0, "%s", err.text);
}

/* How many routes `ip` shows for the arguments, e.g. "-4 route show table 100". */
static int shown(const char *arguments)
{
	struct cnm_test_output output;
	int n;

	cr_assert_eq(cnm_test_shell(&output, "ip %s 2>/dev/null | wc -l", arguments), 0);
	n = atoi(output.out);
	cnm_test_output_free(&output);
	return n;
}

static bool has(const char *arguments, const char *pattern)
{
	return cnm_test_shell(NULL, "ip %s | grep -q '%s'", arguments, pattern) == 0;
}

TestSuite(rtnl_route, .init = setup, .fini = teardown, .timeout = 30);

Test(rtnl_route, add_ipv4)
{
	struct cnm_route route = route_to("10.1.0.0/16", "10.0.0.1");

	add(&route);
	cr_expect(has("-4 route show", "^10\\.1\\.0\\.0/16 via 10\\.0\\.0\\.1 dev a proto static *$"));
	route = route_to("0.0.0.0/0", "10.0.0.1");
	add(&route);
	cr_expect(has("-4 route show", "^default via 10\\.0\\.0\\.1 dev a proto static *$"));
	route = route_to("10.2.0.0/16", NULL);
	add(&route);
	cr_expect(has("-4 route show", "^10\\.2\\.0\\.0/16 dev a proto static scope link *$"));
	/* The kernel itself takes the way that was meant. */
	cr_expect(has("-4 route get 10.1.9.9", "via 10\\.0\\.0\\.1 dev a src 10\\.0\\.0\\.2"));
}

Test(rtnl_route, add_ipv6)
{
	struct cnm_route route = route_to("fd01::/64", "fd00::1");

	add(&route);
	cr_expect(has("-6 route show", "^fd01::/64 via fd00::1 dev a proto static metric 1024"));
	route = route_to("::/0", "fd00::1");
	add(&route);
	cr_expect(has("-6 route show", "^default via fd00::1 dev a proto static metric 1024"));
	route = route_to("fd02::/64", NULL);
	add(&route);
	cr_expect(has("-6 route show", "^fd02::/64 dev a proto static metric 1024"));
	cr_expect(has("-6 route get fd01::9", "via fd00::1 dev a"));
}

Test(rtnl_route, add_details)
{
	struct cnm_route route = route_to("10.1.0.0/16", "10.0.0.1");

	route.metric = 77;
	route.mtu = 1300;
	route.advmss = 1200;
	route.protocol = RTPROT_BIRD;
	add(&route);
	cr_expect(
	        has("-4 route show",
	            "^10\\.1\\.0\\.0/16 via 10\\.0\\.0\\.1 dev a proto bird metric 77 mtu 1300 advmss 1200"));
	/* A gateway that no connected subnet has. */
	route = route_to("10.3.0.0/16", "192.0.2.1");
	cnm_route_add(&batch, &route, true);
	cr_expect_eq(commit(), -1);
	cr_expect_eq(err.sys_errno, ENETUNREACH);
	cr_expect_eq(strncmp(err.text, "add route 10.3.0.0/16 via 192.0.2.1: Network is unreachable", 59), 0,
	             "%s", err.text);
	route.onlink = true;
	add(&route);
	cr_expect(has("-4 route show", "^10\\.3\\.0\\.0/16 via 192\\.0\\.2\\.1 dev a proto static onlink"));
}

Test(rtnl_route, tables)
{
	struct cnm_route route = route_to("10.1.0.0/16", "10.0.0.1");

	route.table = 100;
	add(&route);
	route.table = 100000;
	add(&route);
	cr_expect_eq(shown("-4 route show table 100"), 1);
	cr_expect_eq(shown("-4 route show table 100000"), 1);
	cr_expect_eq(shown("-4 route show"), 1, "the connected one only");
	delete_now(&route);
	cr_expect_eq(shown("-4 route show table 100"), 1);
	cr_expect_eq(shown("-4 route show table 100000"), 0);
}

Test(rtnl_route, types)
{
	struct cnm_route route = {.type = RTN_BLACKHOLE};

	cr_assert_eq(cnm_addr_parse_cidr(&route.dst, "10.4.0.0/16", &err), 0);
	add(&route);
	cr_expect(has("-4 route show", "^blackhole 10\\.4\\.0\\.0/16"));
	delete_now(&route);
	cr_expect_not(has("-4 route show", "^blackhole"));
}

Test(rtnl_route, add_twice)
{
	const char *dsts[] = {"10.1.0.0/16", "fd01::/64"}, *gateways[] = {"10.0.0.1", "fd00::1"};
	char text[128];

	for (int i = 0; i < 2; i++) {
		struct cnm_route route = route_to(dsts[i], gateways[i]);

		add(&route);
		cnm_route_add(&batch, &route, true);
		cr_expect_eq(commit(), 0, "%s", err.text);
		cnm_route_add(&batch, &route, false);
		cr_expect_eq(commit(), -1);
		cr_expect_eq(err.code, CNM_E_EXISTS);
		snprintf(text, sizeof(text), "add route %s via %s: File exists", dsts[i], gateways[i]);
		cr_expect_eq(strncmp(err.text, text, strlen(text)), 0, "%s", err.text);
	}
}

Test(rtnl_route, replace)
{
	const char *dsts[] = {"10.1.0.0/16", "fd01::/64", "0.0.0.0/0", "::/0"};
	const char *first[] = {"10.0.0.1", "fd00::1", "10.0.0.1", "fd00::1"};
	const char *second[] = {"10.0.0.9", "fd00::9", "10.0.0.9", "fd00::9"};

	for (int i = 0; i < 4; i++) {
		struct cnm_route route = route_to(dsts[i], first[i]);
		const char *family = route.dst.family == AF_INET ? "-4" : "-6";
		char line[64];

		/* Where there is none, it is added. */
		cnm_route_replace(&batch, &route);
		cr_assert_eq(commit(), 0, "%s", err.text);
		route = route_to(dsts[i], second[i]);
		cnm_route_replace(&batch, &route);
		cr_assert_eq(commit(), 0, "%s", err.text);
		snprintf(line, sizeof(line), "%s route show %s", family,
		         route.dst.prefix ? dsts[i] : "default");
		cr_expect_eq(shown(line), 1, "%s", dsts[i]);
		cr_expect(has(line, second[i]), "%s", dsts[i]);
	}
	/* Another metric is another route. */
	struct cnm_route other = route_to("10.1.0.0/16", "10.0.0.1");

	other.metric = 5;
	cnm_route_replace(&batch, &other);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_eq(shown("-4 route show 10.1.0.0/16"), 2);
}

Test(rtnl_route, delete)
{
	struct cnm_route four = route_to("10.1.0.0/16", "10.0.0.1"), six = route_to("fd01::/64", "fd00::1");
	struct cnm_route wrong;

	add(&four);
	add(&six);
	/* Another gateway, another destination: not ours, and not there. */
	wrong = route_to("10.1.0.0/16", "10.0.0.9");
	delete_now(&wrong);
	wrong = route_to("10.1.0.0/17", "10.0.0.1");
	delete_now(&wrong);
	wrong = route_to("fd01::/64", "fd00::9");
	delete_now(&wrong);
	cr_expect_eq(shown("-4 route show 10.1.0.0/16"), 1);
	cr_expect_eq(shown("-6 route show fd01::/64"), 1);
	/* Without a gateway any is meant. */
	four.gateway.family = 0;
	delete_now(&four);
	delete_now(&six);
	cr_expect_eq(shown("-4 route show 10.1.0.0/16"), 0);
	cr_expect_eq(shown("-6 route show fd01::/64"), 0);
	delete_now(&four);
	delete_now(&six);
}

/* A route of somebody else to the same place carries another protocol; one given with its own is deleted. */
Test(rtnl_route, delete_looks_at_the_protocol)
{
	struct cnm_route route = route_to("10.1.0.0/16", NULL);

	cr_assert_eq(cnm_test_shell(NULL, "ip route add 10.1.0.0/16 dev a scope global proto boot"), 0);
	delete_now(&route);
	cr_expect_eq(shown("-4 route show 10.1.0.0/16"), 1);
	route.protocol = RTPROT_BOOT;
	delete_now(&route);
	cr_expect_eq(shown("-4 route show 10.1.0.0/16"), 0);
}

#define SEEN_MAX 64

struct seen {
	int count, stop_after;
	struct cnm_route routes[SEEN_MAX];
};

static int note(const struct cnm_route *route, void *arg, struct cnm_error *error)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->count, SEEN_MAX);
	seen->routes[seen->count++] = *route;
	return seen->count == seen->stop_after ? cnm_fail(error, CNM_E_BUSY, "enough") : 0;
}

static struct seen list(void)
{
	struct seen seen = {0};

	cr_assert_eq(cnm_route_list(rtnl, note, &seen, &err), 0, "%s", err.text);
	return seen;
}

static const struct cnm_route *find(const struct seen *seen, const char *dst)
{
	struct cnm_addr addr;

	cr_assert_eq(cnm_addr_parse_cidr(&addr, dst, &err), 0, "%s", err.text);
	for (int i = 0; i < seen->count; i++) {
		const struct cnm_route *route = &seen->routes[i];

		if (cnm_addr_equal(&route->dst, &addr) && route->dst.prefix == addr.prefix)
			return route;
	}
	return NULL;
}

Test(rtnl_route, list)
{
	struct cnm_route route = route_to("10.1.0.0/16", "10.0.0.1");
	const struct cnm_route *found;
	char text[CNM_ADDR_TEXT_MAX];
	struct seen seen;

	route.metric = 77;
	route.mtu = 1300;
	route.advmss = 1200;
	add(&route);
	route = route_to("::/0", "fd00::1");
	add(&route);
	cr_assert_eq(cnm_test_shell(NULL, "ip route add 10.9.0.0/16 dev a table 100 && "
	                                  "ip route add blackhole 10.8.0.0/16 && "
	                                  "ip route add default via 192.0.2.1 dev a onlink"),
	             0);
	seen = list();
	cr_expect_eq(seen.count, shown("-4 route show type unicast") + shown("-6 route show type unicast"));
	found = find(&seen, "10.1.0.0/16");
	cr_assert_not_null(found);
	cr_expect_str_eq(cnm_addr_format_cidr(&found->gateway, text), "10.0.0.1/32");
	cr_expect_eq(found->ifindex, a);
	cr_expect_eq(found->metric, 77);
	cr_expect_eq(found->mtu, 1300);
	cr_expect_eq(found->advmss, 1200);
	cr_expect_eq(found->protocol, RTPROT_STATIC);
	cr_expect_eq(found->table, RT_TABLE_MAIN);
	cr_expect_eq(found->type, RTN_UNICAST);
	cr_expect_not(found->onlink);
	found = find(&seen, "::/0");
	cr_assert_not_null(found);
	cr_expect_str_eq(cnm_addr_format(&found->gateway, text), "fd00::1");
	cr_expect_eq(found->metric, 1024);
	found = find(&seen, "0.0.0.0/0");
	cr_assert_not_null(found);
	cr_expect(found->onlink);
	found = find(&seen, "10.0.0.0/24");
	cr_assert_not_null(found);
	cr_expect_eq(found->protocol, RTPROT_KERNEL);
	cr_expect_eq(found->scope, RT_SCOPE_LINK);
	cr_expect_not(cnm_addr_is_set(&found->gateway));
	cr_expect_null(find(&seen, "10.9.0.0/16"), "another table");
	cr_expect_null(find(&seen, "10.8.0.0/16"), "no unicast");
}

/* What was listed can be deleted and added again as it was. */
Test(rtnl_route, list_and_restore)
{
	struct seen before, after;

	cr_assert_eq(cnm_test_shell(NULL, "ip route add 10.1.0.0/16 via 10.0.0.1 metric 9 mtu 1300 && "
	                                  "ip route add 10.2.0.0/16 dev a proto bird && "
	                                  "ip route add default via 192.0.2.1 dev a onlink && "
	                                  "ip -6 route add fd01::/64 via fd00::1"),
	             0);
	before = list();
	for (int i = 0; i < before.count; i++)
		delete_now(&before.routes[i]);
	cr_expect_eq(list().count, 0);
	/* On-link ones first: the others need them. */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < before.count; i++)
			if (cnm_addr_is_set(&before.routes[i].gateway) == (pass == 1))
				add(&before.routes[i]);
	after = list();
	cr_assert_eq(after.count, before.count);
	cr_expect(has("-4 route show", "^10\\.1\\.0\\.0/16 via 10\\.0\\.0\\.1 dev a.*metric 9 mtu 1300"));
	cr_expect(has("-4 route show", "^10\\.2\\.0\\.0/16 dev a proto bird scope link"));
	cr_expect(has("-4 route show", "^default via 192\\.0\\.2\\.1 dev a.*onlink"));
}

Test(rtnl_route, list_stops)
{
	struct seen seen = {.stop_after = 1};

	cr_expect_eq(cnm_route_list(rtnl, note, &seen, &err), -1);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_expect_str_eq(err.text, "enough");
	cr_expect_eq(seen.count, 1);
}

static int is_local(const char *text)
{
	struct cnm_addr addr;
	int r;

	cr_assert_eq(cnm_addr_parse(&addr, text, &err), 0, "%s", err.text);
	r = cnm_addr_is_local(rtnl, &addr, &err);
	cr_expect_geq(r, 0, "%s: %s", text, err.text);
	return r;
}

Test(rtnl_route, local_addresses)
{
	cr_expect_eq(is_local("10.0.0.2"), 1);
	cr_expect_eq(is_local("fd00::2"), 1);
	cr_expect_eq(is_local("127.0.0.1"), 1);
	cr_expect_eq(is_local("127.200.3.4"), 1);
	cr_expect_eq(is_local("::1"), 1);
	cr_assert_eq(cnm_test_shell(NULL, "ip route add local 198.51.100.0/24 dev lo"), 0);
	cr_expect_eq(is_local("198.51.100.77"), 1, "by a route");
}

Test(rtnl_route, other_addresses)
{
	struct cnm_addr none = {0};

	cr_expect_eq(is_local("10.0.0.3"), 0, "a neighbour");
	cr_expect_eq(is_local("10.0.0.255"), 0, "broadcast");
	cr_expect_eq(is_local("255.255.255.255"), 0);
	cr_expect_eq(is_local("224.0.0.1"), 0);
	cr_expect_eq(is_local("fd00::3"), 0);
	cr_expect_eq(is_local("ff02::1"), 0);
	cr_expect_eq(is_local("192.0.2.1"), 0, "no route");
	cr_expect_eq(is_local("2001:db8::1"), 0, "no route");
	cr_expect_eq(cnm_addr_is_local(rtnl, &none, &err), 0);
	cr_expect_eq(is_local("10.0.0.2"), 1, "the socket is still of use");
}

/* Routes that refuse answer with an error, not with a route. */
Test(rtnl_route, refused_addresses)
{
	static const char *const types[] = {"blackhole", "unreachable", "prohibit", "throw"};

	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(cnm_test_shell(NULL, "ip route add %s 192.0.2.0/24", types[i]), 0);
		cr_assert_eq(cnm_test_shell(NULL, "ip -6 route add %s 2001:db8::/64", types[i]), 0);
		cr_expect_eq(is_local("192.0.2.1"), 0, "%s", types[i]);
		cr_expect_eq(is_local("2001:db8::1"), 0, "%s", types[i]);
		cr_assert_eq(cnm_test_shell(NULL, "ip route del %s 192.0.2.0/24", types[i]), 0);
		cr_assert_eq(cnm_test_shell(NULL, "ip -6 route del %s 2001:db8::/64", types[i]), 0);
	}
}
