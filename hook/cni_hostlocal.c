/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's IPAM plugin `host-local`, called by a plugin that is none of ours: addresses are reserved, under container and interface, in a
 * network that holds nothing but them. Its name is the configuration's with a suffix, since a plugin of ours later in the chain keeps its own
 * record under the name itself.
 */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/reserve.h"
#include "drivers/builtin.h"
#include "hook/cni_attachment.h"
#include "hook/cni_chained.h"
#include "hook/cni_ipam.h"
#include "spec/cni_plugin.h"
#include <stdio.h>
#include <string.h>

#define SUFFIX ".host-local"
#define TRIES  4

struct work {
	char name[2 * CNM_NAME_MAX];
	struct cnm_cni_ipam ipam;
	struct cnm_cni_pools pools;
	struct cnm_network_spec spec;
	struct cnm_cni_target target;
};

static void work_free(struct work *work)
{
	cnm_cni_ipam_free(&work->ipam);
	cnm_cni_pools_free(&work->pools);
}

/* -1: no network of ours can have that name; so none has. */
static int fill_name(const struct cnm_cni_call *call, struct work *work)
{
	if (strlen(call->config->name) + strlen(SUFFIX) > CNM_NAME_MAX)
		return -1;
	snprintf(work->name, sizeof(work->name), "%s" SUFFIX, call->config->name);
	return 0;
}

static int open_work(const struct cnm_cni_call *call, struct work *work, struct cnm_cni_error *err)
{
	const struct cnm_cni_config *config = call->config;
	struct cnm_error plain = CNM_ERROR_INIT;

	*work = (struct work){0};
	if (strcmp(config->ipam_type, "host-local") != 0)
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG,
		                    "network %s: IPAM plugin host-local was called for ipam.type \"%s\"",
		                    config->name, config->ipam_type);
	if (fill_name(call, work) < 0)
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG, "network %s: its name is longer than %zu",
		                    config->name, CNM_NAME_MAX - strlen(SUFFIX));
	if (cnm_cni_ipam_parse(&work->ipam, config, err) < 0)
		return -1;
	if (cnm_cni_pools_fill(&work->pools, config, &work->ipam, &plain) < 0)
		return cnm_cni_fail_from(
		        err, plain.code == CNM_E_UNSUPPORTED ? CNM_CNI_E_UNSUPPORTED : CNM_CNI_E_CONFIG,
		        &plain);
	work->spec = (struct cnm_network_spec){
	        .name = work->name, .driver = cnm_driver_reserve.name, .described = true};
	cnm_cni_pools_describe(&work->pools, &work->spec);
	work->target = (struct cnm_cni_target){.name = work->name, .spec = &work->spec, .makes_room = true};
	return 0;
}

static int reserve(const struct cnm_cni_call *call, const struct work *work, struct cnm_endpoint **ret,
                   struct cnm_error *err)
{
	const struct cnm_strings *ips = cnm_cni_requested_ips(call->config, &call->env->args);
	struct cnm_endpoint_spec spec = {.addresses = (const char *const *)ips->items,
	                                 .address_count = ips->count};
	unsigned tries;

	/* Another configuration may take the network away between its finding and the reservation. */
	for (tries = 1;; tries++) {
		_cleanup_network_ struct cnm_network *network = NULL;

		if (cnm_cni_network_ensure(call, &work->target, &network, err) < 0)
			return -1;
		if (cnm_endpoint_reserve(call->controller, network, call->env->container, call->env->ifname,
		                         &spec, ret, err) == 0)
			return 0;
		if (err->code != CNM_E_NOT_FOUND || tries == TRIES)
			return -1;
		cnm_error_clear(err);
	}
}

static int build(const struct cnm_cni_call *call, const struct work *work,
                 const struct cnm_endpoint *endpoint, json_object **ret, struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (cnm_cni_result_add_ip(&result, &endpoint->addrs[i].addr, &endpoint->addrs[i].gateway, -1,
		                          err) < 0)
			return -1;
	if (cnm_cni_hostlocal_extras(&work->ipam, &result, err) < 0)
		return -1;
	return cnm_cni_result_build(ret, &result, call->config->version, err);
}

static bool exists(const struct cnm_cni_call *call, const char *name)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	return cnm_cni_network_find(call, name, &network, &err) == 0 || err.code != CNM_E_NOT_FOUND;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT, ignored = CNM_ERROR_INIT;
	bool existed;

	if (open_work(call, &work, err) < 0)
		return -1;
	existed = exists(call, work.name);
	if (reserve(call, &work, &endpoint, &plain) == 0 && build(call, &work, endpoint, ret, &plain) == 0)
		return 0;
	if (endpoint)
		cnm_endpoint_release(call->controller, work.name, call->env->container, call->env->ifname,
		                     &ignored);
	if (!existed)
		cnm_cni_network_unmake(call, work.name);
	return cnm_cni_fail_model(err, call, &plain);
}

static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	struct work work;

	if (fill_name(call, &work) < 0 || strlen(call->env->container) > CNM_CONTAINER_MAX)
		return 0;
	if (cnm_endpoint_release(call->controller, work.name, call->env->container, call->env->ifname,
	                         &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

static int find(const struct cnm_cni_call *call, const char *name, struct cnm_endpoint **ret,
                struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	char key[CNM_KEY_MAX + 1];

	if (cnm_cni_network_find(call, name, &network, err) < 0)
		return -1;
	snprintf(key, sizeof(key), "%s@%s", call->env->container, call->env->ifname);
	return cnm_endpoint_find(call->controller, network, key, ret, err);
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	struct work work = {0};

	if (fill_name(call, &work) == 0 && find(call, work.name, &endpoint, &plain) == 0)
		return 0;
	if (plain.code != CNM_OK && plain.code != CNM_E_NOT_FOUND)
		return cnm_cni_fail_model(err, call, &plain);
	return cnm_cni_fail(err, CNM_CNI_E_CONTAINER,
	                    "network %s, container %s: no address is reserved for its interface %s",
	                    call->config->name, call->env->container, call->env->ifname);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work = {0};

	return open_work(call, &work, err) < 0 ? -1 : cnm_cni_status(call, &work.target, err);
}

/* Goes on after an error, since the other leftovers are no better for it; the first is told. */
static int collect(const struct cnm_cni_call *call, struct cnm_endpoint *const *endpoints, size_t count,
                   struct cnm_error *err)
{
	struct cnm_error first = CNM_ERROR_INIT;
	size_t i;

	for (i = 0; i < count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;
		char container[CNM_KEY_MAX + 1];
		char *at;

		memcpy(container, endpoints[i]->name, sizeof(container));
		at = strchr(container, '@');
		if (!at)
			continue;
		*at = '\0';
		if (cnm_cni_is_valid_attachment(call->config, container, at + 1))
			continue;
		if (cnm_endpoint_release(call->controller, endpoints[i]->network, container, at + 1, &one) <
		            0 &&
		    first.code == CNM_OK)
			first = one;
	}
	*err = first;
	return first.code == CNM_OK ? 0 : -1;
}

static int gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_endpoint **endpoints = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	struct work work = {0};
	size_t count = 0;
	int r;

	if (!call->config->has_valid_attachments || fill_name(call, &work) < 0)
		return 0;
	if (cnm_cni_network_find(call, work.name, &network, &plain) < 0)
		return plain.code == CNM_E_NOT_FOUND ? 0 : cnm_cni_fail_model(err, call, &plain);
	if (cnm_endpoint_list(call->controller, network, &endpoints, &count, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	r = collect(call, endpoints, count, &plain);
	cnm_endpoint_list_free(endpoints, count);
	return r < 0 ? cnm_cni_fail_model(err, call, &plain) : 0;
}

const struct cnm_cni_plugin cnm_cni_plugin_host_local = {
        .name = "host-local",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};
