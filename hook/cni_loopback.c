/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference's `loopback`: the container's lo, whatever the runtime calls the interface, is up from ADD to DEL. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_addr.h"
#include "hook/cni_chained.h"
#include <string.h>

#define LOOPBACK "lo"

static int change(struct cnm_rtnl *inside, enum cnm_tristate up, struct cnm_error *err)
{
	struct cnm_link_change change = {.name = LOOPBACK, .up = up};
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_set(&batch, &change);
	return cnm_rtnl_batch_send(inside, &batch, err);
}

static int add_address(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	if (!cnm_addr_is_loopback(&ifaddr->addr))
		return 0;
	return cnm_cni_result_add_ip(arg, &ifaddr->addr, NULL, 0, err);
}

static int set_up(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct cnm_link link;

	if (change(inside, CNM_ON, err) < 0 || cnm_link_get(inside, LOOPBACK, 0, &link, err) < 0)
		return -1;
	return cnm_ifaddr_list(inside, link.ifindex, add_address, arg, err);
}

static int set_down(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	return change(inside, CNM_OFF, err);
}

static int is_up(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct cnm_link link;

	if (cnm_link_get(inside, LOOPBACK, 0, &link, err) < 0)
		return -1;
	return link.flags & IFF_UP ? 0 : cnm_fail(err, CNM_E_CONFLICT, "loopback interface is down");
}

/* In a chain the result is that of the plugins before, unchanged. */
static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0}, prev = {0};
	const struct cnm_cni_config *config = call->config;
	struct cnm_error plain = CNM_ERROR_INIT;

	if (config->prev_result && cnm_cni_prev_result(call, &prev, err) < 0)
		return -1;
	if (cnm_cni_result_add_interface(&result, LOOPBACK, "00:00:00:00:00:00", call->env->netns, 0, NULL,
	                                 &plain) < 0 ||
	    cnm_cni_run_inside(call, set_up, &result, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	if (config->prev_result)
		return cnm_cni_pass(call, NULL, ret, err);
	if (cnm_cni_result_build(ret, &result, config->version, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

/* A namespace that is gone took its loopback with it. */
static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (call->env->netns && *call->env->netns)
		cnm_cni_run_inside(call, set_down, NULL, &ignored);
	return 0;
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_run_inside(call, is_up, NULL, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

const struct cnm_cni_plugin cnm_cni_plugin_loopback = {
        .name = "loopback",
        .add = add,
        .del = del,
        .check = check,
};
