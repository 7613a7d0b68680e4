/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the own network namespace; a prepared mount or link does not redirect them. */
#include "cnm/sys/sysctl.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cnm/base/error.h"

#define FORWARD "net/ipv4/conf/lo/forwarding"

static struct cnm_error err;

static void setup(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		cr_skip_test("needs CAP_SYS_ADMIN");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

TestSuite(sysctl, .init = setup, .timeout = 20);

Test(sysctl, written_is_read)
{
	char value[16];

	for (int round = 0; round < 2; round++) {
		const char *want = round ? "0" : "1";

		cr_assert_eq(cnm_sysctl_write(FORWARD, want, &err), 0, "%s", err.text);
		cr_assert_eq(cnm_sysctl_read(FORWARD, value, sizeof(value), &err), 0, "%s", err.text);
		cr_expect_str_eq(value, want);
	}
}

Test(sysctl, value_is_cut_at_size)
{
	char value[4];

	cr_assert_eq(cnm_sysctl_write("net/ipv4/ip_local_port_range", "10000 20000", &err), 0, "%s",
	             err.text);
	cr_assert_eq(cnm_sysctl_read("net/ipv4/ip_local_port_range", value, sizeof(value), &err), 0);
	cr_expect_str_eq(value, "100");
	cr_assert_eq(cnm_sysctl_read("net/ipv4/ip_local_port_range", value, 1, &err), 0);
	cr_expect_str_eq(value, "");
	cr_expect_eq(cnm_sysctl_read("net/ipv4/ip_local_port_range", value, 0, &err), -1);
}

Test(sysctl, absent)
{
	char value[16];

	cr_expect_eq(cnm_sysctl_write("net/ipv6/conf/nowhere/accept_ra", "0", &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_not_null(strstr(err.text, "sysctl net/ipv6/conf/nowhere/accept_ra = 0: "), "%s", err.text);
	cr_expect_not_null(strstr(err.text, "No such file or directory"), "%s", err.text);
	cr_expect_eq(cnm_sysctl_read("net/ipv6/conf/nowhere/accept_ra", value, sizeof(value), &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cnm_error_clear(&err);
	cr_expect_eq(cnm_sysctl_write_if_present("net/ipv6/conf/nowhere/accept_ra", "0", &err), 0);
	cr_expect_eq(err.code, CNM_OK);
}

Test(sysctl, refused_values)
{
	cr_expect_eq(cnm_sysctl_write(FORWARD, "many", &err), -1);
	cr_expect_not_null(strstr(err.text, "sysctl " FORWARD " = many: "), "%s", err.text);
	cr_expect_eq(err.code, CNM_E_SYSTEM);
	cr_expect_eq(cnm_sysctl_write_if_present(FORWARD, "many", &err), -1);
}

Test(sysctl, paths_stay_below)
{
	static const char *const paths[] = {
	        "",          "/",          "/net",      "..", "../../etc/passwd", "net/../kernel/hostname",
	        "net//ipv4", "net/./ipv4", "net/ipv4/", "."};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		cnm_error_clear(&err);
		cr_expect_eq(cnm_sysctl_write(paths[i], "0", &err), -1);
		cr_expect_eq(err.code, CNM_E_INVALID, "'%s': %s", paths[i], err.text);
	}
}

/* A file mounted over one setting, a directory with a link and a fifo over others. */
Test(sysctl, not_redirected)
{
	char dir[] = "/tmp/cnm-test-sysctl-XXXXXX", path[64], value[16];
	int fd;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(mount("tmpfs", dir, "tmpfs", 0, NULL), 0);
	snprintf(path, sizeof(path), "%s/target", dir);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	cr_assert_eq(write(fd, "old", 3), 3);
	cr_assert_eq(mount(path, "/proc/sys/net/ipv4/ip_default_ttl", NULL, MS_BIND, NULL), 0);
	snprintf(path, sizeof(path), "%s/forwarding", dir);
	cr_assert_eq(symlink("target", path), 0);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(mount(dir, "/proc/sys/net/ipv4/conf/lo", NULL, MS_BIND, NULL), 0);
	cr_expect_eq(cnm_sysctl_write("net/ipv4/ip_default_ttl", "9", &err), -1);
	cr_expect_not_null(strstr(err.text, "mounted over"), "%s", err.text);
	cr_expect_eq(cnm_sysctl_read("net/ipv4/ip_default_ttl", value, sizeof(value), &err), -1);
	cr_expect_eq(cnm_sysctl_write(FORWARD, "9", &err), -1);
	cr_expect_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_expect_eq(cnm_sysctl_write("net/ipv4/conf/lo/fifo", "9", &err), -1);
	cr_expect_eq(cnm_sysctl_read("net/ipv4/conf/lo/fifo", value, sizeof(value), &err), -1);
	cr_expect_eq(pread(fd, value, sizeof(value), 0), 3);
	cr_expect_eq(memcmp(value, "old", 3), 0);
	close(fd);
	umount2("/proc/sys/net/ipv4/conf/lo", MNT_DETACH);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}
