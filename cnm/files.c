/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sandbox's hosts and resolv.conf. They are replaced whole, by rename. Where a runtime has bind-mounted copies of them (the mirror),
 * those are overwritten in place: a mount follows the inode, and would show the old file for ever.
 */
#include "cnm/files.h"
#include "cnm/base/cleanup.h"
#include <stdio.h>
#include <string.h>

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

/* "NAME:ADDRESS", as `docker run --add-host` has it; the record's reader has checked it. */
static void put_extra(struct cnm_buf *buf, const struct cnm_sandbox *sandbox)
{
	size_t i;

	for (i = 0; i < sandbox->extra_hosts.count; i++) {
		const char *text = sandbox->extra_hosts.items[i].key, *colon = strchr(text, ':');

		if (colon)
			cnm_buf_printf(buf, "%s\t%.*s\n", colon + 1, (int)(colon - text), text);
	}
}

static int build_hosts(struct cnm_peers *peers, struct cnm_buf *buf, const struct cnm_sandbox *sandbox,
                       const struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i, j;

	cnm_buf_puts(buf, hosts_head);
	put_extra(buf, sandbox);
	for (i = 0; i < count; i++)
		for (j = 0; j < endpoints[i]->addr_count; j++) {
			cnm_buf_printf(buf, "%s\t", cnm_addr_format(&endpoints[i]->addrs[j].addr, text));
			put_own_names(buf, sandbox);
		}
	return cnm_peers_put_hosts(peers, endpoints, count, buf, err);
}

/* What a file holds; false: it cannot be read. */
static bool read_now(int dir_fd, const char *name, struct cnm_buf *ret)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_file_read_at(dir_fd, name, CNM_FILES_MAX, ret, &ignored) == 0;
}

/* -1 in *ret: no runtime has mounted copies, or their bundle is gone, and with it who could look. */
static int open_mirror(const struct cnm_sandbox *sandbox, int *ret, struct cnm_error *err)
{
	*ret = -1;
	if (!sandbox->files_mirror[0])
		return 0;
	*ret = cnm_dir_open_root(sandbox->files_mirror, false, err);
	if (*ret >= 0)
		return 0;
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

/* The end does not count: a shorter text is padded before the file is cut, and a kill may have come between (cnm_file_overwrite_at). */
static bool is_same(const struct cnm_buf *buf, const char *text)
{
	size_t a = buf->len, b = strlen(text);

	while (a > 0 && buf->data[a - 1] == '\n')
		a--;
	while (b > 0 && text[b - 1] == '\n')
		b--;
	return a == b && memcmp(cnm_buf_text(buf), text, a) == 0;
}

/*
 * `last`: what we wrote last, where edits are to be kept; else NULL. A resolv.conf that somebody edited inside stays edited: it is not what we wrote, nor
 * empty as the bundle makes it.
 */
static bool wants(int mirror, const char *name, const char *text, const struct cnm_buf *last)
{
	_cleanup_(cnm_buf_free) struct cnm_buf now = CNM_BUF_INIT(CNM_FILES_MAX);

	if (!read_now(mirror, name, &now))
		return true;
	if (now.len == strlen(text) && is_same(&now, text))
		return false; /* who watches a file is not told of a change that is none */
	return !last || now.len == 0 || is_same(&now, text) || is_same(&now, cnm_buf_text(last));
}

/* The mirror comes first: where a kill comes between, the sandbox's own file still says what the mirror is to be compared with. */
static int put_file(struct cnm_store_sandbox *sb, int mirror, const char *name, const struct cnm_buf *buf,
                    bool keep_edits, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf last = CNM_BUF_INIT(CNM_FILES_MAX);
	bool is_there = read_now(sb->dir_fd, name, &last);
	const char *text = cnm_buf_text(buf);

	if (buf->failed)
		return cnm_fail_nomem(err);
	if (mirror >= 0 && wants(mirror, name, text, keep_edits && is_there ? &last : NULL) &&
	    cnm_file_overwrite_at(mirror, name, text, strlen(text), err) < 0)
		return -1;
	if (is_there && last.len == strlen(text) && strcmp(cnm_buf_text(&last), text) == 0)
		return 0;
	return cnm_file_write_at(sb->dir_fd, name, text, strlen(text), false, true, err);
}

/* false: it leads to an agent, or there is none. */
static bool is_own(int dir_fd)
{
	_cleanup_(cnm_buf_free) struct cnm_buf now = CNM_BUF_INIT(CNM_FILES_MAX);

	return read_now(dir_fd, "resolv.conf", &now) && now.len > 0 &&
	       !cnm_resolv_is_served(cnm_buf_text(&now));
}

/* Without an agent the file is as the host's was when the sandbox began, which somebody may have seen and relied on. */
static bool stays(struct cnm_store_sandbox *sb, int mirror, bool served)
{
	return !served && is_own(sb->dir_fd) && (mirror < 0 || is_own(mirror));
}

int cnm_files_write_locked(struct cnm_peers *peers, struct cnm_store_sandbox *sb,
                           const struct cnm_sandbox *sandbox, const struct cnm_endpoint *const *endpoints,
                           size_t count, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf hosts = CNM_BUF_INIT(CNM_FILES_MAX);
	_cleanup_(cnm_buf_free) struct cnm_buf resolv = CNM_BUF_INIT(CNM_FILES_MAX);
	_cleanup_close_ int mirror = -1;
	bool served;

	if (open_mirror(sandbox, &mirror, err) < 0 ||
	    build_hosts(peers, &hosts, sandbox, endpoints, count, err) < 0 ||
	    put_file(sb, mirror, "hosts", &hosts, false, err) < 0 ||
	    cnm_resolv_build(peers, sandbox, endpoints, count, &resolv, &served, err) < 0)
		return -1;
	return stays(sb, mirror, served) ? 0 : put_file(sb, mirror, "resolv.conf", &resolv, true, err);
}

int cnm_files_write(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                    const struct cnm_sandbox *sandbox, const struct cnm_endpoint *const *endpoints,
                    size_t count, struct cnm_error *err)
{
	struct cnm_peers peers = {.controller = controller};
	_cleanup_close_ int lock = cnm_store_hosts_lock(controller->store, err);
	int r;

	if (lock < 0)
		return -1;
	r = cnm_files_write_locked(&peers, sb, sandbox, endpoints, count, err);
	cnm_peers_free(&peers);
	return r;
}
