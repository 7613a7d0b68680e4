/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The undo list: order, commit, the destructor, the limit. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "cnm/base/undo.h"

struct trace {
	char text[64];
};

struct step {
	struct trace *trace;
	const char *name;
};

static void note(void *arg)
{
	const struct step *step = arg;

	strncat(step->trace->text, step->name, sizeof(step->trace->text) - strlen(step->trace->text) - 1);
}

Test(undo, runs_newest_first_and_once)
{
	struct trace trace = {""};
	struct step a = {&trace, "a"}, b = {&trace, "b"}, c = {&trace, "c"};
	struct cnm_undo undo = CNM_UNDO_INIT;

	cnm_undo_push(&undo, note, &a);
	cnm_undo_push(&undo, note, &b);
	cnm_undo_push(&undo, note, &c);
	cnm_undo_run(&undo);
	cr_assert_str_eq(trace.text, "cba");
	cnm_undo_run(&undo);
	cr_assert_str_eq(trace.text, "cba");
}

Test(undo, commit_drops)
{
	struct trace trace = {""};
	struct step a = {&trace, "a"}, b = {&trace, "b"};

	{
		_cleanup_undo_ struct cnm_undo undo = CNM_UNDO_INIT;

		cnm_undo_push(&undo, note, &a);
		cnm_undo_commit(&undo);
		cnm_undo_push(&undo, note, &b);
	}
	cr_assert_str_eq(trace.text, "b");
}

Test(undo, scope_end_runs)
{
	struct trace trace = {""};
	struct step a = {&trace, "a"}, b = {&trace, "b"};

	{
		_cleanup_undo_ struct cnm_undo undo = CNM_UNDO_INIT;

		cnm_undo_push(&undo, note, &a);
		cnm_undo_push(&undo, note, &b);
	}
	cr_assert_str_eq(trace.text, "ba");
}

Test(undo, has_its_full_room)
{
	struct trace trace = {""};
	struct step a = {&trace, "a"};
	struct cnm_undo undo = CNM_UNDO_INIT;

	for (size_t i = 0; i < CNM_UNDO_MAX; i++)
		cnm_undo_push(&undo, note, &a);
	cnm_undo_run(&undo);
	cr_assert_eq(strlen(trace.text), CNM_UNDO_MAX);
}

Test(undo, one_too_many_aborts, .signal = SIGABRT)
{
	struct trace trace = {""};
	struct step a = {&trace, "a"};
	struct cnm_undo undo = CNM_UNDO_INIT;

	for (size_t i = 0; i < CNM_UNDO_MAX + 1; i++)
		cnm_undo_push(&undo, note, &a);
}

Test(undo, null_is_fine)
{
	cnm_undo_run(NULL);
	cnm_undo_commit(NULL);
}
