/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel settings. Nothing is read or written before the open file itself has proved to be procfs'.
 */
#include "cnm/sys/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

/* Components that are not empty and go down only. A setting is named with an interface's name, which
 * may hold dots; the kernel refuses an interface of the name "." or "..". */
static bool path_is_plain(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

/* -1 with *err filled, without the name of the setting, which is the caller's to add. */
static int open_setting(const char *path, int access_mode, struct cnm_error *err)
{
	struct open_how how = {
	        .flags = (unsigned)(access_mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
	        .resolve = RESOLVE_NO_SYMLINKS,
	};
	_cleanup_close_ int fd = -1;
	char full[PATH_MAX];
	struct statfs fs;
	int n;

	if (!path_is_plain(path))
		return cnm_fail(err, CNM_E_INVALID, "not the name of a setting");
	n = snprintf(full, sizeof(full), "/proc/sys/%s", path);
	if (n < 0 || (size_t)n >= sizeof(full))
		return cnm_fail(err, CNM_E_INVALID, "the name is too long");
	fd = (int)syscall(SYS_openat2, AT_FDCWD, full, &how, sizeof(how));
	if (fd < 0) {
		switch (errno) {
		case ENOENT:
			cnm_fail_sys(err, ENOENT, "cannot open");
			return cnm_sys_recode(err, CNM_E_NOT_FOUND);
		case ENOSYS:
			return cnm_fail(err, CNM_E_UNSUPPORTED,
			                "openat2 is missing, which came with Linux 5.6");
		case ELOOP:
			return cnm_fail(err, CNM_E_SYSTEM, "refused, a symbolic link is in the way");
		default:
			return cnm_fail_sys(err, errno, "cannot open");
		}
	}
	if (fstatfs(fd, &fs) < 0)
		return cnm_fail_sys(err, errno, "cannot examine");
	if ((unsigned long)fs.f_type != PROC_SUPER_MAGIC)
		return cnm_fail(err, CNM_E_SYSTEM, "refused, something else is mounted over it");
	return TAKE_FD(fd);
}

static int write_setting(const char *path, const char *value, struct cnm_error *err)
{
	_cleanup_close_ int fd = open_setting(path, O_WRONLY, err);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cnm_fail_sys(err, errno, "cannot write");
	if ((size_t)n != len)
		return cnm_fail(err, CNM_E_SYSTEM, "the kernel took only a part of the value");
	return 0;
}

int cnm_sysctl_write(const char *path, const char *value, struct cnm_error *err)
{
	if (write_setting(path, value, err) < 0)
		return cnm_wrap(err, "sysctl %s = %s", path, value);
	return 0;
}

int cnm_sysctl_write_if_present(const char *path, const char *value, struct cnm_error *err)
{
	struct cnm_error own = CNM_ERROR_INIT;

	if (cnm_sysctl_write(path, value, &own) == 0 || own.code == CNM_E_NOT_FOUND)
		return 0;
	if (err)
		*err = own;
	return -1;
}

static int read_setting(const char *path, char *ret, size_t size, struct cnm_error *err)
{
	_cleanup_close_ int fd = open_setting(path, O_RDONLY, err);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, ret, size - 1); /* a second read would start the text again, or end it */
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cnm_fail_sys(err, errno, "cannot read");
	if (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

int cnm_sysctl_read(const char *path, char *ret, size_t size, struct cnm_error *err)
{
	if (size == 0)
		return cnm_fail(err, CNM_E_INVALID, "sysctl %s: no room for the value", path);
	if (read_setting(path, ret, size, err) < 0)
		return cnm_wrap(err, "sysctl %s", path);
	return 0;
}
