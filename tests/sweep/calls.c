/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls by name, and what each may answer when things go wrong (its manual page, and netlink(7)). */
#include "tests/sweep/sweep.h"
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#define FAULTS_MAX 8

struct call {
	long number;
	const char *name;
	struct fault faults[FAULTS_MAX];
};

#define E(error)                                                                                             \
	{                                                                                                    \
		FAULT_ERRNO, error                                                                           \
	}
#define LOST(error)                                                                                          \
	{                                                                                                    \
		FAULT_LOST, error                                                                            \
	}
#define SHORT                                                                                                \
	{                                                                                                    \
		FAULT_SHORT, 0                                                                               \
	}
#define INTERRUPTED                                                                                          \
	{                                                                                                    \
		FAULT_INTERRUPTED_DUMP, 0                                                                    \
	}
#define CALL(name, ...)                                                                                      \
	{                                                                                                    \
		SYS_##name, #name,                                                                           \
		{                                                                                            \
			__VA_ARGS__                                                                          \
		}                                                                                            \
	}

static const struct call calls[] = {
        CALL(openat, E(EMFILE), E(ENOMEM), E(EINTR), E(EIO), E(EPERM), E(ENOSPC)),
        CALL(openat2, E(EMFILE), E(ENOMEM), E(EAGAIN), E(EIO), E(EPERM)),
        CALL(open, E(EMFILE), E(ENOMEM), E(EINTR)),
        CALL(close, LOST(EIO), LOST(EINTR)), /* closed all the same (close(2)) */
        CALL(read, E(EIO), E(EINTR), E(EAGAIN), SHORT),
        CALL(pread64, E(EIO), E(EINTR), SHORT),
        CALL(write, E(ENOSPC), E(EIO), E(EINTR), E(EAGAIN), SHORT),
        CALL(pwrite64, E(ENOSPC), E(EIO), E(EINTR), SHORT),
        CALL(sendto, E(ENOBUFS), E(ENOMEM), E(EINTR), E(EPERM), E(EAGAIN)),
        CALL(sendmsg, E(ENOBUFS), E(ENOMEM), E(EINTR), E(EPERM), E(EAGAIN)),
        CALL(recvmsg, LOST(ENOBUFS), LOST(EAGAIN), E(EINTR), E(ENOMEM), INTERRUPTED),
        CALL(recvfrom, LOST(ENOBUFS), LOST(EAGAIN), E(EINTR), E(ENOMEM)),
        CALL(socket, E(EMFILE), E(ENOBUFS), E(ENOMEM), E(EPERM)),
        CALL(socketpair, E(EMFILE), E(ENOMEM)),
        CALL(bind, E(EADDRINUSE), E(ENOMEM)),
        CALL(connect, E(EAGAIN), E(EPERM)),
        CALL(setsockopt, E(ENOPROTOOPT), E(ENOMEM)),
        CALL(getsockname, E(ENOBUFS)),
        CALL(pipe2, E(EMFILE), E(ENFILE)),
        CALL(dup, E(EMFILE)),
        CALL(dup2, E(EBUSY), E(EINTR)),
        CALL(dup3, E(EBUSY), E(EINTR)),
        CALL(mount, E(ENOMEM), E(EBUSY), E(EPERM), E(ENOSPC)),
        CALL(umount2, E(EBUSY), E(ENOMEM), E(EPERM)),
        CALL(unshare, E(ENOMEM), E(ENOSPC), E(EPERM)),
        CALL(setns, E(ENOMEM), E(EPERM)),
        CALL(clone, E(EAGAIN), E(ENOMEM)),
        CALL(clone3, E(EAGAIN), E(ENOMEM)),
        CALL(fork, E(EAGAIN), E(ENOMEM)),
        CALL(vfork, E(EAGAIN), E(ENOMEM)),
        CALL(execve, E(ENOMEM), E(ENOENT), E(EACCES)),
        CALL(wait4, E(EINTR), E(ECHILD)),
        CALL(waitid, E(EINTR), E(ECHILD)),
        CALL(poll, E(EINTR), E(ENOMEM)),
        CALL(ppoll, E(EINTR), E(ENOMEM)),
        CALL(mkdirat, E(ENOSPC), E(EIO), E(EPERM), E(ENOMEM), E(EROFS)),
        CALL(mkdir, E(ENOSPC), E(EIO), E(EPERM)),
        CALL(unlinkat, E(EIO), E(EBUSY), E(EPERM), E(ENOMEM)),
        CALL(unlink, E(EIO), E(EBUSY), E(EPERM)),
        CALL(rmdir, E(EIO), E(EBUSY)),
        CALL(renameat, E(ENOSPC), E(EIO), E(EPERM), E(ENOMEM)),
        CALL(renameat2, E(ENOSPC), E(EIO), E(EPERM), E(ENOMEM)),
        CALL(rename, E(ENOSPC), E(EIO), E(EPERM)),
        CALL(symlinkat, E(ENOSPC), E(EIO), E(EPERM), E(ENOMEM)),
        CALL(linkat, E(ENOSPC), E(EIO), E(EPERM), E(ENOMEM)),
        CALL(readlinkat, E(EIO), E(ENOMEM)),
        CALL(readlink, E(EIO), E(ENOMEM)),
        CALL(fsync, E(EIO), E(ENOSPC)),
        CALL(fdatasync, E(EIO), E(ENOSPC)),
        CALL(ftruncate, E(EIO), E(ENOSPC), E(EINTR)),
        CALL(fchmod, E(EIO), E(EPERM)),
        CALL(fchown, E(EIO), E(EPERM)),
        CALL(flock, E(EINTR), E(ENOLCK)),
        CALL(fcntl, E(EINTR), E(ENOMEM)),
        CALL(ioctl, E(EIO), E(EPERM), E(EINTR)),
        CALL(getdents64, E(EIO), E(ENOMEM)),
        CALL(newfstatat, E(EIO), E(ENOMEM), E(EACCES)),
        CALL(fstat, E(EIO), E(ENOMEM)),
        CALL(statx, E(EIO), E(ENOMEM)),
        CALL(fstatfs, E(EIO), E(ENOMEM)),
        CALL(statfs, E(EIO), E(ENOMEM)),
        CALL(lseek, E(EIO)),
        CALL(access, E(EIO), E(EACCES)),
        CALL(faccessat, E(EIO), E(EACCES)),
        CALL(faccessat2, E(EIO), E(EACCES)),
        CALL(mmap, E(ENOMEM)),
        CALL(mprotect, E(ENOMEM)),
        CALL(mremap, E(ENOMEM)),
        CALL(brk, E(ENOMEM)),
        CALL(munmap, E(ENOMEM)),
        CALL(getrandom, E(EINTR), E(EAGAIN)),
        CALL(capget, E(EPERM)),
        CALL(capset, E(EPERM)),
        CALL(prctl, E(EPERM)),
        CALL(chdir, E(EIO)),
        CALL(fchdir, E(EIO)),
        CALL(close_range, E(ENOMEM)),
        CALL(pidfd_open, E(EMFILE), E(ENOMEM)),
        CALL(setsid, E(EPERM)),
        CALL(setpgid, E(EPERM)),
        CALL(kill, E(EPERM)),
        CALL(umask),
        CALL(getpid),
        CALL(getppid),
        CALL(gettid),
        CALL(geteuid),
        CALL(getuid),
        CALL(rt_sigaction, E(EINVAL)),
        CALL(rt_sigprocmask, E(EINVAL)),
        CALL(exit_group),
        CALL(exit),
        CALL(set_tid_address),
        CALL(set_robust_list),
        CALL(rseq),
        CALL(arch_prctl),
        CALL(prlimit64, E(EPERM)),
        CALL(clock_nanosleep, E(EINTR)),
        CALL(uname),
        CALL(getcwd, E(ENOMEM)),
};

static const struct call *find(long number)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

const char *call_name(long number)
{
	static char unknown[24];
	const struct call *call = find(number);

	if (call)
		return call->name;
	snprintf(unknown, sizeof(unknown), "call-%ld", number);
	return unknown;
}

bool call_fault(long number, unsigned choice, struct fault *ret)
{
	static const struct call unknown = {0, "", {E(ENOMEM), E(EPERM)}};
	const struct call *call = find(number);

	if (!call)
		call = &unknown;
	if (choice >= FAULTS_MAX)
		return false;
	*ret = call->faults[choice];
	return ret->error != 0 || ret->kind != FAULT_ERRNO;
}

/* An interruption comes once; a kernel that answers so for ever does not exist. */
bool call_is_fatal_for_ever(const struct fault *fault)
{
	return fault->kind == FAULT_ERRNO || fault->kind == FAULT_LOST
	               ? fault->error != EINTR && fault->error != EAGAIN
	               : fault->kind == FAULT_INTERRUPTED_DUMP;
}
