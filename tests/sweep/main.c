/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sweep: every verb, stopped and failed at every system call, by workers that each have a small host of their own. Prints for each verb
 * how many calls it makes, how many runs were tried, and what was left.
 */
#include "tests/sweep/sweep.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIALS_MAX   200000
#define FINDINGS_MAX 12
#define JOBS_MAX     64

enum kind { KIND_KILL, KIND_ERROR, KIND_MALLOC, KINDS };
static const char *const kind_names[KINDS] = {"kill", "error", "malloc"};

struct trial {
	struct plan plan;
	unsigned recovery;
};

/* Of all workers of a verb. */
struct shared {
	struct census census; /* the first worker's: what is tried is the same for all */
	unsigned taken;       /* 1: somebody fills it in, 2: it is there */
	unsigned next;        /* trial to be taken */
	unsigned runs[KINDS]; /* trials that met their call */
	unsigned findings;    /* that left something or went wrong */
};

struct settings {
	const char *verbs; /* comma-separated; NULL: all */
	bool kinds[KINDS];
	unsigned every; /* one of so many trials */
	unsigned jobs;
};

static struct shared *shared;
static struct trial *trials;
static unsigned trial_count;

static void add_trial(enum plan_kind kind, unsigned process, unsigned call, unsigned choice,
                      unsigned recovery)
{
	if (trial_count == TRIALS_MAX)
		die("more than %d trials", TRIALS_MAX);
	trials[trial_count++] = (struct trial){{kind, process, call, choice}, recovery};
}

static void list_kills(unsigned process, unsigned call)
{
	unsigned recovery;

	for (recovery = 0; recovery < 3; recovery++) {
		add_trial(PLAN_KILL_BEFORE, process, call, 0, recovery);
		add_trial(PLAN_KILL_AFTER, process, call, 0, recovery);
	}
}

static void list_errors(const struct census *census, unsigned process, unsigned call)
{
	struct fault fault;
	unsigned choice;

	for (choice = 0; call_fault(census->number[process][call], choice, &fault); choice++) {
		add_trial(PLAN_FAIL_ONCE, process, call, choice, 0);
		if (call_is_fatal_for_ever(&fault))
			add_trial(PLAN_FAIL_ALWAYS, process, call, choice, 0);
	}
}

static void list_calls(const struct census *census, const struct settings *settings)
{
	unsigned process, call;

	for (process = 0; process < PROCESSES_MAX; process++) {
		for (call = 1; call <= census->calls[process] && call < CALLS_MAX; call++) {
			/* What the loader does before main() is stopped like all else, but fails in its own way. */
			bool own = process > 0 || call >= census->own;

			if (settings->kinds[KIND_KILL] && (own || settings->every == 1))
				list_kills(process, call);
			if (settings->kinds[KIND_ERROR] && own)
				list_errors(census, process, call);
		}
	}
}

static void list_trials(const struct census *census, const struct settings *settings)
{
	unsigned call;

	trial_count = 0;
	list_calls(census, settings);
	for (call = 1; settings->kinds[KIND_MALLOC] && call <= census->allocations; call++) {
		add_trial(PLAN_MALLOC_ONCE, 0, call, 0, 0);
		add_trial(PLAN_MALLOC_ALWAYS, 0, call, 0, 0);
	}
}

static enum kind kind_of(const struct plan *plan)
{
	switch (plan->kind) {
	case PLAN_MALLOC_ONCE:
	case PLAN_MALLOC_ALWAYS:
		return KIND_MALLOC;
	case PLAN_FAIL_ONCE:
	case PLAN_FAIL_ALWAYS:
		return KIND_ERROR;
	default:
		return KIND_KILL;
	}
}

static void tell(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		exit(3);
}

static void report_finding(const struct trial *trial, char *report, size_t size)
{
	size_t len = strlen(report);

	__atomic_fetch_add(&shared->findings, 1, __ATOMIC_RELAXED);
	snprintf(report + len, size - len, "  recovery %c\n", 'a' + (int)trial->recovery);
	tell(report);
}

static const struct census *agree(const struct census *own)
{
	unsigned none = 0;

	if (__atomic_compare_exchange_n(&shared->taken, &none, 1, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE)) {
		shared->census = *own;
		__atomic_store_n(&shared->taken, 2, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&shared->taken, __ATOMIC_ACQUIRE) != 2)
		usleep(1000);
	return &shared->census;
}

/* A worker ends with its first finding: its small host is not what it was. */
static void work(const struct verb *verb, const struct settings *settings)
{
	static struct census census;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	world_make(verb->bare);
	trials_begin(verb, &census);
	list_trials(agree(&census), settings);
	for (;;) {
		unsigned at = __atomic_fetch_add(&shared->next, settings->every, __ATOMIC_RELAXED);
		char report[16384] = "";
		bool reached = false, good;

		if (at >= trial_count)
			exit(0);
		good = trial_run(verb, &trials[at].plan, trials[at].recovery, &reached, report,
		                 sizeof(report));
		__atomic_fetch_add(&shared->runs[kind_of(&trials[at].plan)], reached || !good,
		                   __ATOMIC_RELAXED);
		if (good)
			continue;
		report_finding(&trials[at], report, sizeof(report));
		exit(1);
	}
}

static pid_t start_worker(const struct verb *verb, const struct settings *settings)
{
	pid_t pid = fork();

	if (pid == 0)
		work(verb, settings);
	if (pid < 0)
		die("fork: %s", strerror(errno));
	return pid;
}

static int wait_worker(void)
{
	int status;

	if (wait(&status) < 0)
		die("wait: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_workers(const struct verb *verb, const struct settings *settings)
{
	unsigned running;

	memset(shared, 0, sizeof(*shared));
	for (running = 0; running < settings->jobs; running++)
		start_worker(verb, settings);
	while (running > 0) {
		int status = wait_worker();

		running--;
		if (status > 1)
			die("%s: a worker ended with status %d", verb->name, status);
		if (status == 1 && shared->findings < FINDINGS_MAX) {
			start_worker(verb, settings);
			running++;
		}
	}
}

static unsigned sum(const struct census *census)
{
	unsigned process, calls = 0;

	for (process = 0; process < PROCESSES_MAX; process++)
		calls += census->calls[process];
	return calls;
}

static unsigned sweep_verb(const struct verb *verb, const struct settings *settings)
{
	run_workers(verb, settings);
	printf("%-22s %6u %7u %8u %11u %9u\n", verb->name, sum(&shared->census), shared->runs[KIND_KILL],
	       shared->runs[KIND_ERROR], shared->runs[KIND_MALLOC], shared->findings);
	fflush(stdout);
	return shared->findings;
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at = list;

	while (at && *at) {
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return false;
}

static void parse(int argc, char **argv, struct settings *settings)
{
	int option, kind;

	while ((option = getopt(argc, argv, "v:k:e:j:")) >= 0) {
		switch (option) {
		case 'v':
			settings->verbs = optarg;
			break;
		case 'k':
			for (kind = 0; kind < KINDS; kind++)
				settings->kinds[kind] = is_listed(optarg, kind_names[kind]);
			break;
		case 'e':
			settings->every = (unsigned)atoi(optarg);
			break;
		case 'j':
			settings->jobs = (unsigned)atoi(optarg);
			break;
		default:
			die("usage: sweep [-v VERB,...] [-k kill,error,malloc] [-e ONE-OF-N] [-j JOBS] CNM "
			    "FAIL_MALLOC.SO SHARED-CNM");
		}
	}
	if (optind + 3 != argc || settings->every == 0 || settings->jobs == 0 || settings->jobs > JOBS_MAX)
		die("CNM, FAIL_MALLOC.SO and SHARED-CNM are expected, and numbers from 1");
	executable = argv[optind];
	malloc_library = argv[optind + 1];
	malloc_executable = argv[optind + 2];
}

static void *share(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		die("no memory");
	return map;
}

int main(int argc, char **argv)
{
	struct settings settings = {.kinds = {true, true, true}, .every = 1, .jobs = 2};
	unsigned findings = 0, swept = 0;
	size_t i;

	parse(argc, argv, &settings);
	shared = share(sizeof(*shared));
	trials = calloc(TRIALS_MAX, sizeof(*trials));
	if (!trials)
		die("no memory");
	printf("%-22s %6s %7s %8s %11s %9s\n", "VERB", "CALLS", "STOPPED", "ERRORED", "OUT-OF-MEM",
	       "LEFTOVERS");
	fflush(stdout);
	for (i = 0; i < verb_count; i++) {
		if (settings.verbs && !is_listed(settings.verbs, verbs[i].name))
			continue;
		findings += sweep_verb(&verbs[i], &settings);
		swept++;
	}
	if (swept == 0)
		die("no such verb: %s", settings.verbs);
	return findings > 0;
}
