/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints as things of their own: made and reserved first, joined later. These verbs hold the network's lock exclusive, since a named
 * endpoint, other than one made by a connect, may be asked for by several at once.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/gc.h"
#include "cnm/ipam.h"
#include "cnm/outside.h"
#include "cnm/ports.h"
#include "cnm/sandbox_net.h"
#include <stdio.h>
#include <string.h>

int cnm_endpoint_requested(const struct cnm_endpoint_spec *spec, struct cnm_addr *ret, struct cnm_error *err)
{
	size_t i;

	if (spec->address_count > CNM_ENDPOINT_ADDRS)
		return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
	for (i = 0; i < spec->address_count; i++) {
		const char *text = spec->addresses[i];
		int r = strchr(text, '/') ? cnm_addr_parse_cidr(&ret[i], text, err)
		                          : cnm_addr_parse(&ret[i], text, err);

		if (r < 0)
			return -1;
	}
	return 0;
}

static int fill_options(const struct cnm_endpoint_spec *spec, struct cnm_endpoint *endpoint,
                        struct cnm_error *err)
{
	char path[256];
	size_t i;

	for (i = 0; i < spec->alias_count; i++)
		if (cnm_name_check(spec->aliases[i], "alias", err) < 0 ||
		    cnm_kvs_set(&endpoint->aliases, spec->aliases[i], "", err) < 0)
			return -1;
	for (i = 0; i < spec->options.count; i++)
		if (cnm_kvs_set(&endpoint->options, spec->options.items[i].key, spec->options.items[i].value,
		                err) < 0)
			return -1;
	for (i = 0; i < spec->sysctls.count; i++)
		if (cnm_sysctl_path(spec->sysctls.items[i].key, "eth0", path, sizeof(path), err) < 0 ||
		    cnm_kvs_set(&endpoint->sysctls, spec->sysctls.items[i].key, spec->sysctls.items[i].value,
		                err) < 0)
			return -1;
	return 0;
}

static const struct cnm_addr *gateway_of_family(const struct cnm_endpoint *endpoint, int family)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (endpoint->addrs[i].addr.family == family && cnm_addr_is_set(&endpoint->addrs[i].gateway))
			return &endpoint->addrs[i].gateway;
	return NULL;
}

static int parse_route(const struct cnm_route_spec *spec, struct cnm_endpoint_route *ret,
                       struct cnm_error *err)
{
	*ret = (struct cnm_endpoint_route){.metric = spec->metric, .mtu = spec->mtu, .advmss = spec->advmss};
	if (cnm_addr_parse_subnet(&ret->dst, spec->dst, err) < 0 ||
	    (spec->gateway && cnm_addr_parse(&ret->gateway, spec->gateway, err) < 0))
		return cnm_wrap(err, "route");
	if (spec->gateway && ret->gateway.family != ret->dst.family)
		return cnm_fail(err, CNM_E_INVALID, "route %s: gateway %s is of the other family", spec->dst,
		                spec->gateway);
	return 0;
}

static int parse_routes(const struct cnm_endpoint_spec *spec, struct cnm_endpoint *endpoint,
                        struct cnm_error *err)
{
	size_t i;

	if (spec->route_count > CNM_ENDPOINT_ROUTES)
		return cnm_fail(err, CNM_E_INVALID, "more than %d routes", CNM_ENDPOINT_ROUTES);
	for (i = 0; i < spec->route_count; i++)
		if (parse_route(&spec->routes[i], &endpoint->routes[i], err) < 0)
			return -1;
	endpoint->route_count = spec->route_count;
	return 0;
}

void cnm_endpoint_fill_gateways(struct cnm_endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < endpoint->route_count; i++) {
		struct cnm_endpoint_route *route = &endpoint->routes[i];
		const struct cnm_addr *gateway = gateway_of_family(endpoint, route->dst.family);

		if (!cnm_addr_is_set(&route->gateway) && gateway)
			route->gateway = *gateway;
	}
}

/* One that is asked for is refused where endpoints have something else's; a driver that chooses is given none that nobody asked for. */
static int choose_mac(const struct cnm_driver *driver, const struct cnm_network *network, const char *wanted,
                      struct cnm_mac *ret, struct cnm_error *err)
{
	if (driver->shares_mac && driver->shares_mac(network))
		return !wanted ? 0
		               : cnm_fail(err, CNM_E_UNSUPPORTED,
		                          "MAC address %s: endpoints of this network have the parent's, and "
		                          "none of their own",
		                          wanted);
	if (wanted)
		return cnm_mac_parse(ret, wanted, err);
	return driver->chooses_mac ? 0 : cnm_mac_random(ret, err);
}

int cnm_endpoint_make(struct cnm_controller *controller, struct cnm_store_network *net,
                      const struct cnm_network *network, const char *name,
                      const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	struct cnm_addr requested[CNM_ENDPOINT_ADDRS];
	const struct cnm_ipam *ipam = cnm_controller_ipam(controller, network->ipam_driver, true, err);
	const struct cnm_driver *driver =
	        ipam ? cnm_controller_known_driver(controller, network->driver, err) : NULL;

	if (!endpoint)
		return cnm_fail_nomem(err);
	if (!driver || cnm_key_check(name, err) < 0)
		return -1;
	snprintf(endpoint->name, sizeof(endpoint->name), "%s", name);
	memcpy(endpoint->network, network->name, sizeof(endpoint->network));
	cnm_time_now(endpoint->created);
	if (cnm_id_make(endpoint->id, err) < 0 || cnm_endpoint_requested(spec, requested, err) < 0 ||
	    fill_options(spec, endpoint, err) < 0 || parse_routes(spec, endpoint, err) < 0 ||
	    cnm_ports_append(endpoint, spec->ports, spec->port_count, err) < 0 ||
	    choose_mac(driver, network, spec->mac, &endpoint->mac, err) < 0)
		return -1;
	if (!ipam->ask_addresses &&
	    ipam->addresses_take(net, network, requested, spec->address_count, endpoint, err) < 0)
		return -1;
	if (!ipam->ask_addresses)
		cnm_endpoint_fill_gateways(endpoint);
	endpoint->no_gateway = spec->only_routes;
	endpoint->by_runtime = spec->by_runtime;
	*ret = TAKE_PTR(endpoint);
	return 0;
}

static int create_locked(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret,
                         struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL, *old = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;
	const struct cnm_ipam *ipam;

	if (cnm_store_network_lock(controller->store, network->name, CNM_LOCK_EXCLUSIVE, &net, err) < 0)
		return -1;
	if (cnm_store_endpoint_load(&net, spec->name, &old, &missing) == 0) {
		if (!cnm_endpoint_making_is_over(controller, old))
			return cnm_fail(err, CNM_E_EXISTS, "it exists already (%.12s)", old->id);
		if (cnm_addresses_release(controller, &net, old, err) < 0 ||
		    cnm_store_endpoint_delete(&net, spec->name, err) < 0)
			return -1;
	} else if (missing.code != CNM_E_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	/* Addresses of that name without a record: a creation that was killed. */
	if (cnm_store_address_release_all(&net, spec->name, err) < 0 ||
	    cnm_endpoint_make(controller, &net, network, spec->name, spec, &endpoint, err) < 0)
		return -1;
	ipam = cnm_controller_ipam(controller, network->ipam_driver, true, err);
	if (ipam && ipam->ask_addresses) {
		if (cnm_endpoint_make_outside(controller, &net, network, spec, endpoint, err) < 0)
			return -1;
	} else if (cnm_store_endpoint_save(&net, endpoint, err) < 0) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		cnm_ipam_release(&net, endpoint, &ignored);
		return -1;
	}
	if (ret)
		*ret = TAKE_PTR(endpoint);
	return 0;
}

int cnm_endpoint_create(struct cnm_controller *controller, struct cnm_network *network,
                        const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret,
                        struct cnm_error *err)
{
	int r;

	if (!spec->name)
		return cnm_fail(err, CNM_E_INVALID, "network %s: an endpoint needs a name", network->name);
	if (cnm_name_check(spec->name, "endpoint name", err) < 0)
		return -1;
	r = create_locked(controller, network, spec, ret, err);
	if (r < 0 && cnm_gc_makes_room(controller, network->name, err))
		r = create_locked(controller, network, spec, ret, err);
	cnm_controller_settle(controller);
	return r < 0 ? cnm_wrap(err, "network %s, endpoint %s", network->name, spec->name) : 0;
}

/* Takes the interface name for the endpoint; a stale taker is detached first. */
static int take_link(struct cnm_attach *attach, const struct cnm_endpoint *endpoint, struct cnm_link_ref *ref,
                     struct cnm_error *err)
{
	struct cnm_link_ref existing;
	int taken = cnm_store_link_take(&attach->sb, ref, &existing, err);

	if (taken < 0)
		return -1;
	if (!taken)
		return cnm_fail(err, CNM_E_EXISTS, "interface %s of %s is taken by network %s, endpoint %s",
		                ref->ifname, attach->sandbox->id, existing.network, existing.key);
	return 0;
}

static int join_locked(struct cnm_attach *attach, struct cnm_endpoint *endpoint,
                       const struct cnm_join_spec *join, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *now = NULL;
	struct cnm_link_ref *ref = &attach->ref;

	if (cnm_store_endpoint_load(&attach->net, endpoint->name, &now, err) < 0)
		return -1;
	if (now->container[0])
		return cnm_fail(err, CNM_E_BUSY, "it has joined sandbox %s already", now->container);
	if (cnm_endpoint_is_being_made(now))
		return cnm_fail(err, CNM_E_BUSY, "its addresses are still being asked for");
	if (cnm_attach_choose_ifname(attach, join->ifname, ref->ifname, err) < 0)
		return -1;
	snprintf(ref->network, sizeof(ref->network), "%s", now->network);
	snprintf(ref->key, sizeof(ref->key), "%s", now->name);
	if (take_link(attach, now, ref, err) < 0)
		return -1;
	memcpy(now->ifname, ref->ifname, sizeof(now->ifname));
	now->gateway_priority = join->gateway_priority;
	attach->any_ifname = !join->ifname;
	if (cnm_attach_join(attach, now, err) < 0) {
		cnm_attach_undo(attach, now);
		return -1;
	}
	*endpoint = *now;
	free(TAKE_PTR(now));
	return 0;
}

static int join_sandbox(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                        const struct cnm_sandbox_spec *sandbox, const struct cnm_join_spec *join,
                        struct cnm_error *err)
{
	static const struct cnm_join_spec defaults;
	_cleanup_attach_ struct cnm_attach attach = {.sb = CNM_STORE_SANDBOX_INIT};

	if (cnm_attach_open(&attach, controller, endpoint->network, sandbox, CNM_LOCK_EXCLUSIVE, err) < 0)
		return -1;
	return join_locked(&attach, endpoint, join ? join : &defaults, err);
}

int cnm_endpoint_join(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                      const struct cnm_sandbox_spec *sandbox, const struct cnm_join_spec *join,
                      struct cnm_error *err)
{
	struct cnm_endpoint fresh = *endpoint;
	int r = join_sandbox(controller, &fresh, sandbox, join, err);

	cnm_controller_settle(controller);
	if (r < 0)
		return cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name);
	cnm_kvs_free(&endpoint->aliases);
	cnm_kvs_free(&endpoint->options);
	cnm_kvs_free(&endpoint->sysctls);
	cnm_kvs_free(&endpoint->driver_state);
	cnm_kvs_free(&endpoint->ipam_state);
	free(endpoint->ports);
	*endpoint = fresh;
	return 0;
}

/* Whether the sandbox's interface is still this endpoint's: a handle may be older than the last leave. */
static int check_joined(struct cnm_store_sandbox *sb, const struct cnm_link_ref *ref, struct cnm_error *err)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	if (cnm_store_links_list(sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < refs.count; i++)
		if (strcmp(refs.items[i].ifname, ref->ifname) == 0 &&
		    strcmp(refs.items[i].network, ref->network) == 0 &&
		    strcmp(refs.items[i].key, ref->key) == 0)
			return 0;
	return cnm_fail(err, CNM_E_NOT_FOUND, "it has left already");
}

int cnm_endpoint_leave(struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                       struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	struct cnm_link_ref ref = {0};

	if (!endpoint->container[0])
		return cnm_fail(err, CNM_E_NOT_FOUND, "network %s, endpoint %s: it has joined no sandbox",
		                endpoint->network, endpoint->name);
	memcpy(ref.ifname, endpoint->ifname, sizeof(ref.ifname));
	memcpy(ref.network, endpoint->network, sizeof(ref.network));
	memcpy(ref.key, endpoint->name, sizeof(ref.key));
	if (cnm_store_sandbox_lock(controller->store, endpoint->container, false, &sb, err) < 0 ||
	    check_joined(&sb, &ref, err) < 0)
		return cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name);
	if (cnm_detach(controller, &sb, &ref, err) < 0 ||
	    cnm_sandbox_release_unused(controller, &sb, endpoint->container, err) < 0)
		return -1;
	cnm_store_sandbox_close(&sb);
	cnm_controller_settle(controller);
	return 0;
}

static int delete_unjoined(struct cnm_controller *controller, const char *network, const char *name,
                           struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *now = NULL;

	if (cnm_store_network_lock(controller->store, network, CNM_LOCK_EXCLUSIVE, &net, err) < 0)
		return -1;
	if (cnm_store_endpoint_load(&net, name, &now, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err); /* its leave deleted it */
		return 0;
	}
	if (now->container[0])
		return cnm_fail(err, CNM_E_BUSY, "it has joined sandbox %s", now->container);
	if (cnm_endpoint_is_being_made(now) && !cnm_endpoint_making_is_over(controller, now))
		return cnm_fail(err, CNM_E_BUSY, "its addresses are still being asked for");
	if (cnm_addresses_release(controller, &net, now, err) < 0)
		return -1;
	return cnm_store_endpoint_delete(&net, name, err);
}

int cnm_endpoint_delete(struct cnm_controller *controller, struct cnm_endpoint *endpoint, bool force,
                        struct cnm_error *err)
{
	int r;

	if (endpoint->container[0] && !force)
		return cnm_fail(err, CNM_E_BUSY, "network %s, endpoint %s: it has joined sandbox %s",
		                endpoint->network, endpoint->name, endpoint->container);
	if (endpoint->container[0] && cnm_endpoint_leave(controller, endpoint, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
	}
	r = delete_unjoined(controller, endpoint->network, endpoint->name, err);
	cnm_controller_settle(controller);
	return r < 0 ? cnm_wrap(err, "network %s, endpoint %s", endpoint->network, endpoint->name) : 0;
}
