/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records as files. Nothing found under a name is trusted before it was looked at through its open
 * descriptor; nothing is visible under its name before it is whole.
 */
#include "cnm/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

/* O_NONBLOCK: a fifo under the name must not stop us before fstat has seen it. */
#define OPEN_FLAGS    (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define TEMP_MAX      256
#define TEMP_ATTEMPTS 16
/* Only a container makes the file that is mounted into it so large; what lies beyond is cut off unpadded. */
#define PAD_MAX ((size_t)1024 * 1024)

int cnm_sys_check_name(const char *name, struct cnm_error *err)
{
	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return cnm_fail(err, CNM_E_INVALID, "'%s': not a file name", name);
	return 0;
}

/* Opens what should be a regular file; -1 with *err filled. */
static int open_file(int dir_fd, const char *name, int access_mode, struct cnm_error *err)
{
	int fd = openat(dir_fd, name, access_mode | OPEN_FLAGS);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
		cnm_fail_sys(err, ENOENT, "%s", name);
		return cnm_sys_recode(err, CNM_E_NOT_FOUND);
	case ELOOP:
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it is a symbolic link", name);
	case ENXIO: /* a socket, or a fifo that nobody reads */
	case EISDIR:
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it is not a regular file", name);
	default:
		return cnm_fail_sys(err, errno, "cannot open %s", name);
	}
}

/* No links left (st_nlink 0) is a file that was replaced since we opened it: whole, and ours. */
static int check_regular(int fd, const char *name, struct stat *st, struct cnm_error *err)
{
	if (fstat(fd, st) < 0)
		return cnm_fail_sys(err, errno, "cannot examine %s", name);
	if (!S_ISREG(st->st_mode))
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it is not a regular file", name);
	if (st->st_nlink > 1)
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it has %ju hard links", name,
		                (uintmax_t)st->st_nlink);
	return 0;
}

/* Reads to the end. A whole record is in the first answer nearly always; where it is shorter than the file was, more comes. */
static int read_rest(int fd, const char *name, size_t size, size_t max, struct cnm_buf *ret,
                     struct cnm_error *err)
{
	char chunk[8192];
	size_t total = 0;
	ssize_t n;

	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cnm_fail_sys(err, errno, "cannot read %s", name);
		total += (size_t)n;
		if (total > max)
			return cnm_fail(err, CNM_E_STORE, "%s: refused, larger than %zu bytes", name, max);
		if ((size_t)n > ret->max - ret->len)
			return cnm_fail(err, CNM_E_STORE, "%s: refused, larger than %zu bytes", name,
			                ret->max);
		if (cnm_buf_append(ret, chunk, (size_t)n) < 0)
			return cnm_fail_nomem(err);
	} while (n != 0 && (n < 0 || n == (ssize_t)sizeof(chunk) || total < size));
	return 0;
}

int cnm_file_read_at(int dir_fd, const char *name, size_t max, struct cnm_buf *ret, struct cnm_error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	fd = open_file(dir_fd, name, O_RDONLY, err);
	if (fd < 0)
		return -1;
	if (check_regular(fd, name, &st, err) < 0)
		return -1;
	if (st.st_uid != cnm_sys_user())
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it belongs to user %u", name,
		                (unsigned)st.st_uid);
	if ((uintmax_t)st.st_size > max)
		return cnm_fail(err, CNM_E_STORE, "%s: refused, larger than %zu bytes", name, max);
	return read_rest(fd, name, (size_t)st.st_size, max, ret, err);
}

/* What replaces NAME has this name for a moment; nothing that is listed begins with a dot. */
static const char *replacement_of(const char *name, char out[TEMP_MAX])
{
	snprintf(out, TEMP_MAX, ".%.240s.new", name);
	return out;
}

/* 0, or -1 with errno set. */
static int write_all(int fd, const char *data, size_t len)
{
	off_t at = 0;

	while ((size_t)at < len) {
		ssize_t n = pwrite(fd, data + at, len - (size_t)at, at);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			at += n;
	}
	return 0;
}

static int fill(int fd, const void *data, size_t len, bool durable, bool world_readable)
{
	if (write_all(fd, data, len) < 0 ||
	    fchmod(fd, world_readable ? 0644 : 0600) < 0 || /* whatever the umask */
	    (durable && fsync(fd) < 0))
		return -1;
	return 0;
}

/* Gives the nameless file its name, in the place of what may have it: 0, or -1 with errno set. A kill between the two steps leaves
 * the replacement, which the next write or deletion of that name takes away. */
static int name_file(int fd, int dir_fd, const char *name)
{
	char self[32], temp[TEMP_MAX];
	unsigned attempt;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	replacement_of(name, temp);
	for (attempt = 0; errno == EEXIST && attempt < TEMP_ATTEMPTS; attempt++) {
		if (linkat(AT_FDCWD, self, dir_fd, temp, AT_SYMLINK_FOLLOW) == 0) {
			if (renameat(dir_fd, temp, dir_fd, name) == 0)
				return 0;
			int saved = errno;
			unlinkat(dir_fd, temp, 0);
			errno = saved;
			return -1;
		}
		if (errno == EEXIST && unlinkat(dir_fd, temp, 0) < 0 && errno != ENOENT)
			return -1;
		errno = EEXIST;
	}
	return -1;
}

/* Where files without a name are unknown (NFS, old overlayfs). Two at once would disturb each other; callers hold a lock. */
static int write_replacement(int dir_fd, const char *name, const void *data, size_t len, bool durable,
                             bool world_readable)
{
	_cleanup_close_ int fd = -1;
	char temp[TEMP_MAX];
	int saved;

	replacement_of(name, temp);
	if (unlinkat(dir_fd, temp, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (fill(fd, data, len, durable, world_readable) == 0 && renameat(dir_fd, temp, dir_fd, name) == 0)
		return 0;
	saved = errno;
	unlinkat(dir_fd, temp, 0);
	errno = saved;
	return -1;
}

static int write_nameless(int dir_fd, const char *name, const void *data, size_t len, bool durable,
                          bool world_readable)
{
	_cleanup_close_ int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR
		               ? write_replacement(dir_fd, name, data, len, durable, world_readable)
		               : -1;
	return fill(fd, data, len, durable, world_readable) < 0 ? -1 : name_file(fd, dir_fd, name);
}

int cnm_file_write_at(int dir_fd, const char *name, const void *data, size_t len, bool durable,
                      bool world_readable, struct cnm_error *err)
{
	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	if (write_nameless(dir_fd, name, data, len, durable, world_readable) < 0)
		return cnm_fail_sys(err, errno, "cannot write %s", name);
	if (durable && fsync(dir_fd) < 0)
		return cnm_fail_sys(err, errno, "cannot make %s durable", name);
	return 0;
}

/* The new text, padded with newlines over what is left of the old one. */
static int write_padded(int fd, const void *data, size_t len, size_t padded, const char *name,
                        struct cnm_error *err)
{
	_cleanup_free_ char *text = malloc(padded);

	if (!text)
		return cnm_fail_nomem(err);
	if (len > 0)
		memcpy(text, data, len);
	memset(text + len, '\n', padded - len);
	if (write_all(fd, text, padded) < 0 || ftruncate(fd, (off_t)len) < 0)
		return cnm_fail_sys(err, errno, "cannot write %s", name);
	return 0;
}

int cnm_file_overwrite_at(int dir_fd, const char *name, const void *data, size_t len, struct cnm_error *err)
{
	struct cnm_error open_err = CNM_ERROR_INIT;
	_cleanup_close_ int fd = -1;
	struct stat st;
	size_t old;

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	fd = open_file(dir_fd, name, O_WRONLY, &open_err);
	if (fd < 0 && open_err.code == CNM_E_NOT_FOUND)
		return cnm_file_write_at(dir_fd, name, data, len, false, true, err);
	if (fd < 0) {
		if (err)
			*err = open_err;
		return -1;
	}
	/* The owner is not looked at: a container may change that of the file which is mounted into it, and
	 * must not stop the work of others by it. */
	if (check_regular(fd, name, &st, err) < 0)
		return -1;
	old = st.st_size > (off_t)PAD_MAX ? PAD_MAX : (size_t)st.st_size;
	if (len < old)
		return write_padded(fd, data, len, old, name, err);
	if (write_all(fd, data, len) < 0 || (st.st_size > (off_t)len && ftruncate(fd, (off_t)len) < 0))
		return cnm_fail_sys(err, errno, "cannot write %s", name);
	return 0;
}

int cnm_file_delete_at(int dir_fd, const char *name, struct cnm_error *err)
{
	char temp[TEMP_MAX];

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	/* First what a killed write left beside it: as long as it is there, so is the file, and somebody comes again. */
	if ((unlinkat(dir_fd, replacement_of(name, temp), 0) < 0 && errno != ENOENT) ||
	    (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT))
		return cnm_fail_sys(err, errno, "cannot remove %s", name);
	return 0;
}
