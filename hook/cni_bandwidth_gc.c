/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Garbage of the plugin `bandwidth`: a container's veth pair goes with its namespace, the ifb device on the host does not, and some runtimes
 * call neither DEL nor GC then.
 */
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "cnm/store.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_tc.h"
#include "hook/cni_bandwidth.h"
#include "hook/cni_chained.h"
#include <stdio.h>
#include <string.h>

#define GARBAGE_ONCE 32 /* that many fit into a batch */

int cnm_cni_bandwidth_lock(struct cnm_controller *controller, struct cnm_error *err)
{
	/* Joins do not hold it: it is about networks that come and go. */
	return cnm_store_networks_lock(controller->store, err);
}

/* Of CNI ------------------------------------------------------------------------------------------ */

/* The devices of attachments that are not valid any more, each by its alias. */
struct garbage {
	const struct cnm_cni_config *config;
	struct cnm_rtnl_batch *batch;
};

static int collect_device(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	char prefix[CNM_LINK_ALIAS_MAX], container[CNM_LINK_ALIAS_MAX];
	const struct garbage *garbage = arg;
	char *at;
	int len = snprintf(prefix, sizeof(prefix), CNM_BANDWIDTH_ALIAS "%s ", garbage->config->name);

	if (garbage->batch->count == GARBAGE_ONCE || strcmp(link->kind, "ifb") != 0 || len < 0 ||
	    strncmp(link->alias, prefix, (size_t)len) != 0)
		return 0;
	snprintf(container, sizeof(container), "%s", link->alias + len);
	at = strchr(container, '@');
	if (!at)
		return 0;
	*at = '\0';
	/* An alias that was cut says nothing certain. */
	if (strlen(link->alias) < CNM_LINK_ALIAS_MAX - 1 &&
	    !cnm_cni_is_valid_attachment(garbage->config, container, at + 1))
		cnm_link_delete_index(garbage->batch, link->ifindex);
	return 0;
}

int cnm_cni_bandwidth_collect(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(call->controller, &plain);
	struct cnm_rtnl_batch batch;
	struct garbage garbage = {call->config, &batch};
	unsigned count;

	if (!call->config->has_valid_attachments)
		return 0;
	cnm_rtnl_batch_init(&batch);
	do {
		if (!rtnl || cnm_link_list(rtnl, collect_device, &garbage, &plain) < 0)
			return cnm_cni_fail_model(err, call, &plain);
		count = batch.count;
		if (cnm_rtnl_batch_send(rtnl, &batch, &plain) < 0)
			return cnm_cni_fail_model(err, call, &plain);
	} while (count == GARBAGE_ONCE);
	return 0;
}

/* Of `cnm gc` ------------------------------------------------------------------------------------- */

struct devices {
	struct cnm_link *items;
	size_t count;
	int *others; /* every other link: whence something could be redirected */
	size_t other_count;
};

static void devices_free(struct devices *devices)
{
	free(devices->items);
	free(devices->others);
}

static int note_link(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	struct devices *devices = arg;
	bool is_ours = strcmp(link->kind, "ifb") == 0 && strlen(link->alias) < CNM_LINK_ALIAS_MAX - 1 &&
	               strncmp(link->alias, CNM_BANDWIDTH_ALIAS, strlen(CNM_BANDWIDTH_ALIAS)) == 0;

	if (is_ours) {
		struct cnm_link *items =
		        reallocarray(devices->items, devices->count + 1, sizeof(*devices->items));

		if (!items)
			return cnm_fail_nomem(err);
		devices->items = items;
		items[devices->count++] = *link;
	} else {
		int *others =
		        reallocarray(devices->others, devices->other_count + 1, sizeof(*devices->others));

		if (!others)
			return cnm_fail_nomem(err);
		devices->others = others;
		others[devices->other_count++] = link->ifindex;
	}
	return 0;
}

/* Drops what some link's packets go to. */
static int drop_fed(struct cnm_rtnl *rtnl, struct devices *devices, struct cnm_error *err)
{
	size_t i, j, left;

	for (i = 0; i < devices->other_count && devices->count > 0; i++) {
		struct cnm_error gone = CNM_ERROR_INIT;
		struct cnm_tc tc = {.has_tbf = false};
		struct cnm_link link;

		if (cnm_tc_get(rtnl, devices->others[i], &tc, err) < 0) {
			if (cnm_link_get(rtnl, NULL, devices->others[i], &link, &gone) == 0 ||
			    gone.code != CNM_E_NOT_FOUND)
				return -1;
			cnm_error_clear(err);
			continue;
		}
		for (j = left = 0; j < devices->count; j++)
			if (devices->items[j].ifindex != tc.redirect_ifindex)
				devices->items[left++] = devices->items[j];
		devices->count = left;
	}
	return 0;
}

/* Those to which nothing is redirected. That stays so: an ADD of the same attachment makes a device anew. */
static int find_unfed(struct cnm_controller *controller, struct devices *ret, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	_cleanup_close_ int lock = rtnl ? cnm_cni_bandwidth_lock(controller, err) : -1;

	if (lock < 0 || cnm_link_list(rtnl, note_link, ret, err) < 0)
		return -1;
	return drop_fed(rtnl, ret, err);
}

/* The interface that the alias names, in our records: 1 found, 0 not, -1 error. */
static int find_ref(struct cnm_controller *controller, const char *alias, struct cnm_link_ref *ret,
                    struct cnm_error *err)
{
	char container[CNM_LINK_ALIAS_MAX];
	const char *at = strchr(alias + strlen(CNM_BANDWIDTH_ALIAS), ' ');
	char *ifname;

	snprintf(container, sizeof(container), "%s", at ? at + 1 : "");
	ifname = strchr(container, '@');
	if (!ifname || ifname == container)
		return 0;
	*ifname++ = '\0';
	return cnm_cni_find_link(controller, container, ifname, ret, err);
}

/* 1: garbage, and `why` says so; 0: not, or not provably; -1: error. */
static int is_garbage(struct cnm_controller *controller, const char *alias, char why[CNM_WHY_MAX],
                      struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct cnm_link_ref ref;
	struct cnm_life life;
	int found = find_ref(controller, alias, &ref, err);

	if (found < 0)
		return -1;
	if (found) {
		/* A dry run of gc leaves the record of who is gone. */
		if (cnm_store_network_open_live(controller->store, ref.network, &net, err) < 0 ||
		    cnm_store_endpoint_load(&net, ref.key, &endpoint, err) < 0)
			return -1;
		life = cnm_endpoint_life(endpoint);
		return cnm_life_is_over(controller, &life, why);
	}
	snprintf(why, CNM_WHY_MAX, "its container's interface is gone, and nothing is redirected to it");
	return 1;
}

static int collect_unfed(struct cnm_controller *controller, const struct cnm_link *link, bool dry_run,
                         cnm_gc_fn fn, void *arg, struct cnm_error *err)
{
	char why[CNM_WHY_MAX], what[CNM_LINK_ALIAS_MAX + 64];
	struct cnm_rtnl_batch batch;
	int garbage = is_garbage(controller, link->alias, why, err);

	if (garbage <= 0)
		return garbage;
	snprintf(what, sizeof(what), "link %s (%s)", link->name, link->alias);
	fn(what, why, arg);
	if (dry_run)
		return 0;
	cnm_rtnl_batch_init(&batch);
	cnm_link_delete_index(&batch, link->ifindex);
	return cnm_rtnl_batch_send(controller->rtnl, &batch, err);
}

int cnm_cni_bandwidth_gc(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg,
                         struct cnm_error *err)
{
	_cleanup_(devices_free) struct devices devices = {0};
	struct cnm_error first = CNM_ERROR_INIT;
	size_t i;

	if (find_unfed(controller, &devices, err) < 0)
		return -1;
	for (i = 0; i < devices.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (collect_unfed(controller, &devices.items[i], dry_run, fn, arg, &one) < 0 &&
		    first.code == CNM_OK)
			first = one; /* one device spares no other */
	}
	*err = first;
	return first.code == CNM_OK ? 0 : -1;
}
