/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One attach or detach as a contender does it: a list of steps. A step starts a program and waits for it, or sends a request to a daemon.
 *
 *	{"argv": [...], "env": [...], "input": "text", "prev": true}
 *	{"unix": "PATH", "request": "HTTP/1.0 text"}
 *
 * With "prev" what the program before said becomes the member prevResult of the input, as in a list of CNI plugins. Nothing is prepared before
 * the clock runs that a runtime would not have prepared.
 */
#include "tests/bench/runner.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define TEXT_MAX  65536

double bench_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static const char *text_of(struct json_object *step, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(step, key, &value) ? json_object_get_string(value) : "";
}

static void words_of(struct json_object *step, const char *key, char *ret[WORDS_MAX])
{
	struct json_object *list = json_object_object_get(step, key);
	size_t count = list ? json_object_array_length(list) : 0, i;

	for (i = 0; i < count && i < WORDS_MAX - 1; i++)
		ret[i] = (char *)(uintptr_t)json_object_get_string(json_object_array_get_idx(list, i));
	ret[i] = NULL;
}

static int memory_file(const char *text)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET) < 0) {
		perror("runner: memory file");
		exit(1);
	}
	return fd;
}

/* What was written to the file, cut to the buffer. */
static void read_back(int fd, char *ret, size_t size)
{
	ssize_t got = pread(fd, ret, size - 1, 0);

	ret[got > 0 ? got : 0] = '\0';
}

/* The input with what the step before said in it; NULL when that is no JSON. The caller frees it. */
static char *input_after(const char *input, const char *said)
{
	struct json_object *config = json_tokener_parse(input), *result = json_tokener_parse(said);
	char *ret = NULL;

	if (config && result) {
		json_object_object_add(config, "prevResult", result);
		result = NULL;
		ret = strdup(json_object_to_json_string_ext(config, JSON_C_TO_STRING_PLAIN));
	}
	json_object_put(config);
	json_object_put(result);
	return ret;
}

static double milliseconds(const struct timeval *tv)
{
	return (double)tv->tv_sec * 1e3 + (double)tv->tv_usec / 1e3;
}

static int spawn_and_wait(char **argv, char **env, const int fds[3], struct cost *ret)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (errno != 0 || wait4(pid, &status, 0, &usage) != pid) {
		snprintf(ret->error, sizeof(ret->error), "%s: %s", argv[0], strerror(errno));
		return -1;
	}
	ret->cpu_ms += milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
	if (usage.ru_maxrss > ret->peak_kib)
		ret->peak_kib = usage.ru_maxrss;
	return status;
}

/* Standard output is kept in `said`, for the next step. */
static int run_program(struct json_object *step, char said[TEXT_MAX], struct cost *ret)
{
	char *argv[WORDS_MAX], *env[WORDS_MAX], err[600];
	const char *input = text_of(step, "input");
	char *with_result = NULL;
	int fds[3], status;

	words_of(step, "argv", argv);
	words_of(step, "env", env);
	if (json_object_object_get(step, "prev")) {
		with_result = input_after(input, said);
		if (!with_result) {
			snprintf(ret->error, sizeof(ret->error), "%s: no result before it: %.200s", argv[0],
			         said);
			return -1;
		}
		input = with_result;
	}
	fds[0] = memory_file(input);
	fds[1] = memory_file("");
	fds[2] = memory_file("");
	free(with_result);
	status = spawn_and_wait(argv, env, fds, ret);
	read_back(fds[1], said, TEXT_MAX);
	read_back(fds[2], err, sizeof(err));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	if (status != 0 && !ret->error[0])
		snprintf(ret->error, sizeof(ret->error), "%s: status %d: %.300s %.300s", argv[0], status,
		         said, err);
	return status;
}

/* The answer is read to its end: the daemon closes, as HTTP/1.0 asks it to. */
static int ask_daemon(struct json_object *step, struct cost *ret)
{
	const char *path = text_of(step, "unix"), *request = text_of(step, "request");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[4096];
	size_t len = 0;
	ssize_t got = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    write(fd, request, strlen(request)) != (ssize_t)strlen(request)) {
		snprintf(ret->error, sizeof(ret->error), "%s: %s", path, strerror(errno));
	} else {
		while (len < sizeof(answer) - 1 &&
		       (got = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
			len += (size_t)got;
		answer[len] = '\0';
		if (strncmp(answer, "HTTP/1.", 7) != 0 || strncmp(answer + 8, " 20", 3) != 0)
			snprintf(ret->error, sizeof(ret->error), "%s: %.600s", path, answer);
	}
	if (fd >= 0)
		close(fd);
	return ret->error[0] ? -1 : 0;
}

void bench_job_run(struct json_object *steps, struct cost *ret)
{
	static char said[TEXT_MAX];
	double start = bench_now_ms();

	memset(ret, 0, sizeof(*ret));
	said[0] = '\0';
	for (size_t i = 0; i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);
		int status = json_object_object_get(step, "unix") ? ask_daemon(step, ret)
		                                                  : run_program(step, said, ret);

		if (status != 0)
			break;
	}
	ret->ms = bench_now_ms() - start;
}
