/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rate limits as the kernel has them after our requests. A kernel without traffic control skips them, and says so. */
#include "cnm/sys/rtnl_tc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/error.h"
#include "cnm/sys/rtnl_link.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;
static int veth, ifb;

static int index_of(const char *name)
{
	struct cnm_link link;

	cr_assert_eq(cnm_link_get(rtnl, name, 0, &link, &err), 0, "%s", err.text);
	return link.ifindex;
}

static void setup(void)
{
	struct cnm_veth pair = {.name = "v0", .peer_name = "v1", .peer_netns_fd = -1};

	cnm_test_netns_enter();
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &pair);
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
	veth = index_of("v0");
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
}

/* What the kernel lacks was not built into it, and is no fault of ours. */
static void send_or_skip(void)
{
	if (cnm_tc_batch_send(rtnl, &batch, &err) == 0)
		return;
	if (err.code == CNM_E_UNSUPPORTED) {
		fprintf(stderr, "SKIPPED: %s\n", err.text);
		cr_skip_test("%s", err.text);
	}
	cr_assert_fail("%s", err.text);
}

static void make_ifb(void)
{
	cnm_link_add_ifb(&batch, "ifb-x", "for a test", 1400);
	send_or_skip();
	ifb = index_of("ifb-x");
}

TestSuite(rtnl_tc, .init = setup, .fini = teardown, .timeout = 20);

Test(rtnl_tc, limit_lets_the_latency_pass_and_saturates)
{
	struct cnm_tbf tbf;

	cnm_tbf_init(&tbf, 125000, 10000, 25);
	cr_expect_eq(tbf.limit, 125000 / 40 + 10000);
	cnm_tbf_init(&tbf, 999, 1, 1000);
	cr_expect_eq(tbf.limit, 1000);
	cnm_tbf_init(&tbf, UINT64_MAX, UINT32_MAX, 25);
	cr_expect_eq(tbf.limit, UINT32_MAX);
}

Test(rtnl_tc, tbf_is_what_was_asked_for)
{
	static const struct {
		uint64_t rate;
		uint32_t burst;
	} rows[] = {{125000, 12500}, {1, 1000}, {5000000000, 4000000}, {125000, 536870911}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cnm_tbf tbf;
		struct cnm_tc tc;

		cnm_tbf_init(&tbf, rows[i].rate, rows[i].burst, 25);
		cnm_qdisc_add_tbf(&batch, veth, &tbf);
		send_or_skip();
		cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
		cr_assert(tc.has_tbf);
		cr_expect_not(tc.has_ingress);
		cr_expect_eq(tc.tbf.rate, rows[i].rate);
		cr_expect_eq(tc.tbf.limit, tbf.limit);
		cnm_qdisc_delete_root(&batch, veth);
		send_or_skip();
		cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
		cr_assert_not(tc.has_tbf);
	}
}

Test(rtnl_tc, burst_is_kept_in_bytes)
{
	struct cnm_tbf tbf;
	struct cnm_tc tc;

	cnm_tbf_init(&tbf, 125000, 12500, 25);
	cnm_qdisc_add_tbf(&batch, veth, &tbf);
	send_or_skip();
	cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
	cr_expect_eq(tc.tbf.burst, 12500, "%u", tc.tbf.burst);
}

Test(rtnl_tc, a_root_qdisc_is_not_replaced)
{
	struct cnm_tbf tbf;
	struct cnm_tc tc;

	cnm_tbf_init(&tbf, 1000, 2000, 25);
	cnm_qdisc_add_tbf(&batch, veth, &tbf);
	send_or_skip();
	cnm_tbf_init(&tbf, 9999, 2000, 25);
	cnm_qdisc_add_tbf(&batch, veth, &tbf);
	cr_assert_eq(cnm_tc_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_EXISTS, "%s", err.text);
	cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
	cr_expect_eq(tc.tbf.rate, 1000);
}

Test(rtnl_tc, what_a_link_receives_goes_to_the_ifb)
{
	struct cnm_link link;
	struct cnm_tc tc;

	make_ifb();
	cnm_qdisc_add_ingress(&batch, veth);
	send_or_skip();
	cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
	cr_expect(tc.has_ingress);
	cr_expect_eq(tc.redirect_ifindex, 0);
	cnm_filter_add_redirect(&batch, veth, ifb);
	send_or_skip();
	cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
	cr_expect_eq(tc.redirect_ifindex, ifb);

	cr_assert_eq(cnm_link_get(rtnl, "ifb-x", 0, &link, &err), 0, "%s", err.text);
	cr_expect_str_eq(link.kind, "ifb");
	cr_expect_str_eq(link.alias, "for a test");
	cr_expect_eq(link.mtu, 1400);
	cr_expect(link.flags & IFF_UP);

	cnm_qdisc_delete_ingress(&batch, veth);
	send_or_skip();
	cr_assert_eq(cnm_tc_get(rtnl, veth, &tc, &err), 0, "%s", err.text);
	cr_expect_not(tc.has_ingress);
	cr_expect_eq(tc.redirect_ifindex, 0);
}

/* Packets that the other end sends are counted by the ifb. */
Test(rtnl_tc, packets_pass_through_the_ifb)
{
	make_ifb();
	cnm_qdisc_add_ingress(&batch, veth);
	cnm_filter_add_redirect(&batch, veth, ifb);
	send_or_skip();
	cr_assert_eq(cnm_test_shell(NULL,
	                            "ip link set v0 up && ip link set v1 up && "
	                            "ip addr add 192.0.2.1/24 dev v1 && "
	                            "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v1 && "
	                            "ping -c 3 -i 0.1 -W 1 192.0.2.9 >/dev/null; "
	                            "test $(ip -s -j link show ifb-x | jq '.[0].stats64.tx.packets') -ge 3"),
	             0);
}

Test(rtnl_tc, deleting_what_is_not_there_is_success)
{
	cnm_qdisc_delete_root(&batch, veth);
	cnm_qdisc_delete_ingress(&batch, veth);
	cr_expect_eq(cnm_tc_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
}

Test(rtnl_tc, a_link_that_is_not_there_is_not_found)
{
	struct cnm_tbf tbf;

	cnm_tbf_init(&tbf, 1000, 2000, 25);
	cnm_qdisc_add_tbf(&batch, 4711, &tbf);
	cr_assert_eq(cnm_tc_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
}
