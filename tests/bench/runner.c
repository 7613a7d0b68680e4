/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs what the bench measures, and measures it: a small process, so that starting others costs little and their peak memory is theirs (a child has
 * at least its parent's until it executes). Reads a request a line, answers a line.
 *
 *	{"netns": "PATH", "jobs": [[STEP, ...], ...]}
 *	{"ms": 2.1, "later_cpu_ms": 0.3, "jobs": [{"ms": 2.1, "cpu_ms": 1.7, "peak_kib": 2900, "error": ""}, ...]}
 *
 * One job runs here; more start at once, each in a process that waits for all to be there. The answer comes when nothing that the jobs started runs
 * any longer: what they leave in the background becomes our child, and its CPU time is told apart. With "stays" something of it is to stay.
 */
#include "tests/bench/runner.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "runner: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
}

/* Programs that returned while a child of theirs still works leave that child to us. A container is not waited for: it lives until it is deleted. */
static double wait_for_the_rest(int flags)
{
	double cpu_ms = 0;
	struct rusage usage;

	while (wait4(-1, NULL, flags, &usage) > 0)
		cpu_ms += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
		          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
	return cpu_ms;
}

static pid_t start_worker(struct json_object *job, const int gate[2], int report)
{
	pid_t pid = fork();
	struct cost cost;
	char byte;

	if (pid != 0)
		return pid;
	close(gate[1]);
	if (read(gate[0], &byte, 1) < 0)
		die("gate");
	bench_job_run(job, &cost);
	if (write(report, &cost, sizeof(cost)) != sizeof(cost)) /* at most PIPE_BUF: in one piece */
		die("report");
	_exit(0);
}

/* The costs come in the order in which the jobs end. */
static double run_at_once(struct json_object *jobs, struct cost *costs, size_t count)
{
	int gate[2], report[2];
	pid_t *pids = calloc(count, sizeof(*pids));
	double start;

	if (!pids || pipe2(gate, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		die("pipe");
	for (size_t i = 0; i < count; i++) {
		pids[i] = start_worker(json_object_array_get_idx(jobs, i), gate, report[1]);
		if (pids[i] < 0)
			die("fork");
	}
	close(report[1]);
	usleep(20000); /* all of them have come to the gate */
	start = bench_now_ms();
	close(gate[0]);
	close(gate[1]);
	for (size_t i = 0; i < count; i++)
		if (read(report[0], &costs[i], sizeof(costs[i])) != sizeof(costs[i]))
			die("a worker ended without a report");
	start = bench_now_ms() - start;
	close(report[0]);
	for (size_t i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
	free(pids);
	return start;
}

static void answer(double ms, double later_cpu_ms, const struct cost *costs, size_t count)
{
	struct json_object *reply = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_new_object();

		json_object_object_add(item, "ms", json_object_new_double(costs[i].ms));
		json_object_object_add(item, "cpu_ms", json_object_new_double(costs[i].cpu_ms));
		json_object_object_add(item, "peak_kib", json_object_new_int64(costs[i].peak_kib));
		json_object_object_add(item, "error", json_object_new_string(costs[i].error));
		json_object_array_add(list, item);
	}
	json_object_object_add(reply, "ms", json_object_new_double(ms));
	json_object_object_add(reply, "later_cpu_ms", json_object_new_double(later_cpu_ms));
	json_object_object_add(reply, "jobs", list);
	puts(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
	fflush(stdout);
	json_object_put(reply);
}

static void serve(const char *line, const char *own)
{
	struct json_object *request = json_tokener_parse(line), *jobs, *netns;
	struct cost *costs;
	size_t count;
	double ms;

	if (!json_object_object_get_ex(request, "jobs", &jobs)) {
		errno = EINVAL;
		die("request");
	}
	count = json_object_array_length(jobs);
	costs = calloc(count + 1, sizeof(*costs));
	if (!costs)
		die("memory");
	if (json_object_object_get_ex(request, "netns", &netns) && netns)
		enter(json_object_get_string(netns));
	if (count == 1) {
		bench_job_run(json_object_array_get_idx(jobs, 0), costs);
		ms = costs[0].ms;
	} else {
		ms = run_at_once(jobs, costs, count);
	}
	enter(own);
	answer(ms, wait_for_the_rest(json_object_object_get(request, "stays") ? WNOHANG : 0), costs, count);
	free(costs);
	json_object_put(request);
}

int main(int argc, char **argv)
{
	char *line = NULL, own[64];
	size_t size = 0;

	/* Asked for while we are where we came from. */
	snprintf(own, sizeof(own), "/proc/self/fd/%d", open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		die("prctl");
	while (getline(&line, &size, stdin) > 0)
		serve(line, own);
	free(line);
	return 0;
}
