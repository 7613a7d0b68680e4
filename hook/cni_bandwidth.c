/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's `bandwidth`: what the container receives is limited by a tbf on the host's end of its veth pair, what it sends by
 * one on an ifb device, to which that end redirects all that it receives. The device's name follows from the attachment, and its alias says
 * whose it is; so no record is needed, and a device of somebody else is never touched.
 */
#include "hook/cni_bandwidth.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/undo.h"
#include "cnm/sys/rtnl_tc.h"
#include "hook/cni_chained.h"
#include "hook/cni_probe.h"
#include "spec/caseless.h"
#include "spec/cni_plugin.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LATENCY_MS   25 /* the reference's */
#define FNV64_OFFSET 0xcbf29ce484222325u
#define FNV64_PRIME  0x100000001b3u

/* The ifb device of an attachment. */
struct device {
	char name[IF_NAMESIZE];
	char alias[CNM_LINK_ALIAS_MAX];
};

/* "bwp" and 12 digits, as long as the reference's names are. */
static void name_device(const struct cnm_cni_call *call, struct device *ret)
{
	uint64_t hash = FNV64_OFFSET;
	const char *at;

	snprintf(ret->alias, sizeof(ret->alias), CNM_BANDWIDTH_ALIAS "%s %s@%s", call->config->name,
	         call->env->container, call->env->ifname);
	for (at = ret->alias; *at; at++)
		hash = (hash ^ (uint8_t)*at) * FNV64_PRIME;
	snprintf(ret->name, sizeof(ret->name), "bwp%012" PRIx64, (hash ^ hash >> 48) & 0xffffffffffff);
}

static struct cnm_tbf tbf_of(uint64_t bits, uint64_t burst_bits)
{
	uint64_t burst = burst_bits / 8, rate = bits / 8;
	struct cnm_tbf tbf;

	cnm_tbf_init(&tbf, rate ? rate : 1, burst ? (uint32_t)burst : 1, LATENCY_MS);
	return tbf;
}

/* What an ADD has made, and how each is taken back. */
struct made {
	struct cnm_rtnl *rtnl;
	int veth, ifb;
	struct step {
		struct cnm_rtnl *rtnl;
		int ifindex;
		void (*inverse)(struct cnm_rtnl_batch *batch, int ifindex);
	} tbf, ingress, device;
};

static void take_back(void *arg)
{
	const struct step *step = arg;
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	step->inverse(&batch, step->ifindex);
	cnm_rtnl_batch_send(step->rtnl, &batch, &ignored);
}

/* The attachment's device as it stands: 1 there, 0 not, -1 error; CNM_E_EXISTS where somebody else has its name. */
static int find_device(struct cnm_rtnl *rtnl, const struct device *device, struct cnm_link *ret,
                       struct cnm_error *err)
{
	if (cnm_link_get(rtnl, device->name, 0, ret, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (strcmp(ret->kind, "ifb") == 0 && strcmp(ret->alias, device->alias) == 0)
		return 1;
	return cnm_fail(err, CNM_E_EXISTS, "link %s exists and is none of ours", device->name);
}

/* 1 when there was one. */
static int delete_device(struct cnm_rtnl *rtnl, const struct device *device, struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;
	struct cnm_link link;
	int found = find_device(rtnl, device, &link, err);

	if (found <= 0)
		return found;
	cnm_rtnl_batch_init(&batch);
	cnm_link_delete_index(&batch, link.ifindex);
	return cnm_rtnl_batch_send(rtnl, &batch, err) < 0 ? -1 : 1;
}

static int limit_ingress(struct made *made, const struct cnm_cni_bandwidth *limits, struct cnm_undo *undo,
                         struct cnm_error *err)
{
	struct cnm_tbf tbf = tbf_of(limits->ingress_rate, limits->ingress_burst);
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_qdisc_add_tbf(&batch, made->veth, &tbf);
	if (cnm_tc_batch_send(made->rtnl, &batch, err) < 0)
		return -1;
	made->tbf = (struct step){made->rtnl, made->veth, cnm_qdisc_delete_root};
	cnm_undo_push(undo, take_back, &made->tbf);
	return 0;
}

/* The device is made with its limit before anything is redirected to it. */
static int limit_egress(struct made *made, const struct device *device, unsigned mtu,
                        const struct cnm_cni_bandwidth *limits, struct cnm_link *ret, struct cnm_undo *undo,
                        struct cnm_error *err)
{
	struct cnm_tbf tbf = tbf_of(limits->egress_rate, limits->egress_burst);
	struct cnm_rtnl_batch batch;

	if (delete_device(made->rtnl, device, err) < 0) /* a killed ADD's */
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_ifb(&batch, device->name, device->alias, mtu);
	if (cnm_tc_batch_send(made->rtnl, &batch, err) < 0 ||
	    cnm_link_get(made->rtnl, device->name, 0, ret, err) < 0)
		return -1;
	made->ifb = ret->ifindex;
	made->device = (struct step){made->rtnl, made->ifb, cnm_link_delete_index};
	cnm_undo_push(undo, take_back, &made->device);
	cnm_qdisc_add_tbf(&batch, made->ifb, &tbf);
	if (cnm_tc_batch_send(made->rtnl, &batch, err) < 0)
		return -1;
	cnm_qdisc_add_ingress(&batch, made->veth);
	if (cnm_tc_batch_send(made->rtnl, &batch, err) < 0)
		return -1;
	made->ingress = (struct step){made->rtnl, made->veth, cnm_qdisc_delete_ingress};
	cnm_undo_push(undo, take_back, &made->ingress);
	cnm_filter_add_redirect(&batch, made->veth, made->ifb);
	return cnm_tc_batch_send(made->rtnl, &batch, err);
}

static int limit(const struct cnm_cni_call *call, const struct cnm_cni_bandwidth *limits,
                 struct cnm_cni_result *add, struct made *made, struct cnm_undo *undo, struct cnm_error *err)
{
	struct cnm_link veth, ifb;
	char mac[CNM_MAC_TEXT_MAX];
	struct device device = {.name = ""};
	_cleanup_close_ int lock = -1;

	if (cnm_cni_host_veth(call, &veth, err) < 0)
		return -1;
	name_device(call, &device);
	made->rtnl = cnm_controller_rtnl(call->controller, err);
	made->veth = veth.ifindex;
	if (limits->ingress_rate && limit_ingress(made, limits, undo, err) < 0)
		return -1;
	if (!limits->egress_rate)
		return 0;
	lock = cnm_cni_bandwidth_lock(call->controller, err);
	if (lock < 0 || limit_egress(made, &device, veth.mtu, limits, &ifb, undo, err) < 0)
		return -1;
	return cnm_cni_result_add_interface(add, ifb.name, cnm_mac_format(&ifb.mac, mac), NULL, ifb.mtu, NULL,
	                                    err);
}

/* Who is limited would be another question: shaping all of it would cut what the configuration leaves alone. */
static int refuse_subnets(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	static const char *const keys[] = {"shapedSubnets", "unshapedSubnets"};
	const struct cnm_cni_config *config = call->config;
	struct cnm_error plain = CNM_ERROR_INIT;
	json_object *places[] = {config->root, NULL};
	size_t i;

	cnm_caseless_get_object(config->root, "runtimeConfig", &places[1], &plain);
	if (places[1])
		cnm_caseless_get_object(places[1], "bandwidth", &places[1], &plain);
	for (i = 0; i < CNM_ARRAY_SIZE(keys) * CNM_ARRAY_SIZE(places); i++) {
		const char *key = keys[i % CNM_ARRAY_SIZE(keys)];
		json_object *subnets = NULL;

		if (!places[i / CNM_ARRAY_SIZE(keys)] ||
		    cnm_caseless_get_array(places[i / CNM_ARRAY_SIZE(keys)], key, &subnets, &plain) < 0 ||
		    !subnets || json_object_array_length(subnets) == 0)
			continue;
		return cnm_cni_fail(
		        err, CNM_CNI_E_UNSUPPORTED,
		        "network %s: plugin bandwidth: %s, %s: the whole interface is limited "
		        "here, whatever it talks to",
		        config->name, key,
		        json_object_to_json_string_ext(subnets, JSON_C_TO_STRING_PLAIN |
		                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
	}
	return 0;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result prev = {0}, result = {0};
	struct cnm_error plain = CNM_ERROR_INIT;
	struct made made = {0};
	_cleanup_undo_ struct cnm_undo undo = CNM_UNDO_INIT;
	struct cnm_cni_bandwidth limits;

	if (refuse_subnets(call, err) < 0 || cnm_cni_bandwidth_of_config(&limits, call->config, err) < 0 ||
	    cnm_cni_prev_result(call, &prev, err) < 0)
		return -1;
	if (!limits.ingress_rate && !limits.egress_rate)
		return cnm_cni_pass(call, NULL, ret, err);
	if (limit(call, &limits, &result, &made, &undo, &plain) < 0) {
		cnm_wrap(&plain, "network %s, container %s", call->config->name, call->env->container);
		return cnm_cni_fail_model(err, call, &plain);
	}
	if (cnm_cni_pass(call, &result, ret, err) < 0)
		return -1;
	cnm_undo_commit(&undo);
	return 0;
}

/* The pair's end loses its qdiscs with the pair; here only for the case that the pair stays. The order matters: a redirection to a device that
 * is gone drops everything. */
static void unlimit_veth(const struct cnm_cni_call *call, struct cnm_rtnl *rtnl, bool has_ingress)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_rtnl_batch batch;
	struct cnm_link veth;
	struct cnm_tc tc = {.has_tbf = false};

	if (!call->env->netns || !*call->env->netns || cnm_cni_host_veth(call, &veth, &ignored) < 0 ||
	    cnm_tc_get(rtnl, veth.ifindex, &tc, &ignored) < 0)
		return;
	cnm_rtnl_batch_init(&batch);
	if (has_ingress && tc.has_tbf)
		cnm_qdisc_delete_root(&batch, veth.ifindex);
	if (tc.redirect_ifindex)
		cnm_qdisc_delete_ingress(&batch, veth.ifindex);
	cnm_rtnl_batch_send(rtnl, &batch, &ignored);
}

static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_error ignored = CNM_CNI_ERROR_INIT;
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, &plain);
	struct cnm_cni_bandwidth limits = {0};
	struct device device = {.name = ""};
	struct cnm_link link;
	int found;

	if (cnm_cni_bandwidth_of_config(&limits, call->config, &ignored) < 0)
		limits = (struct cnm_cni_bandwidth){0};
	name_device(call, &device);
	found = rtnl ? find_device(rtnl, &device, &link, &plain) : -1;
	if (found < 0 && plain.code == CNM_E_EXISTS)
		found = 0; /* somebody else's */
	if (found < 0)
		return cnm_cni_fail_model(err, call, &plain);
	if (found || limits.ingress_rate)
		unlimit_veth(call, rtnl, limits.ingress_rate != 0);
	if (found && delete_device(rtnl, &device, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

static int compare_tbf(struct cnm_rtnl *rtnl, const struct cnm_link *link, uint64_t rate, uint64_t burst,
                       struct cnm_tc *tc, struct cnm_error *err)
{
	struct cnm_tbf want = tbf_of(rate, burst);

	if (cnm_tc_get(rtnl, link->ifindex, tc, err) < 0)
		return -1;
	if (!tc->has_tbf)
		return cnm_fail(err, CNM_E_CONFLICT, "link %s has no tbf qdisc", link->name);
	if (tc->tbf.rate != want.rate || tc->tbf.limit != want.limit)
		return cnm_fail(err, CNM_E_CONFLICT,
		                "the tbf qdisc of link %s lets %" PRIu64
		                " bytes a second pass instead of %" PRIu64,
		                link->name, tc->tbf.rate, want.rate);
	return 0;
}

static int compare(const struct cnm_cni_call *call, const struct cnm_cni_bandwidth *limits,
                   struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, err);
	struct cnm_link veth, ifb;
	struct device device = {.name = ""};
	struct cnm_tc tc = {.has_tbf = false};
	int found;

	if (!rtnl || cnm_cni_host_veth(call, &veth, err) < 0)
		return -1;
	if (limits->ingress_rate &&
	    compare_tbf(rtnl, &veth, limits->ingress_rate, limits->ingress_burst, &tc, err) < 0)
		return -1;
	if (!limits->egress_rate)
		return 0;
	name_device(call, &device);
	found = find_device(rtnl, &device, &ifb, err);
	if (found <= 0)
		return found < 0 ? -1 : cnm_fail(err, CNM_E_CONFLICT, "link %s is missing", device.name);
	if (compare_tbf(rtnl, &ifb, limits->egress_rate, limits->egress_burst, &tc, err) < 0 ||
	    cnm_tc_get(rtnl, veth.ifindex, &tc, err) < 0)
		return -1;
	if (tc.redirect_ifindex != ifb.ifindex)
		return cnm_fail(err, CNM_E_CONFLICT, "link %s does not redirect to %s", veth.name, ifb.name);
	return 0;
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_bandwidth limits;

	if (cnm_cni_bandwidth_of_config(&limits, call->config, err) < 0)
		return -1;
	if ((!limits.ingress_rate && !limits.egress_rate) || compare(call, &limits, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "container %s", call->env->container);
	return cnm_cni_fail_model(err, call, &plain);
}

/* What an ADD would do, in a namespace that ends with its last descriptor. */
static int try_limits(struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct cnm_tbf tbf = tbf_of(8000, 8000);
	struct cnm_rtnl_batch batch;
	struct cnm_link link;

	if (cnm_rtnl_open(&rtnl, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_ifb(&batch, "probe", "", 0);
	if (cnm_tc_batch_send(rtnl, &batch, err) < 0 || cnm_link_get(rtnl, "probe", 0, &link, err) < 0)
		return -1;
	cnm_qdisc_add_tbf(&batch, link.ifindex, &tbf);
	cnm_qdisc_add_ingress(&batch, link.ifindex);
	cnm_filter_add_redirect(&batch, link.ifindex, link.ifindex);
	return cnm_tc_batch_send(rtnl, &batch, err);
}

static int status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	static const cnm_cni_probe_fn tries[] = {try_limits};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (refuse_subnets(call, err) < 0)
		return -1;
	return cnm_cni_probe(tries, 1, &plain) < 0 ? cnm_cni_not_usable(err, CNM_CNI_E_UNAVAILABLE, &plain)
	                                           : 0;
}

const struct cnm_cni_plugin cnm_cni_plugin_bandwidth = {
        .name = "bandwidth",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = cnm_cni_bandwidth_collect,
};
