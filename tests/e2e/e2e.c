/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every script beside this file is a test: it drives the built executable as its users do, in network, mount and process
 * namespaces of its own, with its own roots. When it ends (or runs out of time), nothing of it is left.
 */
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRIPTS_MAX 64
#define SECONDS     300 /* of a script, unless $CNM_TEST_SECONDS says more */
#define SECONDS_MAX 1800
#define OUTPUT_TAIL 12000

/* Parameters are copied into another process: an array, no pointer. */
struct script {
	char name[64];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct script *)a)->name, ((const struct script *)b)->name);
}

/* $E2E, a list of names without .sh, chooses some. */
static bool is_chosen(const char *name)
{
	const char *list = getenv("E2E");
	size_t len = strlen(name) - strlen(".sh");

	if (!list || !*list)
		return true;
	for (const char *at = list; *at; at += strspn(at, " "), at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == len && strncmp(at, name, len) == 0)
			return true;
	}
	return false;
}

static bool is_test_script(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && len < sizeof(((struct script *)0)->name) && strcmp(name + len - 3, ".sh") == 0 &&
	       strcmp(name, "lib.sh") != 0 && strstr(name, ".inc.sh") == NULL;
}

ParameterizedTestParameters(e2e, script)
{
	static struct script scripts[SCRIPTS_MAX];
	size_t count = 0;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/e2e", cnm_test_source());
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (is_test_script(entry->d_name) && is_chosen(entry->d_name) && count < SCRIPTS_MAX)
			strcpy(scripts[count++].name, entry->d_name);
	}
	if (dir)
		closedir(dir);
	qsort(scripts, count, sizeof(*scripts), by_name);
	return cr_make_param_array(struct script, scripts, count);
}

/* Starts the script as init of its own process namespace: when that process goes, all that it started goes. */
static pid_t start(const struct script *script, const struct cnm_test_roots *roots, int output)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/e2e/%s", cnm_test_source(), script->name);
	setenv("CNM", cnm_test_program(), 1);
	setenv("CNM_E2E", "1", 1);
	setenv("CNM_SOURCE", cnm_test_source(), 1);
	setenv("CNM_ROOT", roots->root, 1);
	setenv("CNM_STATE", roots->state, 1);
	setenv("TMPDIR", roots->base, 1);

	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	execlp("unshare", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
	       "sh", path, (char *)NULL);
	_exit(127);
}

/* An emulated machine needs more than a real one. */
static int seconds(void)
{
	const char *text = getenv("CNM_TEST_SECONDS");
	int n = text ? atoi(text) : 0;

	return n > SECONDS && n < SECONDS_MAX ? n : SECONDS;
}

/* The exit status, or -1 after killing what took too long. */
static int wait_for(pid_t pid)
{
	int status;

	for (int i = 0; i < seconds() * 50; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		cr_assert_eq(got, 0, "waitpid: %s", strerror(errno));
		nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

ParameterizedTest(struct script *script, e2e, script, .timeout = SECONDS_MAX)
{
	struct cnm_test_roots roots;
	char log[96];

	cnm_test_roots_make(&roots);
	snprintf(log, sizeof(log), "%s/output", roots.base);
	int output = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(output, 0);
	int status = wait_for(start(script, &roots, output));
	close(output);

	char *text = cnm_test_file_read(log);
	size_t len = text ? strlen(text) : 0;
	cnm_test_roots_remove(&roots);
	if (status != 0)
		cr_assert_fail("tests/e2e/%s: %s %d\n%s", script->name,
		               status < 0 ? "no end after seconds:" : "exit status",
		               status < 0 ? seconds() : status,
		               len > OUTPUT_TAIL ? text + len - OUTPUT_TAIL : text);
	cr_log_info("tests/e2e/%s passed", script->name);
	free(text);
}
