/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports of a bridge network's endpoints. */
#include "cnm/base/addr.h"
#include "cnm/sys/nft.h"
#include "drivers/bridge.h"
#include "drivers/forwarding.h"
#include "drivers/ports_loopback.h"
#include "drivers/ruleset.h"
#include <string.h>
#include <sys/socket.h>

static struct cnm_ports_policy policy_of(const struct cnm_bridge *bridge)
{
	return (struct cnm_ports_policy){bridge->mode4, bridge->mode6, bridge->name};
}

/* Ports without a host address get the network's, where it has one (Docker's host_binding_ipv4). */
static int apply_binding(const struct cnm_network *network, struct cnm_endpoint *endpoint,
                         struct cnm_error *err)
{
	const char *text = cnm_kvs_get(&network->options, CNM_BRIDGE_BINDING);
	struct cnm_addr host;
	size_t i;

	if (!text)
		return 0;
	if (cnm_addr_parse(&host, text, err) < 0)
		return -1;
	for (i = 0; i < endpoint->port_count; i++)
		if (!cnm_addr_is_set(&endpoint->ports[i].host))
			endpoint->ports[i].host = host;
	return 0;
}

int cnm_bridge_ports_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                             struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_ports_policy policy;
	struct cnm_bridge bridge;

	if (endpoint->port_count == 0)
		return 0;
	if (network->internal)
		return cnm_fail(err, CNM_E_INVALID, "network %s is internal: it publishes no ports",
		                network->name);
	if (cnm_bridge_settings(network, &bridge, err) < 0 || apply_binding(network, endpoint, err) < 0)
		return -1;
	policy = policy_of(&bridge);
	return cnm_ports_prepare(controller, &policy, endpoint, err);
}

int cnm_bridge_publish(struct cnm_controller *controller, const struct cnm_network *network,
                       const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_ports_policy policy;
	struct cnm_bridge bridge;

	if (endpoint->port_count == 0)
		return 0;
	if (network->internal)
		return cnm_fail(err, CNM_E_INVALID, "network %s is internal: it publishes no ports",
		                network->name);
	if (cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	policy = policy_of(&bridge);
	return cnm_ports_publish(controller, &policy, endpoint, err);
}

int cnm_bridge_ports_repair(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                            const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err)
{
	struct cnm_ports_policy policy = policy_of(bridge);

	return cnm_ports_repair_loopback(controller, &policy, endpoint, count, err);
}

int cnm_bridge_ports_check(struct cnm_controller *controller, const struct cnm_bridge *bridge,
                           const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_ports_policy policy = policy_of(bridge);

	return cnm_ports_check(controller, &policy, endpoint, err);
}

int cnm_bridge_restore(struct cnm_controller *controller, const struct cnm_network *network,
                       const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch, size_t *count,
                       struct cnm_error *err)
{
	struct cnm_ports_policy policy;
	struct cnm_bridge bridge;

	if (cnm_bridge_settings(network, &bridge, err) < 0)
		return -1;
	if (!endpoint && (cnm_ruleset_restore(controller, count, err) < 0 ||
	                  cnm_bridge_guard_network_restore(controller, &bridge, batch, count, err) < 0))
		return -1;
	if (!endpoint)
		return cnm_forwarding_restore(controller, batch, count, err) < 0
		               ? -1
		               : cnm_bridge_firewall_restore(controller, network, &bridge, batch, count, err);
	if (cnm_bridge_guard_restore(controller, endpoint, batch, count, err) < 0)
		return -1;
	policy = policy_of(&bridge);
	return cnm_ports_restore(controller, &policy, endpoint, batch, count, err);
}
