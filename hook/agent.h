/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cnm agent`: a loop, and services that live on it. Services know nothing of each other.
 *
 * A service is a file with a constant table. To add one: declare its table below, list it in services[] of agent.c, behind those whose work it uses; what it
 * wants of the command line becomes a member of cnm_agent_settings and an option in agent.c. One thread does everything, and names are answered by
 * it: what waits for another machine waits by a source or a timer of the loop, or in a process of its own.
 */
#ifndef CNM_HOOK_AGENT_H
#define CNM_HOOK_AGENT_H

#include "cnm/model.h"
#include "cnm/remote_names.h"
#include "cnm/sys/loop.h"

struct cnm_agent_settings {
	bool no_names;
	unsigned ttl; /* of answers, seconds */
};

struct cnm_agent {
	struct cnm_controller *controller;
	struct cnm_loop *loop;
	struct cnm_agent_settings settings;
	/* Filled by the name service; without it nothing that is put there is kept. For services that hear of endpoints on other hosts. */
	struct cnm_remote_names remote_names;
};

struct cnm_agent_service {
	const char *name;
	/* *ret is handed to the others; NULL: the settings do not want it. On error what it made is undone, and stop is not called. Sources and timers are
	 * added to agent->loop here and later, as members of the service's own memory. `agent` lives until all services have stopped. */
	int (*start)(struct cnm_agent *agent, void **ret, struct cnm_error *err);
	/* Takes in, now, every change of the store that was made up to now: somebody waits for it (cnm_agent_sync). Optional. */
	void (*sync)(void *service);
	/* An orderly end: what must not outlive the service is taken back. */
	void (*stop)(void *service);
};

extern const struct cnm_agent_service cnm_names_service;

/* A line on stderr about something that is wrong and does not end the agent. */
void cnm_agent_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
