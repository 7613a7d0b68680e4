/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's `portmap`: publishes ports of the endpoint behind the container's interface, which is our own where a plugin of ours
 * attached it, and a record of one otherwise. The endpoint's record is what a DEL releases; it needs no portMappings.
 */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/ports.h"
#include "hook/cni_attachment.h"
#include "hook/cni_foreign.h"
#include "hook/cni_ports.h"
#include "hook/cni_probe.h"
#include "spec/cni_plugin.h"
#include <string.h>

/* What would change who reaches the container, and cannot be done here, is refused; what only says how the reference's rules are written
 * is not looked at. */
static int read_config(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_(cnm_cni_portmap_free) struct cnm_cni_portmap portmap = {0};
	const struct cnm_cni_config *config = call->config;

	if (cnm_cni_portmap_parse(&portmap, config, err) < 0)
		return -1;
	if (portmap.conditions_v4.count || portmap.conditions_v6.count)
		return cnm_cni_fail(
		        err, CNM_CNI_E_UNSUPPORTED,
		        "network %s: plugin portmap: conditionsV%c, arguments of iptables, [\"%s\", "
		        "...]: ports are published without iptables",
		        config->name, portmap.conditions_v4.count ? '4' : '6',
		        portmap.conditions_v4.count ? portmap.conditions_v4.items[0]
		                                    : portmap.conditions_v6.items[0]);
	if (portmap.masq_all)
		return cnm_cni_fail(err, CNM_CNI_E_UNSUPPORTED,
		                    "network %s: plugin portmap: masqAll, true: clients keep their addresses",
		                    config->name);
	return 0;
}

static int publish(const struct cnm_cni_call *call, struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_cni_ports_ struct cnm_cni_ports ports = {0};

	if (cnm_cni_ports_fill(&ports, &call->config->runtime, err) < 0)
		return -1;
	return cnm_endpoint_publish(call->controller, endpoint, ports.specs, ports.count, err);
}

static int attach_and_publish(const struct cnm_cni_call *call, const struct cnm_cni_result *prev,
                              struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	int found = cnm_cni_attached(call, &network, &endpoint, err);

	if (found < 0)
		return -1;
	if (!found && cnm_cni_foreign_attach(call, prev, &network, &endpoint, err) < 0)
		return -1;
	if (publish(call, endpoint, err) == 0)
		return 0;
	if (!found)
		cnm_cni_foreign_detach(call, network, &ignored);
	return -1;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result prev = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (read_config(call, err) < 0 || cnm_cni_prev_result(call, &prev, err) < 0 ||
	    cnm_cni_pass(call, NULL, ret, err) < 0)
		return -1;
	if (call->config->runtime.port_count == 0 || attach_and_publish(call, &prev, &plain) == 0)
		return 0;
	json_object_put(*ret);
	*ret = NULL;
	return cnm_cni_fail_model(err, call, &plain);
}

static int release(const struct cnm_cni_call *call, struct cnm_network *network,
                   struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (cnm_cni_is_foreign(network))
		return cnm_cni_foreign_detach(call, network, err);
	if (endpoint->port_count == 0)
		return 0;
	if (cnm_endpoint_unpublish(call->controller, endpoint, err) == 0)
		return 0;
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err); /* it left meanwhile */
	return 0;
}

static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	int found = cnm_cni_attached(call, &network, &endpoint, &plain);

	if (found == 0 || (found > 0 && release(call, network, endpoint, &plain) == 0))
		return 0;
	return cnm_cni_fail_model(err, call, &plain);
}

static bool has_port(const struct cnm_endpoint *endpoint, const struct cnm_cni_port *want)
{
	size_t i;

	for (i = 0; i < endpoint->port_count; i++) {
		const struct cnm_port *port = &endpoint->ports[i];

		if (strcmp(cnm_protocol_name(port->protocol), want->protocol) == 0 &&
		    want->host_port >= port->first && want->host_port <= port->last &&
		    want->container_port == port->first_inside + (want->host_port - port->first))
			return true;
	}
	return false;
}

static int compare(const struct cnm_cni_call *call, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	const struct cnm_cni_runtime *runtime = &call->config->runtime;
	int found = cnm_cni_attached(call, &network, &endpoint, err);
	const struct cnm_driver *driver;
	size_t i;

	if (found < 0)
		return -1;
	for (i = 0; i < runtime->port_count; i++)
		if (!found || !has_port(endpoint, &runtime->ports[i]))
			return cnm_fail(err, CNM_E_CONFLICT, "port %u/%s is not published",
			                runtime->ports[i].host_port, runtime->ports[i].protocol);
	driver = found ? cnm_controller_driver(call->controller, network->driver, err) : NULL;
	if (found && !driver)
		return -1;
	if (!driver || endpoint->port_count == 0 || !driver->endpoint_check)
		return 0;
	return driver->endpoint_check(call->controller, network, endpoint, err);
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (read_config(call, err) < 0)
		return -1;
	if (compare(call, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "network %s, container %s", call->config->name, call->env->container);
	return cnm_cni_fail_model(err, call, &plain);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return read_config(call, err) < 0 ? -1 : cnm_cni_status_nftables(call, err);
}

/* A network of ours is collected by the plugin that attaches to it. */
static int gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;

	if (cnm_cni_network_find(call, call->config->name, &network, &missing) < 0)
		return missing.code == CNM_E_NOT_FOUND ? 0 : cnm_cni_fail_model(err, call, &missing);
	return cnm_cni_is_foreign(network) ? cnm_cni_collect(call, network->name, err) : 0;
}

const struct cnm_cni_plugin cnm_cni_plugin_portmap = {
        .name = "portmap",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};
