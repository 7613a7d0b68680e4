/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugin types macvlan, ipvlan and vlan share: all but their own keys. */
#include "hook/cni_parent.h"
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include "drivers/parent.h"
#include "hook/cli_options.h"
#include "hook/cni_attachment.h"
#include "hook/cni_given.h"
#include "hook/cni_ipam.h"
#include <stdio.h>
#include <string.h>

struct work {
	struct cnm_cni_parent parent;
	struct cnm_cni_ipam ipam;
	struct cnm_cni_pools pools; /* of host-local */
	struct cnm_kvs options;
	struct cnm_options options_view;
	struct cnm_network_spec spec;
	struct cnm_cni_target target;
	struct cnm_cni_result said; /* by IPAM */
	char master[IF_NAMESIZE];
};

static void work_free(struct work *work)
{
	cnm_cni_ipam_free(&work->ipam);
	cnm_cni_pools_free(&work->pools);
	cnm_kvs_free(&work->options);
	cnm_cli_options_view_free(&work->options_view);
	cnm_cni_result_free(&work->said);
}

static int fail_as_plugin(struct cnm_cni_error *err, const struct cnm_cni_parent_plugin *plugin,
                          const struct cnm_cni_call *call, struct cnm_error *from)
{
	cnm_wrap(from, "network %s: plugin %s", call->config->name, cnm_child_kind_name(plugin->kind));
	return cnm_cni_fail_model(err, call, from);
}

/* Without a master: that of the network where it stands already, so that a change of routes moves nobody; else the link of the default route. */
static int choose_master(const struct cnm_cni_call *call, struct work *work, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, err);
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;
	const char *known = NULL;
	struct cnm_link link;
	int ifindex;

	if (!rtnl)
		return -1;
	if (work->parent.master)
		known = work->parent.master;
	else if (cnm_cni_network_find(call, call->config->name, &network, &missing) == 0)
		known = cnm_kvs_get(&network->driver_state, "parent");
	if (known) {
		snprintf(work->master, sizeof(work->master), "%s", known);
		return 0;
	}
	if (cnm_route_uplink(rtnl, &ifindex, err) < 0)
		return -1;
	if (!ifindex)
		return cnm_fail(
		        err, CNM_E_INVALID,
		        "no \"master\" is given, and this host has no default route that would name one");
	if (cnm_link_get(rtnl, NULL, ifindex, &link, err) < 0)
		return -1;
	memcpy(work->master, link.name, sizeof(work->master));
	return 0;
}

static int describe_network(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                            struct work *work, struct cnm_error *err)
{
	char mtu[16];

	snprintf(mtu, sizeof(mtu), "%d", work->parent.mtu);
	if (choose_master(call, work, err) < 0 ||
	    cnm_kvs_set(&work->options, CNM_PARENT_NAME, work->master, err) < 0 ||
	    (work->parent.mtu && cnm_kvs_set(&work->options, CNM_PARENT_MTU, mtu, err) < 0) ||
	    plugin->fill_options(&work->parent, &work->options, err) < 0 ||
	    cnm_cli_options_view(&work->options_view, &work->options, err) < 0)
		return -1;
	return cnm_cni_describe(call->config, cnm_child_kind_name(plugin->kind), &work->options_view,
	                        &work->ipam, &work->pools, &work->spec, &work->target, err);
}

static int open_work(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                     struct work *work, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_parent_parse(&work->parent, plugin->type, call->config, err) < 0 ||
	    cnm_cni_ipam_parse(&work->ipam, call->config, err) < 0)
		return -1;
	if (work->parent.link_in_container)
		return cnm_cni_fail(
		        err, CNM_CNI_E_UNSUPPORTED,
		        "network %s: plugin %s: linkInContainer: cnm's parents are links of the host",
		        call->config->name, cnm_child_kind_name(plugin->kind));
	/* Whatever is made has a record with its addresses before: a lease is asked for over the finished link. */
	if (strcmp(call->config->ipam_type, "dhcp") == 0)
		return cnm_cni_fail(err, CNM_CNI_E_UNSUPPORTED,
		                    "network %s: plugin %s: ipam.type dhcp: it asks over the container's "
		                    "interface, which cnm makes once the addresses are known",
		                    call->config->name, cnm_child_kind_name(plugin->kind));
	return describe_network(plugin, call, work, &plain) < 0 ? fail_as_plugin(err, plugin, call, &plain)
	                                                        : 0;
}

static int attach(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                  struct work *work, const struct cnm_strings *addresses, json_object **ret,
                  struct cnm_cni_error *err)
{
	_cleanup_free_ struct cnm_cni_route *routes = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_request request = {
	        .aliases = call->config->runtime.aliases, /* borrowed */
	        .only_routes = true,
	        .addresses = addresses,
	        .no_ports = true,
	        .ipam = &work->said,
	        .mac = work->parent.mac,
	};

	if (cnm_cni_given_routes(&work->said, 0, &routes, &plain) < 0)
		return fail_as_plugin(err, plugin, call, &plain);
	request.routes = routes;
	request.route_count = work->said.route_count;
	return cnm_cni_attach(call, &work->target, &request, ret, err);
}

static int attach_given(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                        struct work *work, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_given_ struct cnm_cni_given given = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_given_fill(&given, &work->said, false, false, &plain) < 0)
		return fail_as_plugin(err, plugin, call, &plain);
	work->target.pools = given.pools;
	work->target.pool_count = given.pool_count;
	return attach(plugin, call, work, &given.addresses, ret, err);
}

int cnm_cni_parent_add(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                       json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};
	struct cnm_cni_error ignored = CNM_CNI_ERROR_INIT;
	struct cnm_error plain = CNM_ERROR_INIT;

	if (open_work(plugin, call, &work, err) < 0)
		return -1;
	if (!cnm_cni_ipam_is_external(call->config)) {
		if (cnm_cni_hostlocal_extras(&work.ipam, &work.said, &plain) < 0)
			return fail_as_plugin(err, plugin, call, &plain);
		return attach(plugin, call, &work, NULL, ret, err);
	}
	if (cnm_cni_ipam_add(call, &work.said, err) < 0)
		return -1;
	if (attach_given(plugin, call, &work, ret, err) == 0)
		return 0;
	cnm_cni_ipam_del(call, &ignored);
	return -1;
}

/* Whether the kernel has the kind, and the master is there. */
static int look_at_host(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                        const struct work *work, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, err);
	struct cnm_link link;

	if (!rtnl ||
	    cnm_parent_check_kernel(rtnl, cnm_child_kind_name(plugin->kind), plugin->kind, err) < 0 ||
	    cnm_link_get(rtnl, work->master, 0, &link, err) < 0)
		return -1;
	if (!(link.flags & IFF_UP))
		return cnm_fail(err, CNM_E_INVALID, "master %s is down", link.name);
	return cnm_parent_check_link(&link, err);
}

int cnm_cni_parent_status(const struct cnm_cni_parent_plugin *plugin, const struct cnm_cni_call *call,
                          struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (open_work(plugin, call, &work, err) < 0)
		return -1;
	if (look_at_host(plugin, call, &work, &plain) < 0) {
		fail_as_plugin(err, plugin, call, &plain);
		err->code = CNM_CNI_E_UNAVAILABLE; /* whatever the reason is */
		return -1;
	}
	if (cnm_cni_ipam_is_external(call->config) && cnm_cni_ipam_status(call, err) < 0)
		return -1;
	return cnm_cni_status(call, &work.target, err);
}
