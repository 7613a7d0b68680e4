/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements of another family's table, and how many rules our tables hold. */
#include "cnm/sys/nft.h"

#include <criterion/criterion.h>
#include <linux/netfilter.h>
#include <string.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static const char tables[] =
        "table inet cnm {\n"
        "	set names { type ifname; }\n"
        "	chain base { type filter hook forward priority 0; jump side; counter; }\n"
        "	chain side { counter; }\n"
        "}\n"
        "table bridge cnm {\n"
        "	set names { type ifname; }\n"
        "	chain base { type filter hook prerouting priority 0; counter; counter; counter; }\n"
        "}\n"
        "table inet other {\n	chain side { counter; }\n}\n";

static struct cnm_nft *nft;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_open(&nft, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_run(tables, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_nft_close(nft);
}

TestSuite(nft_rules, .init = setup, .fini = teardown, .timeout = 30);

static size_t rules_of(uint8_t family, const char *chain)
{
	size_t count = 99;

	cr_assert_eq(cnm_nft_base_chain_rules(nft, family, chain, &count, &err), 0, "%s", err.text);
	return count;
}

Test(nft_rules, of_a_base_chain)
{
	cr_expect_eq(rules_of(NFPROTO_INET, "base"), 2);
	cr_expect_eq(rules_of(NFPROTO_BRIDGE, "base"), 3);
	cr_expect_eq(rules_of(NFPROTO_BRIDGE, "nothing"), 0);
	cr_assert_eq(cnm_nft_run("flush table inet cnm", &err), 0, "%s", err.text);
	cr_expect_eq(rules_of(NFPROTO_INET, "base"), 0);
	cr_assert_eq(cnm_nft_run("delete table bridge cnm", &err), 0, "%s", err.text);
	cr_expect_eq(rules_of(NFPROTO_BRIDGE, "base"), 0);
}

static void note(const char *chain, void *arg)
{
	strcat(arg, chain);
	strcat(arg, " ");
}

static const char *listed(uint8_t family)
{
	static char text[256];

	text[0] = '\0';
	cr_assert_eq(cnm_nft_rules_list(nft, family, note, text, &err), 0, "%s", err.text);
	return text;
}

Test(nft_rules, of_a_table)
{
	cr_expect_str_eq(listed(NFPROTO_INET), "base base side ");
	cr_expect_str_eq(listed(NFPROTO_BRIDGE), "base base base ");
	cr_assert_eq(cnm_nft_run("flush table inet cnm", &err), 0, "%s", err.text);
	cr_expect_str_eq(listed(NFPROTO_INET), "");
	cr_assert_eq(cnm_nft_run("delete table inet cnm", &err), 0, "%s", err.text);
	cr_expect_str_eq(listed(NFPROTO_INET), "");
}

static int count(const struct cnm_nft_found *found, void *arg, struct cnm_error *e)
{
	(*(size_t *)arg)++;
	return 0;
}

/* Two tables of one name: an element of one is none of the other's, and one transaction serves both. */
Test(nft_rules, families)
{
	struct cnm_nft_elem bridge = {.set = "names", .family = NFPROTO_BRIDGE}, inet = {.set = "names"};
	struct cnm_nft_batch *batch = NULL;
	size_t in_bridge = 0, in_inet = 0;

	cnm_nft_key_ifname(&bridge.key, "eth0");
	cnm_nft_key_ifname(&inet.key, "eth1");
	cr_assert_eq(cnm_nft_batch_new(&batch, &err), 0);
	cr_assert_eq(cnm_nft_add(batch, &bridge, true, &err), 0);
	cr_assert_eq(cnm_nft_add(batch, &inet, true, &err), 0);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), 0, "%s", err.text);
	cr_expect_eq(cnm_nft_has(nft, &bridge, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &inet, &err), 1);
	bridge.family = NFPROTO_INET;
	cr_expect_eq(cnm_nft_has(nft, &bridge, &err), 0);
	cr_assert_eq(cnm_nft_list_in(nft, NFPROTO_BRIDGE, "names", count, &in_bridge, &err), 0);
	cr_assert_eq(cnm_nft_list(nft, "names", count, &in_inet, &err), 0);
	cr_expect_eq(in_bridge, 1);
	cr_expect_eq(in_inet, 1);
	/* And the error says which. */
	bridge.family = NFPROTO_BRIDGE;
	cr_expect_eq(cnm_nft_commit(nft, batch, &err), -1);
	cr_expect_not_null(strstr(err.text, "of table bridge cnm"), "%s", err.text);
	cnm_nft_batch_freep(&batch);
}
