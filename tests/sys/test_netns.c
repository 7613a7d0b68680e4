/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces: what is none is refused, our own too; a pinned one outlives the call. */
#include "cnm/sys/netns.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/error.h"

#define OWN "/proc/thread-self/ns/net"

static char root[64];
static int root_fd = -1;
static struct cnm_error err;

/* Mounts of ours stay in a mount namespace that ends with the test; a tmpfs takes the files along. */
static void setup(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		cr_skip_test("needs CAP_SYS_ADMIN");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(root, sizeof(root), "/tmp/cnm-test-netns-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(mount("tmpfs", root, "tmpfs", 0, "mode=0700"), 0);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	close(root_fd);
	umount2(root, MNT_DETACH);
	rmdir(root);
}

static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static void create(const char *name)
{
	cr_assert_eq(cnm_netns_create_pinned(root_fd, root, name, &err), 0, "%s", err.text);
}

static void expect_refused(const char *path, const char *text)
{
	cnm_error_clear(&err);
	cr_expect_eq(cnm_netns_open(path, false, NULL, &err), -1);
	cr_expect_eq(err.code, CNM_E_NETNS);
	cr_expect_str_eq(err.text, text);
}

TestSuite(netns, .init = setup, .fini = teardown, .timeout = 20);

Test(netns, create_pinned_and_open)
{
	struct cnm_netns_id before, id, after;
	int own = cnm_netns_open_own(&err), fd;
	struct stat st;

	cr_assert_eq(cnm_netns_identify(own, &before, &err), 0);
	create("one");
	cr_assert_eq(stat(OWN, &st), 0);
	cr_expect(st.st_dev == before.dev && st.st_ino == before.ino, "we are elsewhere");
	fd = cnm_netns_open(at("one"), false, &id, &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(cnm_netns_identify(fd, &after, &err), 0);
	cr_expect(cnm_netns_id_equal(&id, &after));
	cr_expect_not(cnm_netns_id_equal(&id, &before));
	close(fd);
	close(own);
}

Test(netns, enter_and_return)
{
	struct cnm_netns_id before, id;
	int own = cnm_netns_open_own(&err), fd;

	cr_assert_eq(cnm_netns_identify(own, &before, &err), 0);
	create("one");
	fd = cnm_netns_open(at("one"), false, &id, &err);
	cr_assert_eq(cnm_netns_enter(fd, &err), 0, "%s", err.text);
	cr_expect(cnm_netns_path_is(OWN, &id));
	cr_expect_eq(if_nametoindex("lo"), 1);
	cnm_netns_return(own);
	cr_expect(cnm_netns_path_is(OWN, &before));
	close(fd);
	cr_expect_eq(cnm_netns_enter(root_fd, &err), -1);
	cr_expect_eq(err.code, CNM_E_NETNS);
	close(own);
}

Test(netns, returning_to_nowhere_aborts)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		cnm_netns_return(-1);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

Test(netns, own_is_refused_unless_allowed)
{
	struct cnm_netns_id id;
	int fd;

	expect_refused(OWN, OWN ": refused, it is the host's network namespace");
	fd = cnm_netns_open(OWN, true, &id, &err);
	cr_expect_geq(fd, 0, "%s", err.text);
	cr_expect(cnm_netns_path_is(OWN, &id));
	close(fd);
}

Test(netns, what_is_no_network_namespace)
{
	char text[200];

	expect_refused("/etc/passwd", "/etc/passwd: not a network namespace");
	expect_refused("/proc/self/ns/uts", "/proc/self/ns/uts: not a network namespace");
	expect_refused("/dev/null", "/dev/null: not a network namespace");
	expect_refused("/proc/2147483647/ns/net", "/proc/2147483647/ns/net: No such file or directory");
	cr_expect_eq(err.sys_errno, ENOENT);
	cr_assert_eq(mkfifo(at("fifo"), 0600), 0);
	snprintf(text, sizeof(text), "%s: not a network namespace", at("fifo"));
	expect_refused(at("fifo"), text);
}

Test(netns, namespace_of_a_zombie)
{
	char path[64];
	pid_t child = fork();
	siginfo_t info;

	if (child == 0)
		_exit(0);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)child);
	cr_expect_eq(cnm_netns_open(path, true, NULL, &err), -1);
	cr_expect_eq(err.code, CNM_E_NETNS);
	cr_expect_eq(err.sys_errno, ENOENT);
	waitpid(child, NULL, 0);
}

Test(netns, path_is)
{
	struct cnm_netns_id one, two;
	struct stat st;

	create("one");
	create("two");
	close(cnm_netns_open(at("one"), false, &one, &err));
	close(cnm_netns_open(at("two"), false, &two, &err));
	cr_expect(cnm_netns_path_is(at("one"), &one));
	cr_expect_not(cnm_netns_path_is(at("two"), &one));
	cr_expect_not(cnm_netns_path_is(at("three"), &one));
	cr_expect_not(cnm_netns_path_is("/etc/passwd", &one));
	/* Right numbers, wrong kind. */
	cr_assert_eq(stat("/proc/self/ns/uts", &st), 0);
	one = (struct cnm_netns_id){.dev = st.st_dev, .ino = st.st_ino};
	cr_expect_not(cnm_netns_path_is("/proc/self/ns/uts", &one));
}

/* The kernel gives an inode number again as soon as it is free: the numbers are the same, the namespace is another. */
Test(netns, a_successor_with_the_same_inode_is_another)
{
	struct cnm_netns_id first, next = {0};

	create("one");
	close(cnm_netns_open(at("one"), false, &first, &err));
	cr_expect_neq(first.cookie, 0, "this kernel tells no cookie");
	for (int i = 0; i < 500 && next.ino != first.ino; i++) {
		cr_assert_eq(cnm_netns_delete_pinned(root_fd, root, "one", &err), 0, "%s", err.text);
		usleep(10000); /* a namespace is torn down a moment after its last reference */
		create("one");
		close(cnm_netns_open(at("one"), false, &next, &err));
	}
	if (next.ino != first.ino) /* others on this machine take the free numbers */
		next = (struct cnm_netns_id){first.dev, first.ino, first.cookie + 1};
	cr_expect_not(cnm_netns_id_equal(&first, &next), "cookies %ju and %ju", (uintmax_t)first.cookie,
	              (uintmax_t)next.cookie);
	cr_expect_not(cnm_netns_path_is(at("one"), &first));
	/* A record of an older version has none. */
	first.cookie = 0;
	cr_expect(cnm_netns_id_equal(&first, &next));
}

Test(netns, create_is_exclusive)
{
	struct cnm_netns_id id;

	create("one");
	close(cnm_netns_open(at("one"), false, &id, &err));
	cr_expect_eq(cnm_netns_create_pinned(root_fd, root, "one", &err), -1);
	cr_expect_eq(err.code, CNM_E_EXISTS);
	cr_expect_not_null(strstr(err.text, at("one")), "%s", err.text);
	cr_expect(cnm_netns_path_is(at("one"), &id), "the first was harmed");
	cr_expect_eq(cnm_netns_create_pinned(root_fd, root, "../x", &err), -1);
	cr_expect_eq(err.code, CNM_E_INVALID);
}

Test(netns, failure_leaves_nothing)
{
	struct cnm_netns_id before;

	close(cnm_netns_open(OWN, true, &before, &err));
	/* The path is wrong, so the mount fails. */
	cr_expect_eq(cnm_netns_create_pinned(root_fd, "/nonexistent", "one", &err), -1);
	cr_expect_eq(err.sys_errno, ENOENT);
	cr_expect_eq(access(at("one"), F_OK), -1, "the file is left");
	cr_expect(cnm_netns_path_is(OWN, &before), "we are elsewhere");
}

Test(netns, delete_pinned)
{
	create("one");
	cr_expect_eq(cnm_netns_delete_pinned(root_fd, root, "one", &err), 0, "%s", err.text);
	cr_expect_eq(access(at("one"), F_OK), -1);
	cr_expect_eq(cnm_netns_delete_pinned(root_fd, root, "one", &err), 0, "absent: %s", err.text);
	/* A crash between file and mount leaves a plain file. */
	close(openat(root_fd, "two", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_expect_eq(cnm_netns_delete_pinned(root_fd, root, "two", &err), 0, "%s", err.text);
	cr_expect_eq(access(at("two"), F_OK), -1);
	/* Mounted twice. */
	create("three");
	cr_assert_eq(mount(OWN, at("three"), NULL, MS_BIND, NULL), 0);
	cr_expect_eq(cnm_netns_delete_pinned(root_fd, root, "three", &err), 0, "%s", err.text);
	cr_expect_eq(access(at("three"), F_OK), -1);
	cr_assert_eq(mkdirat(root_fd, "dir", 0700), 0);
	cr_expect_eq(cnm_netns_delete_pinned(root_fd, root, "dir", &err), -1);
	cr_expect_not_null(strstr(err.text, at("dir")), "%s", err.text);
}
