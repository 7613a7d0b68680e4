/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name service as the agent sees it. */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

static void reap(struct names *names)
{
	struct names_listener *listener;
	struct names_network *network;

	while ((listener = names->closed)) {
		names->closed = listener->next;
		free(listener);
	}
	while ((network = names->dead)) {
		names->dead = network->next;
		free(network->by_name.buckets);
		free(network->by_addr.buckets);
		free(network->subnets);
		free(network);
	}
}

static void on_reap(struct cnm_loop_timer *timer)
{
	reap(CNM_CONTAINER_OF(timer, struct names, reap));
}

static void stop(void *service)
{
	struct names *names = service;

	/* Networks first: with their sockets goes what is under way for their clients. */
	names_store_close(names);
	names_remote_free_all(names);
	cnm_loop_timer_cancel(names->loop, &names->reap);
	reap(names);
	free(names->services);
	free(names);
}

static int start(struct cnm_agent *agent, void **ret, struct cnm_error *err)
{
	struct names *names;

	if (agent->settings.no_names)
		return 0;
	names = calloc(1, sizeof(*names));
	if (!names)
		return cnm_fail_nomem(err);
	names->agent = agent;
	names->loop = agent->loop;
	names->reap.fn = on_reap;
	names->store_source.fd = -1;
	if (getrandom(&names->hash_key, sizeof(names->hash_key), 0) != sizeof(names->hash_key) ||
	    names_services_load(names, "/etc/services", err) < 0 || names_store_open(names, err) < 0) {
		if (err->code == CNM_OK)
			cnm_fail_sys(err, errno, "getrandom");
		stop(names);
		return -1;
	}
	agent->remote_names = names_remote_door(names);
	*ret = names;
	return 0;
}

static void sync_names(void *service)
{
	names_store_drain(service);
}

const struct cnm_agent_service cnm_names_service = {
        .name = "names",
        .start = start,
        .sync = sync_names,
        .stop = stop,
};
