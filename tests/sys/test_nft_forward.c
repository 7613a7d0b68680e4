/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in iptables' chain FORWARD: `iptables` itself says what they are. */
#include "cnm/sys/nft_forward.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_nft *nft;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_open(&nft, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_nft_close(nft);
}

static void shell(const char *line)
{
	cr_assert_eq(cnm_test_shell(NULL, "%s", line), 0, "%s", line);
}

static void expect_output(const char *line, const char *want)
{
	struct cnm_test_output output;

	cnm_test_shell(&output, "%s", line);
	cr_expect_str_eq(output.out, want, "%s: %s%s", line, output.out, output.err);
	cnm_test_output_free(&output);
}

static void expect_drops(int family, int want)
{
	cr_expect_eq(cnm_forward_drops(nft, family, &err), want, "%s", err.text);
}

TestSuite(nft_forward, .init = setup, .fini = teardown, .timeout = 20);

Test(nft_forward, without_the_chain_nothing_drops_and_nothing_is_closed)
{
	expect_drops(AF_INET, 0);
	expect_drops(AF_INET6, 0);
	cr_expect_eq(cnm_forward_count(nft, AF_INET, "x", &err), 0, "%s", err.text);
	cr_expect_eq(cnm_forward_close(nft, AF_INET, "x", &err), 0, "%s", err.text);
}

Test(nft_forward, policy_and_rules_drop)
{
	shell("iptables -P FORWARD ACCEPT");
	expect_drops(AF_INET, 0);
	shell("iptables -A FORWARD -i lo -j ACCEPT");
	expect_drops(AF_INET, 0);
	shell("iptables -A FORWARD -j REJECT");
	expect_drops(AF_INET, 1);
	shell("iptables -F FORWARD && iptables -A FORWARD -s 192.0.2.1 -j DROP");
	expect_drops(AF_INET, 1);
	shell("iptables -F FORWARD && iptables -P FORWARD DROP");
	expect_drops(AF_INET, 1);
	expect_drops(AF_INET6, 0);
}

Test(nft_forward, rules_are_iptables_own_and_come_first)
{
	struct cnm_addr addr;

	shell("iptables -P FORWARD DROP && iptables -A FORWARD -j DROP");
	cr_assert_eq(cnm_addr_parse_cidr(&addr, "10.1.2.3/24", &err), 0);
	cr_assert_eq(cnm_forward_open(nft, &addr, "cnm test", &err), 0, "%s", err.text);
	expect_output("iptables -S FORWARD",
	              "-P FORWARD DROP\n"
	              "-A FORWARD -d 10.1.2.3/32 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment "
	              "--comment \"cnm test\" -j ACCEPT\n"
	              "-A FORWARD -s 10.1.2.3/32 -m comment --comment \"cnm test\" -j ACCEPT\n"
	              "-A FORWARD -j DROP\n");
	cr_expect_eq(cnm_forward_count(nft, AF_INET, "cnm test", &err), 2, "%s", err.text);
	cr_expect_eq(cnm_forward_count(nft, AF_INET, "cnm tes", &err), 0, "%s", err.text);
}

Test(nft_forward, only_rules_of_the_comment_are_closed)
{
	struct cnm_addr addr;

	shell("iptables -P FORWARD DROP");
	cr_assert_eq(cnm_addr_parse(&addr, "10.1.2.3", &err), 0);
	cr_assert_eq(cnm_forward_open(nft, &addr, "one", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_forward_open(nft, &addr, "two", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_forward_close(nft, AF_INET, "one", &err), 0, "%s", err.text);
	cr_expect_eq(cnm_forward_count(nft, AF_INET, "one", &err), 0);
	cr_expect_eq(cnm_forward_count(nft, AF_INET, "two", &err), 2);
	cr_assert_eq(cnm_forward_close(nft, AF_INET, "two", &err), 0, "%s", err.text);
	expect_output("iptables -S FORWARD", "-P FORWARD DROP\n");
}

Test(nft_forward, ipv6)
{
	struct cnm_addr addr;

	shell("ip6tables -P FORWARD DROP");
	cr_assert_eq(cnm_addr_parse(&addr, "fd00::5", &err), 0);
	cr_assert_eq(cnm_forward_open(nft, &addr, "six", &err), 0, "%s", err.text);
	expect_output("ip6tables -S FORWARD",
	              "-P FORWARD DROP\n"
	              "-A FORWARD -d fd00::5/128 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment "
	              "--comment six -j ACCEPT\n"
	              "-A FORWARD -s fd00::5/128 -m comment --comment six -j ACCEPT\n");
	cr_assert_eq(cnm_forward_close(nft, AF_INET6, "six", &err), 0, "%s", err.text);
	expect_output("ip6tables -S FORWARD", "-P FORWARD DROP\n");
}
