/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop for one thread: descriptors by epoll, timers, and an end. What is registered is embedded in the caller's structs, which must not move while it
 * is. A callback may remove anything, its own source too.
 */
#ifndef CNM_SYS_LOOP_H
#define CNM_SYS_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct cnm_error;
struct cnm_loop;

struct cnm_loop_source {
	int fd; /* the caller's, who closes it after the removal */
	void (*fn)(struct cnm_loop_source *source, uint32_t events);
	bool added;
};

struct cnm_loop_timer {
	void (*fn)(struct cnm_loop_timer *timer);
	uint64_t due; /* milliseconds of the monotonic clock */
	struct cnm_loop_timer *before, *after;
	bool set;
};

/* The struct that a source or timer is a member of. */
#define CNM_CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

int cnm_loop_open(struct cnm_loop **ret, struct cnm_error *err);
void cnm_loop_close(struct cnm_loop *loop);
/* Waits for these EPOLL events; on an added source, changes them. */
int cnm_loop_add(struct cnm_loop *loop, struct cnm_loop_source *source, uint32_t events,
                 struct cnm_error *err);
void cnm_loop_remove(struct cnm_loop *loop, struct cnm_loop_source *source);
/* Calls timer->fn once, so many milliseconds from now; one that is set already is moved. */
void cnm_loop_timer_set(struct cnm_loop *loop, struct cnm_loop_timer *timer, unsigned ms);
void cnm_loop_timer_cancel(struct cnm_loop *loop, struct cnm_loop_timer *timer);
/* Runs until cnm_loop_stop. */
int cnm_loop_run(struct cnm_loop *loop, struct cnm_error *err);
void cnm_loop_stop(struct cnm_loop *loop);

#endif
