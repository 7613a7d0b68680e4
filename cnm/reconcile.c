/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the kernel agree with the records. All networks are locked while their records are read and the transaction is made, in the order of
 * their names; nobody else holds two networks at once.
 */
#include "cnm/reconcile.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include <stdio.h>
#include <stdlib.h>

/* One network that may have lost something. */
struct subject {
	struct cnm_store_network net;
	struct cnm_network *network;
	const struct cnm_driver *driver;
	struct cnm_names keys;
	size_t missing; /* elements that the firewall lacked */
};

struct subjects {
	struct subject *items;
	size_t count;
};

static void close_subject(struct subject *subject)
{
	cnm_network_freep(&subject->network);
	cnm_names_free(&subject->keys);
	cnm_store_network_close(&subject->net);
}

static void close_subjects(struct subjects *subjects)
{
	size_t i;

	for (i = 0; i < subjects->count; i++)
		close_subject(&subjects->items[i]);
	free(subjects->items);
}

/* 1: it has a firewall, or objects that may be missing; 0: nothing to do. What is not readable harms no other network. A live folder says
 * that the network was in the kernel since the last boot, with endpoints or without. */
static int open_subject(struct cnm_controller *controller, const char *name, struct subject *ret,
                        struct cnm_error *err)
{
	struct cnm_error lost = CNM_ERROR_INIT;

	*ret = (struct subject){.net = CNM_STORE_NETWORK_INIT};
	if (cnm_store_network_lock(controller->store, name, CNM_LOCK_EXCLUSIVE, &ret->net, &lost) < 0 ||
	    cnm_store_network_load(controller->store, name, &ret->network, &lost) < 0) {
		if (cnm_store_is_lost(&lost))
			return 0;
		*err = lost;
		return -1;
	}
	if (cnm_store_endpoint_keys(&ret->net, &ret->keys, err) < 0)
		return -1;
	ret->driver = cnm_controller_driver(controller, ret->network->driver, &lost);
	return ret->driver && (ret->driver->firewall_restore || ret->driver->network_check);
}

static int open_subjects(struct cnm_controller *controller, struct subjects *ret, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	size_t i;

	if (cnm_store_live_names(controller->store, &names, err) < 0)
		return -1;
	ret->items = calloc(names.count + 1, sizeof(*ret->items));
	if (!ret->items)
		return cnm_fail_nomem(err);
	for (i = 0; i < names.count; i++) {
		int r = open_subject(controller, names.items[i], &ret->items[ret->count], err);

		if (r == 1)
			ret->count++;
		else
			close_subject(&ret->items[ret->count]);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int load_joined(struct cnm_store_network *net, const char *key, struct cnm_endpoint **ret,
                       struct cnm_error *err)
{
	struct cnm_error lost = CNM_ERROR_INIT;

	if (cnm_store_endpoint_load(net, key, ret, &lost) == 0)
		return (*ret)->container[0] && !(*ret)->joining;
	if (cnm_store_is_lost(&lost))
		return 0;
	*err = lost;
	return -1;
}

static int collect_endpoints(struct cnm_controller *controller, struct subject *subject,
                             struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < subject->keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		int joined;

		joined = load_joined(&subject->net, subject->keys.items[i], &endpoint, err);
		if (joined < 0)
			return -1;
		if (!joined)
			continue;
		if (subject->driver->firewall_restore(controller, subject->network, endpoint, batch, count,
		                                      err) < 0)
			return cnm_wrap(err, "network %s, endpoint %s", subject->network->name,
			                endpoint->name);
	}
	return 0;
}

static int collect(struct cnm_controller *controller, struct subject *subject, struct cnm_nft_batch *batch,
                   struct cnm_error *err)
{
	if (!subject->driver->firewall_restore)
		return 0;
	if (subject->driver->firewall_restore(controller, subject->network, NULL, batch, &subject->missing,
	                                      err) < 0)
		return cnm_wrap(err, "network %s", subject->network->name);
	return collect_endpoints(controller, subject, batch, &subject->missing, err);
}

static size_t tell(const struct subjects *subjects, cnm_gc_fn fn, void *arg)
{
	char what[128];
	size_t i, total = 0;

	for (i = 0; i < subjects->count; i++) {
		const struct subject *subject = &subjects->items[i];

		snprintf(what, sizeof(what), "firewall of network %s", subject->network->name);
		if (subject->missing > 0 && fn)
			fn(what, "it was missing in table inet " CNM_NFT_TABLE, arg);
		total += subject->missing;
	}
	return total;
}

static int restore_firewall(struct cnm_controller *controller, struct subjects *subjects,
                            struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft;
	size_t i;

	if (subjects->count == 0)
		return 0;
	nft = cnm_controller_nft(controller, err);
	if (!nft || cnm_nft_batch_new(&batch, err) < 0)
		return -1;
	for (i = 0; i < subjects->count; i++)
		if (collect(controller, &subjects->items[i], batch, err) < 0)
			return -1;
	return cnm_nft_commit(nft, batch, err);
}

int cnm_firewall_restore(struct cnm_controller *controller, struct cnm_error *err)
{
	_cleanup_(close_subjects) struct subjects subjects = {0};

	if (open_subjects(controller, &subjects, err) < 0)
		return -1;
	return restore_firewall(controller, &subjects, err);
}

int cnm_endpoints_repair(struct cnm_controller *controller, struct cnm_store_network *net,
                         const struct cnm_network *network, const struct cnm_driver *driver, size_t *count,
                         struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names keys = {0};
	size_t i;

	if (!driver->endpoint_repair)
		return 0;
	if (cnm_store_endpoint_keys(net, &keys, err) < 0)
		return -1;
	for (i = 0; i < keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		int joined;

		joined = load_joined(net, keys.items[i], &endpoint, err);
		if (joined < 0)
			return -1;
		if (!joined)
			continue;
		if (driver->endpoint_repair(controller, network, endpoint, count, err) < 0)
			return cnm_wrap(err, "network %s, endpoint %s", network->name, endpoint->name);
	}
	return 0;
}

/* The network's other objects: bridge, addresses, forwarding. CNM_E_CONFLICT: what only the admin can mend. 1: there was something. */
static int repair_network(struct cnm_controller *controller, const struct subject *subject, cnm_gc_fn fn,
                          void *arg, struct cnm_error *err)
{
	struct cnm_error why = CNM_ERROR_INIT;
	char what[128];

	if (!subject->driver->network_check ||
	    subject->driver->network_check(controller, subject->network, &why) == 0)
		return 0;
	snprintf(what, sizeof(what), "network %s", subject->network->name);
	if (why.code != CNM_E_CONFLICT) {
		*err = why;
		return cnm_wrap(err, "%s", what);
	}
	if (subject->driver->network_ensure(controller, subject->network, err) < 0)
		return cnm_wrap(err, "%s", what);
	if (subject->driver->network_check(controller, subject->network, err) < 0)
		return cnm_wrap(err, "%s", what);
	if (fn)
		fn(what, why.text, arg);
	return 1;
}

static int repair_objects(struct cnm_controller *controller, struct subject *subject, cnm_gc_fn fn, void *arg,
                          size_t *count, struct cnm_error *err)
{
	int network = repair_network(controller, subject, fn, arg, err);
	size_t ports = 0;
	char what[128];

	if (network < 0 || cnm_endpoints_repair(controller, &subject->net, subject->network, subject->driver,
	                                        &ports, err) < 0)
		return -1;
	snprintf(what, sizeof(what), "ports of network %s", subject->network->name);
	if (ports > 0 && fn)
		fn(what, "their settings on the host were lost", arg);
	*count += (size_t)network + ports;
	return 0;
}

int cnm_reconcile(struct cnm_controller *controller, cnm_gc_fn fn, void *arg, size_t *ret_count,
                  struct cnm_error *err)
{
	_cleanup_(close_subjects) struct subjects subjects = {0};
	struct cnm_error left = CNM_ERROR_INIT;
	size_t i, total;

	if (open_subjects(controller, &subjects, err) < 0 || restore_firewall(controller, &subjects, err) < 0)
		return -1;
	total = tell(&subjects, fn, arg);
	for (i = 0; i < subjects.count; i++) {
		if (repair_objects(controller, &subjects.items[i], fn, arg, &total, err) == 0)
			continue;
		if (err->code != CNM_E_CONFLICT)
			return -1;
		if (left.code == CNM_OK)
			left = *err;
		cnm_error_clear(err);
	}
	if (ret_count)
		*ret_count = total;
	if (left.code == CNM_OK)
		return 0;
	*err = left;
	return -1;
}
