/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the bench's runner share: one attach or detach, as one contender does it. */
#ifndef CNM_TESTS_BENCH_RUNNER_H
#define CNM_TESTS_BENCH_RUNNER_H

#include <json-c/json.h>
#include <stdbool.h>

/* What it took. CPU time and memory are those of the programs that were waited for; a daemon's are not among them. */
struct cost {
	double ms, cpu_ms;
	long peak_kib;
	char error[1024]; /* "" when all went well */
};

double bench_now_ms(void);

/* Runs the steps one after another (a program each, or a request to a daemon) until one fails. */
void bench_job_run(struct json_object *steps, struct cost *ret);

#endif
