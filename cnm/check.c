/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHECK: what an attachment's record says, compared with the store and the kernel. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include "cnm/sandbox_net.h"
#include <string.h>
#include <sys/socket.h>

static int check_reservations(struct cnm_store_network *net, const struct cnm_endpoint *endpoint,
                              struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX], owner[CNM_KEY_MAX + 1];
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_addr *addr = &endpoint->addrs[i].addr;
		int taken = cnm_store_address_owner(net, addr, owner, err);

		if (taken < 0)
			return -1;
		if (!taken || strcmp(owner, endpoint->name) != 0)
			return cnm_fail(err, CNM_E_CONFLICT, "address %s is reserved for %s",
			                cnm_addr_format(addr, text), taken ? owner : "nobody");
	}
	return 0;
}

static int check_inside(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                        const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_endpoint_set_ struct cnm_endpoint_set set = {0};
	const struct cnm_endpoint *const *all;
	struct cnm_life life = cnm_endpoint_life(endpoint);
	_cleanup_close_ int netns_fd = cnm_life_open_netns(&life);
	struct cnm_sandbox_net net = {.netns_fd = netns_fd, .endpoint = endpoint};

	if (netns_fd < 0)
		return cnm_fail(err, CNM_E_NETNS, "its namespace %s is gone", endpoint->key);
	if (cnm_endpoint_set_load(controller, sb, endpoint, &set, err) < 0)
		return -1;
	all = (const struct cnm_endpoint *const *)set.items;
	net.default4 = cnm_gateway_elect(all, set.count, AF_INET) == endpoint;
	net.default6 = cnm_gateway_elect(all, set.count, AF_INET6) == endpoint;
	return cnm_sandbox_net_check(controller, &net, err);
}

static int check_locked(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                        struct cnm_store_network *net, const char *name, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_network_ struct cnm_network *network = NULL;
	const struct cnm_driver *driver;
	const struct cnm_ipam *ipam;

	if (cnm_store_endpoint_load(net, name, &endpoint, err) < 0 ||
	    cnm_store_network_load(controller->store, endpoint->network, &network, err) < 0)
		return -1;
	driver = cnm_controller_known_driver(controller, network->driver, err);
	ipam = driver ? cnm_controller_ipam(controller, network->ipam_driver, true, err) : NULL;
	if (!ipam || (ipam->reserves && check_reservations(net, endpoint, err) < 0))
		return -1;
	if (driver->network_check && driver->network_check(controller, network, err) < 0)
		return -1;
	if (driver->endpoint_check && driver->endpoint_check(controller, network, endpoint, err) < 0)
		return -1;
	if (driver->no_addresses)
		return 0;
	return check_inside(controller, sb, endpoint, err);
}

int cnm_endpoint_check(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                       struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (!endpoint->container[0])
		return cnm_fail(err, CNM_E_NOT_FOUND, "network %s, endpoint %s: it has joined no sandbox",
		                endpoint->network, endpoint->name);
	if (cnm_store_sandbox_lock(controller->store, endpoint->container, false, &sb, err) < 0 ||
	    cnm_store_network_lock(controller->store, endpoint->network, CNM_LOCK_SHARED, &net, err) < 0 ||
	    check_locked(controller, &sb, &net, endpoint->name, err) < 0)
		return cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name);
	return 0;
}
