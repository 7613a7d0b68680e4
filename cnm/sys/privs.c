/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hygiene at entry. Everything here runs in a process with one thread, before any input is read. */
#include "cnm/sys/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

/* Only "ignored" and the mask outlive execve (signal(7)). Waiting for a child depends on SIGCHLD; who made others ignored, as nohup does, meant it. */
static int reset_signals(struct cnm_error *err)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	if (sigaction(SIGCHLD, &action, NULL) < 0)
		return cnm_fail_sys(err, errno, "cannot reset signal %d", SIGCHLD);
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
	struct pollfd standard[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

	/* One call tells of all three whether they are open. */
	if (poll(standard, CNM_ARRAY_SIZE(standard), 0) < 0)
		return cnm_fail_sys(err, errno, "cannot examine descriptors");
	for (int fd = 0; fd <= 2; fd++) {
		/* The lowest free number; the standard three are to be inherited. */
		if ((standard[fd].revents & POLLNVAL) && open("/dev/null", O_RDWR) != fd)
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

/* Two words of 32 capabilities each (capget(2)). */
struct caps {
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static void keep(struct caps *caps, const struct caps *now, unsigned cap)
{
	__u32 bit = now->words[CAP_TO_INDEX(cap)].permitted & CAP_TO_MASK(cap);

	caps->words[CAP_TO_INDEX(cap)].permitted |= bit;
	caps->words[CAP_TO_INDEX(cap)].effective |= bit;
}

/*
 * One capset does it: the kernel keeps the ambient set within the inheritable one (capabilities(7)), so
 * that emptying the latter empties both. The bounding set stays, as it costs a call for each of some forty
 * capabilities; PR_SET_NO_NEW_PRIVS does its work instead: no execve, not even root's, gains what the
 * permitted set has lost (cap_bprm_creds_from_file in security/commoncap.c). libcap would ask the kernel eleven times more, at its start
 * and for the version each time.
 */
static int drop(bool server, struct cnm_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct caps now, want = {0};

	if (syscall(SYS_capget, &header, now.words) < 0)
		return cnm_fail_sys(err, errno, "cannot read capabilities");
	keep(&want, &now, CAP_NET_ADMIN);
	keep(&want, &now, CAP_SYS_ADMIN);
	keep(&want, &now, CAP_SYS_PTRACE);
	keep(&want, &now, CAP_DAC_OVERRIDE);
	if (server)
		keep(&want, &now, CAP_NET_BIND_SERVICE);
	if (syscall(SYS_capset, &header, want.words) < 0)
		return cnm_fail_sys(err, errno, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return cnm_fail_sys(err, errno, "cannot set no_new_privs");
	return 0;
}

int cnm_privs_drop(struct cnm_error *err)
{
	return drop(false, err);
}

int cnm_privs_drop_server(struct cnm_error *err)
{
	return drop(true, err);
}
