/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces: open one safely, enter and come back, make and pin one.
 * The thread that enters is the caller's; between enter and return nothing else should run on it.
 */
#ifndef CNM_SYS_NETNS_H
#define CNM_SYS_NETNS_H

#include <stdbool.h>
#include <stdint.h>

struct cnm_error;

/* Device and inode of the namespace's nsfs file are its identity while it lives; but an inode is used again, often by the very next
 * namespace. The cookie, a number that no other namespace of this boot has, tells them apart; 0 where it is not known. */
struct cnm_netns_id {
	uint64_t dev;
	uint64_t ino;
	uint64_t cookie;
};

/* Opens `path` as a network namespace: on nsfs (NSFS_MAGIC), and NS_GET_NSTYPE says CLONE_NEWNET.
 * The calling thread's own namespace is refused (it would put the container's links on the host) unless
 * allow_own.
 * Errors are CNM_E_NETNS and name path and reason: `/proc/7/ns/net: No such file or directory`,
 * `/etc/passwd: not a network namespace`. Returns the descriptor, or -1. */
int cnm_netns_open(const char *path, bool allow_own, struct cnm_netns_id *ret_id, struct cnm_error *err);
/* Identity of an open namespace. */
int cnm_netns_identify(int fd, struct cnm_netns_id *ret, struct cnm_error *err);
/* A cookie that one of them lacks is not compared. */
bool cnm_netns_id_equal(const struct cnm_netns_id *a, const struct cnm_netns_id *b);
/* True if `path` is now the network namespace with that identity. Never fails: anything else is false. */
bool cnm_netns_path_is(const char *path, const struct cnm_netns_id *id);
/* A descriptor of the calling thread's own namespace, or -1. */
int cnm_netns_open_own(struct cnm_error *err);

/* setns; `fd` from cnm_netns_open or cnm_netns_open_own. */
int cnm_netns_enter(int fd, struct cnm_error *err);
/* Back into `own_fd`. A process that cannot go back must not go on: aborts. */
void cnm_netns_return(int own_fd);

/* Makes a new namespace and pins it by a bind mount on the file dir_fd/name, which is created (exclusive).
 * dir_path is the path of dir_fd, for mount(2). Nothing is left on failure. Only the calling thread moves, and
 * it is back in its own namespace. The loopback device of the new one is down. */
int cnm_netns_create_pinned(int dir_fd, const char *dir_path, const char *name, struct cnm_error *err);
/* Unmounts and unlinks; an absent one is success. */
int cnm_netns_delete_pinned(int dir_fd, const char *dir_path, const char *name, struct cnm_error *err);

#endif
