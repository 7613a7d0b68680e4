/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links on a parent as the kernel has them after our requests; `ip` says what that is. */
#include "cnm/sys/rtnl_child.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "cnm/base/error.h"
#include "cnm/sys/rtnl_link.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;
static struct cnm_link parent;

static void setup(void)
{
	cnm_test_mounts_enter();
	cnm_test_netns_enter();
	cr_assert_eq(cnm_test_shell(NULL, "ip netns add other && ip link add p0 type veth peer name p1"), 0);
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_link_get(rtnl, "p0", 0, &parent, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
	cnm_test_shell(NULL, "ip netns del other");
}

TestSuite(rtnl_child, .init = setup, .fini = teardown, .timeout = 120);

static struct cnm_child macvlan(int netns_fd)
{
	return (struct cnm_child){
	        .kind = CNM_CHILD_MACVLAN,
	        .name = "eth0",
	        .ifindex = 0x40000001,
	        .parent_ifindex = parent.ifindex,
	        .netns_fd = netns_fd,
	        .mtu = 1400,
	        .mac = {{2, 0, 0, 0, 0, 9}},
	        .mode = MACVLAN_MODE_PRIVATE,
	};
}

Test(rtnl_child, is_born_in_the_other_namespace_with_name_index_and_mode)
{
	int fd = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	struct cnm_child child = macvlan(fd), got;
	struct cnm_rtnl *inside = NULL;
	struct cnm_test_output output;

	cnm_child_add(&batch, &child);
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
	cnm_test_shell(&output, "ip -n other -d link show eth0");
	cr_expect(strstr(output.out, "1073741825: eth0@"), "%s", output.out);
	cr_expect(strstr(output.out, "macvlan mode private"), "%s", output.out);
	cr_expect(strstr(output.out, "mtu 1400"), "%s", output.out);
	cr_expect(strstr(output.out, "02:00:00:00:00:09"), "%s", output.out);
	cnm_test_output_free(&output);

	cr_assert_eq(cnm_rtnl_open_in(&inside, fd, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_child_get(inside, child.ifindex, CNM_CHILD_MACVLAN, &got, &err), 0, "%s", err.text);
	cr_expect_eq(got.mode, MACVLAN_MODE_PRIVATE);
	cr_expect_eq(got.parent_ifindex, parent.ifindex);
	cr_expect_eq(got.mtu, 1400);
	cr_expect_eq(memcmp(&got.mac, &child.mac, sizeof(got.mac)), 0);
	/* The thread is back where it was. */
	cr_expect_eq(cnm_link_get(rtnl, "p0", 0, &parent, &err), 0);
	cnm_rtnl_close(inside);
	close(fd);
}

Test(rtnl_child, name_that_is_taken_is_refused)
{
	struct cnm_child child = macvlan(-1);

	child.name = "p1";
	cnm_child_add(&batch, &child);
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_assert_eq(err.code, CNM_E_EXISTS, "%s", err.text);
	cr_assert(strstr(err.text, "create macvlan link p1"), "%s", err.text);
}

Test(rtnl_child, get_of_another_kind_or_of_nothing_is_not_found)
{
	struct cnm_child got;

	cr_assert_eq(cnm_child_get(rtnl, parent.ifindex, CNM_CHILD_MACVLAN, &got, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
	cr_assert_eq(cnm_child_get(rtnl, 77777, CNM_CHILD_MACVLAN, &got, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
}

/* The answer is the kernel's: a link of that kind can be made exactly where we say so. And asking makes nothing. */
Test(rtnl_child, kernel_is_asked_for_kinds)
{
	static const struct {
		enum cnm_child_kind kind;
		const char *arguments;
	} rows[] = {{CNM_CHILD_MACVLAN, ""}, {CNM_CHILD_IPVLAN, ""}, {CNM_CHILD_VLAN, "id 5"}};
	struct cnm_test_output before, after;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool can;

		cnm_test_shell(&before, "ip -o link | wc -l");
		int known = cnm_child_is_known(rtnl, rows[i].kind, &err);
		cnm_test_shell(&after, "ip -o link | wc -l");
		cr_expect_str_eq(before.out, after.out);
		can = cnm_test_shell(NULL, "ip link add link p0 name probe type %s %s",
		                     cnm_child_kind_name(rows[i].kind), rows[i].arguments) == 0;
		cr_expect_eq(known, can, "%s: %d, %s", cnm_child_kind_name(rows[i].kind), known, err.text);
		cnm_test_shell(NULL, "ip link del probe");
		cnm_test_output_free(&before);
		cnm_test_output_free(&after);
	}
}

Test(rtnl_child, link_tells_what_it_is_a_port_of)
{
	cr_assert_eq(cnm_test_shell(NULL, "ip link add br0 type bridge && ip link set p0 master br0"), 0);
	cr_assert_eq(cnm_link_get(rtnl, "p0", 0, &parent, &err), 0, "%s", err.text);
	cr_expect_str_eq(parent.master_kind, "bridge");
	cr_expect_eq(parent.hw_type, 1); /* ARPHRD_ETHER */
	cr_assert_eq(cnm_link_get(rtnl, "lo", 0, &parent, &err), 0, "%s", err.text);
	cr_expect_str_eq(parent.master_kind, "");
	cr_expect_eq(parent.hw_type, 772); /* ARPHRD_LOOPBACK */
}
