/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IPAM driver of all plugins. The plugin alone keeps book of addresses; our records say which pool each is of, since that is how they
 * are given back. An answer to a request for any pool or any address that is lost on its way cannot be given back: the protocol
 * names such a thing only in that answer.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/ipam_pools.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SERIAL "com.docker.network.ipam.serial"
#define MAC    "com.docker.network.endpoint.macaddress"

/* An endpoint on its way to its addresses. */
struct addresses {
	struct cnm_controller *controller;
	struct cnm_remote_plugin *plugin;
	const struct cnm_network *network;
	struct cnm_endpoint *endpoint;
	struct cnm_kvs options;
};

static int fill_release(struct cnm_owed *owed, const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		const char *id = cnm_remote_pool_id(&endpoint->ipam_state, i);

		if (*id && cnm_remote_release_address(owed, id, &endpoint->addrs[i].addr, err) < 0)
			return -1;
	}
	return cnm_remote_owed_about(owed, endpoint->network, "", endpoint->name, endpoint->id, err);
}

static const char *owed_key(const struct cnm_endpoint *endpoint, char ret[CNM_OWED_KEY_MAX])
{
	snprintf(ret, CNM_OWED_KEY_MAX, CNM_OWED_ADDRS "%s", endpoint->id);
	return ret;
}

static int tell_addresses(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                          struct cnm_error *err)
{
	const char *plugin = cnm_kvs_get(&endpoint->ipam_state, CNM_IPAM_PLUGIN);
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];

	if (!plugin)
		return 0;
	if (fill_release(&owed, endpoint, err) < 0)
		return -1;
	if (owed.count == 0) {
		cnm_remote_let_go(controller, plugin, owed_key(endpoint, key));
		return 0;
	}
	cnm_asking_process(controller, endpoint, &owed.pid, &owed.start_time);
	return cnm_remote_owe(controller, plugin, owed_key(endpoint, key), &owed, err);
}

/* As with endpoints: where a boot does not reach it. */
static int hold(const struct addresses *a, struct cnm_error *err)
{
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];

	if (fill_release(&owed, a->endpoint, err) < 0)
		return -1;
	return cnm_remote_hold(a->controller, a->plugin->name, owed_key(a->endpoint, key), &owed, err);
}

/* The address stands in the record before it is known that we have it: asked for by name it is given back by name. */
static int add_address(struct addresses *a, size_t pool, const struct cnm_addr *addr, struct cnm_error *err)
{
	struct cnm_endpoint *endpoint = a->endpoint;
	char key[32];

	if (endpoint->addr_count == CNM_ENDPOINT_ADDRS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
	if (cnm_kvs_set(&endpoint->ipam_state, CNM_IPAM_PLUGIN, a->plugin->name, err) < 0 ||
	    cnm_kvs_set(&endpoint->ipam_state, cnm_remote_pool_key(endpoint->addr_count, key),
	                cnm_remote_pool_id(&a->network->ipam_state, pool), err) < 0)
		return -1;
	endpoint->addrs[endpoint->addr_count].addr = *addr;
	endpoint->addrs[endpoint->addr_count].gateway = (struct cnm_addr){0};
	if (addr->family == a->network->pools[pool].subnet.family)
		endpoint->addrs[endpoint->addr_count].gateway = a->network->pools[pool].gateway;
	endpoint->addr_count++;
	return hold(a, err) < 0 ? -1 : cnm_outside_note(a->controller, endpoint, err);
}

/* Where the network's driver is ours, an address that the network cannot have. Another plugin may make of it what it likes. */
static int check_address(struct addresses *a, size_t pool, const struct cnm_addr *addr, struct cnm_error *err)
{
	const struct cnm_pool *of = &a->network->pools[pool];
	char text[CNM_ADDR_TEXT_MAX], subnet[CNM_ADDR_TEXT_MAX];

	cnm_addr_format(addr, text);
	cnm_addr_format_cidr(&of->subnet, subnet);
	if (addr->family != of->subnet.family)
		return cnm_fail(err, CNM_E_INVALID, "%s is of another family than %s", text, subnet);
	if (cnm_remote_is_driver_of(a->controller, a->network))
		return 0;
	if (!cnm_addr_contains(&of->subnet, addr))
		return cnm_fail(err, CNM_E_INVALID, "%s is not in %s", text, subnet);
	if (cnm_pool_reserves(of, addr))
		return cnm_fail(err, CNM_E_INVALID, "%s of %s is for no endpoint", text, subnet);
	return 0;
}

/* Any address that it likes. One that cannot be used is given back, unless it is one that is kept for something else. */
static int take_any(struct addresses *a, size_t pool, struct cnm_addr *got, struct cnm_error *err)
{
	const struct cnm_pool *of = &a->network->pools[pool];
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (check_address(a, pool, got, err) < 0) {
		if (!cnm_pool_reserves(of, got))
			add_address(a, pool, got, &ignored);
		return cnm_wrap(err, "plugin %s: IpamDriver.RequestAddress", a->plugin->name);
	}
	if (!cnm_remote_is_driver_of(a->controller, a->network))
		got->prefix = of->subnet.prefix;
	return add_address(a, pool, got, err) < 0 ? -1 : 1;
}

/* 1 taken, 0 the plugin has none there, -1 error. `wanted` NULL: any. */
static int request_one(struct addresses *a, size_t pool, const struct cnm_addr *wanted, struct cnm_error *err)
{
	struct cnm_endpoint *endpoint = a->endpoint;
	_cleanup_json_ json_object *reply = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	char text[CNM_ADDR_TEXT_MAX] = "";
	enum cnm_remote_outcome outcome;
	struct cnm_addr got;

	if (wanted) {
		struct cnm_addr addr = *wanted;

		addr.prefix = a->network->pools[pool].subnet.prefix;
		cnm_addr_format(wanted, text);
		if (add_address(a, pool, &addr, err) < 0)
			return -1;
	}
	if (cnm_remote_ask(a->controller, a->plugin, "IpamDriver.RequestAddress",
	                   cnm_plugin_request_address(cnm_remote_pool_id(&a->network->ipam_state, pool), text,
	                                              &a->options, err),
	                   &reply, &outcome, err) < 0) {
		if (wanted && outcome != CNM_REMOTE_UNSURE) {
			endpoint->addr_count--;
			cnm_outside_note(a->controller, endpoint, &ignored);
		}
		return outcome == CNM_REMOTE_REFUSED && !wanted ? 0 : -1;
	}
	if (cnm_plugin_address_reply(reply, &got, err) < 0)
		return cnm_wrap(err, "plugin %s: IpamDriver.RequestAddress", a->plugin->name);
	if (!wanted)
		return take_any(a, pool, &got, err);
	if (cnm_remote_is_driver_of(a->controller, a->network))
		endpoint->addrs[endpoint->addr_count - 1].addr.prefix = got.prefix;
	if (!cnm_addr_equal(&got, wanted))
		return cnm_fail(err, CNM_E_INVALID,
		                "plugin %s: IpamDriver.RequestAddress: it gave another address than %s",
		                a->plugin->name, text);
	return 1;
}

static int request_wanted(struct addresses *a, const struct cnm_addr *wanted, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < a->network->pool_count; i++)
		if (cnm_addr_contains(&a->network->pools[i].subnet, wanted))
			return request_one(a, i, wanted, err) < 0 ? -1 : 0;
	return cnm_fail(err, CNM_E_INVALID, "address %s is in none of its subnets",
	                cnm_addr_format(wanted, text));
}

/* Out of the first pool of the family that has one. The last refusal is the error. */
static int request_any(struct addresses *a, int family, struct cnm_error *err)
{
	bool asked = false;
	size_t i;

	if (cnm_endpoint_address_of(a->endpoint, family))
		return 0;
	for (i = 0; i < a->network->pool_count; i++) {
		int r;

		if (a->network->pools[i].subnet.family != family)
			continue;
		cnm_error_clear(err);
		asked = true;
		r = request_one(a, i, NULL, err);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return asked ? -1 : 0;
}

static int fill_options(struct addresses *a, struct cnm_error *err)
{
	const char *serial = cnm_kvs_get(&a->network->ipam_options, SERIAL);
	char mac[CNM_MAC_TEXT_MAX];

	if (serial && cnm_kvs_set(&a->options, SERIAL, serial, err) < 0)
		return -1;
	if (!a->plugin->record.ipam.requires_mac)
		return 0;
	if (!cnm_mac_is_set(&a->endpoint->mac) && cnm_mac_random(&a->endpoint->mac, err) < 0)
		return -1;
	return cnm_kvs_set(&a->options, MAC, cnm_mac_format(&a->endpoint->mac, mac), err);
}

static int ask_addresses(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_addr *requested, size_t requested_count,
                         struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct addresses a = {.controller = controller, .network = network, .endpoint = endpoint};
	int r = cnm_remote_plugin_get(controller, network->ipam_driver, CNM_REMOTE_IPAM, &a.plugin, err);
	size_t i;

	if (r == 0)
		r = fill_options(&a, err);
	for (i = 0; i < requested_count && r == 0; i++)
		r = request_wanted(&a, &requested[i], err);
	if (r == 0)
		r = request_any(&a, AF_INET, err);
	if (r == 0)
		r = request_any(&a, AF_INET6, err);
	cnm_kvs_free(&a.options);
	return r;
}

const struct cnm_ipam cnm_ipam_remote = {
        .name = "remote",
        .ask_pools = cnm_remote_ask_pools,
        .tell_pools = cnm_remote_tell_pools,
        .ask_addresses = ask_addresses,
        .tell_addresses = tell_addresses,
};
