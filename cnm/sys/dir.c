/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories: opening one that is our own and private, listing, removing. A removal stays on the
 * mount where it began.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/file.h"
#include "cnm/sys/internal.h"

#define OPEN_FLAGS    (O_DIRECTORY | O_CLOEXEC)
#define OPEN_ATTEMPTS 4 /* a directory may vanish between mkdir and open */
#define DELETE_PASSES 4 /* entries may appear while we remove */
#define DELETE_LEVELS 8

static int open_failed(int dir_fd, const char *name, int sys_errno, struct cnm_error *err)
{
	struct stat st;

	switch (sys_errno) {
	case ENOENT:
		cnm_fail_sys(err, ENOENT, "%s", name);
		return cnm_sys_recode(err, CNM_E_NOT_FOUND);
	case ELOOP:
	case ENOTDIR: /* which O_DIRECTORY | O_NOFOLLOW also says of a link */
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			return cnm_fail(err, CNM_E_STORE, "%s: refused, it is a symbolic link", name);
		return cnm_fail(err, CNM_E_STORE, "%s: refused, it is not a directory", name);
	default:
		return cnm_fail_sys(err, sys_errno, "cannot open directory %s", name);
	}
}

static int check_private(int fd, const char *name, struct cnm_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cnm_fail_sys(err, errno, "cannot examine directory %s", name);
	if (st.st_uid != cnm_sys_user())
		return cnm_fail(err, CNM_E_STORE, "%s: refused, the directory belongs to user %u", name,
		                (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return cnm_fail(err, CNM_E_STORE,
		                "%s: refused, others may write in the directory (mode %04o)", name,
		                (unsigned)st.st_mode & 07777);
	return 0;
}

/* Opens a directory and makes it first when it is missing. */
static int open_or_make(int dir_fd, const char *name, int flags, mode_t mode, struct cnm_error *err)
{
	char target;

	for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
		int fd = openat(dir_fd, name, flags | OPEN_FLAGS);

		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			return open_failed(dir_fd, name, errno, err);
		if (mkdirat(dir_fd, name, mode) == 0) {
			/* The umask may have cut what a parent needs. */
			if (mode != 0700 && fchmodat(dir_fd, name, mode, 0) < 0)
				return cnm_fail_sys(err, errno, "cannot set the mode of directory %s", name);
		} else if (errno != EEXIST) {
			return cnm_fail_sys(err, errno, "cannot make directory %s", name);
		}
	}
	if (readlinkat(dir_fd, name, &target, 1) == 1) /* a parent that leads nowhere */
		return open_failed(dir_fd, name, ENOTDIR, err);
	return cnm_fail(err, CNM_E_TRY_AGAIN, "%s: the directory is being removed", name);
}

/* The slow way to a root: each missing part of `path` (cut up here) is made. */
static int make_root(char *path, struct cnm_error *err)
{
	_cleanup_close_ int parent = open("/", O_PATH | OPEN_FLAGS);
	char *rest = NULL;
	char *part = strtok_r(path, "/", &rest);

	if (parent < 0)
		return cnm_fail_sys(err, errno, "cannot open directory /");
	while (part) {
		char *next = strtok_r(NULL, "/", &rest);
		int fd = open_or_make(parent, part, next ? O_PATH : O_RDONLY | O_NOFOLLOW, next ? 0755 : 0700,
		                      err);

		if (fd < 0 || !next)
			return fd;
		close(parent);
		parent = fd;
		part = next;
	}
	return cnm_fail(err, CNM_E_INVALID, "not a directory of its own");
}

int cnm_dir_open_root(const char *path, bool create, struct cnm_error *err)
{
	_cleanup_close_ int fd = -1;
	size_t len = strlen(path);
	char clean[PATH_MAX];

	if (path[0] != '/')
		return cnm_fail(err, CNM_E_INVALID, "'%s': not an absolute path", path);
	if (len >= sizeof(clean))
		return cnm_fail(err, CNM_E_INVALID, "'%.64s...': the path is too long", path);
	while (len > 1 && path[len - 1] == '/') /* O_NOFOLLOW follows "link/" */
		len--;
	memcpy(clean, path, len);
	clean[len] = '\0';
	fd = open(clean, O_RDONLY | O_NOFOLLOW | OPEN_FLAGS);
	if (fd < 0) {
		if (errno != ENOENT || !create)
			return open_failed(AT_FDCWD, clean, errno, err);
		fd = make_root(clean, err);
		if (fd < 0)
			return cnm_wrap(err, "%s", path);
	}
	if (check_private(fd, path, err) < 0)
		return -1;
	return TAKE_FD(fd);
}

int cnm_dir_open_below(int dir_fd, const char *name, bool create, struct cnm_error *err)
{
	int fd;

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	if (create)
		return open_or_make(dir_fd, name, O_RDONLY | O_NOFOLLOW, 0700, err);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | OPEN_FLAGS);
	return fd < 0 ? open_failed(dir_fd, name, errno, err) : fd;
}

int cnm_dir_open_at(int dir_fd, const char *name, bool create, struct cnm_error *err)
{
	_cleanup_close_ int fd = cnm_dir_open_below(dir_fd, name, create, err);

	if (fd < 0 || check_private(fd, name, err) < 0)
		return -1;
	return TAKE_FD(fd);
}

int cnm_dir_is_current(int dir_fd, const char *name, int fd, struct cnm_error *err)
{
	struct stat now, held;

	if (fstatat(dir_fd, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : cnm_fail_sys(err, errno, "cannot examine directory %s", name);
	if (fstat(fd, &held) < 0)
		return cnm_fail_sys(err, errno, "cannot examine directory %s", name);
	/* The number of an inode that somebody holds open is not given away again. */
	return now.st_dev == held.st_dev && now.st_ino == held.st_ino;
}

/* Calls fn for each entry except "." and "..". The C library's DIR would cost two more calls and 32 KiB. */
typedef int (*entry_fn)(int dir_fd, const char *name, void *arg, struct cnm_error *err);

static int for_each_entry(int fd, entry_fn fn, void *arg, struct cnm_error *err)
{
	char block[4096] __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t n;

	while ((n = getdents64(fd, block, sizeof(block))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(block + at);
			const char *name = entry->d_name;

			at += entry->d_reclen;
			if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && fn(fd, name, arg, err) < 0)
				return -1;
		}
	}
	if (n < 0) {
		cnm_fail_sys(err, errno, "cannot list the directory");
		return errno == ENOENT ? cnm_sys_recode(err, CNM_E_NOT_FOUND) : -1; /* it was removed */
	}
	return 0;
}

struct listing {
	struct cnm_names *names;
	size_t room;
};

static int list_entry(int dir_fd, const char *name, void *arg, struct cnm_error *err)
{
	struct listing *listing = arg;
	struct cnm_names *names = listing->names;

	if (name[0] == '.')
		return 0;
	if (names->count == listing->room) {
		size_t room = listing->room ? listing->room * 2 : 16;
		char **items = reallocarray(names->items, room, sizeof(*items));

		if (!items)
			return cnm_fail_nomem(err);
		names->items = items;
		listing->room = room;
	}
	names->items[names->count] = strdup(name);
	if (!names->items[names->count])
		return cnm_fail_nomem(err);
	names->count++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cnm_dir_list(int dir_fd, struct cnm_names *ret, struct cnm_error *err)
{
	struct listing listing = {.names = ret};
	/* A position of its own: dir_fd may be in use by others. */
	_cleanup_close_ int fd = openat(dir_fd, ".", O_RDONLY | OPEN_FLAGS);

	*ret = (struct cnm_names){.items = NULL, .count = 0};
	if (fd < 0)
		return cnm_fail_sys(err, errno, "cannot list the directory");
	if (for_each_entry(fd, list_entry, &listing, err) < 0) {
		cnm_names_free(ret);
		return -1;
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
	return 0;
}

void cnm_names_free(struct cnm_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct cnm_names){.items = NULL, .count = 0};
}

bool cnm_names_has(const struct cnm_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

struct removal {
	dev_t dev;
	unsigned level;
};

static int remove_entry(int dir_fd, const char *name, void *arg, struct cnm_error *err);

/* Removes the directory dir_fd/name, which is on the right mount. */
static int remove_dir(int dir_fd, const char *name, struct removal above, struct cnm_error *err)
{
	struct removal here = {.dev = above.dev, .level = above.level + 1};
	_cleanup_close_ int fd = -1;

	if (here.level > DELETE_LEVELS)
		return cnm_fail(err, CNM_E_STORE, "%s: more than %d levels of directories", name,
		                DELETE_LEVELS);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | OPEN_FLAGS);
	if (fd < 0)
		return errno == ENOENT ? 0 : open_failed(dir_fd, name, errno, err);
	for (int pass = 0; pass < DELETE_PASSES; pass++) {
		if (for_each_entry(fd, remove_entry, &here, err) < 0)
			return cnm_wrap(err, "%s", name);
		if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			break;
		if (lseek(fd, 0, SEEK_SET) < 0)
			break;
	}
	return cnm_fail_sys(err, errno, "cannot remove directory %s", name);
}

static int remove_entry(int dir_fd, const char *name, void *arg, struct cnm_error *err)
{
	const struct removal *removal = arg;
	struct statx sx;

	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &sx) < 0)
		return errno == ENOENT ? 0 : cnm_fail_sys(err, errno, "cannot examine %s", name);
	/* The device tells most mounts, a pinned namespace too; the attribute (Linux 5.8) also one of the
	 * same filesystem. */
	if (makedev(sx.stx_dev_major, sx.stx_dev_minor) != removal->dev ||
	    (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return cnm_fail(err, CNM_E_BUSY, "%s: not removed, something is mounted on it", name);
	if (S_ISDIR(sx.stx_mode))
		return remove_dir(dir_fd, name, *removal, err);
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return cnm_fail_sys(err, errno, "cannot remove %s", name);
	return 0;
}

int cnm_dir_delete_at(int dir_fd, const char *name, struct cnm_error *err)
{
	struct removal removal = {.level = 0};
	struct stat st;

	if (cnm_sys_check_name(name, err) < 0)
		return -1;
	if (fstat(dir_fd, &st) < 0)
		return cnm_fail_sys(err, errno, "cannot examine the directory of %s", name);
	removal.dev = st.st_dev;
	/* A file under this name is removed too, a link only as itself. */
	return remove_entry(dir_fd, name, &removal, err);
}
