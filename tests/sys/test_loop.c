/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: what is called, in which order, and that a callback may take anything away. */
#include "cnm/base/error.h"
#include "cnm/sys/loop.h"
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct cnm_loop *loop;
static struct cnm_error err;
static char order[64];

static void setup(void)
{
	cr_assert_eq(cnm_loop_open(&loop, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_loop_close(loop);
}

TestSuite(loop, .init = setup, .fini = teardown, .timeout = 20);

struct item {
	struct cnm_loop_source source;
	struct cnm_loop_timer timer;
	int out;
	char name;
	struct item *other;
	unsigned calls;
};

static void run(void)
{
	cr_assert_eq(cnm_loop_run(loop, &err), 0, "%s", err.text);
}

static void make_pipe(struct item *item, void (*fn)(struct cnm_loop_source *source, uint32_t events))
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	item->source = (struct cnm_loop_source){.fd = ends[0], .fn = fn};
	item->out = ends[1];
	cr_assert_eq(cnm_loop_add(loop, &item->source, EPOLLIN, &err), 0, "%s", err.text);
}

static void note(struct cnm_loop_timer *timer)
{
	struct item *item = CNM_CONTAINER_OF(timer, struct item, timer);

	strncat(order, &item->name, 1);
	item->calls++;
}

static void note_and_stop(struct cnm_loop_timer *timer)
{
	note(timer);
	cnm_loop_stop(loop);
}

Test(loop, timers_run_in_order_of_time)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};

	a.timer.fn = b.timer.fn = c.timer.fn = note;
	d.timer.fn = note_and_stop;
	cnm_loop_timer_set(loop, &d.timer, 60);
	cnm_loop_timer_set(loop, &c.timer, 20);
	cnm_loop_timer_set(loop, &a.timer, 1);
	cnm_loop_timer_set(loop, &b.timer, 10);
	run();
	cr_assert_str_eq(order, "abcd");
}

Test(loop, timer_is_moved_and_cancelled)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'}, end = {.name = 'e'};

	a.timer.fn = b.timer.fn = note;
	end.timer.fn = note_and_stop;
	cnm_loop_timer_set(loop, &a.timer, 1);
	cnm_loop_timer_set(loop, &a.timer, 20);
	cnm_loop_timer_set(loop, &b.timer, 10);
	cnm_loop_timer_cancel(loop, &b.timer);
	cnm_loop_timer_cancel(loop, &b.timer);
	cnm_loop_timer_set(loop, &end.timer, 40);
	run();
	cr_assert_str_eq(order, "ae");
}

static void set_again(struct cnm_loop_timer *timer)
{
	struct item *item = CNM_CONTAINER_OF(timer, struct item, timer);

	if (++item->calls == 3)
		cnm_loop_stop(loop);
	cnm_loop_timer_set(loop, timer, 0);
}

/* A timer that sets itself for now does not keep descriptors from their turn. */
static void on_byte(struct cnm_loop_source *source, uint32_t events)
{
	char byte;

	cr_assert_eq(read(source->fd, &byte, 1), 1);
	strcat(order, "r");
}

Test(loop, timer_for_now_waits_for_the_next_round)
{
	struct item item = {0};

	make_pipe(&item, on_byte);
	cr_assert_eq(write(item.out, "x", 1), 1);
	item.timer.fn = set_again;
	cnm_loop_timer_set(loop, &item.timer, 0);
	run();
	cr_assert_eq(item.calls, 3);
	cr_assert_str_eq(order, "r");
}

static void remove_other(struct cnm_loop_source *source, uint32_t events)
{
	struct item *item = CNM_CONTAINER_OF(source, struct item, source);

	item->calls++;
	cnm_loop_remove(loop, &item->other->source);
	cnm_loop_remove(loop, &item->source);
	cnm_loop_stop(loop);
}

/* Both are readable in one round; the first takes the second away, whose memory could be gone by then. */
Test(loop, source_that_was_removed_is_not_called)
{
	struct item a = {0}, b = {0};

	make_pipe(&a, remove_other);
	make_pipe(&b, remove_other);
	a.other = &b;
	b.other = &a;
	cr_assert_eq(write(a.out, "x", 1), 1);
	cr_assert_eq(write(b.out, "x", 1), 1);
	run();
	cr_assert_eq(a.calls + b.calls, 1);
}

Test(loop, waits_without_work)
{
	struct item end = {.name = 'e'};
	struct timespec before, after;

	end.timer.fn = note_and_stop;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	cnm_loop_timer_set(loop, &end.timer, 300);
	run();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	cr_assert_lt((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 100);
}
