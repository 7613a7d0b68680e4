/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CHECK and GC of attachments. CHECK looks at what we made and at nothing else: plugins later in the chain may have changed what is
 * theirs, a MAC address or another route.
 */
#include "cnm/base/cleanup.h"
#include "hook/cni_attachment.h"
#include <stdio.h>
#include <string.h>

static int find_endpoint(const struct cnm_cni_call *call, const char *network_name, struct cnm_endpoint **ret,
                         struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	char key[CNM_KEY_MAX + 1];

	if (cnm_cni_network_find(call, network_name, &network, err) < 0)
		return -1;
	snprintf(key, sizeof(key), "%s@%s", call->env->container, call->env->ifname);
	return cnm_endpoint_find(call->controller, network, key, ret, err);
}

/* Index of the container's interface in the result, or -1. */
static int find_interface(const struct cnm_cni_result *result, const char *ifname)
{
	size_t i;

	for (i = 0; i < result->interface_count; i++)
		if (result->interfaces[i].sandbox && *result->interfaces[i].sandbox &&
		    strcmp(result->interfaces[i].name, ifname) == 0)
			return (int)i;
	return -1;
}

static int compare_address(const struct cnm_cni_result *result, const struct cnm_endpoint_addr *slot,
                           int index, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < result->ip_count; i++) {
		const struct cnm_cni_ip *ip = &result->ips[i];

		if (ip->interface != index || !cnm_addr_equal(&ip->address, &slot->addr))
			continue;
		if (ip->address.prefix == slot->addr.prefix)
			return 0;
	}
	return cnm_fail(err, CNM_E_CONFLICT, "prevResult lacks address %s",
	                cnm_addr_format_cidr(&slot->addr, text));
}

static int compare_result(const struct cnm_cni_call *call, const struct cnm_endpoint *endpoint,
                          struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};
	int index;
	size_t i;

	if (cnm_cni_result_parse(&result, call->config->prev_result, call->config->version, err) < 0)
		return cnm_wrap(err, "prevResult");
	if (endpoint->addr_count == 0)
		return 0;
	index = find_interface(&result, endpoint->ifname);
	if (index < 0)
		return cnm_fail(err, CNM_E_CONFLICT, "prevResult lacks interface %s", endpoint->ifname);
	for (i = 0; i < endpoint->addr_count; i++)
		if (compare_address(&result, &endpoint->addrs[i], index, err) < 0)
			return -1;
	return 0;
}

static int check_endpoint(const struct cnm_cni_call *call, struct cnm_endpoint *endpoint,
                          struct cnm_error *err)
{
	if (!cnm_netns_path_is(call->env->netns, &endpoint->netns))
		return cnm_fail(err, CNM_E_NETNS, "CNI_NETNS %s is not the namespace that it joined, %s",
		                call->env->netns, endpoint->key);
	if (compare_result(call, endpoint, err) < 0)
		return -1;
	return cnm_endpoint_check(call->controller, endpoint, err);
}

int cnm_cni_check(const struct cnm_cni_call *call, const char *network, struct cnm_cni_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;

	if (find_endpoint(call, network, &endpoint, &plain) < 0) {
		if (plain.code != CNM_E_NOT_FOUND)
			return cnm_cni_fail_model(err, call, &plain);
		return cnm_cni_fail(err, CNM_CNI_E_CONTAINER,
		                    "network %s, container %s: it has no interface %s on this network",
		                    network, call->env->container, call->env->ifname);
	}
	if (check_endpoint(call, endpoint, &plain) < 0) {
		cnm_wrap(&plain, "container %s", call->env->container);
		return cnm_cni_fail_model(err, call, &plain);
	}
	return 0;
}

static bool is_valid(const struct cnm_cni_config *config, const struct cnm_endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < config->valid_attachment_count; i++)
		if (strcmp(config->valid_attachments[i].container, endpoint->container) == 0 &&
		    strcmp(config->valid_attachments[i].ifname, endpoint->ifname) == 0)
			return true;
	return false;
}

/* Goes on after an error, since the other leftovers are no better for it; the first is told. */
static int collect(const struct cnm_cni_call *call, struct cnm_endpoint *const *endpoints, size_t count,
                   struct cnm_error *err)
{
	struct cnm_error first = CNM_ERROR_INIT;
	size_t i;

	for (i = 0; i < count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		/* What hooks and people attached, to a container of the runtime perhaps, is none of the runtime's. */
		if (!endpoints[i]->by_runtime || is_valid(call->config, endpoints[i]))
			continue;
		if (cnm_disconnect(call->controller, endpoints[i]->network, endpoints[i]->container,
		                   endpoints[i]->ifname, NULL, &one) < 0 &&
		    first.code == CNM_OK)
			first = one;
	}
	if (first.code == CNM_OK)
		return 0;
	*err = first;
	return -1;
}

int cnm_cni_collect(const struct cnm_cni_call *call, const char *name, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_endpoint **endpoints = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	size_t count = 0;
	int r;

	if (!call->config->has_valid_attachments)
		return 0;
	if (cnm_cni_network_find(call, name, &network, &plain) < 0)
		return plain.code == CNM_E_NOT_FOUND ? 0 : cnm_cni_fail_model(err, call, &plain);
	if (cnm_endpoint_list(call->controller, network, &endpoints, &count, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	r = collect(call, endpoints, count, &plain);
	cnm_endpoint_list_free(endpoints, count);
	return r < 0 ? cnm_cni_fail_model(err, call, &plain) : 0;
}
