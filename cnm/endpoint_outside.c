/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint whose addresses another program gives. Its record, still .joining and without a container, takes the name before
 * the program is asked without a lock, and holds each answer; it says which process is at it.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/outside.h"
#include <string.h>
#include <unistd.h>

int cnm_endpoint_ask_addresses(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_endpoint_spec *spec, struct cnm_endpoint *endpoint,
                               struct cnm_error *err)
{
	const struct cnm_ipam *ipam = cnm_controller_ipam(controller, network->ipam_driver, true, err);
	struct cnm_addr requested[CNM_ENDPOINT_ADDRS];

	if (!ipam || cnm_endpoint_requested(spec, requested, err) < 0 ||
	    ipam->ask_addresses(controller, network, requested, spec->address_count, endpoint, err) < 0)
		return -1;
	cnm_endpoint_fill_gateways(endpoint);
	return 0;
}

bool cnm_endpoint_is_being_made(const struct cnm_endpoint *endpoint)
{
	return endpoint->joining && !endpoint->container[0];
}

bool cnm_endpoint_making_is_over(const struct cnm_controller *controller, const struct cnm_endpoint *endpoint)
{
	return cnm_endpoint_is_being_made(endpoint) &&
	       (strcmp(endpoint->boot_id, controller->boot_id) != 0 ||
	        !cnm_proc_is_alive(endpoint->pid, endpoint->start_time));
}

static void mark(const struct cnm_controller *controller, struct cnm_endpoint *endpoint, bool making)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	endpoint->joining = making;
	endpoint->pid = making ? getpid() : 0;
	endpoint->start_time = 0;
	memset(endpoint->boot_id, 0, sizeof(endpoint->boot_id));
	if (!making)
		return;
	memcpy(endpoint->boot_id, controller->boot_id, sizeof(endpoint->boot_id));
	cnm_proc_start_time(endpoint->pid, &endpoint->start_time, &ignored);
}

int cnm_endpoint_make_outside(struct cnm_controller *controller, struct cnm_store_network *net,
                              const struct cnm_network *network, const struct cnm_endpoint_spec *spec,
                              struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_error undo_err = CNM_ERROR_INIT;
	int r;

	mark(controller, endpoint, true);
	if (cnm_store_endpoint_save(net, endpoint, err) < 0)
		return -1;
	cnm_store_network_close(net);
	r = cnm_endpoint_ask_addresses(controller, network, spec, endpoint, err);
	/* The record keeps the network from being deleted. */
	if (cnm_store_network_lock(controller->store, network->name, CNM_LOCK_EXCLUSIVE, net,
	                           r < 0 ? &undo_err : err) < 0)
		return -1;
	mark(controller, endpoint, false);
	if (r == 0)
		return cnm_store_endpoint_save(net, endpoint, err);
	if (cnm_addresses_release(controller, net, endpoint, &undo_err) == 0)
		cnm_store_endpoint_delete(net, endpoint->name, &undo_err);
	return -1;
}
