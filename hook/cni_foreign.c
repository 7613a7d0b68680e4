/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a container that another CNI plugin attached. */
#include "hook/cni_foreign.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "drivers/builtin.h"
#include "drivers/foreign.h"
#include <string.h>

#define TRIES         4
#define ADDRESSES_MAX 1024

bool cnm_cni_is_foreign(const struct cnm_network *network)
{
	return strcmp(network->driver, cnm_driver_foreign.name) == 0;
}

static bool is_recorded(const struct cnm_cni_result *prev, const struct cnm_cni_ip *ip)
{
	return cnm_cni_is_inside(prev, ip) && !cnm_addr_is_link_local(&ip->address);
}

bool cnm_cni_foreign_has_address(const struct cnm_cni_result *prev)
{
	size_t i;

	for (i = 0; i < prev->ip_count; i++)
		if (is_recorded(prev, &prev->ips[i]))
			return true;
	return false;
}

static int list_addresses(const struct cnm_cni_result *prev, struct cnm_buf *ret, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < prev->ip_count; i++)
		if (is_recorded(prev, &prev->ips[i]))
			cnm_buf_printf(ret, "%s%s", ret->len ? "," : "",
			               cnm_addr_format_cidr(&prev->ips[i].address, text));
	if (ret->failed)
		return cnm_fail(err, CNM_E_INVALID, "prevResult has too many addresses");
	if (ret->len == 0)
		return cnm_fail(err, CNM_E_INVALID, "prevResult has no address of the container");
	return 0;
}

/* The bridge behind the container's veth pair, or the host's end of the pair itself; "" where it is none. */
static void find_link(const struct cnm_cni_call *call, char ret[IF_NAMESIZE])
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, &ignored);
	struct cnm_link veth, master;

	ret[0] = '\0';
	if (!rtnl || cnm_cni_host_veth(call, &veth, &ignored) < 0)
		return;
	if (veth.master_ifindex && cnm_link_get(rtnl, NULL, veth.master_ifindex, &master, &ignored) == 0)
		memcpy(ret, master.name, IF_NAMESIZE);
	else
		memcpy(ret, veth.name, IF_NAMESIZE);
}

static const char *find_mac(const struct cnm_cni_call *call, const struct cnm_cni_result *prev)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_mac mac;
	size_t i;

	for (i = 0; i < prev->interface_count; i++) {
		const struct cnm_cni_interface *interface = &prev->interfaces[i];

		if (interface->sandbox && *interface->sandbox &&
		    strcmp(interface->name, call->env->ifname) == 0 && interface->mac &&
		    cnm_mac_parse(&mac, interface->mac, &ignored) == 0)
			return interface->mac;
	}
	return NULL;
}

static int connect_once(const struct cnm_cni_call *call, const struct cnm_cni_result *prev,
                        const char *addresses, struct cnm_network *network, struct cnm_endpoint **ret,
                        struct cnm_error *err)
{
	char link[IF_NAMESIZE];
	struct cnm_option options[] = {{CNM_FOREIGN_ADDRESSES, addresses}, {CNM_FOREIGN_LINK, link}};
	struct cnm_sandbox_spec sandbox = {.id = call->env->container,
	                                   .netns_path = call->env->netns,
	                                   .no_files = true,
	                                   .allow_own_netns = call->env->netns_override};
	struct cnm_endpoint_spec spec = {
	        .mac = find_mac(call, prev), .options = {options, 2}, .by_runtime = true};
	struct cnm_join_spec join = {.ifname = call->env->ifname};

	find_link(call, link);
	if (!link[0])
		spec.options.count = 1;
	return cnm_connect(call->controller, network, &sandbox, &spec, &join, CNM_CONNECT_NEW, ret, err);
}

/* Somebody's last detach may take the network away between its finding and the join: once more then. */
int cnm_cni_foreign_attach(const struct cnm_cni_call *call, const struct cnm_cni_result *prev,
                           struct cnm_network **ret_network, struct cnm_endpoint **ret, struct cnm_error *err)
{
	struct cnm_network_spec spec = {
	        .name = call->config->name, .driver = cnm_driver_foreign.name, .described = true};
	_cleanup_(cnm_buf_free) struct cnm_buf addresses = CNM_BUF_INIT(ADDRESSES_MAX);
	unsigned tries;

	if (list_addresses(prev, &addresses, err) < 0)
		return -1;
	for (tries = 1;; tries++) {
		_cleanup_network_ struct cnm_network *network = NULL;
		struct cnm_error ignored = CNM_ERROR_INIT;

		if (cnm_network_ensure(call->controller, &spec, &network, err) < 0)
			return -1;
		if (connect_once(call, prev, cnm_buf_text(&addresses), network, ret, err) == 0) {
			*ret_network = TAKE_PTR(network);
			return 0;
		}
		/* Refused while somebody is on it. */
		cnm_network_delete(call->controller, network, &ignored);
		if (err->code != CNM_E_NOT_FOUND || tries == TRIES)
			return -1;
		cnm_error_clear(err);
	}
}

int cnm_cni_foreign_detach(const struct cnm_cni_call *call, struct cnm_network *network,
                           struct cnm_error *err)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (cnm_disconnect(call->controller, network->name, call->env->container, call->env->ifname, NULL,
	                   err) < 0)
		return -1;
	if (network->described)
		cnm_network_delete(call->controller, network, &ignored);
	return 0;
}
