/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network driver of all plugins: which one it is, the records say. Networks at a plugin, and the table through which the model finds plugins. */
#include "drivers/remote.h"
#include "cnm/base/cleanup.h"
#include "cnm/sys/http.h"
#include "drivers/plain.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Every option is the plugin's own affair. */
static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	return 0;
}

/* The plugin made what it needs at the network's creation, and keeps it itself (Docker asks for it once too). */
static int network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                            struct cnm_error *err)
{
	return 1;
}

/* Room for the texts of one pool. */
struct pool_text {
	char pool[CNM_ADDR_TEXT_MAX], gateway[CNM_ADDR_TEXT_MAX];
	struct cnm_kvs aux;
};

struct pools {
	struct pool_text *texts;
	struct cnm_plugin_pool *wire; /* IPv4 from the front, IPv6 behind */
	size_t count, ipv4_count, ipv6_count;
};

static void pools_free(struct pools *pools)
{
	size_t i;

	for (i = 0; i < pools->count; i++)
		cnm_kvs_free(&pools->texts[i].aux);
	free(pools->texts);
	free(pools->wire);
}

static int with_prefix(const char *text, uint8_t prefix, char ret[CNM_ADDR_TEXT_MAX], struct cnm_error *err)
{
	struct cnm_addr addr;

	if (cnm_addr_parse(&addr, text, err) < 0)
		return -1;
	addr.prefix = prefix;
	cnm_addr_format_cidr(&addr, ret);
	return 0;
}

static int fill_pool(const struct cnm_network *network, const struct cnm_pool *pool, struct pool_text *text,
                     struct cnm_plugin_pool *ret, struct cnm_error *err)
{
	const char *space = cnm_kvs_get(&network->ipam_state, "space");
	char aux[CNM_ADDR_TEXT_MAX], key[32];
	const char *answered;
	size_t i;

	cnm_addr_format_cidr(&pool->subnet, text->pool);
	for (i = 0; i < pool->aux.count; i++)
		if (with_prefix(pool->aux.items[i].value, pool->subnet.prefix, aux, err) < 0 ||
		    cnm_kvs_set(&text->aux, pool->aux.items[i].key, aux, err) < 0)
			return -1;
	/* An IPAM plugin's may be a sign to its network driver, to the prefix length: Docker hands it on as it is. */
	answered = cnm_kvs_get(&network->ipam_state,
	                       cnm_remote_gateway_key((size_t)(pool - network->pools), key));
	if (cnm_addr_is_set(&pool->gateway) && answered) {
		snprintf(text->gateway, sizeof(text->gateway), "%s", answered);
	} else if (cnm_addr_is_set(&pool->gateway)) {
		struct cnm_addr gateway = pool->gateway;

		gateway.prefix = pool->subnet.prefix;
		cnm_addr_format_cidr(&gateway, text->gateway);
	}
	/* Docker's own allocator calls its space so. */
	*ret = (struct cnm_plugin_pool){.space = space ? space : "LocalDefault",
	                                .pool = text->pool,
	                                .gateway = text->gateway[0] ? text->gateway : NULL,
	                                .aux = &text->aux};
	return 0;
}

static int fill_pools(const struct cnm_network *network, struct pools *pools, struct cnm_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	size_t f, i, at = 0;

	pools->texts = calloc(network->pool_count + 1, sizeof(*pools->texts));
	pools->wire = calloc(network->pool_count + 1, sizeof(*pools->wire));
	if (!pools->texts || !pools->wire)
		return cnm_fail_nomem(err);
	pools->count = network->pool_count;
	/* What Docker says of a network without addresses. */
	if (network->pool_count == 0 && strcmp(network->ipam_driver, "null") == 0) {
		pools->wire[0] = (struct cnm_plugin_pool){.space = "null", .pool = "0.0.0.0/0"};
		pools->ipv4_count = 1;
	}
	for (f = 0; f < CNM_ARRAY_SIZE(families); f++) {
		for (i = 0; i < network->pool_count; i++) {
			if (network->pools[i].subnet.family != families[f])
				continue;
			if (fill_pool(network, &network->pools[i], &pools->texts[at], &pools->wire[at], err) <
			    0)
				return -1;
			at++;
			*(f == 0 ? &pools->ipv4_count : &pools->ipv6_count) += 1;
		}
	}
	return 0;
}

static char *create_body(const struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_(pools_free) struct pools pools = {0};
	struct cnm_plugin_network wire = {
	        .id = network->id,
	        .options = &network->options,
	        .ipv6 = network->ipv6,
	        .internal = network->internal,
	};

	if (fill_pools(network, &pools, err) < 0)
		return NULL;
	wire.ipv4 = pools.wire;
	wire.ipv4_count = pools.ipv4_count;
	wire.ipv6_pools = pools.wire + pools.ipv4_count;
	wire.ipv6_count = pools.ipv6_count;
	return cnm_plugin_create_network(&wire, err);
}

static const char *owed_key(const struct cnm_network *network, char ret[CNM_OWED_KEY_MAX])
{
	snprintf(ret, CNM_OWED_KEY_MAX, CNM_OWED_NETWORK "%s", network->id);
	return ret;
}

static int network_delete(struct cnm_controller *controller, struct cnm_network *network,
                          struct cnm_error *err)
{
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];

	if (cnm_owed_add(&owed, "NetworkDriver.DeleteNetwork", cnm_plugin_network_body(network->id, err),
	                 err) < 0 ||
	    cnm_remote_owed_about(&owed, network->name, network->id, "", "", err) < 0)
		return -1;
	return cnm_remote_owe(controller, network->driver, owed_key(network, key), &owed, err);
}

static int ask_network(struct cnm_controller *controller, struct cnm_network *network, struct cnm_error *err)
{
	struct cnm_remote_plugin *plugin;
	enum cnm_remote_outcome outcome = CNM_REMOTE_NOT_HEARD;
	char key[CNM_OWED_KEY_MAX];

	if (cnm_remote_plugin_get(controller, network->driver, CNM_REMOTE_NETWORK, &plugin, err) < 0 ||
	    cnm_kvs_set(&network->driver_state, "scope", plugin->record.network.global ? "global" : "local",
	                err) < 0 ||
	    network_delete(controller, network, err) < 0)
		return -1;
	if (cnm_remote_ask(controller, plugin, "NetworkDriver.CreateNetwork", create_body(network, err), NULL,
	                   &outcome, err) == 0)
		return 0;
	if (outcome != CNM_REMOTE_UNSURE) {
		cnm_remote_owe_no_more(controller, network->driver, owed_key(network, key));
		cnm_kvs_free(&network->driver_state);
	}
	return -1;
}

/* Published ports go to the plugin as they are. */
static int endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                            struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	endpoint->no_gateway = endpoint->no_gateway || network->internal;
	return cnm_kvs_set(&endpoint->driver_state, CNM_REMOTE_NETWORK_ID, network->id, err);
}

const struct cnm_driver cnm_driver_remote = {
        .name = "remote",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .chooses_mac = true,
        .network_prepare = network_prepare,
        .network_ensure = cnm_plain_network_ok,
        .network_is_ready = network_is_ready,
        .network_delete = network_delete,
        .endpoint_prepare = endpoint_prepare,
        .join = cnm_remote_link_join,
        .leave = cnm_remote_leave,
        .ask_network = ask_network,
        .ask_join = cnm_remote_ask_join,
        .ask_external = cnm_remote_ask_external,
        .tell_external = cnm_remote_tell_external,
        .forget = cnm_remote_forget,
        .ask_info = cnm_remote_ask_info,
};

/* 0: a plugin of that name is here, or was since the boot, or a record names it. */
static int look_up(struct cnm_controller *controller, const char *name, bool known, struct cnm_error *err)
{
	_cleanup_plugin_address_ struct cnm_plugin_address address = {0};
	char identity[128];

	if (cnm_name_check(name, "driver name", err) < 0)
		return -1;
	if (known || cnm_remote_plugin_is_known(controller, name))
		return 0;
	return cnm_remote_find(name, &address, identity, err);
}

static const struct cnm_driver *find_driver(struct cnm_controller *controller, const char *name, bool known,
                                            struct cnm_error *err)
{
	return look_up(controller, name, known, err) < 0 ? NULL : &cnm_driver_remote;
}

static const struct cnm_ipam *find_ipam(struct cnm_controller *controller, const char *name, bool known,
                                        struct cnm_error *err)
{
	return look_up(controller, name, known, err) < 0 ? NULL : &cnm_ipam_remote;
}

static void restart_clock(struct cnm_controller *controller)
{
	struct cnm_remote *remote = controller->outside_state;

	if (remote)
		remote->started = cnm_remote_now_ms();
}

static void close_remote(struct cnm_controller *controller)
{
	struct cnm_remote *remote = controller->outside_state;

	if (!remote)
		return;
	cnm_http_close(remote->http);
	cnm_remote_plugins_free(remote->plugins);
	cnm_kvs_free(&remote->touched);
	free(remote);
	controller->outside_state = NULL;
}

const struct cnm_outside cnm_remote_outside = {
        .driver = find_driver,
        .ipam = find_ipam,
        .settle = cnm_remote_settle,
        .collect = cnm_remote_collect,
        .restart_clock = restart_clock,
        .close = close_remote,
};
