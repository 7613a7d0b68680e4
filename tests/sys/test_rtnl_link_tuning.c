/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of a link are changed, read back, and left alone where nothing is asked for. */
#include "cnm/sys/rtnl_link_tuning.h"

#include <criterion/criterion.h>
#include <string.h>

#include "cnm/base/error.h"
#include "cnm/sys/rtnl_link.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;
static int veth;

static void setup(void)
{
	struct cnm_veth pair = {.name = "v0", .peer_name = "v1", .peer_netns_fd = -1};
	struct cnm_link link;

	cnm_test_netns_enter();
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &pair);
	cr_assert_eq(cnm_link_batch_send_and_get(rtnl, &batch, "v0", &link, &err), 0, "%s", err.text);
	veth = link.ifindex;
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
}

static void change(const struct cnm_link_tuning *tuning)
{
	cnm_link_tune(&batch, veth, tuning);
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
}

static struct cnm_link_tuning now(void)
{
	struct cnm_link_tuning tuning;

	cr_assert_eq(cnm_link_tuning_get(rtnl, veth, &tuning, &err), 0, "%s", err.text);
	return tuning;
}

TestSuite(rtnl_link_tuning, .init = setup, .fini = teardown, .timeout = 20);

Test(rtnl_link_tuning, everything_is_changed_and_read_back)
{
	struct cnm_link_tuning want = {
	        .mac = {{2, 0, 0, 0, 0, 0x77}}, .mtu = 1400, .promisc = 1, .allmulti = 1, .txqlen = 77};
	struct cnm_link_tuning got;

	change(&want);
	got = now();
	cr_expect_eq(memcmp(&got.mac, &want.mac, sizeof(got.mac)), 0);
	cr_expect_eq(got.mtu, 1400);
	cr_expect_eq(got.promisc, 1);
	cr_expect_eq(got.allmulti, 1);
	cr_expect_eq(got.txqlen, 77);
	cr_expect_eq(cnm_test_shell(
	                     NULL, "ip -j link show v0 | jq -e '.[0] | .address == \"02:00:00:00:00:77\" and "
	                           ".mtu == 1400 and .txqlen == 77 and "
	                           "(.flags | index(\"PROMISC\") and index(\"ALLMULTI\"))' >/dev/null"),
	             0);
}

Test(rtnl_link_tuning, what_is_not_asked_for_stays)
{
	struct cnm_link_tuning first = CNM_LINK_TUNING_NONE, none = CNM_LINK_TUNING_NONE, before, after;

	first.promisc = 1;
	first.mtu = 1300;
	change(&first);
	before = now();
	change(&none);
	after = now();
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
	first = none;
	first.promisc = 0;
	change(&first);
	cr_expect_eq(now().promisc, 0);
	cr_expect_eq(now().mtu, 1300);
}

/* Taking it down would flush its routes. */
Test(rtnl_link_tuning, link_stays_up)
{
	struct cnm_link_tuning tuning = CNM_LINK_TUNING_NONE;

	cr_assert_eq(cnm_test_shell(NULL, "ip link set v0 up && ip link set v1 up && "
	                                  "ip addr add 192.0.2.1/24 dev v0 && "
	                                  "ip route add default via 192.0.2.9"),
	             0);
	tuning.mac.bytes[0] = 2;
	tuning.mtu = 1400;
	change(&tuning);
	cr_expect_eq(cnm_test_shell(NULL, "ip route show default | grep -q 192.0.2.9"), 0);
}

Test(rtnl_link_tuning, a_link_that_is_not_there_is_not_found)
{
	struct cnm_link_tuning tuning = CNM_LINK_TUNING_NONE;

	cr_assert_eq(cnm_link_tuning_get(rtnl, 4711, &tuning, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
}
