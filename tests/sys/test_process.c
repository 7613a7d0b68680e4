/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child program: what it is given, what is read of it, how it ends, what it does not inherit. Programs are scripts in a folder of the test's. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/process.h"

static char folder[] = "/tmp/cnm-test.XXXXXX";
static char path[sizeof(folder) + 8];

static void setup(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/p", folder);
	signal(SIGPIPE, SIG_IGN); /* as the executable has it */
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(process, .init = setup, .fini = teardown, .timeout = 30);

static void write_script(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	cr_assert_eq(chmod(path, mode), 0);
}

struct outcome {
	int result, status;
	struct cnm_buf output;
	struct cnm_error err;
};

static const char *const environment[] = {"PATH=/usr/bin:/bin", "KEY=a value", NULL};

static struct outcome run(const char *script, const char *input, unsigned timeout_ms)
{
	struct cnm_process process = {.path = path,
	                              .env = environment,
	                              .input = input,
	                              .input_len = input ? strlen(input) : 0,
	                              .timeout_ms = timeout_ms};
	struct outcome outcome = {.status = -1, .output = CNM_BUF_INIT(200000), .err = CNM_ERROR_INIT};

	write_script(script, 0700);
	outcome.result = cnm_process_run(&process, &outcome.output, &outcome.status, &outcome.err);
	return outcome;
}

static void expect(struct outcome *outcome, int status, const char *output)
{
	cr_assert_eq(outcome->result, 0, "%s", outcome->err.text);
	cr_assert_eq(outcome->status, status, "%d", outcome->status);
	cr_assert_str_eq(cnm_buf_text(&outcome->output), output);
	cnm_buf_free(&outcome->output);
}

static void expect_failure(struct outcome *outcome, enum cnm_code code, const char *text)
{
	cr_assert_eq(outcome->result, -1);
	cr_assert_eq(outcome->err.code, code, "%s", outcome->err.text);
	cr_assert(strstr(outcome->err.text, text), "%s", outcome->err.text);
	cr_assert(strstr(outcome->err.text, path), "%s", outcome->err.text);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
	cnm_buf_free(&outcome->output);
}

Test(process, gets_input_and_environment_and_gives_output)
{
	struct outcome outcome = run("#!/bin/sh\ncat; echo \" $KEY $# $0\"\n", "in", 20000);
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "in a value 0 %s\n", path);
	expect(&outcome, 0, wanted);
}

Test(process, status_is_an_exit_status_or_a_signal)
{
	struct outcome exited = run("#!/bin/sh\necho x; exit 7\n", NULL, 20000);
	struct outcome killed = run("#!/bin/sh\nkill -TERM $$\n", NULL, 20000);

	expect(&exited, 7, "x\n");
	expect(&killed, 128 + SIGTERM, "");
}

/* More than a pipe holds, both ways at once: neither side may wait for the other. */
Test(process, much_goes_both_ways)
{
	static char input[150001];
	struct outcome outcome;

	memset(input, 'x', sizeof(input) - 1);
	outcome = run("#!/bin/sh\nexec cat\n", input, 20000);
	expect(&outcome, 0, input);
}

Test(process, input_that_nobody_reads_is_no_error)
{
	static char input[150001];
	struct outcome outcome;

	memset(input, 'x', sizeof(input) - 1);
	outcome = run("#!/bin/sh\nexec echo done\n", input, 20000);
	expect(&outcome, 0, "done\n");
}

Test(process, too_much_output_is_refused_and_the_program_killed)
{
	struct outcome outcome = run("#!/bin/sh\nexec yes\n", NULL, 20000);

	expect_failure(&outcome, CNM_E_INVALID, "more than");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* With what it started: the child of the script holds the pipe as well. */
Test(process, is_killed_when_its_time_is_over)
{
	double start = seconds();
	struct outcome outcome = run("#!/bin/sh\nsleep 1000 & sleep 1000\n", NULL, 300);

	expect_failure(&outcome, CNM_E_TRY_AGAIN, "300 ms");
	cr_assert_lt(seconds() - start, 20);
}

Test(process, is_killed_when_it_stays_after_its_output_ended)
{
	struct outcome outcome = run("#!/bin/sh\nexec sleep 1000 >&-\n", NULL, 300);

	expect_failure(&outcome, CNM_E_TRY_AGAIN, "300 ms");
}

/* A daemon that a plugin leaves keeps its standard output open. */
Test(process, what_it_leaves_in_the_background_is_not_waited_for)
{
	struct outcome outcome = run("#!/bin/sh\nsleep 1000 & echo $!\n", NULL, 20000);
	pid_t pid = (pid_t)atoi(cnm_buf_text(&outcome.output));

	cr_assert_eq(outcome.result, 0, "%s", outcome.err.text);
	cr_assert_gt(pid, 0);
	cr_assert_eq(kill(pid, SIGKILL), 0, "the program in the background was killed");
	cnm_buf_free(&outcome.output);
}

Test(process, cannot_be_executed)
{
	struct outcome outcome = {.output = CNM_BUF_INIT(100), .err = CNM_ERROR_INIT};
	struct cnm_process process = {.path = path, .env = environment, .timeout_ms = 1000};

	write_script("#!/bin/sh\n", 0600);
	outcome.result = cnm_process_run(&process, &outcome.output, &outcome.status, &outcome.err);
	expect_failure(&outcome, CNM_E_SYSTEM, "Permission denied");
	unlink(path);
	outcome = (struct outcome){.output = CNM_BUF_INIT(100), .err = CNM_ERROR_INIT};
	outcome.result = cnm_process_run(&process, &outcome.output, &outcome.status, &outcome.err);
	expect_failure(&outcome, CNM_E_SYSTEM, "No such file");
}

/* Also of descriptors that somebody forgot to close on exec, and of signals that are ignored or blocked here. */
Test(process, inherits_neither_descriptors_nor_signals)
{
	int fd = open("/dev/null", O_RDONLY); /* on purpose without O_CLOEXEC */
	sigset_t set;
	struct outcome outcome;
	const char *text;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	outcome = run("#!/bin/sh\nls /proc/self/fd | tr '\\n' ' '\n"
	              "sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.\\{8\\}\\)$/\\1 \\2 /p' /proc/self/status | tr -d "
	              "'\\n'\n",
	              NULL, 20000);
	close(fd);
	cr_assert_eq(outcome.result, 0, "%s", outcome.err.text);
	/* The fourth is that of ls, for the folder it reads. Signal 32, the highest bit, is the C library's own and cannot be set. */
	text = cnm_buf_text(&outcome.output);
	cr_assert(strncmp(text, "0 1 2 3 Blk 00000000 Ign ", 25) == 0, "%s", text);
	cr_assert_eq(strtoul(text + 25, NULL, 16) & 0x7fffffff, 0, "%s", text);
	cnm_buf_free(&outcome.output);
}
