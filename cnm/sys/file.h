/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below a checked directory descriptor: never through a symbolic link, whole or not at all,
 * private. Directories are 0700, files 0600.
 */
#ifndef CNM_SYS_FILE_H
#define CNM_SYS_FILE_H

#include "cnm/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

/* Opens an absolute directory path as a root: made with its parents (0755 for parents, 0700 for itself) when
 * `create`; the last component is no link, belongs to the effective user and is not writable by group or
 * others (CNM_E_STORE otherwise). Absent: CNM_E_NOT_FOUND. */
int cnm_dir_open_root(const char *path, bool create, struct cnm_error *err);
/* Opens dir_fd/name; with `create` it is made when missing. Same checks. Absent: CNM_E_NOT_FOUND. Returns a
 * descriptor or -1. Here and below `name` is one component of a path: CNM_E_INVALID otherwise. */
int cnm_dir_open_at(int dir_fd, const char *name, bool create, struct cnm_error *err);
/* The same for what lies deeper: owner and mode are not looked at, since nobody else can make anything in the folders above, and what is read of
 * it is looked at itself. A link is refused. */
int cnm_dir_open_below(int dir_fd, const char *name, bool create, struct cnm_error *err);

/* Appends to ret what a regular file holds (one link, our own, at most max bytes). Absent: CNM_E_NOT_FOUND;
 * refused: CNM_E_STORE. */
int cnm_file_read_at(int dir_fd, const char *name, size_t max, struct cnm_buf *ret, struct cnm_error *err);
/* Writes a temporary file (".name.XXXX") and renames it over `name`; `durable`: fsync of file and directory.
 * The mode is 0600, or 0644 with `world_readable`. A temporary file left by a crash is never read
 * (its name begins with a dot). */
int cnm_file_write_at(int dir_fd, const char *name, const void *data, size_t len, bool durable,
                      bool world_readable, struct cnm_error *err);
/* Replaces the content of an existing file in place, for a file that is bind-mounted (a mount follows the
 * inode): one pwrite of the new text padded with newlines to the old length, then the cut; a reader never sees
 * half a line. Absent: created 0644. The owner is not checked: a container may have changed it. */
int cnm_file_overwrite_at(int dir_fd, const char *name, const void *data, size_t len, struct cnm_error *err);
/* Absent is success. */
int cnm_file_delete_at(int dir_fd, const char *name, struct cnm_error *err);
/* Removes dir_fd/name and everything below (at most 8 levels), without following links; absent is
 * success. A mount point ends it with CNM_E_BUSY, and stays. */
int cnm_dir_delete_at(int dir_fd, const char *name, struct cnm_error *err);

/* Names in a directory, sorted, without those that begin with a dot. The caller frees with cnm_names_free. */
struct cnm_names {
	char **items;
	size_t count;
};
int cnm_dir_list(int dir_fd, struct cnm_names *ret, struct cnm_error *err);
void cnm_names_free(struct cnm_names *names);
bool cnm_names_has(const struct cnm_names *names, const char *name);
#define _cleanup_names_ __attribute__((cleanup(cnm_names_free)))

enum cnm_lock_mode { CNM_LOCK_SHARED, CNM_LOCK_EXCLUSIVE };
/* flock on the directory itself, waiting; released by closing every copy of the descriptor. EINTR is retried. */
int cnm_dir_lock(int dir_fd, enum cnm_lock_mode mode, struct cnm_error *err);
/* The same without waiting: 1 locked, 0 somebody holds it, -1 error. */
int cnm_dir_try_lock(int dir_fd, enum cnm_lock_mode mode, struct cnm_error *err);
/* Whether dir_fd/name is still the directory behind `fd`, to be asked after waiting for a lock: 1 it is, 0 not, -1 error. */
int cnm_dir_is_current(int dir_fd, const char *name, int fd, struct cnm_error *err);

#endif
