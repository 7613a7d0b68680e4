/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connect and disconnect: endpoint and join in one step, which is what hooks, CNI and most people want. A connected endpoint is named
 * CONTAINER@IFNAME, and the container's lock alone orders what happens to it.
 */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/gc.h"
#include "cnm/ipam.h"
#include "cnm/liveness.h"
#include "cnm/outside.h"
#include <stdio.h>
#include <string.h>

/* What stands under an interface name: */
enum standing {
	STANDING_FREE,
	STANDING_SAME,   /* this attachment, complete, in this namespace */
	STANDING_STALE,  /* what a killed join left */
	STANDING_OTHERS, /* another attachment */
};

static int judge(struct cnm_attach *attach, const struct cnm_link_ref *ref, struct cnm_endpoint **ret,
                 enum standing *standing, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	uint64_t start;
	pid_t pid;

	*standing = STANDING_STALE;
	if (cnm_store_network_open_live(attach->controller->store, ref->network, &net, err) < 0 ||
	    cnm_store_endpoint_load(&net, ref->key, &endpoint, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND && err->code != CNM_E_STORE)
			return -1;
		cnm_error_clear(err);
		return 0;
	}
	if (cnm_asking_process(attach->controller, endpoint, &pid, &start))
		return cnm_fail(err, CNM_E_BUSY, "interface %s of container %s is being made by process %d",
		                ref->ifname, attach->sandbox->id, (int)pid);
	if (endpoint->joining || !cnm_netns_id_equal(&endpoint->netns, &attach->sandbox->netns))
		return 0;
	*standing = strcmp(ref->network, attach->network->name) == 0 ? STANDING_SAME : STANDING_OTHERS;
	*ret = TAKE_PTR(endpoint);
	return 0;
}

/* The attachment of this sandbox to this network that a call without interface name means. */
static int find_ref(struct cnm_attach *attach, const char *ifname, struct cnm_link_ref *ret, bool *found,
                    struct cnm_error *err)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	*found = false;
	if (cnm_store_links_list(&attach->sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < refs.count && !*found; i++) {
		const struct cnm_link_ref *ref = &refs.items[i];

		if (ifname ? strcmp(ref->ifname, ifname) == 0
		           : strcmp(ref->network, attach->network->name) == 0) {
			*ret = *ref;
			*found = true;
		}
	}
	return 0;
}

/* 1: the attachment stands and *ret is it; 0: the way is free; -1: refused. */
static int look_first(struct cnm_attach *attach, const struct cnm_endpoint_spec *spec, const char *ifname,
                      enum cnm_connect_mode mode, struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	enum standing standing = STANDING_FREE;
	struct cnm_link_ref ref;
	bool found;

	if (find_ref(attach, ifname, &ref, &found, err) < 0)
		return -1;
	if (found && judge(attach, &ref, &endpoint, &standing, err) < 0)
		return -1;
	switch (standing) {
	case STANDING_FREE:
		return 0;
	case STANDING_STALE:
		return cnm_detach(attach->controller, &attach->sb, &ref, err);
	case STANDING_SAME:
		if (mode == CNM_CONNECT_IDEMPOTENT) {
			attach->joined = true;
			/* A kill may have come before the others were told. */
			if (cnm_endpoint_compare(endpoint, spec, err) < 0 ||
			    cnm_files_tell_readers(attach->controller, endpoint->network, NULL, NULL, err) <
			            0)
				return -1;
			if (ret)
				*ret = TAKE_PTR(endpoint);
			return 1;
		}
		return cnm_fail(err, CNM_E_EXISTS, "container %s is connected already, as %s",
		                attach->sandbox->id, ref.ifname);
	case STANDING_OTHERS:
		break;
	}
	return cnm_fail(err, CNM_E_EXISTS, "interface %s of container %s belongs to network %s", ref.ifname,
	                attach->sandbox->id, ref.network);
}

static int attach_new(struct cnm_attach *attach, const struct cnm_endpoint_spec *spec,
                      const struct cnm_join_spec *join, const struct cnm_link_ref *ref,
                      struct cnm_endpoint **made, struct cnm_error *err)
{
	struct cnm_endpoint *endpoint;

	if (cnm_store_link_take(&attach->sb, ref, NULL, err) < 0 ||
	    cnm_endpoint_make(attach->controller, &attach->net, attach->network, ref->key, spec, made, err) <
	            0)
		return -1;
	endpoint = *made;
	endpoint->transient = true;
	memcpy(endpoint->ifname, ref->ifname, sizeof(endpoint->ifname));
	endpoint->gateway_priority = join->gateway_priority;
	if (cnm_attach_ask_addresses(attach, spec, endpoint, err) < 0)
		return -1;
	return cnm_attach_join(attach, endpoint, err);
}

static int connect_locked(struct cnm_attach *attach, const struct cnm_endpoint_spec *spec,
                          const struct cnm_join_spec *join, enum cnm_connect_mode mode,
                          struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_endpoint_ struct cnm_endpoint *made = NULL;
	struct cnm_link_ref *ref = &attach->ref;
	int standing = look_first(attach, spec, join->ifname, mode, ret, err);

	if (standing != 0)
		return standing < 0 ? -1 : 0;
	if (cnm_attach_choose_ifname(attach, join->ifname, ref->ifname, err) < 0)
		return -1;
	memcpy(ref->network, attach->network->name, sizeof(ref->network));
	snprintf(ref->key, sizeof(ref->key), "%s@%s", attach->sandbox->id, ref->ifname);
	attach->any_ifname = !join->ifname;
	if (attach_new(attach, spec, join, ref, &made, err) < 0) {
		cnm_attach_undo(attach, made);
		return -1;
	}
	if (ret)
		*ret = TAKE_PTR(made);
	return 0;
}

/* What one call of cnm_connect asks for. */
struct request {
	const char *network;
	const struct cnm_sandbox_spec *sandbox;
	const struct cnm_endpoint_spec *endpoint;
	const struct cnm_join_spec *join;
	enum cnm_connect_mode mode;
};

static int connect_once(struct cnm_controller *controller, const struct request *request,
                        struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_attach_ struct cnm_attach attach = {.sb = CNM_STORE_SANDBOX_INIT};

	if (cnm_attach_open(&attach, controller, request->network, request->sandbox, CNM_LOCK_SHARED, err) <
	    0)
		return -1;
	return connect_locked(&attach, request->endpoint, request->join, request->mode, ret, err);
}

static int connect_sandbox(struct cnm_controller *controller, struct cnm_network *network,
                           const struct cnm_sandbox_spec *sandbox, const struct cnm_endpoint_spec *endpoint,
                           const struct cnm_join_spec *join, enum cnm_connect_mode mode,
                           struct cnm_endpoint **ret, struct cnm_error *err)
{
	static const struct cnm_endpoint_spec no_endpoint;
	static const struct cnm_join_spec no_join;
	struct request request = {.network = network->name,
	                          .sandbox = sandbox,
	                          .endpoint = endpoint ? endpoint : &no_endpoint,
	                          .join = join ? join : &no_join,
	                          .mode = mode};

	if (connect_once(controller, &request, ret, err) == 0)
		return 0;
	if (cnm_gc_makes_room(controller, network->name, err) &&
	    connect_once(controller, &request, ret, err) == 0)
		return 0;
	return cnm_wrap(err, "network %s, container %s", network->name, sandbox->id);
}

int cnm_connect(struct cnm_controller *controller, struct cnm_network *network,
                const struct cnm_sandbox_spec *sandbox, const struct cnm_endpoint_spec *endpoint,
                const struct cnm_join_spec *join, enum cnm_connect_mode mode, struct cnm_endpoint **ret,
                struct cnm_error *err)
{
	int r = connect_sandbox(controller, network, sandbox, endpoint, join, mode, ret, err);

	cnm_controller_settle(controller);
	return r;
}

static bool is_meant(const struct cnm_link_ref *ref, const char *network, const char *ifname)
{
	return (!network || strcmp(ref->network, network) == 0) &&
	       (!ifname || strcmp(ref->ifname, ifname) == 0);
}

static int disconnect_locked(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                             const char *network, const char *ifname, size_t *count, struct cnm_error *err)
{
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	if (cnm_store_links_list(sb, &refs, err) < 0)
		return -1;
	for (i = 0; i < refs.count; i++) {
		if (!is_meant(&refs.items[i], network, ifname))
			continue;
		if (cnm_detach(controller, sb, &refs.items[i], err) < 0)
			return -1;
		(*count)++;
	}
	return 0;
}

/* Locks the container's folder: 1 locked, 0 there is none. */
static int lock_known(struct cnm_controller *controller, const char *container, struct cnm_store_sandbox *sb,
                      struct cnm_error *err)
{
	if (cnm_container_check(container, err) < 0)
		return -1;
	if (cnm_store_sandbox_lock(controller->store, container, false, sb, err) == 0)
		return 1;
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

int cnm_disconnect(struct cnm_controller *controller, const char *network, const char *container,
                   const char *ifname, size_t *ret_count, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	size_t count = 0;
	int r = lock_known(controller, container, &sb, err);

	if (r > 0)
		r = disconnect_locked(controller, &sb, network, ifname, &count, err);
	if (r == 0 && sb.dir_fd >= 0)
		r = cnm_sandbox_release_unused(controller, &sb, container, err);
	cnm_store_sandbox_close(&sb);
	cnm_controller_settle(controller);
	if (ret_count)
		*ret_count = count;
	return r < 0 ? cnm_wrap(err, "container %s", container) : 0;
}

int cnm_container_stopped(struct cnm_controller *controller, const char *container, struct cnm_error *err)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error unreadable = CNM_ERROR_INIT;
	int r = lock_known(controller, container, &sb, err);

	if (r <= 0)
		return r;
	if (cnm_store_sandbox_load(controller->store, container, &sandbox, &unreadable) == 0 &&
	    sandbox->pid > 0 && strcmp(sandbox->boot_id, controller->boot_id) == 0 &&
	    cnm_proc_is_alive(sandbox->pid, sandbox->start_time))
		return cnm_fail(err, CNM_E_BUSY,
		                "container %s runs (process %d): this is the stop of a predecessor",
		                container, (int)sandbox->pid);
	r = cnm_detach_all(controller, &sb, NULL, err) < 0 ||
	                    cnm_sandbox_release_unused(controller, &sb, container, err) < 0
	            ? -1
	            : 0;
	cnm_store_sandbox_close(&sb);
	cnm_controller_settle(controller);
	return r < 0 ? cnm_wrap(err, "container %s", container) : 0;
}
