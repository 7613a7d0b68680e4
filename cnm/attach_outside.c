/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a join that ask another program. All locks are given up before and taken again after. The endpoint's record, which is written
 * before, keeps the network from being deleted meanwhile, tells a later leave how far the join came, and names this process. A leave that
 * comes meanwhile takes the record away and is done; then the join fails when it is back, and takes back what it asked.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/outside.h"
#include "cnm/sandbox_net.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* What a predecessor left, and what was written down so far, is told before anything new is asked: it may be about the same address. */
static int step_out(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (cnm_asking_begin(attach->controller, endpoint, err) < 0 ||
	    cnm_store_endpoint_save(&attach->net, endpoint, err) < 0)
		return -1;
	cnm_store_network_close(&attach->net);
	cnm_store_sandbox_close(&attach->sb);
	cnm_controller_settle(attach->controller);
	return 0;
}

/* The container's lock, and whether the record is still the one that was asked about. */
static int take_back_sandbox(struct cnm_attach *attach, const struct cnm_endpoint *endpoint,
                             struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_store *store = attach->controller->store;

	if (cnm_asking_lock(attach->controller, attach->id, &attach->sb, err) < 0)
		return -1;
	if (cnm_store_network_open_live(store, endpoint->network, &net, err) == 0 &&
	    cnm_asking_stands(&net, endpoint, err) == 0)
		return 0;
	cnm_store_sandbox_close(&attach->sb);
	return -1;
}

/* The network that was asked about is still there, by the same id; of the sandbox others may have changed the record. */
static int step_in(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *now = NULL;
	struct cnm_store *store = attach->controller->store;
	struct cnm_sandbox *sandbox = NULL;

	if (take_back_sandbox(attach, endpoint, err) < 0 ||
	    cnm_store_sandbox_load(store, attach->id, &sandbox, err) < 0)
		return -1;
	cnm_sandbox_freep(&attach->sandbox);
	attach->sandbox = sandbox;
	if (cnm_store_network_lock(store, attach->network->name, CNM_LOCK_SHARED, &attach->net, err) < 0 ||
	    cnm_store_network_load(store, attach->network->name, &now, err) < 0)
		return -1;
	if (strcmp(now->id, attach->network->id) != 0)
		return cnm_fail(err, CNM_E_NOT_FOUND, "it was replaced by another network of that name");
	if (cnm_asking_end(endpoint, err) < 0)
		return -1;
	return cnm_store_endpoint_save(&attach->net, endpoint, err);
}

/* Somebody released the endpoint while it was asked for, and left it to us to take back what was asked. */
static void take_back(struct cnm_attach *attach, const struct cnm_endpoint *endpoint)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (attach->driver->ask_join && cnm_kvs_get(&endpoint->driver_state, "driver"))
		attach->driver->leave(attach->controller, attach->network, endpoint, attach->netns_fd,
		                      &ignored);
	if (endpoint->transient && cnm_kvs_get(&endpoint->ipam_state, CNM_IPAM_PLUGIN))
		cnm_addresses_release(attach->controller, NULL, endpoint, &ignored);
}

void cnm_attach_undo(struct cnm_attach *attach, const struct cnm_endpoint *endpoint)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	/* The leave locks the network itself, shared; beside an exclusive lock of ours it would wait for ever. */
	if (attach->net.dir_fd >= 0 && cnm_store_network_relock(&attach->net, CNM_LOCK_SHARED, &ignored) < 0)
		return;
	if (attach->sb.dir_fd < 0 && take_back_sandbox(attach, endpoint, &ignored) < 0)
		take_back(attach, endpoint);
	else
		cnm_detach(attach->controller, &attach->sb, &attach->ref, &ignored);
}

int cnm_attach_ask_addresses(struct cnm_attach *attach, const struct cnm_endpoint_spec *spec,
                             struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const struct cnm_ipam *ipam =
	        cnm_controller_ipam(attach->controller, attach->network->ipam_driver, true, err);

	if (!ipam)
		return -1;
	if (!ipam->ask_addresses)
		return 0;
	snprintf(endpoint->container, sizeof(endpoint->container), "%s", attach->sandbox->id);
	if (step_out(attach, endpoint, err) < 0 ||
	    cnm_endpoint_ask_addresses(attach->controller, attach->network, spec, endpoint, err) < 0)
		return -1;
	return step_in(attach, endpoint, err);
}

static bool is_numbered(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && isdigit((unsigned char)name[len]);
}

/* Nobody asked for a name, and the program wants another one than we chose. Both names lead to the record until the first is given up. */
static int rename_link(struct cnm_attach *attach, struct cnm_endpoint *endpoint, const char *prefix,
                       struct cnm_error *err)
{
	struct cnm_link_ref old = attach->ref, now = old;

	if (!prefix[0] || !attach->any_ifname || is_numbered(old.ifname, prefix))
		return 0;
	if (cnm_attach_free_ifname(attach, prefix, now.ifname, err) < 0 ||
	    cnm_store_link_take(&attach->sb, &now, NULL, err) < 0)
		return -1;
	memcpy(endpoint->ifname, now.ifname, sizeof(endpoint->ifname));
	attach->ref = now;
	if (cnm_store_endpoint_save(&attach->net, endpoint, err) < 0)
		return -1;
	return cnm_store_link_release(&attach->sb, old.ifname, err);
}

int cnm_attach_ask_join(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	char prefix[IF_NAMESIZE] = "";

	if (!attach->driver->ask_join)
		return 0;
	if (step_out(attach, endpoint, err) < 0 ||
	    attach->driver->ask_join(attach->controller, attach->network, endpoint, prefix, err) < 0 ||
	    step_in(attach, endpoint, err) < 0)
		return -1;
	return rename_link(attach, endpoint, prefix, err);
}

int cnm_attach_ask_external(struct cnm_attach *attach, struct cnm_endpoint *endpoint,
                            struct cnm_endpoint_set *set, struct cnm_error *err)
{
	const struct cnm_endpoint *const *all = (const struct cnm_endpoint *const *)set->items;
	bool wins = cnm_gateway_elect(all, set->count, AF_INET) == endpoint ||
	            cnm_gateway_elect(all, set->count, AF_INET6) == endpoint;

	/* Who was the gateway until now is told first, as Docker does. */
	if (cnm_outside_elected(attach->controller, set->items, set->count, endpoint, err) < 0)
		return -1;
	if (!attach->driver->ask_external)
		return 0;
	if (!wins)
		return cnm_store_endpoint_save(&attach->net, endpoint, err);
	if (cnm_kvs_set(&endpoint->driver_state, CNM_OUTSIDE_EXTERNAL, "true", err) < 0 ||
	    step_out(attach, endpoint, err) < 0 ||
	    attach->driver->ask_external(attach->controller, attach->network, endpoint, err) < 0 ||
	    step_in(attach, endpoint, err) < 0)
		return -1;
	/* Others may have come and gone meanwhile. */
	cnm_endpoint_set_free(set);
	return cnm_endpoint_set_load(attach->controller, &attach->sb, endpoint, set, err);
}
