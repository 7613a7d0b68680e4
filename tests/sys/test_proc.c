/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start times tell a process from a later one with its number. */
#include "cnm/sys/proc.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/error.h"

static struct cnm_error err;

TestSuite(proc, .timeout = 20);

Test(proc, start_time_is_stable_and_grows)
{
	uint64_t mine, again, childs;
	pid_t child;

	cr_assert_eq(cnm_proc_start_time(getpid(), &mine, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_proc_start_time(getpid(), &again, &err), 0);
	cr_expect_eq(mine, again);
	cr_expect_gt(mine, 0);
	usleep(30000); /* more than a tick */
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	cr_assert_eq(cnm_proc_start_time(child, &childs, &err), 0);
	cr_expect_gt(childs, mine);
	cr_expect(cnm_proc_is_alive(child, childs));
	cr_expect_not(cnm_proc_is_alive(child, mine), "its predecessor is dead");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_expect_not(cnm_proc_is_alive(child, childs));
}

/* The name is the process's to choose. */
Test(proc, hostile_names)
{
	static const char *const names[] = {"a) Z 1 2 3", ") R", "((((", "x y z", ")))) 1 2 3 4"};
	uint64_t before, after;

	cr_assert_eq(cnm_proc_start_time(getpid(), &before, &err), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		prctl(PR_SET_NAME, names[i]);
		cr_assert_eq(cnm_proc_start_time(getpid(), &after, &err), 0, "%s: %s", names[i], err.text);
		cr_expect_eq(before, after, "%s", names[i]);
		cr_expect(cnm_proc_is_alive(getpid(), before), "%s", names[i]);
	}
}

Test(proc, a_zombie_is_not_alive)
{
	pid_t child = fork();
	siginfo_t info;
	uint64_t start;

	if (child == 0)
		_exit(0);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	cr_assert_eq(cnm_proc_start_time(child, &start, &err), 0, "%s", err.text);
	cr_expect_not(cnm_proc_is_alive(child, start));
	waitpid(child, NULL, 0);
}

Test(proc, no_such_process)
{
	static const pid_t pids[] = {2147483647, 0, -1};
	uint64_t start;

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		cnm_error_clear(&err);
		cr_expect_eq(cnm_proc_start_time(pids[i], &start, &err), -1);
		cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%d: %s", (int)pids[i], err.text);
		cr_expect_not(cnm_proc_is_alive(pids[i], 1));
	}
	cr_assert_eq(cnm_proc_start_time(2147483647, &start, &err), -1);
	cr_expect_str_eq(err.text, "process 2147483647: No such file or directory");
}

Test(proc, boot_id)
{
	char one[CNM_BOOT_ID_MAX], two[CNM_BOOT_ID_MAX];

	cr_assert_eq(cnm_boot_id(one, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_boot_id(two, &err), 0, "%s", err.text);
	cr_expect_str_eq(one, two);
	cr_expect_eq(strlen(one), 36);
	cr_expect_eq(one[8], '-');
}
