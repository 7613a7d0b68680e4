/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses in the store: a symbolic link per address, whose target is its owner. symlinkat is one atomic system call that either
 * makes both the reservation and the name of its owner, or says that somebody was faster.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/store.h"
#include "cnm/store_record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int read_owner(struct cnm_store_network *net, const char *file, char *ret, struct cnm_error *err)
{
	ssize_t len = readlinkat(net->addresses_fd, file, ret, CNM_KEY_MAX);

	if (len < 0 && errno == ENOENT)
		return 0;
	if (len < 0)
		return cnm_fail_sys(err, errno, "reservation of address %s", file);
	ret[len] = '\0';
	return 1;
}

int cnm_store_address_owner(struct cnm_store_network *net, const struct cnm_addr *addr, char *ret,
                            struct cnm_error *err)
{
	char file[CNM_ADDR_TEXT_MAX];

	return read_owner(net, cnm_addr_format(addr, file), ret, err);
}

int cnm_store_address_take(struct cnm_store_network *net, const struct cnm_addr *addr, const char *key,
                           struct cnm_error *err)
{
	char file[CNM_ADDR_TEXT_MAX], owner[CNM_KEY_MAX + 1];
	int owned;

	cnm_addr_format(addr, file);
	for (;;) {
		if (symlinkat(key, net->addresses_fd, file) == 0)
			return 1;
		if (errno != EEXIST)
			return cnm_fail_sys(err, errno, "cannot reserve address %s", file);
		owned = read_owner(net, file, owner, err);
		if (owned < 0)
			return -1;
		if (owned)
			return strcmp(owner, key) == 0;
		/* Given up between the two calls: try again. */
	}
}

/* Nobody else gives up or takes over what key owns: the owner read is the owner removed. */
static int release(struct cnm_store_network *net, const char *file, const char *key, struct cnm_error *err)
{
	char owner[CNM_KEY_MAX + 1];
	int owned = read_owner(net, file, owner, err);

	if (owned <= 0 || strcmp(owner, key) != 0)
		return owned < 0 ? -1 : 0;
	return cnm_file_delete_at(net->addresses_fd, file, err);
}

int cnm_store_address_release(struct cnm_store_network *net, const struct cnm_addr *addr, const char *key,
                              struct cnm_error *err)
{
	char file[CNM_ADDR_TEXT_MAX];

	return release(net, cnm_addr_format(addr, file), key, err);
}

int cnm_store_address_release_all(struct cnm_store_network *net, const char *key, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	size_t i;

	if (cnm_dir_list(net->addresses_fd, &names, err) < 0)
		return -1;
	for (i = 0; i < names.count; i++)
		if (release(net, names.items[i], key, err) < 0)
			return -1;
	return 0;
}

int cnm_store_address_list(struct cnm_store_network *net, struct cnm_names *ret, struct cnm_error *err)
{
	return cnm_dir_list(net->addresses_fd, ret, err);
}

/* A subnet's text as a file name: its slash is no part of one. */
static const char *cursor_file(const struct cnm_addr *subnet, char *out)
{
	char *slash = strchr(cnm_addr_format_cidr(subnet, out), '/');

	if (slash)
		*slash = '_';
	return out;
}

void cnm_store_cursor_load(struct cnm_store_network *net, const struct cnm_addr *subnet, struct cnm_addr *ret)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	char file[CNM_ADDR_TEXT_MAX], text[CNM_ADDR_TEXT_MAX], path[CNM_ADDR_TEXT_MAX + 16];
	ssize_t len;

	*ret = (struct cnm_addr){0};
	snprintf(path, sizeof(path), "cursors/%s", cursor_file(subnet, file));
	len = readlinkat(net->live_fd, path, text, sizeof(text) - 1);
	if (len < 0)
		return;
	text[len] = '\0';
	if (cnm_addr_parse(ret, text, &ignored) < 0)
		*ret = (struct cnm_addr){0};
}

/* Atomic by rename. Two that write at once may lose one of the two positions, which costs nothing. */
void cnm_store_cursor_save(struct cnm_store_network *net, const struct cnm_addr *subnet,
                           const struct cnm_addr *at)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int dir_fd = cnm_dir_open_below(net->live_fd, "cursors", true, &ignored);
	char file[CNM_ADDR_TEXT_MAX], text[CNM_ADDR_TEXT_MAX], temporary[CNM_ADDR_TEXT_MAX + 1];

	if (dir_fd < 0)
		return;
	cnm_addr_format(at, text);
	cursor_file(subnet, file);
	snprintf(temporary, sizeof(temporary), ".%s", file);
	if (symlinkat(text, dir_fd, temporary) < 0) {
		unlinkat(dir_fd, temporary, 0);
		if (symlinkat(text, dir_fd, temporary) < 0)
			return;
	}
	if (renameat(dir_fd, temporary, dir_fd, file) < 0)
		unlinkat(dir_fd, temporary, 0);
}
