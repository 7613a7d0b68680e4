/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helpers themselves: a suite that believes it is alone must be alone. */
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Test(support, netns_is_its_own, .timeout = 10)
{
	struct stat before, after;

	cr_assert_eq(stat("/proc/thread-self/ns/net", &before), 0);
	cnm_test_netns_enter();
	cr_assert_eq(stat("/proc/thread-self/ns/net", &after), 0);
	cr_assert_neq(before.st_ino, after.st_ino);
	cr_assert_eq(cnm_test_shell(NULL,
	                            "ip -o link | grep -c . | grep -qx 1 && ip -o link show lo | grep -q UP"),
	             0);
}

Test(support, mounts_are_its_own, .timeout = 10)
{
	cnm_test_mounts_enter();
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(ls -A /run)\" && touch /run/cnm-test"), 0);
	cr_assert_neq(cnm_test_shell(NULL, "nsenter -m -t %d test -e /run/cnm-test", getppid()), 0);
}

Test(support, roots_vanish, .timeout = 10)
{
	struct cnm_test_roots roots;
	char base[64];

	cnm_test_mounts_enter();
	cnm_test_roots_make(&roots);
	strcpy(base, roots.base);
	cr_assert_eq(cnm_test_shell(NULL, "mkdir -p %s/a/b && touch %s/a/b/c && mount -t tmpfs none %s/a/b",
	                            roots.root, roots.root, roots.root),
	             0);
	cnm_test_roots_remove(&roots);
	cr_assert_not(cnm_test_path_exists(base));
}

Test(support, run_reports_all, .timeout = 10)
{
	struct cnm_test_output output;
	char sh[] = "sh", c[] = "-c", script[] = "cat; echo bad >&2; exit 3";
	char *argv[] = {sh, c, script, NULL};

	cnm_test_run(argv, "some\ninput", &output);
	cr_assert_eq(output.status, 3);
	cr_assert_str_eq(output.out, "some\ninput");
	cr_assert_str_eq(output.err, "bad\n");
	cnm_test_output_free(&output);
}
