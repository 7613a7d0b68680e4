/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's `bridge`: its configuration describes a bridge network of the configuration's name. Addresses are ours where it asks for
 * host-local, an external IPAM plugin's where it names another, and none where it names none.
 */
#include "cnm/base/cleanup.h"
#include "cnm/sandbox_net.h"
#include "drivers/bridge.h"
#include "hook/cli_options.h"
#include "hook/cni_attachment.h"
#include "hook/cni_given.h"
#include "hook/cni_ipam.h"
#include "spec/cni_plugin.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct work {
	const struct cnm_cni_config *config;
	struct cnm_cni_bridge bridge;
	struct cnm_cni_ipam ipam;
	struct cnm_cni_pools pools; /* of host-local */
	struct cnm_kvs options;
	struct cnm_options options_view;
	struct cnm_network_spec spec;
	struct cnm_cni_target target;
	struct cnm_cni_result said; /* by IPAM */
};

static void work_free(struct work *work)
{
	cnm_cni_bridge_free(&work->bridge);
	cnm_cni_ipam_free(&work->ipam);
	cnm_cni_pools_free(&work->pools);
	cnm_kvs_free(&work->options);
	cnm_cli_options_view_free(&work->options_view);
	cnm_cni_result_free(&work->said);
}

static int refuse_vlans(const struct cnm_cni_call *call, const struct cnm_cni_bridge *bridge,
                        struct cnm_cni_error *err)
{
	if (bridge->vlan)
		return cnm_cni_fail(
		        err, CNM_CNI_E_UNSUPPORTED,
		        "network %s: plugin bridge: vlan, %d: cnm's bridges filter no VLANs; make a "
		        "network, with a bridge of its own, for each",
		        call->config->name, bridge->vlan);
	if (bridge->trunk_count)
		return cnm_cni_fail(
		        err, CNM_CNI_E_UNSUPPORTED,
		        "network %s: plugin bridge: vlanTrunk, %u to %u: cnm's bridges filter no VLANs",
		        call->config->name, bridge->trunk[0].first, bridge->trunk[0].last);
	return 0;
}

/* Every option is said, so that a configuration that changes one is seen to do so. */
static int fill_options(struct work *work, struct cnm_error *err)
{
	const struct cnm_cni_bridge *bridge = &work->bridge;
	const struct {
		const char *key;
		bool value;
	} rows[] = {
	        {CNM_BRIDGE_MASQUERADE, bridge->ip_masq},
	        {CNM_BRIDGE_HAIRPIN, bridge->hairpin},
	        {CNM_BRIDGE_PROMISC, bridge->promisc},
	        {CNM_BRIDGE_ICC, !bridge->port_isolation},
	        {CNM_BRIDGE_MAC_CHECK, bridge->mac_spoof_check},
	        /* The reference's bridges close nothing; its `firewall` does, where it is asked to. */
	        {CNM_BRIDGE_OPEN, true},
	        {CNM_BRIDGE_INHIBIT_IPV4, !bridge->is_gateway},
	        {CNM_BRIDGE_INHIBIT_IPV6, !bridge->is_gateway},
	};
	char mtu[16];
	size_t i;

	if (cnm_kvs_set(&work->options, CNM_BRIDGE_NAME, bridge->bridge, err) < 0 ||
	    cnm_kvs_set(&work->options, CNM_BRIDGE_OTHERS, bridge->force_address ? "replace" : "refuse",
	                err) < 0)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(rows); i++)
		if (cnm_kvs_set(&work->options, rows[i].key, rows[i].value ? "true" : "false", err) < 0)
			return -1;
	snprintf(mtu, sizeof(mtu), "%d", bridge->mtu);
	if (bridge->mtu && cnm_kvs_set(&work->options, CNM_BRIDGE_MTU, mtu, err) < 0)
		return -1;
	return cnm_cli_options_view(&work->options_view, &work->options, err);
}

/* Whether an address of that family could come. */
static bool has_family(const struct work *work, int family)
{
	size_t i;

	for (i = 0; i < work->said.ip_count; i++)
		if (work->said.ips[i].address.family == family)
			return true;
	for (i = 0; i < work->ipam.ranges.count; i++)
		if (work->ipam.ranges.items[i].subnet.family == family)
			return true;
	for (i = 0; *work->config->ipam_type && i < work->config->runtime.ranges.count; i++)
		if (work->config->runtime.ranges.items[i].subnet.family == family)
			return true;
	return false;
}

static int describe_network(const struct cnm_cni_call *call, struct work *work, struct cnm_error *err)
{
	if (fill_options(work, err) < 0)
		return -1;
	return cnm_cni_describe(call->config, "bridge", &work->options_view, &work->ipam, &work->pools,
	                        &work->spec, &work->target, err);
}

static int open_work(const struct cnm_cni_call *call, struct work *work, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*work = (struct work){.config = call->config};
	if (cnm_cni_bridge_parse(&work->bridge, call->config, err) < 0 ||
	    refuse_vlans(call, &work->bridge, err) < 0 ||
	    cnm_cni_ipam_parse(&work->ipam, call->config, err) < 0)
		return -1;
	if (describe_network(call, work, &plain) == 0)
		return 0;
	if (plain.code == CNM_E_UNSUPPORTED)
		return cnm_cni_fail_from(err, CNM_CNI_E_UNSUPPORTED, &plain);
	return cnm_cni_fail_model(err, call, &plain);
}

/* Routes ----------------------------------------------------------------------------------------- */

/* One default route at most; one that IPAM gives another gateway makes the option a contradiction, as it does to the reference. */
static int add_default(const struct work *work, int family, struct cnm_cni_route *routes, size_t *count,
                       struct cnm_error *err)
{
	const struct cnm_addr *gateway = cnm_cni_given_gateway(&work->said, family);
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	if (!work->bridge.is_default_gateway || !has_family(work, family))
		return 0;
	for (i = 0; i < *count; i++) {
		if (routes[i].dst.family != family || routes[i].dst.prefix != 0)
			continue;
		if (cnm_addr_is_set(&routes[i].gateway) &&
		    !(gateway && cnm_addr_equal(&routes[i].gateway, gateway)))
			return cnm_fail(err, CNM_E_INVALID,
			                "isDefaultGateway contradicts IPAM's default route by %s",
			                cnm_addr_format(&routes[i].gateway, text));
		return 0;
	}
	routes[*count] = (struct cnm_cni_route){.dst = {.family = (uint8_t)family}, .table = -1, .scope = -1};
	if (gateway)
		routes[*count].gateway = *gateway;
	(*count)++;
	return 0;
}

/* What IPAM says, with gateways, and the default route that the configuration asks for. */
static int collect_routes(const struct work *work, struct cnm_cni_route **ret, size_t *ret_count,
                          struct cnm_error *err)
{
	_cleanup_free_ struct cnm_cni_route *routes = NULL;
	size_t count = work->said.route_count;

	if (cnm_cni_given_routes(&work->said, 2, &routes, err) < 0)
		return -1;
	if (add_default(work, AF_INET, routes, &count, err) < 0 ||
	    add_default(work, AF_INET6, routes, &count, err) < 0)
		return -1;
	*ret = TAKE_PTR(routes);
	*ret_count = count;
	return 0;
}

/* Attachment -------------------------------------------------------------------------------------- */

static int attach(const struct cnm_cni_call *call, struct work *work, const struct cnm_strings *addresses,
                  json_object **ret, struct cnm_cni_error *err)
{
	static const struct cnm_option announce = {"net.ipv4.conf.IFNAME.arp_notify", "1"};
	_cleanup_free_ struct cnm_cni_route *routes = NULL;
	struct cnm_option options[2];
	struct cnm_cni_request request = {
	        .aliases = call->config->runtime.aliases, /* borrowed */
	        .only_routes = true,
	        .options = {options, 0},
	        .addresses = addresses,
	        .no_ports = true,
	        .ipam = &work->said,
	        .default_routes = work->bridge.is_default_gateway,
	};
	struct cnm_error plain = CNM_ERROR_INIT;
	int r;

	if (work->bridge.enable_dad)
		options[request.options.count++] = (struct cnm_option){CNM_SANDBOX_DAD, "true"};
	if (work->bridge.disable_container_interface)
		options[request.options.count++] = (struct cnm_option){CNM_SANDBOX_DOWN, "true"};
	if (collect_routes(work, &routes, &request.route_count, &plain) < 0 ||
	    cnm_kvs_set(&request.sysctls, announce.key, announce.value, &plain) < 0) {
		cnm_wrap(&plain, "network %s: plugin bridge", call->config->name);
		return cnm_cni_fail_model(err, call, &plain);
	}
	request.routes = routes;
	r = cnm_cni_attach(call, &work->target, &request, ret, err);
	cnm_kvs_free(&request.sysctls);
	return r;
}

static int attach_given(const struct cnm_cni_call *call, struct work *work, json_object **ret,
                        struct cnm_cni_error *err)
{
	_cleanup_cni_given_ struct cnm_cni_given given = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_given_fill(&given, &work->said, work->bridge.is_gateway,
	                       work->bridge.is_gateway || work->bridge.ip_masq, &plain) == 0) {
		work->target.pools = given.pools;
		work->target.pool_count = given.pool_count;
		return attach(call, work, &given.addresses, ret, err);
	}
	cnm_wrap(&plain, "network %s: plugin bridge", call->config->name);
	return cnm_cni_fail_model(err, call, &plain);
}

static int add_external(const struct cnm_cni_call *call, struct work *work, json_object **ret,
                        struct cnm_cni_error *err)
{
	struct cnm_cni_error ignored = CNM_CNI_ERROR_INIT;

	if (cnm_cni_ipam_add(call, &work->said, err) < 0)
		return -1;
	if (attach_given(call, work, ret, err) == 0)
		return 0;
	cnm_cni_ipam_del(call, &ignored);
	return -1;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (open_work(call, &work, err) < 0)
		return -1;
	if (cnm_cni_ipam_is_external(call->config))
		return add_external(call, &work, ret, err);
	if (cnm_cni_hostlocal_extras(&work.ipam, &work.said, &plain) < 0) {
		cnm_wrap(&plain, "network %s: ipam", call->config->name);
		return cnm_cni_fail_model(err, call, &plain);
	}
	return attach(call, &work, NULL, ret, err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};

	if (open_work(call, &work, err) < 0)
		return -1;
	if (cnm_cni_ipam_is_external(call->config) && cnm_cni_ipam_status(call, err) < 0)
		return -1;
	return cnm_cni_status(call, &work.target, err);
}

const struct cnm_cni_plugin cnm_cni_plugin_bridge = {
        .name = "bridge",
        .add = add,
        .del = cnm_cni_described_del,
        .check = cnm_cni_described_check,
        .status = status,
        .gc = cnm_cni_described_gc,
};
