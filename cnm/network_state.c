/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a driver keeps of a network, changed while the network is in use. */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/reconcile.h"
#include "cnm/store.h"
#include <string.h>

static int set_locked(struct cnm_controller *controller, struct cnm_store_network *net, const char *name,
                      const char *key, const char *value, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	const struct cnm_driver *driver;
	const char *old;
	size_t count = 0;

	if (cnm_store_network_load(controller->store, name, &network, err) < 0)
		return -1;
	driver = cnm_controller_driver(controller, network->driver, err);
	old = cnm_kvs_get(&network->driver_state, key);
	if (!driver || (old && strcmp(old, value) == 0))
		return driver ? 0 : -1;
	/* The record first: what an interruption leaves undone, the next join or reconcile does. */
	if (cnm_kvs_set(&network->driver_state, key, value, err) < 0 ||
	    cnm_store_network_save(net, network, err) < 0 ||
	    driver->network_ensure(controller, network, err) < 0)
		return -1;
	return cnm_endpoints_repair(controller, net, network, driver, &count, err);
}

int cnm_network_set_state(struct cnm_controller *controller, const char *network, const char *key,
                          const char *value, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (cnm_store_network_lock(controller->store, network, CNM_LOCK_EXCLUSIVE, &net, err) < 0 ||
	    set_locked(controller, &net, network, key, value, err) < 0)
		return cnm_wrap(err, "network %s", network);
	return 0;
}
