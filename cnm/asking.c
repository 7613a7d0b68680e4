/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks another program about an endpoint, while no lock is held. The record, still .joining, names that process, which alone goes on with it: others
 * may take the record away meanwhile, and then the asker finds that out and takes back what it asked.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/outside.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In driver_state: PID:START of the process; "" when the locks are held again. */
#define ASKING "asking"

int cnm_asking_begin(const struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                     struct cnm_error *err)
{
	uint64_t start = 0;
	char text[48];

	if (cnm_proc_start_time(getpid(), &start, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "%d:%llu", (int)getpid(), (unsigned long long)start);
	memcpy(endpoint->boot_id, controller->boot_id, sizeof(endpoint->boot_id));
	endpoint->joining = true;
	return cnm_kvs_set(&endpoint->driver_state, ASKING, text, err);
}

int cnm_asking_end(struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	return cnm_kvs_set(&endpoint->driver_state, ASKING, "", err);
}

bool cnm_asking_process(const struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                        pid_t *ret_pid, uint64_t *ret_start)
{
	const char *text = cnm_kvs_get(&endpoint->driver_state, ASKING);
	unsigned long long start;
	char *end;
	long pid;

	if (!endpoint->joining || !text || strcmp(endpoint->boot_id, controller->boot_id) != 0)
		return false;
	pid = strtol(text, &end, 10);
	if (pid <= 0 || *end != ':')
		return false;
	start = strtoull(end + 1, NULL, 10);
	if (!cnm_proc_is_alive((pid_t)pid, start))
		return false;
	*ret_pid = (pid_t)pid;
	*ret_start = start;
	return true;
}

static int fail_released(struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_NOT_FOUND, "it was released while a plugin was asked");
}

int cnm_asking_lock(const struct cnm_controller *controller, const char *container,
                    struct cnm_store_sandbox *ret, struct cnm_error *err)
{
	if (cnm_store_sandbox_lock(controller->store, container, false, ret, err) == 0)
		return 0;
	if (err->code == CNM_E_NOT_FOUND) {
		cnm_error_clear(err);
		return fail_released(err);
	}
	return -1;
}

int cnm_asking_stands(struct cnm_store_network *net, const struct cnm_endpoint *endpoint,
                      struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *now = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;

	if (cnm_store_endpoint_load(net, endpoint->name, &now, &missing) < 0) {
		if (missing.code != CNM_E_NOT_FOUND) {
			*err = missing;
			return -1;
		}
	} else if (strcmp(now->id, endpoint->id) == 0 && now->joining) {
		return 0;
	}
	return fail_released(err);
}

/* In the order of all locks: the container's, then the network's. An endpoint of no container is ordered by its network alone. */
int cnm_outside_note(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                     struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	enum cnm_lock_mode mode = endpoint->container[0] ? CNM_LOCK_SHARED : CNM_LOCK_EXCLUSIVE;

	if (endpoint->container[0] && cnm_asking_lock(controller, endpoint->container, &sb, err) < 0)
		return -1;
	if (cnm_store_network_lock(controller->store, endpoint->network, mode, &net, err) < 0 ||
	    cnm_asking_stands(&net, endpoint, err) < 0)
		return -1;
	return cnm_store_endpoint_save(&net, endpoint, err);
}
