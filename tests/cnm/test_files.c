/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sandbox's hosts and resolv.conf, and their mirror, which keeps its inode. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static struct cnm_test_roots roots;
static struct cnm_store *store;
static struct cnm_controller controller;
static struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
static struct cnm_sandbox sandbox = {.id = "c1", .hostname = "host"};
static struct cnm_error err;

/* The host's /etc is an empty one of our own, as /run is. */
static void setup(void)
{
	cnm_test_mounts_enter();
	cr_assert_eq(mount("tmpfs", "/etc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), 0, "%s",
	             strerror(errno));
	cnm_test_roots_make(&roots);
	cr_assert_eq(cnm_store_open(&store, roots.root, roots.state, &err), 0, "%s", err.text);
	controller.store = store;
	cr_assert_eq(cnm_store_sandbox_lock(store, "c1", true, &sb, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_store_sandbox_close(&sb);
	cnm_store_close(store);
	cnm_test_roots_remove(&roots);
}

TestSuite(files, .init = setup, .fini = teardown, .timeout = 30);

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void write_files(const struct cnm_endpoint *a, const struct cnm_endpoint *b)
{
	const struct cnm_endpoint *all[] = {a, b};

	cr_assert_eq(cnm_files_write(&controller, &sb, &sandbox, all,
	                             b   ? 2
	                             : a ? 1
	                                 : 0,
	                             &err),
	             0, "%s", err.text);
}

/* Path of a file of the sandbox. */
static const char *own(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/sandboxes/c1/%s", roots.state, name);
	return path;
}

static void assert_file(const char *path, const char *expected)
{
	_cleanup_free_ char *text = cnm_test_file_read(path);

	cr_assert_not_null(text, "%s", path);
	cr_assert_str_eq(text, expected, "%s:\n%s", path, text);
}

static struct cnm_endpoint endpoint(const char *first, const char *second)
{
	struct cnm_endpoint ret = {.name = "c1@eth0"};

	cr_assert_eq(cnm_addr_parse_cidr(&ret.addrs[0].addr, first, &err), 0, "%s", err.text);
	ret.addr_count = 1;
	if (second) {
		cr_assert_eq(cnm_addr_parse_cidr(&ret.addrs[1].addr, second, &err), 0, "%s", err.text);
		ret.addr_count = 2;
	}
	return ret;
}

#define HEAD                                                                                                 \
	"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"           \
	"ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"

/* hosts ------------------------------------------------------------------------------------------ */

Test(files, hosts_names_the_sandbox_under_each_address)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", "fd00::2/64"), b = endpoint("10.1.0.2/16", NULL);
	struct stat st;

	write_files(&a, &b);
	assert_file(own("hosts"), HEAD "10.0.0.2\thost\nfd00::2\thost\n10.1.0.2\thost\n");
	cr_assert_eq(lstat(own("hosts"), &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0644, "every user of the container reads it");
}

Test(files, hosts_has_the_full_name_first)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL);

	strcpy(sandbox.domainname, "example.org");
	write_files(&a, NULL);
	assert_file(own("hosts"), HEAD "10.0.0.2\thost.example.org host\n");
}

Test(files, hosts_follows_the_endpoints)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL);

	write_files(&a, NULL);
	write_files(NULL, NULL);
	assert_file(own("hosts"), HEAD);
}

/* resolv.conf ------------------------------------------------------------------------------------ */

Test(files, resolv_is_the_hosts)
{
	put("/etc/resolv.conf",
	    "# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:2\n");
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"),
	            "# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n"
	            "options ndots:2\n");
}

Test(files, resolver_on_the_hosts_loopback_is_left_out)
{
	put("/etc/resolv.conf",
	    "nameserver 127.0.0.1\nnameserver\t127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1");
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "nameserver 192.0.2.1\n");
}

Test(files, resolvers_behind_a_local_stub_are_found)
{
	put("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n");
	cr_assert_eq(mkdir("/run/systemd", 0755), 0);
	cr_assert_eq(mkdir("/run/systemd/resolve", 0755), 0);
	put("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.7\n");
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "nameserver 192.0.2.7\n");
}

/* Docker's rule: a sandbox without servers would ask its own loopback. */
Test(files, only_stubs_are_replaced_by_public_servers)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL), b = endpoint("fd00::2/64", NULL);

	put("/etc/resolv.conf", "search example.org\nnameserver 127.0.0.53\n");
	write_files(&a, NULL);
	assert_file(own("resolv.conf"), "search example.org\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n");
	unlink(own("resolv.conf"));
	write_files(&a, &b);
	assert_file(own("resolv.conf"), "search example.org\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n"
	                                "nameserver 2001:4860:4860::8888\nnameserver 2001:4860:4860::8844\n");
}

Test(files, settings_stand_instead_of_the_hosts)
{
	put("/etc/resolv.conf", "search example.org\nnameserver 192.0.2.1\noptions ndots:2\n");
	cr_assert_eq(cnm_kvs_set(&sandbox.dns, "192.0.2.7", "", &err), 0);
	cr_assert_eq(cnm_kvs_set(&sandbox.dns_search, "a.example", "", &err), 0);
	cr_assert_eq(cnm_kvs_set(&sandbox.extra_hosts, "printer:2001:db8::9", "", &err), 0);
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "options ndots:2\nnameserver 192.0.2.7\nsearch a.example\n");
	assert_file(own("hosts"), HEAD "2001:db8::9\tprinter\n");
}

Test(files, host_without_resolvers_is_no_error)
{
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "");
	put("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	unlink(own("resolv.conf"));
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "nameserver 192.0.2.1\n");
}

Test(files, resolv_is_written_once)
{
	put("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	write_files(NULL, NULL);
	put("/etc/resolv.conf", "nameserver 192.0.2.2\n");
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "nameserver 192.0.2.1\n");
}

Test(files, host_file_that_is_no_file_does_not_hang)
{
	cr_assert_eq(mkfifo("/etc/resolv.conf", 0644), 0);
	write_files(NULL, NULL);
	assert_file(own("resolv.conf"), "");
}

/* Mirror ----------------------------------------------------------------------------------------- */

static const char *mirror(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/mirror/%s", roots.base, name);
	return path;
}

static void mirror_make(void)
{
	snprintf(sandbox.files_mirror, sizeof(sandbox.files_mirror), "%s/mirror", roots.base);
	cr_assert_eq(mkdir(sandbox.files_mirror, 0700), 0);
}

Test(files, mirror_gets_both)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL);

	mirror_make();
	put("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	write_files(&a, NULL);
	assert_file(mirror("hosts"), HEAD "10.0.0.2\thost\n");
	assert_file(mirror("resolv.conf"), "nameserver 192.0.2.1\n");
}

Test(files, mirror_keeps_its_inode)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL), b = endpoint("10.1.0.2/16", NULL);
	struct stat before, after;

	mirror_make();
	write_files(&a, &b);
	cr_assert_eq(lstat(mirror("hosts"), &before), 0);
	write_files(&b, NULL);
	cr_assert_eq(lstat(mirror("hosts"), &after), 0);
	cr_assert_eq(before.st_ino, after.st_ino, "a bind mount follows the inode");
	assert_file(mirror("hosts"), HEAD "10.1.0.2\thost\n");
}

Test(files, mirror_that_is_gone_is_no_error)
{
	snprintf(sandbox.files_mirror, sizeof(sandbox.files_mirror), "%s/gone", roots.base);
	write_files(NULL, NULL);
	assert_file(own("hosts"), HEAD);
	cr_assert_not(cnm_test_path_exists(sandbox.files_mirror));
	cr_assert_eq(err.code, CNM_OK, "%s", err.text);
}

Test(files, link_in_the_mirror_is_not_followed)
{
	char victim[128];

	mirror_make();
	snprintf(victim, sizeof(victim), "%s/victim", roots.base);
	put(victim, "mine\n");
	cr_assert_eq(symlink(victim, mirror("hosts")), 0);
	cr_assert_eq(cnm_files_write(&controller, &sb, &sandbox, NULL, 0, &err), -1);
	cr_assert(strstr(err.text, "hosts"), "%s", err.text);
	assert_file(victim, "mine\n");
}

Test(files, mirror_that_others_may_write_is_refused)
{
	mirror_make();
	cr_assert_eq(chmod(sandbox.files_mirror, 0777), 0);
	cr_assert_eq(cnm_files_write(&controller, &sb, &sandbox, NULL, 0, &err), -1);
	cr_assert_eq(err.code, CNM_E_STORE, "%s", err.text);
	cr_assert_not(cnm_test_path_exists(mirror("hosts")));
}

/* A kill came between the two files of a pair, or within the overwriting of one: the next write makes both whole. */
Test(files, mirror_after_a_kill)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL), b = endpoint("10.1.0.2/16", NULL);

	mirror_make();
	put("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	write_files(&a, NULL);
	put(mirror("hosts"), HEAD "10.1.0.2\thost\n");
	write_files(&b, NULL);
	assert_file(own("hosts"), HEAD "10.1.0.2\thost\n");
	put(mirror("hosts"), HEAD "10.0.0.2\thost\n");
	write_files(&b, NULL);
	assert_file(mirror("hosts"), HEAD "10.1.0.2\thost\n");
	put(mirror("hosts"), HEAD "10.1.0.2\thost\n\n\n");
	put(mirror("resolv.conf"), "");
	write_files(&b, NULL);
	assert_file(mirror("hosts"), HEAD "10.1.0.2\thost\n");
	assert_file(mirror("resolv.conf"), "nameserver 192.0.2.1\n");
}

Test(files, edited_resolv_stays)
{
	struct cnm_endpoint a = endpoint("10.0.0.2/24", NULL);

	mirror_make();
	put("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	write_files(NULL, NULL);
	put(mirror("resolv.conf"), "nameserver 192.0.2.99\n");
	write_files(&a, NULL);
	assert_file(mirror("resolv.conf"), "nameserver 192.0.2.99\n");
	assert_file(own("resolv.conf"), "nameserver 192.0.2.1\n");
}
