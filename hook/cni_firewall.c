/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's `firewall`. A container on a network of ours is protected by that network's part of table inet cnm, which is but looked for. One
 * that another plugin attached gets the way opened, where the host's FORWARD chain or our own table would cut it.
 */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/sys/nft.h"
#include "drivers/bridge.h"
#include "drivers/options.h"
#include "hook/cni_attachment.h"
#include "hook/cni_foreign.h"
#include "hook/cni_probe.h"
#include "spec/cni_plugin.h"
#include <string.h>

static const char *policy_name(enum cnm_cni_ingress ingress)
{
	return ingress == CNM_CNI_INGRESS_SAME_BRIDGE ? CNM_BRIDGE_INGRESS_NETWORK
	                                              : CNM_BRIDGE_INGRESS_ISOLATED;
}

/* Whether the network's own options keep its containers to themselves that far. */
static bool is_closed(const struct cnm_network *network, enum cnm_cni_ingress ingress)
{
	return !cnm_options_bool(&network->options, CNM_BRIDGE_OPEN, false) &&
	       (ingress == CNM_CNI_INGRESS_SAME_BRIDGE ||
	        !cnm_options_bool(&network->options, CNM_BRIDGE_ICC, true));
}

/* One configuration's containers that closed the network further did so for all. */
static bool was_closed(const struct cnm_network *network, enum cnm_cni_ingress ingress)
{
	const char *now = cnm_kvs_get(&network->driver_state, CNM_BRIDGE_INGRESS);

	return now &&
	       (strcmp(now, policy_name(ingress)) == 0 || strcmp(now, CNM_BRIDGE_INGRESS_ISOLATED) == 0);
}

/* 1: the policy holds, 0: the network is to be closed for it, -1: it cannot be had. */
static int policy_holds(const struct cnm_cni_firewall *firewall, const struct cnm_network *network,
                        struct cnm_error *err)
{
	const char *policy = policy_name(firewall->ingress);

	if (firewall->ingress == CNM_CNI_INGRESS_OPEN)
		return 1;
	if (!network || cnm_cni_is_foreign(network))
		return cnm_fail(
		        err, CNM_E_UNSUPPORTED,
		        "ingressPolicy \"%s\": the container is on a network that another plugin made; cnm "
		        "keeps it on its own networks only",
		        policy);
	if (is_closed(network, firewall->ingress) || was_closed(network, firewall->ingress))
		return 1;
	if (network->described)
		return 0;
	return cnm_fail(err, CNM_E_UNSUPPORTED,
	                "ingressPolicy \"%s\": network %s was made by cnm network create, and not with "
	                "option " CNM_BRIDGE_ICC "=false",
	                policy, network->name);
}

/* A policy is the network's here, not the container's. */
static int apply_policy(const struct cnm_cni_call *call, const struct cnm_cni_firewall *firewall,
                        const struct cnm_network *network, struct cnm_error *err)
{
	int holds = policy_holds(firewall, network, err);

	if (holds != 0)
		return holds < 0 ? -1 : 0;
	return cnm_network_set_state(call->controller, network->name, CNM_BRIDGE_INGRESS,
	                             policy_name(firewall->ingress), err);
}

/* What protects the network must be there: in short before an ADD passes on, wholly for a CHECK. Neither changes anything. */
static int check_loaded(const struct cnm_cni_call *call, struct cnm_network *network, bool wholly,
                        struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(call->controller, network->driver, err);
	int ready;

	if (!driver)
		return -1;
	if (wholly)
		return driver->network_check && driver->network_check(call->controller, network, err) < 0
		               ? cnm_wrap(err, "network %s", network->name)
		               : 0;
	ready = driver->network_is_ready(call->controller, network, err);
	if (ready != 0)
		return ready < 0 ? -1 : 0;
	return cnm_fail(err, CNM_E_CONFLICT,
	                "network %s: its protection was removed from table inet " CNM_NFT_TABLE
	                "; `cnm reconcile` restores it",
	                network->name);
}

static int protect(const struct cnm_cni_call *call, const struct cnm_cni_firewall *firewall,
                   const struct cnm_cni_result *prev, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	int found = cnm_cni_attached(call, &network, &endpoint, err);

	if (found < 0 || apply_policy(call, firewall, network, err) < 0)
		return -1;
	/* Without an address there is nothing to be cut. */
	if (!found && !cnm_cni_foreign_has_address(prev))
		return 0;
	if (!found)
		return cnm_cni_foreign_attach(call, prev, &network, &endpoint, err);
	return cnm_cni_is_foreign(network) ? 0 : check_loaded(call, network, false, err);
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result prev = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_firewall firewall;

	if (cnm_cni_firewall_parse(&firewall, call->config, err) < 0 ||
	    cnm_cni_prev_result(call, &prev, err) < 0 || cnm_cni_pass(call, NULL, ret, err) < 0)
		return -1;
	if (protect(call, &firewall, &prev, &plain) == 0)
		return 0;
	json_object_put(*ret);
	*ret = NULL;
	if (plain.code != CNM_E_UNSUPPORTED)
		return cnm_cni_fail_model(err, call, &plain);
	cnm_wrap(&plain, "network %s: plugin firewall", call->config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_UNSUPPORTED, &plain);
}

/* Of a network of ours nothing is to be taken back. */
static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	int found = cnm_cni_attached(call, &network, &endpoint, &plain);

	if (found < 0)
		return cnm_cni_fail_model(err, call, &plain);
	/* Published ports hold on to the record: portmap's DEL takes both. */
	if (found == 0 || !cnm_cni_is_foreign(network) || endpoint->port_count > 0)
		return 0;
	return cnm_cni_foreign_detach(call, network, &plain) < 0 ? cnm_cni_fail_model(err, call, &plain) : 0;
}

static int compare(const struct cnm_cni_call *call, const struct cnm_cni_firewall *firewall,
                   const struct cnm_cni_result *prev, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	int found = cnm_cni_attached(call, &network, &endpoint, err), holds;
	const struct cnm_driver *driver;

	if (found < 0)
		return -1;
	if (!found && !cnm_cni_foreign_has_address(prev))
		return 0;
	if (!found)
		return cnm_fail(err, CNM_E_CONFLICT, "the way to its interface %s is not kept open any more",
		                call->env->ifname);
	holds = policy_holds(firewall, network, err);
	if (holds <= 0)
		return holds < 0 ? -1
		                 : cnm_fail(err, CNM_E_CONFLICT, "ingressPolicy \"%s\" is not applied",
		                            policy_name(firewall->ingress));
	if (!cnm_cni_is_foreign(network))
		return check_loaded(call, network, true, err);
	driver = cnm_controller_driver(call->controller, network->driver, err);
	return driver ? driver->endpoint_check(call->controller, network, endpoint, err) : -1;
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result prev = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_firewall firewall;

	if (cnm_cni_firewall_parse(&firewall, call->config, err) < 0 ||
	    cnm_cni_prev_result(call, &prev, err) < 0)
		return -1;
	if (compare(call, &firewall, &prev, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "network %s, container %s", call->config->name, call->env->container);
	return cnm_cni_fail_model(err, call, &plain);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_cni_firewall firewall;

	return cnm_cni_firewall_parse(&firewall, call->config, err) < 0 ? -1
	                                                                : cnm_cni_status_nftables(call, err);
}

static int gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;

	if (cnm_cni_network_find(call, call->config->name, &network, &missing) < 0)
		return missing.code == CNM_E_NOT_FOUND ? 0 : cnm_cni_fail_model(err, call, &missing);
	return cnm_cni_is_foreign(network) ? cnm_cni_collect(call, network->name, err) : 0;
}

const struct cnm_cni_plugin cnm_cni_plugin_firewall = {
        .name = "firewall",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};
