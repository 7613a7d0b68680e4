/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in forward chains of others: nft and iptables themselves say what is there. */
#include "cnm/sys/nft_gate.h"

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

#define OWNER "cnm 0123456789ab "

static struct cnm_nft *nft;
static struct cnm_gate *gates;
static size_t gate_count;
static struct cnm_error err;

static const struct cnm_gate_rule rules[] = {
        {"br-x", "br-x", CNM_GATE_ANY, OWNER "x: inside"},
        {"", "br-x", CNM_GATE_ANSWERS, OWNER "x: answers"},
        {"", "br-x", CNM_GATE_TRANSLATED, OWNER "x: published"},
};

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_open(&nft, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	free(gates);
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

static void find(size_t want)
{
	free(gates);
	gates = NULL;
	cr_assert_eq(cnm_gates_find(nft, &gates, &gate_count, &err), 0, "%s", err.text);
	cr_assert_eq(gate_count, want, "%zu gates", gate_count);
}

static void set(size_t count)
{
	cr_assert_eq(cnm_gate_set(nft, &gates[0], OWNER, rules, count, &err), 0, "%s", err.text);
}

static void expect_has(size_t count, bool and_no_other, int want)
{
	cr_expect_eq(cnm_gate_has(nft, &gates[0], OWNER, rules, count, and_no_other, &err), want,
	             "%zu rules: %s", count, err.text);
}

TestSuite(nft_gate, .init = setup, .fini = teardown, .timeout = 20);

Test(nft_gate, only_filters_of_others_at_hook_forward_are_gates)
{
	find(0);
	shell("nft 'table inet cnm { chain forward { type filter hook forward priority 0; policy drop; }; "
	      "}'");
	shell("nft 'table inet a { chain input { type filter hook input priority 0; policy drop; }; chain "
	      "forward { drop; }; }'");
	shell("nft 'table bridge b { chain forward { type filter hook forward priority 0; policy drop; }; "
	      "}'");
	find(0);
	shell("nft 'table ip cnm { chain f { type filter hook forward priority 9; policy drop; }; }'");
	shell("nft 'table ip6 c { chain f { type filter hook forward priority 9; policy accept; }; }'");
	find(2);
	cr_expect_eq(gates[0].nfproto, NFPROTO_IPV4);
	cr_expect(gates[0].drops);
	cr_expect_eq(gates[1].nfproto, NFPROTO_IPV6);
	cr_expect_not(gates[1].drops);
	cr_expect_str_eq(gates[1].table, "c");
	cr_expect_str_eq(gates[1].chain, "f");
}

Test(nft_gate, nothing_goes_into_an_open_gate_and_all_leaves_one_that_opens)
{
	shell("iptables -A FORWARD -s 192.0.2.1 -j DROP");
	find(1);
	set(3);
	expect_has(3, true, 1);
	expect_output("iptables -S FORWARD", "-P FORWARD ACCEPT\n-A FORWARD -s 192.0.2.1/32 -j DROP\n");
	shell("iptables -P FORWARD DROP");
	find(1);
	expect_has(3, true, 0);
	set(3);
	expect_has(3, true, 1);
	shell("iptables -P FORWARD ACCEPT");
	find(1);
	set(3);
	expect_output("iptables -S FORWARD", "-P FORWARD ACCEPT\n-A FORWARD -s 192.0.2.1/32 -j DROP\n");
}

Test(nft_gate, rules_come_last_in_the_form_of_iptables)
{
	shell("iptables -P FORWARD DROP && iptables -A FORWARD -s 192.0.2.1 -j DROP");
	find(1);
	set(3);
	expect_output(
	        "iptables -S FORWARD",
	        "-P FORWARD DROP\n"
	        "-A FORWARD -s 192.0.2.1/32 -j DROP\n"
	        "-A FORWARD -i br-x -o br-x -m comment --comment \"cnm 0123456789ab x: inside\" -j ACCEPT\n"
	        "-A FORWARD -o br-x -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "
	        "\"cnm 0123456789ab x: answers\" -j ACCEPT\n"
	        "-A FORWARD -o br-x -m conntrack --ctstate DNAT -m comment --comment "
	        "\"cnm 0123456789ab x: published\" -j ACCEPT\n");
	shell("iptables-save >/dev/null && iptables-save | iptables-restore");
	find(1);
	expect_has(3, true, 1);
	set(0);
	expect_output("iptables -S FORWARD", "-P FORWARD DROP\n-A FORWARD -s 192.0.2.1/32 -j DROP\n");
}

Test(nft_gate, rules_come_before_the_one_that_closes_in_the_form_of_nft)
{
	shell("nft 'table inet a { chain f { type filter hook forward priority 5; policy accept;\n"
	      "ct state invalid drop\niifname \"lo\" accept\ncounter log reject with icmpx admin-prohibited; "
	      "}; }'");
	find(1);
	expect_has(3, true, 0);
	set(3);
	expect_output("nft -s list chain inet a f | grep -v '^table\\|^}'",
	              "\tchain f {\n"
	              "\t\ttype filter hook forward priority filter + 5; policy accept;\n"
	              "\t\tct state invalid drop\n"
	              "\t\tiifname \"lo\" accept\n"
	              "\t\tiifname \"br-x\" oifname \"br-x\" counter accept comment \"cnm 0123456789ab x: "
	              "inside\"\n"
	              "\t\toifname \"br-x\" ct state established,related counter accept comment \"cnm "
	              "0123456789ab x: answers\"\n"
	              "\t\toifname \"br-x\" ct status dnat counter accept comment \"cnm 0123456789ab x: "
	              "published\"\n"
	              "\t\tcounter log reject with icmpx admin-prohibited\n"
	              "\t}\n");
	shell("nft insert rule inet a f drop");
	expect_has(3, true, 0);
	set(3);
	expect_has(3, true, 1);
	expect_output("nft list chain inet a f | grep -n 'cnm\\|^\\s*drop' | cut -c 1,2 | tr -d '\\n'",
	              "4:5:6:7:");
	set(0);
	expect_output("nft list chain inet a f | grep -c cnm", "0\n");
}

Test(nft_gate, more_rules_than_asked_for_are_others_only_when_that_is_the_question)
{
	shell("nft 'table ip a { chain f { type filter hook forward priority 5; policy drop; }; }'");
	find(1);
	set(3);
	expect_has(2, false, 1);
	expect_has(2, true, 0);
	set(2);
	expect_has(3, false, 0);
	expect_has(2, true, 1);
	shell("nft add rule ip a f accept comment '\"cnm 0123456789a\"'");
	expect_has(2, true, 1);
}

Test(nft_gate, a_gate_that_went_is_no_error)
{
	shell("nft 'table ip a { chain f { type filter hook forward priority 5; policy drop; }; }'");
	find(1);
	shell("nft delete table ip a");
	set(3);
	set(0);
}
