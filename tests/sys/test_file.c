/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, directories and locks: what is written is read; what somebody prepared is refused. */
#include "cnm/sys/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

static char root[64];
static int root_fd = -1;
static struct cnm_error err;

static void setup(void)
{
	snprintf(root, sizeof(root), "/tmp/cnm-test-file-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	root_fd = cnm_dir_open_root(root, false, &err);
	cr_assert_geq(root_fd, 0, "%s", err.text);
}

static void teardown(void)
{
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(cnm_dir_delete_at(tmp, strrchr(root, '/') + 1, &err), 0, "%s", err.text);
	close(tmp);
	close(root_fd);
}

static void put(const char *name, const char *text)
{
	cr_assert_eq(cnm_file_write_at(root_fd, name, text, strlen(text), false, false, &err), 0, "%s",
	             err.text);
}

static void expect_text(const char *name, const char *text)
{
	struct cnm_buf buf = CNM_BUF_INIT(65536);

	cr_assert_eq(cnm_file_read_at(root_fd, name, 65536, &buf, &err), 0, "%s", err.text);
	cr_expect_str_eq(cnm_buf_text(&buf), text);
	cnm_buf_free(&buf);
}

/* The read is refused with the code, and the text holds both words. */
static void expect_refused(const char *name, size_t max, enum cnm_code code, const char *reason)
{
	struct cnm_buf buf = CNM_BUF_INIT(65536);

	cnm_error_clear(&err);
	cr_expect_eq(cnm_file_read_at(root_fd, name, max, &buf, &err), -1);
	cr_expect_eq(err.code, code, "%s: code %d: %s", name, (int)err.code, err.text);
	cr_expect_not_null(strstr(err.text, reason), "%s: no '%s' in '%s'", name, reason, err.text);
	cr_expect_not_null(strstr(err.text, name), "no '%s' in '%s'", name, err.text);
	cnm_buf_free(&buf);
}

static size_t count_entries(const char *path)
{
	char command[128];
	unsigned long n = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", path);
	pipe = popen(command, "r");
	cr_assert_eq(fscanf(pipe, "%lu", &n), 1);
	pclose(pipe);
	return n;
}

TestSuite(file, .init = setup, .fini = teardown, .timeout = 20);

Test(file, written_is_read)
{
	struct stat st;

	put("a", "one");
	expect_text("a", "one");
	cr_assert_eq(cnm_file_write_at(root_fd, "a", "two", 3, true, false, &err), 0, "%s", err.text);
	expect_text("a", "two");
	put("a", "");
	expect_text("a", "");
	cr_assert_eq(fstatat(root_fd, "a", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(count_entries(root), 1, "temporary files are left");
}

/* A writer that is killed before the new text has its name leaves nothing; one killed between the two steps of replacing leaves
 * a name that the next write and the deletion know. */
Test(file, what_a_killed_writer_left_goes_with_the_next_write_and_with_the_file)
{
	put("a", "old");
	put(".a.new", "half");
	put("a", "new");
	expect_text("a", "new");
	cr_expect_eq(count_entries(root), 1, "the replacement outlives the next write");
	put(".a.new", "half");
	cr_assert_eq(cnm_file_delete_at(root_fd, "a", &err), 0, "%s", err.text);
	cr_expect_eq(count_entries(root), 0, "the replacement outlives the file");
}

Test(file, modes_do_not_depend_on_the_umask)
{
	struct stat st;

	umask(077);
	cr_assert_eq(cnm_file_write_at(root_fd, "w", "x", 1, false, true, &err), 0, "%s", err.text);
	cr_assert_eq(fstatat(root_fd, "w", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0644);
	umask(0);
	put("p", "x");
	cr_assert_eq(fstatat(root_fd, "p", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
}

Test(file, larger_than_one_chunk)
{
	char text[20001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put("big", text);
	expect_text("big", text);
	text[8192] = '\0'; /* exactly one chunk */
	put("big", text);
	expect_text("big", text);
	expect_refused("big", 8191, CNM_E_STORE, "larger than 8191 bytes");
}

Test(file, limit_of_the_buffer_counts_too)
{
	struct cnm_buf buf = CNM_BUF_INIT(4);

	put("a", "12345");
	cr_expect_eq(cnm_file_read_at(root_fd, "a", 100, &buf, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cnm_buf_free(&buf);
}

Test(file, long_names)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	put(name, "x");
	expect_text(name, "x");
}

Test(file, absent)
{
	expect_refused("nothing", 10, CNM_E_NOT_FOUND, "No such file");
	cr_expect_eq(err.sys_errno, ENOENT);
	cr_expect_eq(cnm_file_delete_at(root_fd, "nothing", &err), 0);
	cr_expect_eq(cnm_dir_delete_at(root_fd, "nothing", &err), 0);
}

Test(file, hostile_things_are_refused)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	put("real", "secret");
	cr_assert_eq(mkfifoat(root_fd, "fifo", 0600), 0);
	cr_assert_eq(symlinkat("real", root_fd, "link"), 0);
	cr_assert_eq(symlinkat("nowhere", root_fd, "dangling"), 0);
	cr_assert_eq(mkdirat(root_fd, "dir", 0700), 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", root);
	cr_assert_eq(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	expect_refused("fifo", 100, CNM_E_STORE, "not a regular file");
	expect_refused("link", 100, CNM_E_STORE, "symbolic link");
	expect_refused("dangling", 100, CNM_E_STORE, "symbolic link");
	expect_refused("dir", 100, CNM_E_STORE, "not a regular file");
	expect_refused("sock", 100, CNM_E_STORE, "not a regular file");
	expect_refused("real", 5, CNM_E_STORE, "larger than 5 bytes");
	cr_assert_eq(linkat(root_fd, "real", root_fd, "other", 0), 0);
	expect_refused("real", 100, CNM_E_STORE, "2 hard links");
	cr_assert_eq(unlinkat(root_fd, "other", 0), 0);
	expect_text("real", "secret");
	if (geteuid() == 0) {
		cr_assert_eq(fchownat(root_fd, "real", 1234, 0, 0), 0);
		expect_refused("real", 100, CNM_E_STORE, "belongs to user 1234");
	}
	close(sock);
}

Test(file, names_are_one_component)
{
	static const char *const names[] = {"", ".", "..", "a/b", "/etc/passwd", "../x"};
	struct cnm_buf buf = CNM_BUF_INIT(100);

	for (size_t i = 0; i < CNM_ARRAY_SIZE(names); i++) {
		cr_expect_eq(cnm_file_read_at(root_fd, names[i], 100, &buf, &err), -1);
		cr_expect_eq(err.code, CNM_E_INVALID, "'%s'", names[i]);
		cr_expect_eq(cnm_file_write_at(root_fd, names[i], "x", 1, false, false, &err), -1);
		cr_expect_eq(cnm_file_overwrite_at(root_fd, names[i], "x", 1, &err), -1);
		cr_expect_eq(cnm_file_delete_at(root_fd, names[i], &err), -1);
		cr_expect_eq(cnm_dir_delete_at(root_fd, names[i], &err), -1);
		cr_expect_eq(cnm_dir_open_at(root_fd, names[i], true, &err), -1);
		cr_expect_eq(err.code, CNM_E_INVALID, "'%s'", names[i]);
	}
	cnm_buf_free(&buf);
}

Test(file, a_failed_write_leaves_the_old_and_nothing_else)
{
	cr_assert_eq(mkdirat(root_fd, "dir", 0700), 0);
	cr_expect_eq(cnm_file_write_at(root_fd, "dir", "x", 1, false, false, &err), -1);
	cr_expect_not_null(strstr(err.text, "dir"));
	cr_expect_eq(count_entries(root), 1, "the temporary file is left");
}

Test(file, writing_replaces_a_link_and_not_its_target)
{
	put("target", "old");
	cr_assert_eq(symlinkat("target", root_fd, "link"), 0);
	put("link", "new");
	expect_text("target", "old");
	expect_text("link", "new");
}

Test(file, readers_see_whole_files)
{
	char text[3000];
	pid_t writer = fork();

	cr_assert_geq(writer, 0);
	if (writer == 0) {
		for (int i = 0;; i++) {
			memset(text, 'a' + i % 26, sizeof(text));
			cnm_file_write_at(root_fd, "f", text, sizeof(text), false, false, NULL);
		}
	}
	for (int seen = 0; seen < 2000;) {
		struct cnm_buf buf = CNM_BUF_INIT(4096);

		if (cnm_file_read_at(root_fd, "f", 4096, &buf, &err) == 0) {
			seen++;
			cr_expect_eq(buf.len, sizeof(text));
			cr_expect_eq(buf.data[0], buf.data[buf.len - 1]);
		} else {
			cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
		}
		cnm_buf_free(&buf);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

Test(file, overwrite_keeps_the_inode)
{
	struct stat before, after;

	cr_assert_eq(cnm_file_overwrite_at(root_fd, "hosts", "1.2.3.4 a\n", 10, &err), 0, "%s", err.text);
	cr_assert_eq(fstatat(root_fd, "hosts", &before, 0), 0);
	cr_expect_eq(before.st_mode & 07777, 0644);
	expect_text("hosts", "1.2.3.4 a\n");
	cr_assert_eq(cnm_file_overwrite_at(root_fd, "hosts", "1.2.3.4 a\n5.6.7.8 b\n", 20, &err), 0);
	expect_text("hosts", "1.2.3.4 a\n5.6.7.8 b\n");
	cr_assert_eq(cnm_file_overwrite_at(root_fd, "hosts", "::1 c\n", 6, &err), 0);
	expect_text("hosts", "::1 c\n");
	cr_assert_eq(cnm_file_overwrite_at(root_fd, "hosts", NULL, 0, &err), 0);
	expect_text("hosts", "");
	cr_assert_eq(fstatat(root_fd, "hosts", &after, 0), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
}

Test(file, overwrite_of_hostile_things)
{
	put("real", "secret");
	cr_assert_eq(symlinkat("real", root_fd, "link"), 0);
	cr_assert_eq(mkfifoat(root_fd, "fifo", 0600), 0);
	cr_expect_eq(cnm_file_overwrite_at(root_fd, "link", "x", 1, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_expect_eq(cnm_file_overwrite_at(root_fd, "fifo", "x", 1, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	expect_text("real", "secret");
	/* A container made it huge: cut, without memory for all of it. */
	put("hosts", "x");
	cr_assert_eq(truncate(strcat(strcpy((char[128]){0}, root), "/hosts"), (off_t)1 << 36), 0);
	cr_assert_eq(cnm_file_overwrite_at(root_fd, "hosts", "new\n", 4, &err), 0, "%s", err.text);
	expect_text("hosts", "new\n");
}

Test(file, delete)
{
	put("a", "x");
	cr_expect_eq(cnm_file_delete_at(root_fd, "a", &err), 0);
	cr_expect_eq(faccessat(root_fd, "a", F_OK, 0), -1);
	cr_assert_eq(mkdirat(root_fd, "dir", 0700), 0);
	cr_expect_eq(cnm_file_delete_at(root_fd, "dir", &err), -1);
	cr_expect_not_null(strstr(err.text, "dir"));
}

Test(file, root_is_made_with_parents)
{
	char path[128];
	struct stat st;
	int fd;

	umask(077);
	snprintf(path, sizeof(path), "%s/a/b/c//", root);
	cr_expect_eq(cnm_dir_open_root(path, false, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
	fd = cnm_dir_open_root(path, true, &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	cr_assert_eq(fstatat(root_fd, "a/b", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0755);
	cr_assert_eq(fstatat(root_fd, "a/b/c", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	fd = cnm_dir_open_root(path, true, &err);
	cr_expect_geq(fd, 0, "a second time: %s", err.text);
	close(fd);
}

Test(file, root_that_is_not_ours_is_refused)
{
	char path[128];

	cr_expect_eq(cnm_dir_open_root("relative", true, &err), -1);
	cr_expect_eq(err.code, CNM_E_INVALID);
	cr_assert_eq(symlinkat("/etc", root_fd, "link"), 0);
	snprintf(path, sizeof(path), "%s/link/", root); /* with the slash that O_NOFOLLOW would follow */
	cr_expect_eq(cnm_dir_open_root(path, true, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_expect_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_expect_eq(cnm_dir_open_root("/tmp", true, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_expect_not_null(strstr(err.text, "/tmp: refused, "), "%s", err.text);
	put("file", "x");
	snprintf(path, sizeof(path), "%s/file", root);
	cr_expect_eq(cnm_dir_open_root(path, true, &err), -1);
	cr_expect_not_null(strstr(err.text, "not a directory"), "%s", err.text);
	cr_assert_eq(symlinkat("nowhere", root_fd, "dangling"), 0);
	snprintf(path, sizeof(path), "%s/dangling/below", root);
	cr_expect_eq(cnm_dir_open_root(path, true, &err), -1);
	cr_expect_not_null(strstr(err.text, "dangling: refused, it is a symbolic link"), "%s", err.text);
	snprintf(path, sizeof(path), "%s/file/below", root);
	cr_expect_eq(cnm_dir_open_root(path, true, &err), -1);
}

Test(file, open_at)
{
	struct stat st;
	int fd;

	cr_expect_eq(cnm_dir_open_at(root_fd, "d", false, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	fd = cnm_dir_open_at(root_fd, "d", true, &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(symlinkat("d", root_fd, "link"), 0);
	cr_expect_eq(cnm_dir_open_at(root_fd, "link", true, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_assert_eq(fchmod(fd, 0770), 0);
	cr_expect_eq(cnm_dir_open_at(root_fd, "d", true, &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_expect_str_eq(err.text, "d: refused, others may write in the directory (mode 0770)");
	cr_assert_eq(fchmod(fd, 0700), 0);
	if (geteuid() == 0) {
		cr_assert_eq(fchown(fd, 1234, 0), 0);
		cr_expect_eq(cnm_dir_open_at(root_fd, "d", true, &err), -1);
		cr_expect_not_null(strstr(err.text, "belongs to user 1234"), "%s", err.text);
	}
	close(fd);
}

Test(file, list_is_sorted_and_hides_dots)
{
	_cleanup_names_ struct cnm_names names = {0};
	char name[32];

	cr_assert_eq(cnm_dir_list(root_fd, &names, &err), 0, "%s", err.text);
	cr_expect_eq(names.count, 0);
	for (int i = 499; i >= 0; i--) { /* more than one getdents64 */
		snprintf(name, sizeof(name), "entry-%04d", i);
		put(name, "");
	}
	put(".hidden", "");
	for (int round = 0; round < 2; round++) {
		cnm_names_free(&names);
		cr_assert_eq(cnm_dir_list(root_fd, &names, &err), 0, "%s", err.text);
		cr_assert_eq(names.count, 500);
		for (int i = 0; i < 500; i++) {
			snprintf(name, sizeof(name), "entry-%04d", i);
			cr_expect_str_eq(names.items[i], name);
		}
	}
	cnm_names_free(NULL);
}

Test(file, list_of_a_removed_directory)
{
	struct cnm_names names;
	int fd = cnm_dir_open_at(root_fd, "d", true, &err);

	cr_assert_eq(cnm_dir_delete_at(root_fd, "d", &err), 0);
	cr_expect_eq(cnm_dir_list(fd, &names, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
	close(fd);
}

Test(file, delete_tree_does_not_follow_links)
{
	cr_assert_eq(mkdirat(root_fd, "keep", 0700), 0);
	cr_assert_eq(mkdirat(root_fd, "tree", 0700), 0);
	cr_assert_eq(mkdirat(root_fd, "tree/sub", 0700), 0);
	close(openat(root_fd, "keep/file", O_CREAT | O_WRONLY, 0600));
	close(openat(root_fd, "tree/sub/.hidden", O_CREAT | O_WRONLY, 0600));
	cr_assert_eq(symlinkat("../keep", root_fd, "tree/link"), 0);
	cr_assert_eq(symlinkat("keep", root_fd, "toplink"), 0);
	cr_assert_eq(cnm_dir_delete_at(root_fd, "tree", &err), 0, "%s", err.text);
	cr_expect_eq(faccessat(root_fd, "tree", F_OK, 0), -1);
	cr_expect_eq(cnm_dir_delete_at(root_fd, "toplink", &err), 0, "%s", err.text);
	cr_expect_eq(faccessat(root_fd, "keep/file", F_OK, 0), 0);
}

Test(file, delete_tree_with_many_entries)
{
	char name[64];

	cr_assert_eq(mkdirat(root_fd, "tree", 0700), 0);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "tree/a-rather-long-name-%d", i);
		close(openat(root_fd, name, O_CREAT | O_WRONLY, 0600));
	}
	cr_expect_eq(cnm_dir_delete_at(root_fd, "tree", &err), 0, "%s", err.text);
	cr_expect_eq(faccessat(root_fd, "tree", F_OK, 0), -1);
}

Test(file, delete_tree_is_bounded)
{
	char name[64] = "0";

	for (int level = 1; level <= 9; level++) {
		cr_assert_eq(mkdirat(root_fd, name, 0700), 0);
		strcat(name, "/x");
	}
	cr_expect_eq(cnm_dir_delete_at(root_fd, "0", &err), -1);
	cr_expect_eq(err.code, CNM_E_STORE);
	cr_expect_not_null(strstr(err.text, "8 levels"), "%s", err.text);
	cr_assert_eq(unlinkat(root_fd, "0/x/x/x/x/x/x/x/x", AT_REMOVEDIR), 0);
	cr_expect_eq(cnm_dir_delete_at(root_fd, "0", &err), 0, "%s", err.text);
}

/* Two mounts: another filesystem, and the same one bound onto itself. */
Test(file, delete_tree_stops_at_mounts)
{
	char dir[128], file[128];

	if (unshare(CLONE_NEWNS) < 0) {
		teardown(); /* which a skipped test is not given */
		cr_skip_test("needs CAP_SYS_ADMIN");
	}
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	close(root_fd); /* it looks into the mounts of before */
	root_fd = cnm_dir_open_root(root, false, &err);
	cr_assert_eq(mkdirat(root_fd, "tree", 0700), 0);
	cr_assert_eq(mkdirat(root_fd, "tree/sub", 0700), 0);
	close(openat(root_fd, "tree/ns", O_CREAT | O_WRONLY, 0600));
	snprintf(dir, sizeof(dir), "%s/tree/sub", root);
	snprintf(file, sizeof(file), "%s/tree/ns", root);
	put("precious", "x");
	cr_assert_eq(mount(root, dir, NULL, MS_BIND, NULL), 0);
	cr_expect_eq(cnm_dir_delete_at(root_fd, "tree", &err), -1);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_expect_not_null(strstr(err.text, "tree: sub: not removed, something is mounted"), "%s", err.text);
	expect_text("precious", "x");
	cr_assert_eq(umount(dir), 0);
	close(openat(root_fd, "tree/ns", O_CREAT | O_WRONLY, 0600));
	cr_assert_eq(mount("/proc/self/ns/net", file, NULL, MS_BIND, NULL), 0);
	cr_expect_eq(cnm_dir_delete_at(root_fd, "tree", &err), -1);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_assert_eq(umount(file), 0, "it was unmounted");
	cr_expect_eq(cnm_dir_delete_at(root_fd, "tree", &err), 0, "%s", err.text);
}

/* A lock of another open file description, as another process has it. */
Test(file, locks)
{
	int a = cnm_dir_open_at(root_fd, "d", true, &err);
	int b = cnm_dir_open_at(root_fd, "d", true, &err);

	cr_expect_eq(cnm_dir_lock(a, CNM_LOCK_SHARED, &err), 0);
	cr_expect_eq(cnm_dir_try_lock(b, CNM_LOCK_EXCLUSIVE, &err), 0);
	cr_expect_eq(cnm_dir_try_lock(b, CNM_LOCK_SHARED, &err), 1);
	close(b);
	cr_expect_eq(cnm_dir_lock(a, CNM_LOCK_EXCLUSIVE, &err), 0);
	b = cnm_dir_open_at(root_fd, "d", true, &err);
	cr_expect_eq(cnm_dir_try_lock(b, CNM_LOCK_SHARED, &err), 0);
	close(a);
	cr_expect_eq(cnm_dir_try_lock(b, CNM_LOCK_SHARED, &err), 1);
	close(b);
	cr_expect_eq(cnm_dir_try_lock(-1, CNM_LOCK_SHARED, &err), -1);
	cr_expect_eq(err.sys_errno, EBADF);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal that interrupts flock must not look like a lock, or like a failure. */
Test(file, lock_waits_through_signals)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int a = cnm_dir_open_at(root_fd, "d", true, &err);
	int ready[2];
	char byte;
	pid_t holder;

	cr_assert_eq(pipe(ready), 0);
	holder = fork();
	if (holder == 0) {
		int own = cnm_dir_open_at(root_fd, "d", true, NULL);

		cnm_dir_lock(own, CNM_LOCK_EXCLUSIVE, NULL);
		(void)!write(ready[1], "x", 1);
		usleep(300000);
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	cr_expect_eq(cnm_dir_lock(a, CNM_LOCK_EXCLUSIVE, &err), 0, "%s", err.text);
	ualarm(0, 0);
	cr_expect_eq(waitpid(holder, NULL, 0), holder);
	close(a);
	close(ready[0]);
	close(ready[1]);
}

Test(file, is_current)
{
	int fd = cnm_dir_open_at(root_fd, "d", true, &err);
	int fresh;

	cr_expect_eq(cnm_dir_is_current(root_fd, "d", fd, &err), 1);
	cr_assert_eq(unlinkat(root_fd, "d", AT_REMOVEDIR), 0);
	cr_expect_eq(cnm_dir_is_current(root_fd, "d", fd, &err), 0);
	fresh = cnm_dir_open_at(root_fd, "d", true, &err);
	cr_expect_eq(cnm_dir_is_current(root_fd, "d", fd, &err), 0);
	cr_expect_eq(cnm_dir_is_current(root_fd, "d", fresh, &err), 1);
	close(fresh);
	/* What cannot be known is no answer: who asks again for it would ask for ever. */
	cr_expect_eq(cnm_dir_is_current(fresh, "d", fd, &err), -1);
	close(fd);
}
