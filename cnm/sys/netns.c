/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces. unshare and setns move the calling thread only, hence /proc/thread-self
 * throughout, and never /proc/self, which is the first thread's.
 */
#include "cnm/sys/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

#define OWN_NETNS      "/proc/thread-self/ns/net"
#define UNMOUNT_ROUNDS 8

#define RETURN_TRIES    100
#define RETURN_PAUSE_US 1000

/* linux/nsfs.h and asm-generic/socket.h of younger kernels than the headers may be. */
#ifndef NS_GET_ID
#define NS_GET_ID _IOR(NSIO, 13, uint64_t)
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static int fail_netns(struct cnm_error *err, int sys_errno, const char *what)
{
	cnm_fail_sys(err, sys_errno, "%s", what);
	return cnm_sys_recode(err, CNM_E_NETNS);
}

/* Opens a path that must be a network namespace. The filesystem is asked first: on a device the same
 * ioctl number could mean anything. */
static int open_checked(const char *path, struct cnm_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	int type;

	if (fd < 0)
		return fail_netns(err, errno, path);
	if (fstatfs(fd, &fs) < 0)
		return fail_netns(err, errno, path);
	type = (unsigned long)fs.f_type == NSFS_MAGIC ? ioctl(fd, NS_GET_NSTYPE) : 0;
	/* An error of the question proves nothing: gc would take a living container for a dead one. */
	if (type < 0)
		return fail_netns(err, errno, path);
	if (type != CLONE_NEWNET)
		return cnm_fail(err, CNM_E_NETNS, "%s: not a network namespace", path);
	return TAKE_FD(fd);
}

/* Inside it any socket tells the cookie (Linux 5.14). 0: it cannot be had. */
static uint64_t cookie_inside(int fd)
{
	_cleanup_close_ int own = cnm_netns_open_own(NULL), sock = -1;
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	if (own < 0 || setns(fd, CLONE_NEWNET) < 0)
		return 0;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cnm_netns_return(own);
	if (sock < 0 || getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		return 0;
	return cookie;
}

/* The same number, asked from outside (Linux 6.18). */
static uint64_t cookie_of(int fd)
{
	uint64_t id = 0;

	return ioctl(fd, NS_GET_ID, &id) == 0 ? id : cookie_inside(fd);
}

int cnm_netns_identify(int fd, struct cnm_netns_id *ret, struct cnm_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail_netns(err, errno, "cannot examine the network namespace");
	*ret = (struct cnm_netns_id){.dev = st.st_dev, .ino = st.st_ino, .cookie = cookie_of(fd)};
	return 0;
}

bool cnm_netns_id_equal(const struct cnm_netns_id *a, const struct cnm_netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
	       (a->cookie == 0 || b->cookie == 0 || a->cookie == b->cookie);
}

int cnm_netns_open(const char *path, bool allow_own, struct cnm_netns_id *ret_id, struct cnm_error *err)
{
	_cleanup_close_ int fd = open_checked(path, err);
	struct cnm_netns_id id;
	struct stat own;

	if (fd < 0)
		return -1;
	if (cnm_netns_identify(fd, &id, err) < 0)
		return cnm_wrap(err, "%s", path);
	if (!allow_own) {
		if (stat(OWN_NETNS, &own) < 0)
			return fail_netns(err, errno, OWN_NETNS);
		if (own.st_dev == id.dev && own.st_ino == id.ino)
			return cnm_fail(err, CNM_E_NETNS, "%s: refused, it is the host's network namespace",
			                path);
	}
	if (ret_id)
		*ret_id = id;
	return TAKE_FD(fd);
}

bool cnm_netns_path_is(const char *path, const struct cnm_netns_id *id)
{
	struct cnm_netns_id now;
	_cleanup_close_ int fd = -1;
	struct stat st;

	/* Most answers are "no", and come without opening anything. */
	if (stat(path, &st) < 0 || st.st_dev != id->dev || st.st_ino != id->ino)
		return false;
	/* The number may serve a namespace of another kind by now. */
	fd = open_checked(path, NULL);
	return fd >= 0 && cnm_netns_identify(fd, &now, NULL) == 0 && cnm_netns_id_equal(&now, id);
}

int cnm_netns_open_own(struct cnm_error *err)
{
	int fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : fail_netns(err, errno, OWN_NETNS);
}

int cnm_netns_enter(int fd, struct cnm_error *err)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return fail_netns(err, errno, "cannot enter the network namespace");
	return 0;
}

void cnm_netns_return(int own_fd)
{
	int tries;

	/* The kernel allocates on the way; there is no other way than back. */
	for (tries = 0; setns(own_fd, CLONE_NEWNET) < 0; tries++) {
		if (tries == RETURN_TRIES)
			abort();
		usleep(RETURN_PAUSE_US);
	}
}

static int join_path(char ret[PATH_MAX], const char *dir_path, const char *name, struct cnm_error *err)
{
	int n;

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	n = snprintf(ret, PATH_MAX, "%s/%s", dir_path, name);
	if (n < 0 || n >= PATH_MAX)
		return cnm_fail(err, CNM_E_INVALID, "'%.64s...': the path is too long", dir_path);
	return 0;
}

static int create_file(int dir_fd, const char *name, const char *path, struct cnm_error *err)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		int saved = errno;

		cnm_fail_sys(err, saved, "create network namespace %s", path);
		return cnm_sys_recode(err, saved == EEXIST ? CNM_E_EXISTS : CNM_E_SYSTEM);
	}
	close(fd);
	return 0;
}

int cnm_netns_create_pinned(int dir_fd, const char *dir_path, const char *name, struct cnm_error *err)
{
	_cleanup_close_ int own = -1;
	char path[PATH_MAX];
	int failed = 0;

	if (join_path(path, dir_path, name, err) < 0)
		return -1;
	own = cnm_netns_open_own(err);
	if (own < 0 || create_file(dir_fd, name, path, err) < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0) {
		failed = errno;
	} else {
		if (mount(OWN_NETNS, path, NULL, MS_BIND, NULL) < 0)
			failed = errno;
		cnm_netns_return(own);
	}
	if (failed) {
		unlinkat(dir_fd, name, 0);
		return cnm_fail_sys(err, failed, "create network namespace %s", path);
	}
	return 0;
}

int cnm_netns_delete_pinned(int dir_fd, const char *dir_path, const char *name, struct cnm_error *err)
{
	char path[PATH_MAX];

	if (join_path(path, dir_path, name, err) < 0)
		return -1;
	/* More than one round only when mounts lie on top of each other. */
	for (int round = 0; round < UNMOUNT_ROUNDS; round++) {
		/* EINVAL: nothing is mounted there. */
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
			break;
		if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			break;
	}
	return cnm_fail_sys(err, errno, "delete network namespace %s", path);
}
