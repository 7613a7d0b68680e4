/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of an endpoint that has joined already. The record is written before the kernel is changed, so that a leave finds what a killed
 * publication left.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include <string.h>

struct publication {
	struct cnm_store_sandbox sb;
	struct cnm_store_network net;
	struct cnm_network *network;
	struct cnm_endpoint *endpoint; /* as it is now */
	const struct cnm_driver *driver;
};

static void close_publication(struct publication *p)
{
	cnm_network_freep(&p->network);
	cnm_endpoint_freep(&p->endpoint);
	cnm_store_network_close(&p->net);
	cnm_store_sandbox_close(&p->sb);
}

static int open_publication(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                            struct publication *p, struct cnm_error *err)
{
	struct cnm_store *store = controller->store;

	*p = (struct publication){.sb = CNM_STORE_SANDBOX_INIT, .net = CNM_STORE_NETWORK_INIT};
	if (!endpoint->container[0])
		return cnm_fail(err, CNM_E_NOT_FOUND, "it has joined no sandbox");
	if (cnm_store_sandbox_lock(store, endpoint->container, false, &p->sb, err) < 0 ||
	    cnm_store_network_lock(store, endpoint->network, CNM_LOCK_SHARED, &p->net, err) < 0 ||
	    cnm_store_network_load(store, endpoint->network, &p->network, err) < 0 ||
	    cnm_store_endpoint_load(&p->net, endpoint->name, &p->endpoint, err) < 0)
		return -1;
	p->driver = cnm_controller_driver(controller, p->network->driver, err);
	if (!p->driver)
		return -1;
	if (strcmp(p->endpoint->container, endpoint->container) != 0 || p->endpoint->joining)
		return cnm_fail(err, CNM_E_NOT_FOUND, "it has left sandbox %s", endpoint->container);
	if (!p->driver->publish)
		return cnm_fail(err, CNM_E_UNSUPPORTED, "driver %s publishes no ports%s%s", p->driver->name,
		                p->driver->no_ports ? ": " : "",
		                p->driver->no_ports ? p->driver->no_ports : "");
	return 0;
}

static int publish(struct cnm_controller *controller, struct publication *p,
                   const struct cnm_port_spec *ports, size_t count, struct cnm_error *err)
{
	size_t had = p->endpoint->port_count, i;
	struct cnm_error ignored = CNM_ERROR_INIT;

	for (i = 0; i < count; i++)
		if (ports[i].host_port == 0)
			return cnm_fail(err, CNM_E_INVALID, "published port %u: no port of the host is given",
			                ports[i].port);
	if (cnm_ports_append(p->endpoint, ports, count, err) < 0 ||
	    cnm_store_endpoint_save(&p->net, p->endpoint, err) < 0)
		return -1;
	if (p->driver->publish(controller, p->network, p->endpoint, err) == 0)
		return 0;
	p->endpoint->port_count = had;
	cnm_store_endpoint_save(&p->net, p->endpoint, &ignored);
	return -1;
}

int cnm_endpoint_publish(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                         const struct cnm_port_spec *ports, size_t count, struct cnm_error *err)
{
	struct publication p;
	int r = open_publication(controller, endpoint, &p, err);

	if (r == 0)
		r = publish(controller, &p, ports, count, err);
	close_publication(&p);
	return r < 0 ? cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name) : 0;
}

static const struct cnm_endpoint *find_left(const struct cnm_endpoint_set *set, const char *ifname)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (strcmp(set->items[i]->ifname, ifname) == 0)
			return set->items[i];
	return NULL;
}

static bool share_a_port(const struct cnm_endpoint *a, const struct cnm_endpoint *b)
{
	size_t i, j;

	for (i = 0; i < a->port_count; i++)
		for (j = 0; j < b->port_count; j++)
			if (cnm_port_equal(&a->ports[i], &b->ports[j]))
				return true;
	return false;
}

static int publish_again(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_network_ struct cnm_network *network = NULL;
	const struct cnm_driver *driver;

	if (cnm_store_network_lock(controller->store, endpoint->network, CNM_LOCK_SHARED, &net, err) < 0 ||
	    cnm_store_network_load(controller->store, endpoint->network, &network, err) < 0)
		return -1;
	driver = cnm_controller_driver(controller, network->driver, err);
	return driver && driver->publish ? driver->publish(controller, network, endpoint, err) : -1;
}

void cnm_ports_hand_over(struct cnm_controller *controller, const struct cnm_endpoint_set *set,
                         const char *left_ifname)
{
	const struct cnm_endpoint *left = find_left(set, left_ifname);
	size_t i;

	for (i = 0; left && i < set->count; i++) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		if (set->items[i] != left && share_a_port(set->items[i], left))
			publish_again(controller, set->items[i], &ignored);
	}
}

/* The set is read first: what is withdrawn is in no record afterwards. */
static int withdraw(struct cnm_controller *controller, struct publication *p, struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};

	if (cnm_endpoint_set_load(controller, &p->sb, NULL, &set, err) < 0 ||
	    p->driver->withdraw(controller, p->endpoint, err) < 0)
		return -1;
	if (p->endpoint->port_count > 0) {
		p->endpoint->port_count = 0;
		if (cnm_store_endpoint_save(&p->net, p->endpoint, err) < 0)
			return -1;
	}
	cnm_ports_hand_over(controller, &set, p->endpoint->ifname);
	return 0;
}

int cnm_endpoint_unpublish(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                           struct cnm_error *err)
{
	struct publication p;
	int r = open_publication(controller, endpoint, &p, err);

	if (r == 0)
		r = withdraw(controller, &p, err);
	close_publication(&p);
	return r < 0 ? cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name) : 0;
}
