/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What suites share (see support.h). Plain system calls, so that no code under test judges itself. */
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void cnm_test_netns_enter(void)
{
	struct ifreq ifr = {.ifr_name = "lo"};

	if (unshare(CLONE_NEWNET) < 0)
		cr_assert_fail("unshare(CLONE_NEWNET): %s (the tests run as root)", strerror(errno));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0, "socket: %s", strerror(errno));
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0, "lo up: %s", strerror(errno));
	close(fd);
}

void cnm_test_mounts_enter(void)
{
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "unshare(CLONE_NEWNS): %s", strerror(errno));
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0, "private mounts: %s",
	             strerror(errno));
	cr_assert_eq(mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), 0,
	             "tmpfs on /run: %s", strerror(errno));
}

void cnm_test_roots_make(struct cnm_test_roots *roots)
{
	snprintf(roots->base, sizeof(roots->base), "/tmp/cnm-test.XXXXXX");
	cr_assert_not_null(mkdtemp(roots->base), "mkdtemp: %s", strerror(errno));
	snprintf(roots->root, sizeof(roots->root), "%s/root", roots->base);
	snprintf(roots->state, sizeof(roots->state), "%s/state", roots->base);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (remove(path) < 0 && errno == EBUSY && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		remove(path);
	return 0;
}

void cnm_test_tree_remove(const char *path)
{
	/* What a detached mount had covered is seen by the next pass only. */
	for (int pass = 0; pass < 4 && cnm_test_path_exists(path); pass++)
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void cnm_test_roots_remove(struct cnm_test_roots *roots)
{
	if (roots->base[0] != '/')
		return;
	cnm_test_tree_remove(roots->base);
	cr_assert_neq(access(roots->base, F_OK), 0, "%s could not be removed", roots->base);
	roots->base[0] = '\0';
}

const char *cnm_test_program(void)
{
	static char path[PATH_MAX + sizeof("/../cnm")];
	const char *given = getenv("CNM");

	if (given && *given)
		return given;
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	cr_assert_gt(n, 0, "/proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = '\0';
	strcat(path, "/cnm");
	return path;
}

const char *cnm_test_source(void)
{
	return CNM_TEST_SOURCE;
}

char *cnm_test_file_read(const char *path)
{
	size_t size = 0, len = 0;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0) {
		if (len + 1 >= size) {
			size = size ? 2 * size : 4096;
			text = realloc(text, size);
			cr_assert_not_null(text);
		}
		ssize_t n = read(fd, text + len, size - len - 1);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (fd < 0)
		return NULL;
	close(fd);
	text[len] = '\0';
	return text;
}

bool cnm_test_path_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* A temporary file without a name, filled with text and rewound. */
static int scratch_file(const char *text)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "temporary file: %s", strerror(errno));
	if (text)
		cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static char *scratch_read(int fd, size_t *ret_len)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)len + 1);

	cr_assert_not_null(text);
	cr_assert_eq(pread(fd, text, (size_t)len, 0), len);
	text[len] = '\0';
	*ret_len = (size_t)len;
	close(fd);
	return text;
}

void cnm_test_run(char *const argv[], const char *input, struct cnm_test_output *ret)
{
	/* Files, not pipes: a grandchild that lives on does not keep us waiting, and nobody blocks on a full pipe. */
	int fds[3] = {scratch_file(input), scratch_file(NULL), scratch_file(NULL)};
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 3; i++)
			dup2(fds[i], i);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		cr_assert_eq(errno, EINTR, "waitpid: %s", strerror(errno));
	close(fds[0]);
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret->out = scratch_read(fds[1], &ret->out_len);
	ret->err = scratch_read(fds[2], &ret->err_len);
}

int cnm_test_shell(struct cnm_test_output *ret, const char *format, ...)
{
	struct cnm_test_output own;
	char *line = NULL;
	va_list ap;

	va_start(ap, format);
	int n = vasprintf(&line, format, ap);
	va_end(ap);
	cr_assert_geq(n, 0);
	char sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = {sh, c, line, NULL};
	cnm_test_run(argv, NULL, ret ? ret : &own);
	free(line);
	if (ret)
		return ret->status;
	cnm_test_output_free(&own);
	return own.status;
}

void cnm_test_output_free(struct cnm_test_output *output)
{
	free(output->out);
	free(output->err);
	output->out = output->err = NULL;
}
