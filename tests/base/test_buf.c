/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounded buffer, and reading a descriptor into it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

Test(buf, grows_and_terminates)
{
	struct cnm_buf buf = CNM_BUF_INIT(100000);

	cr_assert_str_eq(cnm_buf_text(&buf), "");
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(cnm_buf_printf(&buf, "%d,%s;", i, "x"), 0);
	cr_assert_eq(cnm_buf_puts(&buf, "end"), 0);
	cr_assert_eq(cnm_buf_append(&buf, "\0z", 2), 0);
	cr_assert_eq(cnm_buf_append(&buf, NULL, 0), 0);
	cr_assert_eq(strncmp(cnm_buf_text(&buf), "0,x;1,x;2,x;", 12), 0);
	cr_assert_eq(strlen(buf.data), buf.len - 2);
	cr_assert_eq(memcmp(buf.data + buf.len - 5, "end\0z", 6), 0);
	cnm_buf_free(&buf);
	cr_assert_null(buf.data);
	cnm_buf_free(NULL);
}

Test(buf, limit_is_exact_and_sticky)
{
	struct cnm_buf buf = CNM_BUF_INIT(4);

	cr_assert_eq(cnm_buf_puts(&buf, "abcd"), 0);
	cr_assert_eq(cnm_buf_puts(&buf, ""), 0);
	cr_assert_eq(cnm_buf_puts(&buf, "e"), -1);
	cr_assert_eq(cnm_buf_puts(&buf, ""), -1);
	cr_assert_eq(cnm_buf_printf(&buf, "%s", ""), -1);
	cr_assert_str_eq(cnm_buf_text(&buf), "abcd");
	cr_assert_null(cnm_buf_take(&buf));
	cr_assert_eq(buf.len, 0);
	cr_assert_str_eq(cnm_buf_text(&buf), "");
}

Test(buf, printf_past_the_limit_fails)
{
	struct cnm_buf buf = CNM_BUF_INIT(4);

	cr_assert_eq(cnm_buf_printf(&buf, "%05d", 1), -1);
	cr_assert_eq(cnm_buf_puts(&buf, "a"), -1);
	cnm_buf_free(&buf);
}

Test(buf, no_limit_does_not_overflow)
{
	struct cnm_buf buf = CNM_BUF_INIT(SIZE_MAX);

	cr_assert_eq(cnm_buf_puts(&buf, "a"), 0);
	cr_assert_eq(cnm_buf_append(&buf, "b", SIZE_MAX - 1), -1);
	cnm_buf_free(&buf);
}

Test(buf, take_hands_over)
{
	struct cnm_buf buf = CNM_BUF_INIT(10);
	char *text;

	cnm_buf_puts(&buf, "hello");
	text = cnm_buf_take(&buf);
	cr_assert_str_eq(text, "hello");
	free(text);
	cr_assert_eq(cnm_buf_puts(&buf, "0123456789"), 0);
	cnm_buf_free(&buf);
	text = cnm_buf_take(&buf);
	cr_assert_not_null(text);
	cr_assert_str_eq(text, "");
	free(text);
}

/* A child that writes `len` bytes in pieces into a pipe; the read end is returned. */
static int writer_start(size_t len, int flags, pid_t *pid)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	*pid = fork();
	cr_assert_geq(*pid, 0);
	if (*pid == 0) {
		char piece[1000];

		memset(piece, 'w', sizeof(piece));
		usleep(20000);
		while (len > 0) {
			ssize_t n = write(fds[1], piece, len < sizeof(piece) ? len : sizeof(piece));

			if (n < 0)
				_exit(1);
			len -= (size_t)n;
		}
		_exit(0);
	}
	close(fds[1]);
	if (flags)
		cr_assert_eq(fcntl(fds[0], F_SETFL, flags), 0);
	return fds[0];
}

static void assert_wrote_all(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the writer was cut off");
}

Test(buf, read_fd_to_the_end, .timeout = 20)
{
	static const int flags[] = {0, O_NONBLOCK};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(flags); i++) {
		struct cnm_buf buf = CNM_BUF_INIT(200000);
		struct cnm_error err = CNM_ERROR_INIT;
		pid_t pid;
		_cleanup_close_ int fd = writer_start(200000, flags[i], &pid);

		cr_assert_eq(cnm_buf_read_fd(&buf, fd, "the input", &err), 0, "%s", err.text);
		cr_assert_eq(buf.len, 200000);
		assert_wrote_all(pid);
		cnm_buf_free(&buf);
	}
}

Test(buf, read_fd_drains_past_the_limit, .timeout = 20)
{
	struct cnm_buf buf = CNM_BUF_INIT(1000);
	struct cnm_error err = CNM_ERROR_INIT;
	pid_t pid;
	_cleanup_close_ int fd = writer_start(1024 * 1024, 0, &pid);

	cr_assert_eq(cnm_buf_read_fd(&buf, fd, "the container state", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(err.text, "the container state: larger than 1000 bytes");
	assert_wrote_all(pid);
	cnm_buf_free(&buf);
}

Test(buf, read_fd_stops_draining, .timeout = 20)
{
	struct cnm_buf buf = CNM_BUF_INIT(1000);
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(cnm_buf_read_fd(&buf, fd, "the input", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cnm_buf_free(&buf);
}

Test(buf, read_fd_names_what_failed)
{
	struct cnm_buf buf = CNM_BUF_INIT(1000);
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int fd = open("/", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(cnm_buf_read_fd(&buf, fd, "the input", &err), -1);
	cr_assert_eq(err.code, CNM_E_SYSTEM);
	cr_assert_eq(err.sys_errno, EISDIR);
	cr_assert_str_eq(err.text, "cannot read the input: Is a directory");
}
