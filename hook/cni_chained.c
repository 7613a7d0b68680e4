/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plugins that come after another one in a chain share. */
#include "hook/cni_chained.h"
#include "cnm/base/cleanup.h"
#include "cnm/store.h"
#include <string.h>

int cnm_cni_prev_result(const struct cnm_cni_call *call, struct cnm_cni_result *ret,
                        struct cnm_cni_error *err)
{
	const struct cnm_cni_config *config = call->config;
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_result){0};
	if (!config->prev_result)
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG,
		                    "network %s: plugin %s must come after one that attaches the container: "
		                    "there is no prevResult",
		                    config->name, config->type);
	if (cnm_cni_result_parse(ret, config->prev_result, config->version, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "network %s, prevResult", config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}

int cnm_cni_pass(const struct cnm_cni_call *call, const struct cnm_cni_result *add, json_object **ret,
                 struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_result_merge(ret, call->config->prev_result, add, call->config->version, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

bool cnm_cni_is_inside(const struct cnm_cni_result *result, const struct cnm_cni_ip *ip)
{
	const char *sandbox;

	/* Before 0.3.0 of CNI results name no interface. */
	if (ip->interface < 0)
		return true;
	sandbox = result->interfaces[ip->interface].sandbox;
	return sandbox && *sandbox;
}

int cnm_cni_find_link(struct cnm_controller *controller, const char *container, const char *ifname,
                      struct cnm_link_ref *ret, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	/* The specification has no limit for ids, the model has one: such a container was never added. */
	if (strlen(container) > CNM_CONTAINER_MAX)
		return 0;
	if (cnm_store_sandbox_lock(controller->store, container, false, &sb, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (cnm_store_links_list(&sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < refs.count; i++)
		if (strcmp(refs.items[i].ifname, ifname) == 0) {
			*ret = refs.items[i];
			return 1;
		}
	return 0;
}

static int load(const struct cnm_cni_call *call, const struct cnm_link_ref *ref, struct cnm_network **network,
                struct cnm_endpoint **endpoint, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;

	if (cnm_store_network_load(call->controller->store, ref->network, network, err) < 0 ||
	    cnm_store_network_open_live(call->controller->store, ref->network, &net, err) < 0)
		return -1;
	return cnm_store_endpoint_load(&net, ref->key, endpoint, err);
}

int cnm_cni_attached(const struct cnm_cni_call *call, struct cnm_network **ret_network,
                     struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_link_ref ref;
	int found = cnm_cni_find_link(call->controller, call->env->container, call->env->ifname, &ref, err);

	if (found <= 0)
		return found;
	if (load(call, &ref, &network, &endpoint, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (endpoint->joining ||
	    (call->env->command != CNM_CNI_DEL && !cnm_netns_path_is(call->env->netns, &endpoint->netns)))
		return 0;
	*ret_network = TAKE_PTR(network);
	*ret = TAKE_PTR(endpoint);
	return 1;
}

int cnm_cni_run_inside(const struct cnm_cni_call *call, cnm_cni_inside_fn fn, void *arg,
                       struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_netns_id id;
	_cleanup_close_ int netns_fd = cnm_netns_open(call->env->netns, call->env->netns_override, &id, err);
	_cleanup_close_ int own = netns_fd < 0 ? -1 : cnm_netns_open_own(err);
	int r;

	if (own < 0)
		return -1;
	if (cnm_netns_enter(netns_fd, err) < 0)
		return -1;
	r = cnm_rtnl_open(&inside, err);
	if (r == 0)
		r = fn(inside, arg, err);
	cnm_netns_return(own);
	return r;
}

struct inner {
	const char *ifname;
	struct cnm_link link;
};

static int get_inner(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct inner *inner = arg;

	return cnm_link_get(inside, inner->ifname, 0, &inner->link, err);
}

int cnm_cni_host_veth(const struct cnm_cni_call *call, struct cnm_link *ret, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, err);
	struct inner inner = {.ifname = call->env->ifname};

	if (!rtnl || cnm_cni_run_inside(call, get_inner, &inner, err) < 0)
		return -1;
	if (strcmp(inner.link.kind, "veth") != 0)
		return cnm_fail(err, CNM_E_UNSUPPORTED, "interface %s in %s is no end of a veth pair",
		                call->env->ifname, call->env->netns);
	if (cnm_link_get(rtnl, NULL, inner.link.peer_ifindex, ret, err) < 0)
		return cnm_wrap(err, "the host's end of %s", call->env->ifname);
	/* An index is of its namespace: the peer might live in a third one. */
	if (strcmp(ret->kind, "veth") != 0 || ret->peer_ifindex != inner.link.ifindex)
		return cnm_fail(err, CNM_E_UNSUPPORTED, "the other end of %s is not on this host",
		                call->env->ifname);
	return 0;
}

bool cnm_cni_is_valid_attachment(const struct cnm_cni_config *config, const char *container,
                                 const char *ifname)
{
	size_t i;

	for (i = 0; i < config->valid_attachment_count; i++)
		if (strcmp(config->valid_attachments[i].container, container) == 0 &&
		    strcmp(config->valid_attachments[i].ifname, ifname) == 0)
			return true;
	return false;
}
