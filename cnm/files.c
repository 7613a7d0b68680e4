/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sandbox's hosts and resolv.conf. They are replaced whole, by rename. Where a runtime has bind-mounted copies of them (the mirror),
 * those are overwritten in place: a mount follows the inode, and would show the old file for ever.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (64 * 1024)

static const char hosts_head[] = "127.0.0.1\tlocalhost\n"
                                 "::1\tlocalhost ip6-localhost ip6-loopback\n"
                                 "fe00::0\tip6-localnet\n"
                                 "ff00::0\tip6-mcastprefix\n"
                                 "ff02::1\tip6-allnodes\n"
                                 "ff02::2\tip6-allrouters\n";

static void put_own_names(struct cnm_buf *buf, const struct cnm_sandbox *sandbox)
{
	if (sandbox->domainname[0])
		cnm_buf_printf(buf, "%s.%s ", sandbox->hostname, sandbox->domainname);
	cnm_buf_printf(buf, "%s\n", sandbox->hostname);
}

static void build_hosts(struct cnm_buf *buf, const struct cnm_sandbox *sandbox,
                        const struct cnm_endpoint *const *endpoints, size_t count)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i, j;

	cnm_buf_puts(buf, hosts_head);
	for (i = 0; i < count; i++)
		for (j = 0; j < endpoints[i]->addr_count; j++) {
			cnm_buf_printf(buf, "%s\t", cnm_addr_format(&endpoints[i]->addrs[j].addr, text));
			put_own_names(buf, sandbox);
		}
}

static bool is_loopback_server(const char *line)
{
	const char *at = line + strlen("nameserver");

	at += strspn(at, " \t");
	return strncmp(at, "127.", 4) == 0 || strncmp(at, "::1", 3) == 0;
}

/* The host's file without resolvers that listen on its loopback, which the sandbox cannot reach. Returns how many servers are left. */
static unsigned build_resolv(struct cnm_buf *buf, const char *text)
{
	unsigned servers = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool server = strncmp(text, "nameserver", strlen("nameserver")) == 0;

		if (!server || !is_loopback_server(text)) {
			cnm_buf_append(buf, text, len);
			cnm_buf_puts(buf, "\n");
			servers += server;
		}
		text += len + (text[len] == '\n');
	}
	return servers;
}

/* systemd-resolved keeps the real servers beside its stub on 127.0.0.53. */
static const char *const resolv_paths[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

static void read_resolv(struct cnm_buf *ret)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(resolv_paths); i++) {
		_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(FILE_MAX);
		_cleanup_close_ int fd = open(resolv_paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		struct cnm_error ignored = CNM_ERROR_INIT;

		if (fd < 0 || cnm_buf_read_fd(&text, fd, resolv_paths[i], &ignored) < 0)
			continue;
		cnm_buf_free(ret);
		if (build_resolv(ret, cnm_buf_text(&text)) > 0)
			return;
	}
}

/* Who watches a file is not told of a change that is none. */
static bool is_current(int dir_fd, const char *name, const char *text)
{
	_cleanup_(cnm_buf_free) struct cnm_buf now = CNM_BUF_INIT(FILE_MAX);
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_file_read_at(dir_fd, name, FILE_MAX, &now, &ignored) == 0 && now.len == strlen(text) &&
	       strcmp(cnm_buf_text(&now), text) == 0;
}

static int put_file(struct cnm_store_sandbox *sb, const struct cnm_sandbox *sandbox, const char *name,
                    const struct cnm_buf *buf, struct cnm_error *err)
{
	const char *text = cnm_buf_text(buf);
	_cleanup_close_ int mirror = -1;

	if (buf->failed)
		return cnm_fail_nomem(err);
	/* Each is looked at for itself: a kill may have come between the two. */
	if (!is_current(sb->dir_fd, name, text) &&
	    cnm_file_write_at(sb->dir_fd, name, text, strlen(text), false, true, err) < 0)
		return -1;
	if (!sandbox->files_mirror[0])
		return 0;
	mirror = cnm_dir_open_root(sandbox->files_mirror, false, err);
	if (mirror < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err); /* the bundle is gone, and with it who could look */
		return 0;
	}
	return is_current(mirror, name, text) ? 0
	                                      : cnm_file_overwrite_at(mirror, name, text, strlen(text), err);
}

int cnm_files_write(struct cnm_store_sandbox *sb, const struct cnm_sandbox *sandbox,
                    const struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf hosts = CNM_BUF_INIT(FILE_MAX);
	_cleanup_(cnm_buf_free) struct cnm_buf resolv = CNM_BUF_INIT(FILE_MAX);

	build_hosts(&hosts, sandbox, endpoints, count);
	if (put_file(sb, sandbox, "hosts", &hosts, err) < 0)
		return -1;
	if (faccessat(sb->dir_fd, "resolv.conf", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	read_resolv(&resolv);
	return put_file(sb, sandbox, "resolv.conf", &resolv, err);
}
