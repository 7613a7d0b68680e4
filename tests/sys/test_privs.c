/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hygiene: each test works in a child, because the process that changes cannot change back. */
#include "cnm/sys/privs.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/error.h"

TestSuite(privs, .timeout = 20);

/* Runs fn in a child; its result is the line that failed, or 0. */
static int in_child(int (*fn)(void))
{
	pid_t child = fork();
	int status = -1;

	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(fn());
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define CHECK(condition)                                                                                     \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			return __LINE__ - FIRST_LINE;                                                        \
	} while (0)
#define FIRST_LINE 45 /* so that a line fits in an exit status */

static int signals(void)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct sigaction action;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	CHECK(cnm_privs_sanitize_process(&err) == 0);
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(sigismember(&set, SIGTERM) == 0 && sigismember(&set, SIGRTMAX) == 0);
	CHECK(sigaction(SIGCHLD, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_DFL);
	/* As nohup has it. */
	CHECK(sigaction(SIGHUP, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_IGN);
	CHECK(sigaction(SIGPIPE, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_IGN);
	return 0;
}

static int descriptors(void)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct stat in, out, null;
	char before[256], after[256];

	CHECK(getcwd(before, sizeof(before)) != NULL);
	CHECK(dup2(0, 77) == 77 && dup2(0, 900) == 900);
	CHECK(fstat(1, &out) == 0);
	close(0);
	close(2);
	umask(0);
	CHECK(cnm_privs_sanitize_process(&err) == 0);
	CHECK(fcntl(77, F_GETFD) < 0 && fcntl(900, F_GETFD) < 0 && fcntl(3, F_GETFD) < 0);
	CHECK(fstat(0, &in) == 0 && stat("/dev/null", &null) == 0);
	CHECK(in.st_rdev == null.st_rdev && S_ISCHR(in.st_mode));
	CHECK(fcntl(2, F_GETFD) == 0 && (fcntl(2, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(fstat(1, &in) == 0 && in.st_ino == out.st_ino);
	CHECK(umask(0) == 077);
	CHECK(getcwd(after, sizeof(after)) != NULL && strcmp(before, after) == 0);
	return 0;
}

static int holds(cap_value_t cap, cap_flag_t flag)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	cap_get_flag(caps, cap, flag, &value);
	cap_free(caps);
	return value == CAP_SET;
}

static int is_kept(cap_value_t cap)
{
	return cap == CAP_NET_ADMIN || cap == CAP_SYS_ADMIN || cap == CAP_SYS_PTRACE ||
	       cap == CAP_DAC_OVERRIDE;
}

static int drop(void)
{
	struct cnm_error err = CNM_ERROR_INIT;
	cap_t caps = cap_get_proc();
	cap_value_t raw = CAP_NET_RAW;

	/* An ambient capability, as a service manager may give one. */
	CHECK(cap_set_flag(caps, CAP_INHERITABLE, 1, &raw, CAP_SET) == 0 && cap_set_proc(caps) == 0);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0);
	CHECK(cnm_privs_drop(&err) == 0);
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		CHECK(holds(cap, CAP_PERMITTED) == is_kept(cap));
		CHECK(holds(cap, CAP_EFFECTIVE) == is_kept(cap));
		CHECK(!holds(cap, CAP_INHERITABLE));
	}
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0) == 0);
	CHECK(chown("/dev/null", 0, 0) < 0 || !holds(CAP_CHOWN, CAP_EFFECTIVE));
	CHECK(cnm_privs_drop(&err) == 0); /* again */
	cap_free(caps);
	return 0;
}

static int drop_of_server(void)
{
	struct cnm_error err = CNM_ERROR_INIT;

	CHECK(cnm_privs_drop_server(&err) == 0);
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		CHECK(holds(cap, CAP_EFFECTIVE) == (is_kept(cap) || cap == CAP_NET_BIND_SERVICE));
	return 0;
}

static int drop_with_nothing(void)
{
	struct cnm_error err = CNM_ERROR_INIT;
	cap_t none = cap_init();

	CHECK(cap_set_proc(none) == 0);
	CHECK(cnm_privs_drop(&err) == 0);
	CHECK(!holds(CAP_NET_ADMIN, CAP_PERMITTED));
	cap_free(none);
	return 0;
}

/* Root's execve would give everything back. */
static int executed_program(void)
{
	struct cnm_error err = CNM_ERROR_INIT;

	CHECK(cnm_privs_drop(&err) == 0);
	/* 0x281002: SYS_ADMIN (21), SYS_PTRACE (19), NET_ADMIN (12), DAC_OVERRIDE (1) */
	execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:.0000000000281002$' /proc/self/status", (char *)NULL);
	return 1;
}

Test(privs, signals_are_reset)
{
	cr_expect_eq(in_child(signals), 0);
}

Test(privs, descriptors_and_umask)
{
	cr_expect_eq(in_child(descriptors), 0);
}

Test(privs, drop_keeps_four)
{
	if (!holds(CAP_CHOWN, CAP_PERMITTED) || !holds(CAP_SYS_PTRACE, CAP_PERMITTED))
		cr_skip_test("needs all capabilities");
	cr_expect_eq(in_child(drop), 0);
}

Test(privs, server_keeps_one_more)
{
	cr_assert_eq(in_child(drop_of_server), 0);
}

Test(privs, drop_gives_nothing)
{
	cr_expect_eq(in_child(drop_with_nothing), 0);
}

Test(privs, an_executed_program_gains_nothing)
{
	if (geteuid() != 0 || !holds(CAP_SYS_PTRACE, CAP_PERMITTED))
		cr_skip_test("needs all capabilities");
	cr_expect_eq(in_child(executed_program), 0);
}
