/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface addresses as the kernel has them after our requests; `ip` says what that is. */
#include "cnm/sys/rtnl_addr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;
static int a, b; /* both ends of a pair, up */

static int index_of(const char *name)
{
	struct cnm_test_output output;
	int index;

	cr_assert_eq(cnm_test_shell(&output, "ip -o link show %s", name), 0, "%s", output.err);
	index = atoi(output.out);
	cnm_test_output_free(&output);
	return index;
}

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(
	        cnm_test_shell(
	                NULL,
	                "ip link add name a type veth peer name b && ip link set dev a addrgenmode none && "
	                "ip link set dev b addrgenmode none && ip link set dev a up && ip link set dev b up"),
	        0);
	a = index_of("a");
	b = index_of("b");
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
}

static struct cnm_addr cidr(const char *text)
{
	struct cnm_addr addr;

	cr_assert_eq(cnm_addr_parse_cidr(&addr, text, &err), 0, "%s", err.text);
	return addr;
}

static void add(int ifindex, const char *text)
{
	struct cnm_addr addr = cidr(text);

	cnm_ifaddr_add(&batch, ifindex, &addr, false);
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
}

static int try_delete(int ifindex, const char *text)
{
	struct cnm_addr addr = cidr(text);

	cnm_error_clear(&err);
	cnm_ifaddr_delete(&batch, ifindex, &addr);
	return cnm_rtnl_batch_send(rtnl, &batch, &err);
}

/* Whether `ip addr` of the link has a line with the pattern. */
static bool has(const char *link, const char *pattern)
{
	return cnm_test_shell(NULL, "ip -o addr show dev %s | grep -q '%s'", link, pattern) == 0;
}

TestSuite(rtnl_addr, .init = setup, .fini = teardown, .timeout = 30);

static const struct {
	const char *addr, *shown;
} added[] = {
        {"10.1.2.3/24", "inet 10\\.1\\.2\\.3/24 brd 10\\.1\\.2\\.255 scope global a"},
        {"10.1.2.3/30", "inet 10\\.1\\.2\\.3/30 brd 10\\.1\\.2\\.3 scope global a"},
        {"172.16.0.1/12", "inet 172\\.16\\.0\\.1/12 brd 172\\.31\\.255\\.255 scope global a"},
        {"10.1.2.3/31", "inet 10\\.1\\.2\\.3/31 scope global a"},
        {"10.1.2.3/32", "inet 10\\.1\\.2\\.3/32 scope global a"},
        {"fd00::1/64", "inet6 fd00::1/64 scope global nodad"},
        {"fd00::1/128", "inet6 fd00::1/128 scope global nodad"},
        {"fe80::42/64", "inet6 fe80::42/64 scope link nodad"},
};

Test(rtnl_addr, add)
{
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		add(a, added[i].addr);
		cr_expect(has("a", added[i].shown), "%s", added[i].addr);
		cr_expect_not(has("a", "tentative"), "%s", added[i].addr);
		cr_expect_eq(try_delete(a, added[i].addr), 0, "%s", err.text);
		cr_expect_not(has("a", added[i].shown), "%s", added[i].addr);
	}
}

Test(rtnl_addr, add_twice)
{
	const char *texts[] = {"10.1.2.3/24", "fd00::1/64"};

	for (int i = 0; i < 2; i++) {
		struct cnm_addr addr = cidr(texts[i]);
		char text[128];

		add(a, texts[i]);
		cnm_ifaddr_add(&batch, a, &addr, true);
		cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
		cnm_ifaddr_add(&batch, a, &addr, false);
		cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
		cr_expect_eq(err.code, CNM_E_EXISTS);
		snprintf(text, sizeof(text), "add address %s: File exists", texts[i]);
		cr_expect_eq(strncmp(err.text, text, strlen(text)), 0, "%s", err.text);
	}
}

Test(rtnl_addr, add_to_missing_link)
{
	struct cnm_addr addr = cidr("10.1.2.3/24");

	cnm_ifaddr_add(&batch, 4711, &addr, true);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_eq(err.sys_errno, ENODEV);
}

/* Exactly the address that is named: not one with another prefix, not one of another link. */
Test(rtnl_addr, delete)
{
	add(a, "10.1.2.3/24");
	add(a, "fd00::1/64");
	cr_expect_eq(try_delete(a, "10.1.2.3/16"), 0, "%s", err.text);
	cr_expect_eq(try_delete(a, "10.1.2.4/24"), 0, "%s", err.text);
	cr_expect_eq(try_delete(b, "10.1.2.3/24"), 0, "%s", err.text);
	cr_expect_eq(try_delete(a, "fd00::1/48"), 0, "%s", err.text);
	cr_expect_eq(try_delete(a, "fd00::2/64"), 0, "%s", err.text);
	cr_expect_eq(try_delete(b, "fd00::1/64"), 0, "%s", err.text);
	cr_expect(has("a", "10\\.1\\.2\\.3/24"));
	cr_expect(has("a", "fd00::1/64"));
	cr_expect_eq(try_delete(a, "10.1.2.3/24"), 0, "%s", err.text);
	cr_expect_eq(try_delete(a, "fd00::1/64"), 0, "%s", err.text);
	cr_expect_not(has("a", "10\\.1\\.2\\.3/24"));
	cr_expect_not(has("a", "fd00::1/64"));
	cr_expect_eq(try_delete(a, "10.1.2.3/24"), 0, "%s", err.text);
	cr_expect_eq(try_delete(a, "fd00::1/64"), 0, "%s", err.text);
	cr_expect_eq(try_delete(4711, "10.1.2.3/24"), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
}

#define SEEN_MAX 16

struct seen {
	int count, stop_after;
	struct cnm_ifaddr addrs[SEEN_MAX];
};

static int note(const struct cnm_ifaddr *addr, void *arg, struct cnm_error *error)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->count, SEEN_MAX);
	seen->addrs[seen->count++] = *addr;
	return seen->count == seen->stop_after ? cnm_fail(error, CNM_E_BUSY, "enough") : 0;
}

static const struct cnm_ifaddr *find(const struct seen *seen, int ifindex, const char *text)
{
	struct cnm_addr addr = cidr(text);

	for (int i = 0; i < seen->count; i++) {
		const struct cnm_ifaddr *one = &seen->addrs[i];

		if (one->ifindex == ifindex && cnm_addr_equal(&one->addr, &addr) &&
		    one->addr.prefix == addr.prefix)
			return one;
	}
	return NULL;
}

Test(rtnl_addr, list)
{
	struct seen all = {0}, of_a = {0}, none = {0};

	add(a, "10.1.2.3/24");
	add(a, "10.1.2.4/24");
	add(a, "fd00::1/64");
	add(b, "10.9.0.1/16");
	cr_assert_eq(cnm_ifaddr_list(rtnl, 0, note, &all, &err), 0, "%s", err.text);
	cr_expect_eq(all.count, 6, "with two of lo: %d", all.count);
	cr_expect_not_null(find(&all, 1, "127.0.0.1/8"));
	cr_expect_not_null(find(&all, 1, "::1/128"));
	cr_expect_not_null(find(&all, b, "10.9.0.1/16"));
	cr_assert_eq(cnm_ifaddr_list(rtnl, a, note, &of_a, &err), 0, "%s", err.text);
	cr_assert_eq(of_a.count, 3);
	cr_expect_eq(find(&of_a, a, "10.1.2.3/24")->flags & IFA_F_SECONDARY, 0);
	cr_expect_neq(find(&of_a, a, "10.1.2.4/24")->flags & IFA_F_SECONDARY, 0);
	cr_expect_neq(find(&of_a, a, "fd00::1/64")->flags & IFA_F_NODAD, 0);
	cr_expect_eq(cnm_ifaddr_list(rtnl, 4711, note, &none, &err), 0, "%s", err.text);
	cr_expect_eq(none.count, 0);
}

/* Of a point-to-point address ours is the local end; IFA_ADDRESS is the other. */
Test(rtnl_addr, list_point_to_point)
{
	struct seen seen = {0};

	cr_assert_eq(cnm_test_shell(NULL, "ip addr add 10.5.0.1 peer 10.6.0.1/32 dev a && "
	                                  "ip addr add fd05::1 peer fd06::1/128 dev a"),
	             0);
	cr_assert_eq(cnm_ifaddr_list(rtnl, a, note, &seen, &err), 0, "%s", err.text);
	cr_expect_eq(seen.count, 2);
	cr_expect_not_null(find(&seen, a, "10.5.0.1/32"));
	cr_expect_not_null(find(&seen, a, "fd05::1/128"));
}

Test(rtnl_addr, list_stops)
{
	struct seen seen = {.stop_after = 1};

	cr_expect_eq(cnm_ifaddr_list(rtnl, 0, note, &seen, &err), -1);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_expect_eq(seen.count, 1);
}
