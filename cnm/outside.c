/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the model meets plugins: by name, at the end of a verb, and when a sandbox's gateway changes. */
#include "cnm/outside.h"
#include "cnm/base/cleanup.h"
#include "cnm/sandbox_net.h"
#include <string.h>
#include <sys/socket.h>

void cnm_controller_set_outside(struct cnm_controller *controller, const struct cnm_outside *outside)
{
	controller->outside = outside;
}

static const struct cnm_driver *builtin_driver(struct cnm_controller *controller, const char *name)
{
	size_t i;

	for (i = 0; i < controller->driver_count; i++)
		if (strcmp(controller->drivers[i]->name, name) == 0)
			return controller->drivers[i];
	return NULL;
}

const struct cnm_driver *cnm_controller_known_driver(struct cnm_controller *controller, const char *name,
                                                     struct cnm_error *err)
{
	const struct cnm_driver *driver = builtin_driver(controller, name);

	if (driver || !controller->outside)
		return driver ? driver : cnm_controller_driver(controller, name, err);
	return controller->outside->driver(controller, name, true, err);
}

const struct cnm_ipam *cnm_controller_ipam(struct cnm_controller *controller, const char *name, bool known,
                                           struct cnm_error *err)
{
	const struct cnm_ipam *ipam = cnm_ipam_find(name, err);

	if (ipam || !controller->outside)
		return ipam;
	cnm_error_clear(err);
	ipam = controller->outside->ipam(controller, name, known, err);
	if (!ipam && err->code == CNM_E_NOT_FOUND)
		cnm_wrap(err, "no IPAM driver \"%s\"", name);
	return ipam;
}

void cnm_controller_settle(struct cnm_controller *controller)
{
	if (controller->outside)
		controller->outside->settle(controller);
}

void cnm_controller_restart_clock(struct cnm_controller *controller)
{
	if (controller->outside)
		controller->outside->restart_clock(controller);
}

int cnm_endpoint_info(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, char **ret,
                      struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	const struct cnm_driver *driver;

	if (cnm_store_network_load(controller->store, endpoint->network, &network, err) < 0)
		return -1;
	driver = cnm_controller_known_driver(controller, network->driver, err);
	if (!driver)
		return -1;
	if (!driver->ask_info || !endpoint->container[0])
		return cnm_fail(err, CNM_E_UNSUPPORTED, "network %s, endpoint %s: no plugin knows of it",
		                endpoint->network, endpoint->name);
	if (driver->ask_info(controller, network, endpoint, ret, err) < 0)
		return cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name);
	return 0;
}

int cnm_addresses_release(struct cnm_controller *controller, struct cnm_store_network *store,
                          const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const char *plugin = cnm_kvs_get(&endpoint->ipam_state, CNM_IPAM_PLUGIN);
	const struct cnm_ipam *ipam;

	if (!plugin)
		return cnm_ipam_release(store, endpoint, err);
	ipam = cnm_controller_ipam(controller, plugin, true, err);
	if (!ipam)
		return -1;
	return ipam->tell_addresses ? ipam->tell_addresses(controller, endpoint, err) : 0;
}

static int save(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (cnm_store_network_open_live(controller->store, endpoint->network, &net, err) < 0)
		return -1;
	return cnm_store_endpoint_save(&net, endpoint, err);
}

/* The entry first: what is told twice harms less than what is never told. */
static int change(struct cnm_controller *controller, struct cnm_endpoint *endpoint, bool on,
                  struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&endpoint->driver_state, "driver");
	const struct cnm_driver *driver = name ? cnm_controller_known_driver(controller, name, err) : NULL;

	if (!driver) {
		cnm_error_clear(err);
		return 0;
	}
	if (!driver->tell_external)
		return 0;
	if (driver->tell_external(controller, endpoint, on, err) < 0 ||
	    cnm_kvs_set(&endpoint->driver_state, CNM_OUTSIDE_EXTERNAL, on ? "true" : "false", err) < 0)
		return -1;
	return save(controller, endpoint, err);
}

int cnm_outside_elected(struct cnm_controller *controller, struct cnm_endpoint *const *endpoints,
                        size_t count, const struct cnm_endpoint *except, struct cnm_error *err)
{
	const struct cnm_endpoint *const *all = (const struct cnm_endpoint *const *)endpoints;
	const struct cnm_endpoint *winner4, *winner6;
	size_t i;

	if (!controller->outside)
		return 0;
	winner4 = cnm_gateway_elect(all, count, AF_INET);
	winner6 = cnm_gateway_elect(all, count, AF_INET6);
	for (i = 0; i < count; i++) {
		const char *text = cnm_kvs_get(&endpoints[i]->driver_state, CNM_OUTSIDE_EXTERNAL);
		bool was = text && strcmp(text, "true") == 0;
		bool is = endpoints[i] == winner4 || endpoints[i] == winner6;

		if (was == is || endpoints[i] == except || endpoints[i]->joining)
			continue;
		if (change(controller, endpoints[i], is, err) < 0)
			return -1;
	}
	return 0;
}
