/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link's removal, before the kernel's grace period is over: what the caller sees, and what the child keeps of the caller's. */
#include "cnm/sys/rtnl_removal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
	while (wait(NULL) > 0)
		;
}

TestSuite(rtnl_removal, .init = setup, .fini = teardown);

Test(rtnl_removal, link_and_addresses_are_free_at_once)
{
	int i;

	for (i = 0; i < 5; i++) {
		cr_assert_eq(
		        cnm_test_shell(
		                NULL,
		                "ip link add v0 type veth peer name v1 && ip addr add 10.1.0.1/24 dev v0"),
		        0);
		cr_assert_eq(cnm_link_remove_announced(rtnl, "v0", &err), 0, "%s", err.text);
		cr_expect_neq(cnm_test_shell(NULL, "ip link show v0"), 0);
		cr_expect_neq(cnm_test_shell(NULL, "ip link show v1"), 0);
	}
}

/* A port of a bridge: its leaving the bridge is announced first, and is not what is waited for. */
Test(rtnl_removal, a_port_of_a_bridge)
{
	cr_assert_eq(
	        cnm_test_shell(
	                NULL,
	                "ip link add br0 type bridge && ip link add v0 master br0 type veth peer name v1"),
	        0);
	cr_assert_eq(cnm_link_remove_announced(rtnl, "v0", &err), 0, "%s", err.text);
	cr_expect_neq(cnm_test_shell(NULL, "ip link show v0"), 0);
}

Test(rtnl_removal, what_is_not_there_counts_as_removed)
{
	cr_expect_eq(cnm_link_remove_announced(rtnl, "none", &err), 0, "%s", err.text);
	cr_expect_eq(err.code, CNM_OK);
}

Test(rtnl_removal, a_refusal_reaches_the_caller)
{
	cr_expect_eq(cnm_link_remove_announced(rtnl, "lo", &err), -1);
	cr_expect_eq(err.sys_errno, EOPNOTSUPP, "%s", err.text);
	cr_expect_not_null(strstr(err.text, "delete link lo"), "%s", err.text);
}

/* The child may live for long: neither a lock nor a pipe of ours does with it. */
Test(rtnl_removal, the_child_keeps_no_descriptor)
{
	char path[] = "/tmp/cnm-test.XXXXXX";
	int lock = mkstemp(path), again = open(path, O_RDONLY | O_CLOEXEC), fds[2];
	struct pollfd end;

	cr_assert(lock >= 0 && again >= 0 && pipe2(fds, O_CLOEXEC) == 0);
	unlink(path);
	cr_assert_eq(flock(lock, LOCK_EX), 0);
	cr_assert_eq(cnm_test_shell(NULL, "ip link add v0 type veth peer name v1"), 0);
	cr_assert_eq(cnm_link_remove_announced(rtnl, "v0", &err), 0, "%s", err.text);
	close(lock);
	close(fds[1]);
	cr_expect_eq(flock(again, LOCK_EX | LOCK_NB), 0, "the lock lives on");
	end = (struct pollfd){.fd = fds[0], .events = POLLIN};
	cr_expect_eq(poll(&end, 1, 0), 1);
	cr_expect(end.revents & POLLHUP, "the pipe lives on");
	close(again);
	close(fds[0]);
}
