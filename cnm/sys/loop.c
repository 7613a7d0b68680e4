/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop. Timers stand in a list in order of time, searched from its end: most are set for the same span as those before. */
#include "cnm/sys/loop.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <time.h>

#define EVENTS 64

struct cnm_loop {
	int epoll_fd;
	bool stopped;
	struct epoll_event events[EVENTS]; /* of this round; a removed source's are struck out */
	int count, at;
	struct cnm_loop_timer *first, *last;
};

int cnm_loop_open(struct cnm_loop **ret, struct cnm_error *err)
{
	struct cnm_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return cnm_fail_nomem(err);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return cnm_fail_sys(err, errno, "epoll");
	}
	*ret = loop;
	return 0;
}

void cnm_loop_close(struct cnm_loop *loop)
{
	if (!loop)
		return;
	cnm_closep(&loop->epoll_fd);
	free(loop);
}

int cnm_loop_add(struct cnm_loop *loop, struct cnm_loop_source *source, uint32_t events,
                 struct cnm_error *err)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(loop->epoll_fd, source->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, source->fd, &event) < 0)
		return cnm_fail_sys(err, errno, "epoll");
	source->added = true;
	return 0;
}

void cnm_loop_remove(struct cnm_loop *loop, struct cnm_loop_source *source)
{
	int i;

	if (!source->added)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->added = false;
	for (i = loop->at; i < loop->count; i++)
		if (loop->events[i].data.ptr == source)
			loop->events[i].data.ptr = NULL;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void cnm_loop_timer_cancel(struct cnm_loop *loop, struct cnm_loop_timer *timer)
{
	if (!timer->set)
		return;
	*(timer->before ? &timer->before->after : &loop->first) = timer->after;
	*(timer->after ? &timer->after->before : &loop->last) = timer->before;
	timer->before = timer->after = NULL;
	timer->set = false;
}

void cnm_loop_timer_set(struct cnm_loop *loop, struct cnm_loop_timer *timer, unsigned ms)
{
	struct cnm_loop_timer *before;

	cnm_loop_timer_cancel(loop, timer);
	timer->due = now_ms() + ms;
	for (before = loop->last; before && before->due > timer->due;)
		before = before->before;
	timer->before = before;
	timer->after = before ? before->after : loop->first;
	*(before ? &before->after : &loop->first) = timer;
	*(timer->after ? &timer->after->before : &loop->last) = timer;
	timer->set = true;
}

/* Those that are due now; one that is set meanwhile, even for now, waits for the next round. */
static void run_timers(struct cnm_loop *loop)
{
	uint64_t now = now_ms();

	while (loop->first && loop->first->due <= now && !loop->stopped) {
		struct cnm_loop_timer *timer = loop->first;

		cnm_loop_timer_cancel(loop, timer);
		timer->fn(timer);
	}
}

static int wait_ms(const struct cnm_loop *loop)
{
	uint64_t now;

	if (!loop->first)
		return -1;
	now = now_ms();
	if (loop->first->due <= now)
		return 0;
	return loop->first->due - now < 3600000 ? (int)(loop->first->due - now) : 3600000;
}

int cnm_loop_run(struct cnm_loop *loop, struct cnm_error *err)
{
	loop->stopped = false;
	while (!loop->stopped) {
		int count = epoll_wait(loop->epoll_fd, loop->events, EVENTS, wait_ms(loop));

		if (count < 0 && errno != EINTR)
			return cnm_fail_sys(err, errno, "epoll");
		loop->count = count < 0 ? 0 : count;
		for (loop->at = 0; loop->at < loop->count && !loop->stopped;) {
			struct epoll_event *event = &loop->events[loop->at++];
			struct cnm_loop_source *source = event->data.ptr;

			if (source)
				source->fn(source, event->events);
		}
		loop->count = 0;
		run_timers(loop);
	}
	return 0;
}

void cnm_loop_stop(struct cnm_loop *loop)
{
	loop->stopped = true;
}
