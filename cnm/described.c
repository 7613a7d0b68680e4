/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks that a configuration describes: made on first use, and following the description while nobody is on them. Nothing here
 * holds a lock across two steps; who loses a race looks again at what the winner made.
 */
#include "cnm/base/cleanup.h"
#include "cnm/outside.h"
#include "cnm/store.h"
#include <string.h>

#define TRIES 8

static int load(struct cnm_controller *controller, const char *name, struct cnm_network **ret,
                struct cnm_error *err)
{
	if (cnm_name_check(name, "network name", err) < 0)
		return -1;
	return cnm_store_network_load(controller->store, name, ret, err);
}

/* Makes the network that was deleted for a successor exactly as it was, unless another has its name now. */
static void restore(struct cnm_controller *controller, struct cnm_network *old)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int lock = cnm_store_networks_lock(controller->store, &ignored);
	const struct cnm_driver *driver = cnm_controller_driver(controller, old->driver, &ignored);

	if (lock < 0 || !driver || cnm_store_network_create(controller->store, old->name, &net, &ignored) < 0)
		return;
	if (cnm_store_network_save(&net, old, &ignored) < 0) {
		cnm_store_network_delete(controller->store, old->name, &ignored);
		return;
	}
	/* The next join tries again what the kernel refuses now. */
	driver->network_ensure(controller, old, &ignored);
}

/* 1 made, 0 another made it meanwhile, -1 error. */
static int create(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                  struct cnm_network **ret, struct cnm_error *err)
{
	struct cnm_network_spec described = *spec;
	_cleanup_network_ struct cnm_network *others = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;

	described.described = true;
	if (cnm_network_create(controller, &described, ret, err) == 0)
		return 1;
	if (err->code != CNM_E_EXISTS || load(controller, spec->name, &others, &missing) < 0)
		return -1;
	cnm_error_clear(err);
	return 0;
}

/* Likewise. `conflict` says why; it is the error where the network is in use. */
static int replace(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                   struct cnm_network *old, const struct cnm_error *conflict, struct cnm_network **ret,
                   struct cnm_error *err)
{
	int r;

	if (cnm_network_delete(controller, old, err) < 0) {
		if (err->code == CNM_E_BUSY)
			*err = *conflict;
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	r = create(controller, spec, ret, err);
	if (r < 0)
		restore(controller, old);
	return r;
}

/* A network that a plugin knows of could not be put back as it was: it is not made anew. */
static bool may_be_replaced(struct cnm_controller *controller, const struct cnm_network *network)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const struct cnm_driver *driver = cnm_controller_known_driver(controller, network->driver, &ignored);
	const struct cnm_ipam *ipam = cnm_controller_ipam(controller, network->ipam_driver, true, &ignored);

	return network->described && driver && !driver->ask_network && ipam && !ipam->ask_pools;
}

/* 1: *ret is the network, 0: look again, -1 error. */
static int ensure_once(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                       struct cnm_network **ret, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error conflict = CNM_ERROR_INIT;

	if (load(controller, spec->name, &network, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return create(controller, spec, ret, err);
	}
	if (cnm_network_compare(controller, spec, network, &conflict) < 0) {
		if (conflict.code == CNM_E_CONFLICT && may_be_replaced(controller, network))
			return replace(controller, spec, network, &conflict, ret, err);
		*err = conflict;
		return -1;
	}
	if (ret)
		*ret = TAKE_PTR(network);
	return 1;
}

int cnm_network_ensure(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                       struct cnm_network **ret, struct cnm_error *err)
{
	unsigned tries;

	for (tries = 0; tries < TRIES; tries++) {
		int r = ensure_once(controller, spec, ret, err);

		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return cnm_fail(err, CNM_E_TRY_AGAIN, "network %s: others make and delete it all the time",
	                spec->name);
}
