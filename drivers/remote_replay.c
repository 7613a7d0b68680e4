/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPAM plugin that says RequiresRequestReplay forgets what it gave when it is started again: it is asked once more for what the records
 * have. What it refuses now it has given already.
 */
#include "cnm/base/cleanup.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct replay {
	struct cnm_controller *controller;
	struct cnm_remote_plugin *plugin;
};

static void ask(const struct replay *r, const char *call, char *body)
{
	_cleanup_free_ char *owned = body;
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (owned)
		cnm_remote_call(r->controller, r->plugin, call, owned, CNM_REMOTE_ASK, NULL, NULL, &ignored);
}

static void ask_address(const struct replay *r, const char *id, const struct cnm_addr *addr,
                        const struct cnm_kvs *options)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	char text[CNM_ADDR_TEXT_MAX];

	ask(r, "IpamDriver.RequestAddress",
	    cnm_plugin_request_address(id, cnm_addr_format(addr, text), options, &ignored));
}

static void replay_pool(const struct replay *r, const struct cnm_network *network, size_t i)
{
	const struct cnm_pool *pool = &network->pools[i];
	const char *id = cnm_remote_pool_id(&network->ipam_state, i), *range;
	_cleanup_kvs_ struct cnm_kvs gateway = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	char subnet[CNM_ADDR_TEXT_MAX], key[32];
	size_t n;

	if (!*id)
		return;
	snprintf(key, sizeof(key), "range.%zu", i);
	range = cnm_kvs_get(&network->ipam_state, key);
	ask(r, "IpamDriver.RequestPool",
	    cnm_plugin_request_pool(cnm_kvs_get(&network->ipam_state, "space"),
	                            cnm_addr_format_cidr(&pool->subnet, subnet), range ? range : "",
	                            &network->ipam_options, pool->subnet.family == AF_INET6, &ignored));
	if (cnm_addr_is_set(&pool->gateway) &&
	    cnm_kvs_set(&gateway, "RequestAddressType", "com.docker.network.gateway", &ignored) == 0)
		ask_address(r, id, &pool->gateway, &gateway);
	for (n = 0; n < pool->aux.count; n++) {
		struct cnm_addr aux;

		if (cnm_addr_parse(&aux, pool->aux.items[n].value, &ignored) == 0)
			ask_address(r, id, &aux, NULL);
	}
}

static void replay_endpoints(const struct replay *r, struct cnm_network *network)
{
	struct cnm_endpoint **endpoints = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t count = 0, i, n;

	if (cnm_endpoint_list(r->controller, network, &endpoints, &count, &ignored) < 0)
		return;
	for (i = 0; i < count; i++) {
		for (n = 0; n < endpoints[i]->addr_count; n++) {
			const char *id = cnm_remote_pool_id(&endpoints[i]->ipam_state, n);

			if (*id)
				ask_address(r, id, &endpoints[i]->addrs[n].addr, NULL);
		}
	}
	cnm_endpoint_list_free(endpoints, count);
}

void cnm_remote_replay(struct cnm_controller *controller, struct cnm_remote_plugin *plugin)
{
	struct replay r = {controller, plugin};
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_network **networks = NULL;
	size_t count = 0, i, n;

	if (cnm_network_list(controller, &networks, &count, &ignored) < 0)
		return;
	for (i = 0; i < count; i++) {
		if (strcmp(networks[i]->ipam_driver, plugin->name) != 0)
			continue;
		for (n = 0; n < networks[i]->pool_count; n++)
			replay_pool(&r, networks[i], n);
		replay_endpoints(&r, networks[i]);
	}
	cnm_network_list_free(networks, count);
}
