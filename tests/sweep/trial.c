/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One trial: what the verb needs, the verb stopped or failed, a recovery, and the comparison with the baseline. */
#include "tests/sweep/sweep.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define AWAIT_MS  30000
#define SETTLE_MS 300
#define MALLOC_AT "/run/sweep/malloc"

/* As in fail_malloc.c. */
struct control {
	unsigned long count, fail, always;
};

static struct snapshot baseline, achieved;
static struct control *control;

/* What has gone wrong, in the words of a report. */
struct report {
	char *text;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (report->len < report->size)
		report->len += (size_t)vsnprintf(report->text + report->len, report->size - report->len,
		                                 format, args);
	va_end(args);
	return false;
}

static int remove_cursor(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type != FTW_D && strstr(path, "/cursors/"))
		unlink(path);
	return 0;
}

/* Every trial gets the same addresses. */
static void forget_cursors(void)
{
	nftw(world.state, remove_cursor, 16, FTW_PHYS);
}

static const char *command_text(const struct command *command)
{
	static char text[256];
	size_t i, len;

	len = (size_t)snprintf(text, sizeof(text), "%s", command->cni ? command->cni : "cnm");
	for (i = 0; i < ARGS_MAX && command->args[i] && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", command->args[i]);
	return text;
}

static bool run_step(const struct step *step, struct report *report)
{
	int status;

	switch (step->kind) {
	case STEP_GONE:
		container_end();
		return true;
	case STEP_FRESH:
		container_make();
		return true;
	case STEP_FLOW:
		flow_send();
		return true;
	case STEP_FLUSH:
		firewall_flush();
		return true;
	default:
		break;
	}
	status = command_run(step->command);
	if (status == 0 || (step->kind == STEP_TRY && status == 1))
		return true;
	if (status == 1 && step->otherwise && command_run(step->otherwise) == 0)
		return true;
	return wrong(report, "  then %s: exit status %d: %s\n", command_text(step->command), status,
	             command_output());
}

static bool run_steps(const struct step *steps, struct report *report)
{
	for (; steps->kind != STEP_END; steps++)
		if (!run_step(steps, report))
			return false;
	return true;
}

static bool is_baseline(struct report *report)
{
	char diff[4096];

	container_make();
	if (snapshot_await(&baseline, SNAPSHOT_EXACT, AWAIT_MS, diff, sizeof(diff)))
		return true;
	return wrong(report, "%s", diff);
}

static void set_malloc(const struct plan *plan)
{
	malloc_file = NULL;
	if (plan->kind != PLAN_MALLOC_ONCE && plan->kind != PLAN_MALLOC_ALWAYS)
		return;
	malloc_file = MALLOC_AT;
	*control = (struct control){.fail = plan->call, .always = plan->kind == PLAN_MALLOC_ALWAYS};
}

static void run_planned(const struct verb *verb, const struct plan *plan, struct outcome *outcome)
{
	set_malloc(plan);
	trace_run(verb->command, plan, NULL, outcome);
	if (malloc_file) {
		outcome->reached = control->count >= plan->call;
		snprintf(outcome->at, sizeof(outcome->at), "allocation %u%s", plan->call,
		         control->always ? " and all after it" : "");
	}
	malloc_file = NULL;
}

static void control_make(void)
{
	int fd = open(MALLOC_AT, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*control)) < 0)
		die("%s: %s", MALLOC_AT, strerror(errno));
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		die("%s: %s", MALLOC_AT, strerror(errno));
	close(fd);
}

/* Setup, verb and the way back without any fault. */
static void rehearse(const struct verb *verb, const struct plan *plan, struct census *census, bool remember)
{
	char text[4096] = "";
	struct report report = {.text = text, .size = sizeof(text)};
	struct outcome outcome;

	if (!run_steps(verb->setup, &report))
		die("%s: setup: %s", verb->name, text);
	forget_cursors();
	set_malloc(plan);
	trace_run(verb->command, plan, census, &outcome);
	malloc_file = NULL;
	if (outcome.status != 0)
		die("%s: exit status %d without a fault: %s", verb->name, outcome.status, command_output());
	/* An address is complete a moment after its link is up. */
	if (remember) {
		usleep(SETTLE_MS * 1000);
		snapshot_settle(&achieved, SNAPSHOT_SHAPE);
	}
	if (!run_steps(verb->after, &report) || !is_baseline(&report))
		die("%s: after a run without a fault:\n%s", verb->name, text);
}

void trials_begin(const struct verb *verb, struct census *census)
{
	const struct plan count = {.kind = PLAN_COUNT}, allocations = {.kind = PLAN_MALLOC_ONCE};

	*census = (struct census){0};
	container_make();
	control_make();
	snapshot_settle(&baseline, SNAPSHOT_EXACT);
	rehearse(verb, &count, census, true);
	rehearse(verb, &allocations, NULL, false);
	census->allocations = (unsigned)control->count;
}

static bool judge_success(const struct verb *verb, struct report *report)
{
	char diff[4096];

	if (!snapshot_await(&achieved, SNAPSHOT_SHAPE, AWAIT_MS, diff, sizeof(diff)))
		return wrong(report, "  success, but\n%s", diff);
	return run_steps(verb->after, report) && is_baseline(report);
}

/* An error leaves all as it was before; where the verb removes, or something fails for good, the next call ends it. */
static bool judge_error(const struct verb *verb, const struct plan *plan, const struct outcome *outcome,
                        const struct snapshot *before, struct report *report)
{
	bool must_undo = !verb->removes && (plan->kind == PLAN_FAIL_ONCE || plan->kind == PLAN_MALLOC_ONCE);
	char diff[4096];

	/* Where nothing can be written, nothing can be said. */
	if (command_output()[0] == '\0' && !strstr(outcome->at, "write"))
		return wrong(report, "  an error without a word\n");
	if (must_undo && !snapshot_await(before, SNAPSHOT_EXACT, AWAIT_MS, diff, sizeof(diff)))
		return wrong(report, "  not undone:\n%s", diff);
	return run_steps(verb->recoveries[0], report) && is_baseline(report);
}

static bool judge_fault(const struct verb *verb, const struct plan *plan, const struct outcome *outcome,
                        const struct snapshot *before, struct report *report)
{
	char said[200];

	snprintf(said, sizeof(said), "%s", command_output());
	wrong(report, "  it said: %s%s", said, strchr(said, '\n') ? "" : "\n");
	if (outcome->hung)
		return wrong(report, "  it hangs\n");
	if (outcome->status == 0)
		return judge_success(verb, report);
	if (outcome->status == 1)
		return judge_error(verb, plan, outcome, before, report);
	/* json-c and libc crash where no memory is left for them (see fail_malloc.c): the same. */
	if (outcome->status == 128 + SIGSEGV &&
	    (strncmp(outcome->at, "brk ", 4) == 0 || strncmp(outcome->at, "mmap ", 5) == 0))
		return run_steps(verb->recoveries[0], report) && is_baseline(report);
	/* Who cannot come back from a container's namespace must not go on: that end is a kill at this place. */
	if (outcome->status == 128 + SIGABRT && plan->kind == PLAN_FAIL_ALWAYS &&
	    strstr(outcome->at, "setns"))
		return run_steps(verb->recoveries[0], report) && is_baseline(report);
	return wrong(report, "  exit status %d\n", outcome->status);
}

bool trial_run(const struct verb *verb, const struct plan *plan, unsigned recovery, bool *ret_reached,
               char *text, size_t size)
{
	bool is_kill = plan->kind == PLAN_KILL_BEFORE || plan->kind == PLAN_KILL_AFTER, good;
	struct report report = {.text = text, .size = size};
	struct snapshot before = {0};
	struct outcome outcome;

	container_make();
	if (!run_steps(verb->setup, &report))
		return false;
	forget_cursors();
	if (!is_kill && !verb->removes)
		snapshot_take(&before, SNAPSHOT_EXACT);
	run_planned(verb, plan, &outcome);
	*ret_reached = outcome.reached;
	wrong(&report, "%s: %s\n", verb->name, outcome.at);
	if (is_kill) {
		if (outcome.hung)
			good = wrong(&report, "  it hangs\n");
		else
			good = run_steps(verb->recoveries[recovery], &report) && is_baseline(&report);
	} else {
		good = judge_fault(verb, plan, &outcome, &before, &report);
	}
	snapshot_free(&before);
	return good;
}
