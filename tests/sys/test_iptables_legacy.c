/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iptables-legacy's own program puts in, read back. */
#include "cnm/sys/iptables_legacy.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_error err;

static void shell(const char *line)
{
	cr_assert_eq(cnm_test_shell(NULL, "%s", line), 0, "%s", line);
}

static void expect_closes(int family, int want)
{
	cr_expect_eq(cnm_iptables_legacy_closes(family, "br-x", &err), want, "%s", err.text);
}

TestSuite(iptables_legacy, .init = cnm_test_netns_enter, .timeout = 20);

static void need(const char *program)
{
	if (cnm_test_shell(NULL, "%s -S", program) != 0)
		cr_skip_test("no %s in this kernel", program);
}

Test(iptables_legacy, asking_makes_no_table)
{
	expect_closes(AF_INET, 0);
	expect_closes(AF_INET6, 0);
	shell("test -z \"$(cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null)\"");
}

Test(iptables_legacy, closed_by_policy_or_by_a_rule_without_conditions)
{
	need("iptables-legacy");
	expect_closes(AF_INET, 0);
	shell("iptables-legacy -P FORWARD DROP");
	expect_closes(AF_INET, 1);
	expect_closes(AF_INET6, 0);
	shell("iptables-legacy -P FORWARD ACCEPT && iptables-legacy -A FORWARD -s 192.0.2.1 -j DROP");
	shell("iptables-legacy -A FORWARD -m conntrack --ctstate INVALID -j DROP");
	shell("iptables-legacy -P INPUT DROP && iptables-legacy -A INPUT -j REJECT");
	expect_closes(AF_INET, 0);
	shell("iptables-legacy -A FORWARD -j REJECT");
	expect_closes(AF_INET, 1);
	shell("iptables-legacy -R FORWARD 3 -j DROP");
	expect_closes(AF_INET, 1);
}

Test(iptables_legacy, opened_by_a_rule_for_the_link_in_any_chain)
{
	need("iptables-legacy");
	shell("iptables-legacy -P FORWARD DROP && iptables-legacy -A FORWARD -i br-xy -j ACCEPT");
	shell("iptables-legacy -A FORWARD -i br-x -j DROP");
	expect_closes(AF_INET, 1);
	shell("iptables-legacy -N MINE && iptables-legacy -I FORWARD -j MINE && iptables-legacy -A MINE -o "
	      "br-x -j ACCEPT");
	expect_closes(AF_INET, 0);
}

Test(iptables_legacy, ipv6)
{
	need("ip6tables-legacy");
	shell("ip6tables-legacy -P FORWARD DROP");
	expect_closes(AF_INET6, 1);
	shell("ip6tables-legacy -I FORWARD -i br-x -m conntrack --ctstate ESTABLISHED -j ACCEPT");
	expect_closes(AF_INET6, 0);
}
