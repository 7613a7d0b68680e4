/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the bench programs share: program calls that are timed, and medians. */
#ifndef CNM_TESTS_BENCH_TIMING_H
#define CNM_TESTS_BENCH_TIMING_H

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 10000
#define ARGS_MAX   12

/* One program call that is timed. */
struct step {
	char *argv[ARGS_MAX];
	char *env[10];
	char input[4096];
	double ms[ROUNDS_MAX];
};

static inline void fail(const char *what, int status)
{
	fprintf(stderr, "bench: %s: %s (status %d)\n", what, strerror(errno), status);
	exit(1);
}

static inline double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* A file that holds the input, at its beginning. */
static inline int input_file(const char *text)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET) < 0)
		fail("input", 0);
	return fd;
}

static inline double run(struct step *step, int null)
{
	posix_spawn_file_actions_t actions;
	int in = input_file(step->input), status;
	double start;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) || posix_spawn_file_actions_adddup2(&actions, in, 0) ||
	    posix_spawn_file_actions_adddup2(&actions, null, 1))
		fail("posix_spawn", 0);
	start = now_ms();
	if (posix_spawn(&pid, step->argv[0], &actions, NULL, step->argv, step->env) != 0)
		fail(step->argv[0], 0);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail(step->argv[0], status);
	double took = now_ms() - start;
	posix_spawn_file_actions_destroy(&actions);
	close(in);
	return took;
}

/* The kernel goes on with a removed link for a while after cnm has returned; nobody else is to pay for that. */
static inline void rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
}

static inline int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double median(double *ms, int count)
{
	qsort(ms, (size_t)count, sizeof(*ms), compare);
	return ms[count / 2];
}

static inline char *join(const char *key, const char *value)
{
	char *ret;

	if (asprintf(&ret, "%s%s", key, value) < 0)
		fail("memory", 0);
	return ret;
}

static inline void step_args(struct step *step, const char *const *args)
{
	for (int i = 0; args[i] && i < ARGS_MAX - 1; i++)
		step->argv[i] = join("", args[i]);
	step->env[0] = join("CNM_ROOT=", getenv("CNM_ROOT"));
	step->env[1] = join("CNM_STATE=", getenv("CNM_STATE"));
}

#endif
