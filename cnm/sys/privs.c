/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hygiene at entry. Everything here runs in a process with one thread, before any input is read. */
#include "cnm/sys/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

/* Only "ignored" and the mask outlive execve (signal(7)). Of the ignored signals those matter that end us or
 * that waiting for a child depends on; all sixty would cost 60 us of a start that takes two milliseconds. */
static int reset_signals(struct cnm_error *err)
{
	static const int reset[] = {SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGCHLD};
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (size_t i = 0; i < CNM_ARRAY_SIZE(reset); i++) {
		if (sigaction(reset[i], &action, NULL) < 0)
			return cnm_fail_sys(err, errno, "cannot reset signal %d", reset[i]);
	}
	action.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &action, NULL) < 0)
		return cnm_fail_sys(err, errno, "cannot ignore signal %d", SIGPIPE);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return cnm_fail_sys(err, errno, "cannot unblock signals");
	return 0;
}

/* A file that opens as descriptor 2 would receive our messages. */
static int fill_standard_fds(struct cnm_error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number; the standard three are to be inherited. */
		if (open("/dev/null", O_RDWR) != fd)
			return cnm_fail_sys(err, errno, "cannot open /dev/null as descriptor %d", fd);
	}
	return 0;
}

int cnm_privs_sanitize_process(struct cnm_error *err)
{
	if (reset_signals(err) < 0)
		return -1;
	umask(077);
	if (close_range(3, ~0U, 0) < 0) {
		if (errno == ENOSYS)
			return cnm_fail(err, CNM_E_UNSUPPORTED,
			                "close_range is missing, which came with Linux 5.9");
		return cnm_fail_sys(err, errno, "cannot close inherited descriptors");
	}
	return fill_standard_fds(err);
}

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

/* Those of the four that `now` permits, permitted and effective, in a set that is empty else. */
static int choose_caps(cap_t now, cap_t want)
{
	static const cap_value_t keep[] = {CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(keep); i++) {
		cap_flag_value_t permitted;

		if (cap_get_flag(now, keep[i], CAP_PERMITTED, &permitted) < 0)
			return -1;
		if (permitted != CAP_SET)
			continue;
		if (cap_set_flag(want, CAP_PERMITTED, 1, &keep[i], CAP_SET) < 0 ||
		    cap_set_flag(want, CAP_EFFECTIVE, 1, &keep[i], CAP_SET) < 0)
			return -1;
	}
	return 0;
}

/*
 * One capset does it: the kernel keeps the ambient set within the inheritable one (capabilities(7)), so
 * that emptying the latter empties both. The bounding set stays, as it costs a call for each of some forty
 * capabilities; PR_SET_NO_NEW_PRIVS does its work instead: no execve, not even root's, gains what the
 * permitted set has lost (cap_bprm_creds_from_file in security/commoncap.c).
 */
int cnm_privs_drop(struct cnm_error *err)
{
	_cleanup_(free_caps) cap_t now = cap_get_proc();
	_cleanup_(free_caps) cap_t want = cap_init();
	_cleanup_(free_caps) cap_t got = NULL;

	if (!now || !want || choose_caps(now, want) < 0)
		return cnm_fail_sys(err, errno, "cannot read capabilities");
	if (cap_set_proc(want) < 0)
		return cnm_fail_sys(err, errno, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return cnm_fail_sys(err, errno, "cannot set no_new_privs");
	got = cap_get_proc();
	if (!got)
		return cnm_fail_sys(err, errno, "cannot read capabilities");
	if (cap_compare(got, want) != 0)
		return cnm_fail(err, CNM_E_SYSTEM, "capabilities are not those that were set");
	return 0;
}
