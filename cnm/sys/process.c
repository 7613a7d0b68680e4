/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child between fork and wait. What runs in it before execve is async-signal-safe. */
#include "cnm/sys/process.h"
#include "cnm/base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define CHUNK 4096

/* Our ends of the child's pipes. */
struct child {
	pid_t pid;
	int pidfd;
	int input;
	int output;
	int failure; /* errno of an execve that failed; closed by one that did not */
};

static void child_close(struct child *child)
{
	cnm_closep(&child->pidfd);
	cnm_closep(&child->input);
	cnm_closep(&child->output);
	cnm_closep(&child->failure);
}

struct pipes {
	int input[2], output[2], failure[2];
};

static void pipes_close(struct pipes *pipes)
{
	int i;

	for (i = 0; i < 2; i++) {
		cnm_closep(&pipes->input[i]);
		cnm_closep(&pipes->output[i]);
		cnm_closep(&pipes->failure[i]);
	}
}

static int pipes_open(struct pipes *pipes, struct cnm_error *err)
{
	if (pipe2(pipes->input, O_CLOEXEC) < 0 || pipe2(pipes->output, O_CLOEXEC) < 0 ||
	    pipe2(pipes->failure, O_CLOEXEC) < 0)
		return cnm_fail_sys(err, errno, "cannot make a pipe");
	return 0;
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The descriptor `to`, without close-on-exec also where it is the same already. */
static int inherit(int from, int to)
{
	return from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to);
}

__attribute__((noreturn)) static void run_child(const struct cnm_process *process, const struct pipes *pipes,
                                                pid_t parent)
{
	char *argv[2];
	char *const *env;
	int failure;

	/* execve takes them without const, and changes nothing. */
	memcpy(&argv[0], &process->path, sizeof(argv[0]));
	argv[1] = NULL;
	memcpy(&env, &process->env, sizeof(env));
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	reset_signals();
	umask(022);
	/* Ours close themselves; this is for what our caller left open, and older kernels than 5.11 do without. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (inherit(pipes->input[0], STDIN_FILENO) >= 0 && inherit(pipes->output[1], STDOUT_FILENO) >= 0)
		execve(process->path, argv, env);
	failure = errno;
	if (write(pipes->failure[1], &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

static int start(const struct cnm_process *process, struct child *ret, struct cnm_error *err)
{
	_cleanup_(pipes_close) struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
	pid_t parent = getpid();

	if (pipes_open(&pipes, err) < 0)
		return -1;
	ret->pid = fork();
	if (ret->pid < 0)
		return cnm_fail_sys(err, errno, "cannot start a process");
	if (ret->pid == 0)
		run_child(process, &pipes, parent);
	ret->pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	ret->input = TAKE_FD(pipes.input[1]);
	ret->output = TAKE_FD(pipes.output[0]);
	ret->failure = TAKE_FD(pipes.failure[0]);
	fcntl(ret->input, F_SETFL, O_NONBLOCK);
	fcntl(ret->output, F_SETFL, O_NONBLOCK);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As much as it takes now. A program that does not read its input is none of our concern: SIGPIPE is ignored. */
static void feed(const struct cnm_process *process, struct child *child, size_t *sent)
{
	while (*sent < process->input_len) {
		ssize_t n = write(child->input, process->input + *sent, process->input_len - *sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		*sent += (size_t)n;
	}
	close(TAKE_FD(child->input));
}

/* What is there now. 1: it has ended. */
static int drain(struct child *child, struct cnm_buf *output, struct cnm_error *err)
{
	char chunk[CHUNK];

	for (;;) {
		ssize_t n = read(child->output, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return cnm_fail_sys(err, errno, "cannot read its output");
		if (n == 0)
			return 1;
		if (cnm_buf_append(output, chunk, (size_t)n) < 0)
			return cnm_fail(err, CNM_E_INVALID, "it prints more than %zu bytes", output->max);
	}
}

/* Until its output ends, or itself: something that it left in the background may keep the pipe open. */
static int converse(const struct cnm_process *process, struct child *child, struct cnm_buf *output,
                    struct cnm_error *err)
{
	int64_t deadline = now_ms() + process->timeout_ms;
	size_t sent = 0;

	feed(process, child, &sent);
	for (;;) {
		struct pollfd fds[] = {
		        {child->output, POLLIN, 0}, {child->pidfd, POLLIN, 0}, {child->input, POLLOUT, 0}};
		int64_t left = deadline - now_ms();
		int r = left > 0 ? poll(fds, CNM_ARRAY_SIZE(fds), (int)left) : 0;

		if (r < 0 && errno != EINTR)
			return cnm_fail_sys(err, errno, "cannot wait for it");
		if (r == 0)
			return cnm_fail(err, CNM_E_TRY_AGAIN, "no answer after %u ms", process->timeout_ms);
		if (r < 0)
			continue;
		if (child->input >= 0 && fds[2].revents)
			feed(process, child, &sent);
		r = drain(child, output, err);
		if (r != 0)
			return r < 0 ? -1 : 0;
		if (fds[1].revents)
			return 0;
	}
}

static int wait_for(const struct child *child, struct cnm_error *err)
{
	int status;

	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return cnm_fail_sys(err, errno, "cannot wait for it");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int exec_error(const struct child *child)
{
	int failure = 0;
	ssize_t n;

	do
		n = read(child->failure, &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(failure) ? failure : 0;
}

/* Its output has ended, but itself perhaps not: the rest of its time is for that. */
static int wait_in_time(const struct cnm_process *process, struct child *child, int64_t started,
                        struct cnm_error *err)
{
	struct pollfd fd = {child->pidfd, POLLIN, 0};
	int64_t left = started + process->timeout_ms - now_ms();

	while (left > 0 && child->pidfd >= 0) {
		int r = poll(&fd, 1, (int)left);

		if (r > 0)
			return 0;
		left = started + process->timeout_ms - now_ms();
	}
	return child->pidfd < 0 ? 0
	                        : cnm_fail(err, CNM_E_TRY_AGAIN, "no end after %u ms", process->timeout_ms);
}

int cnm_process_run(const struct cnm_process *process, struct cnm_buf *output, int *ret_status,
                    struct cnm_error *err)
{
	_cleanup_(child_close) struct child child = {.pidfd = -1, .input = -1, .output = -1, .failure = -1};
	struct cnm_error ignored = CNM_ERROR_INIT;
	int64_t started = now_ms();
	int failure, status;

	if (start(process, &child, err) < 0)
		return cnm_wrap(err, "%s", process->path);
	failure = exec_error(&child);
	if (failure) {
		wait_for(&child, &ignored);
		return cnm_fail_sys(err, failure, "%s: cannot be executed", process->path);
	}
	if (converse(process, &child, output, err) < 0 || wait_in_time(process, &child, started, err) < 0) {
		kill(-child.pid, SIGKILL);
		wait_for(&child, &ignored);
		return cnm_wrap(err, "%s", process->path);
	}
	status = wait_for(&child, err);
	if (status < 0)
		return cnm_wrap(err, "%s", process->path);
	*ret_status = status;
	return 0;
}
