/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reservations: address first, record second; the release goes the other way round. The network's exclusive lock makes each one step. */
#include "cnm/reserve.h"
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/ipam.h"
#include <stdio.h>
#include <string.h>

static int make_key(char ret[CNM_KEY_MAX + 1], const char *container, const char *ifname,
                    struct cnm_error *err)
{
	if (cnm_container_check(container, err) < 0 || cnm_ifname_check(ifname, err) < 0)
		return -1;
	snprintf(ret, CNM_KEY_MAX + 1, "%s@%s", container, ifname);
	return 0;
}

static int reserve_locked(struct cnm_controller *controller, struct cnm_store_network *net,
                          const struct cnm_network *network, const char *key,
                          const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret,
                          struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL, *old = NULL;
	struct cnm_error missing = CNM_ERROR_INIT, ignored = CNM_ERROR_INIT;

	if (cnm_store_endpoint_load(net, key, &old, &missing) == 0)
		return cnm_fail(err, CNM_E_EXISTS, "it has addresses already");
	if (missing.code != CNM_E_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	/* Addresses without a record: a reservation that was killed. */
	if (cnm_store_address_release_all(net, key, err) < 0 ||
	    cnm_endpoint_make(controller, net, network, key, spec, &endpoint, err) < 0)
		return -1;
	if (cnm_store_endpoint_save(net, endpoint, err) < 0) {
		cnm_ipam_release(net, endpoint, &ignored);
		return -1;
	}
	*ret = TAKE_PTR(endpoint);
	return 0;
}

int cnm_endpoint_reserve(struct cnm_controller *controller, const struct cnm_network *network,
                         const char *container, const char *ifname, const struct cnm_endpoint_spec *spec,
                         struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_network_ struct cnm_network *now = NULL;
	char key[CNM_KEY_MAX + 1];

	if (make_key(key, container, ifname, err) < 0 ||
	    cnm_store_network_lock(controller->store, network->name, CNM_LOCK_EXCLUSIVE, &net, err) < 0 ||
	    cnm_store_network_load(controller->store, network->name, &now, err) < 0 ||
	    reserve_locked(controller, &net, now, key, spec, ret, err) < 0)
		return cnm_wrap(err, "network %s, container %s, interface %s", network->name, container,
		                ifname);
	return 0;
}

static int release_locked(struct cnm_store_network *net, const char *key, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;

	/* It has joined: then it is no reservation, and its leave releases it. */
	if (cnm_store_endpoint_load(net, key, &endpoint, err) == 0 && endpoint->container[0])
		return 0;
	cnm_error_clear(err);
	if (cnm_store_address_release_all(net, key, err) < 0)
		return -1;
	return cnm_store_endpoint_delete(net, key, err);
}

int cnm_endpoint_release(struct cnm_controller *controller, const char *network, const char *container,
                         const char *ifname, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	char key[CNM_KEY_MAX + 1];

	if (make_key(key, container, ifname, err) < 0)
		return -1;
	if (cnm_store_network_lock(controller->store, network, CNM_LOCK_EXCLUSIVE, &net, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	return release_locked(&net, key, err);
}
