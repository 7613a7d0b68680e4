/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovery, in Docker's order: NAME.sock and NAME/NAME.sock among the sockets, then in each of the other folders
 * NAME.spec, NAME/NAME.spec, NAME.json, NAME/NAME.json. A name is one component of a path by its grammar.
 */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "drivers/remote.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX 65536
#define PATH_LEN 512

/* What differs once the socket is another one: a plugin that starts again makes a new socket. */
static bool identify(const char *path, char ret[128])
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	snprintf(ret, 128, "%llx:%llx:%lld.%09ld", (unsigned long long)st.st_dev,
	         (unsigned long long)st.st_ino, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return true;
}

/* 1 found, 0 not there. */
static int try_socket(const char *path, struct cnm_plugin_address *ret, char identity[128],
                      struct cnm_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || !identify(path, identity))
		return 0;
	return cnm_plugin_socket_address(ret, path, err) < 0 ? -1 : 1;
}

static int try_file(const char *path, bool json, struct cnm_plugin_address *ret, char identity[128],
                    struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(FILE_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return cnm_fail_sys(err, errno, "%s", path);
	if (cnm_buf_read_fd(&text, fd, path, err) < 0)
		return -1;
	if ((json ? cnm_plugin_json_parse(ret, cnm_buf_text(&text), text.len, err)
	          : cnm_plugin_spec_parse(ret, cnm_buf_text(&text), text.len, err)) < 0)
		return cnm_wrap(err, "%s", path);
	/* Of a socket that such a file names, the socket counts. */
	if (!(ret->socket && identify(ret->socket, identity)))
		identify(path, identity);
	return 1;
}

static int try_dir(const char *dir, const char *name, bool sockets, struct cnm_plugin_address *ret,
                   char identity[128], struct cnm_error *err)
{
	static const char *const suffixes[] = {".spec", ".json"};
	char path[PATH_LEN];
	int r = 0;
	size_t i, deep;

	for (i = 0; i < (sockets ? 1 : CNM_ARRAY_SIZE(suffixes)) && r == 0; i++) {
		const char *suffix = sockets ? ".sock" : suffixes[i];

		for (deep = 0; deep < 2 && r == 0; deep++) {
			snprintf(path, sizeof(path), deep ? "%s/%s/%s%s" : "%s/%.0s%s%s", dir, name, name,
			         suffix);
			r = sockets ? try_socket(path, ret, identity, err)
			            : try_file(path, i == 1, ret, identity, err);
		}
	}
	return r;
}

int cnm_remote_find(const char *name, struct cnm_plugin_address *ret, char ret_identity[128],
                    struct cnm_error *err)
{
	char dirs[CNM_REMOTE_DIRS][256];
	size_t i;

	if (cnm_name_check(name, "driver name", err) < 0)
		return -1;
	cnm_remote_dirs(dirs);
	for (i = 0; i < CNM_REMOTE_DIRS; i++) {
		int r = dirs[i][0] ? try_dir(dirs[i], name, i == 0, ret, ret_identity, err) : 0;

		if (r != 0)
			return r < 0 ? cnm_wrap(err, "plugin %s", name) : 0;
	}
	return cnm_fail(err, CNM_E_NOT_FOUND, "no plugin of that name is in %s, %s, %s", dirs[0], dirs[1],
	                dirs[2]);
}
