/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks: create, find, list, delete. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/network_outside.h"
#include "cnm/outside.h"
#include "cnm/served.h"
#include "cnm/store.h"
#include <stdio.h>
#include <string.h>

static int copy_options(struct cnm_kvs *ret, const struct cnm_options *options, const char *what,
                        struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < options->count; i++) {
		const struct cnm_option *option = &options->items[i];

		if (!option->key || !option->key[0])
			return cnm_fail(err, CNM_E_INVALID, "%s without a key", what);
		if (cnm_kvs_set(ret, option->key, option->value ? option->value : "", err) < 0)
			return -1;
	}
	return 0;
}

static const char *ipam_name(const struct cnm_network_spec *spec, const struct cnm_driver *driver)
{
	if (spec->ipam_driver)
		return spec->ipam_driver;
	return driver->no_addresses ? "null" : "default";
}

/* The record out of the specification, without what IPAM and the driver choose. */
static int fill_network(struct cnm_network *network, const struct cnm_network_spec *spec,
                        const struct cnm_driver *driver, struct cnm_error *err)
{
	snprintf(network->name, sizeof(network->name), "%s", spec->name);
	snprintf(network->driver, sizeof(network->driver), "%s", spec->driver ? spec->driver : "bridge");
	snprintf(network->ipam_driver, sizeof(network->ipam_driver), "%s", ipam_name(spec, driver));
	network->internal = spec->internal;
	network->ipv6 = spec->ipv6;
	network->described = spec->described;
	cnm_time_now(network->created);
	if (driver->no_addresses && (spec->pool_count > 0 || strcmp(network->ipam_driver, "null") != 0))
		return cnm_fail(err, CNM_E_INVALID, "driver %s has no addresses to manage", driver->name);
	if (cnm_id_make(network->id, err) < 0 ||
	    copy_options(&network->options, &spec->options, "an option", err) < 0 ||
	    copy_options(&network->labels, &spec->labels, "a label", err) < 0)
		return -1;
	return copy_options(&network->ipam_options, &spec->ipam_options, "an IPAM option", err);
}

static int check_single(struct cnm_controller *controller, const struct cnm_driver *driver,
                        struct cnm_error *err)
{
	struct cnm_network **others = NULL;
	size_t count = 0, i;
	int r = 0;

	if (!driver->single_network)
		return 0;
	if (cnm_network_list(controller, &others, &count, err) < 0)
		return -1;
	for (i = 0; i < count && r == 0; i++)
		if (strcmp(others[i]->driver, driver->name) == 0)
			r = cnm_fail(err, CNM_E_EXISTS,
			             "network %s is of driver %s already, and there is one at most",
			             others[i]->name, driver->name);
	cnm_network_list_free(others, count);
	return r;
}

/* The kernel would not have it now; asked again it may. A conflict is another matter: then nothing of ours is there. */
static bool is_passing(const struct cnm_error *err)
{
	return err->code == CNM_E_SYSTEM || err->code == CNM_E_NOMEM || err->code == CNM_E_TRY_AGAIN;
}

/* What cannot be undone keeps its record: that is all by which it can be removed later. */
static void undo_make(struct cnm_controller *controller, const struct cnm_driver *driver,
                      struct cnm_network *network, struct cnm_error *err)
{
	struct cnm_error undo_err = CNM_ERROR_INIT, ignored = CNM_ERROR_INIT;

	if (driver->network_delete(controller, network, &undo_err) < 0 && is_passing(&undo_err)) {
		cnm_fail(err, err->code, "%s; nor can it be undone (%s): remove the network", err->text,
		         undo_err.text);
		return;
	}
	cnm_store_network_delete(controller->store, network->name, &ignored);
}

static int store_and_make(struct cnm_controller *controller, const struct cnm_driver *driver,
                          struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_error undo_err = CNM_ERROR_INIT;

	if (cnm_store_network_create(controller->store, network->name, &net, err) < 0)
		return -1;
	if (cnm_store_network_save(&net, network, err) < 0) {
		cnm_store_network_delete(controller->store, network->name, &undo_err);
		return -1;
	}
	if (driver->network_ensure(controller, network, err) == 0) { /* asks no other program */
		cnm_agent_sync(controller->store);
		return 0;
	}
	undo_make(controller, driver, network, err);
	return -1;
}

static int check_absent(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                        const struct cnm_driver *driver, struct cnm_error *err)
{
	struct cnm_error missing = CNM_ERROR_INIT;
	_cleanup_network_ struct cnm_network *old = NULL;

	if (cnm_controller_is_gone(controller, spec->name))
		return check_single(controller, driver, err);
	if (cnm_store_network_load(controller->store, spec->name, &old, &missing) == 0)
		return cnm_fail(err, CNM_E_EXISTS, "it exists already (%.12s)", old->id);
	if (missing.code != CNM_E_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	return check_single(controller, driver, err);
}

/* All that can be decided before anything is made, and no other program is asked for. */
static int decide(const struct cnm_network_making *making, struct cnm_error *err)
{
	struct cnm_controller *controller = making->controller;

	if (check_absent(controller, making->spec, making->driver, err) < 0 ||
	    (!making->ipam->ask_pools &&
	     making->ipam->pools_request(controller, making->spec, making->network, err) < 0))
		return -1;
	return making->driver->ask_network
	               ? 0
	               : making->driver->network_prepare(controller, making->network, err);
}

/* Everything under the lock on ROOT/networks. */
static int create_locked(const struct cnm_network_making *making, struct cnm_error *err)
{
	if (decide(making, err) < 0)
		return -1;
	return store_and_make(making->controller, making->driver, making->network, err);
}

static int try(const struct cnm_network_making *making, struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(making->controller->store, err);

	return lock < 0 ? -1 : decide(making, err);
}

static int create(const struct cnm_network_making *making, struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(making->controller->store, err);

	return lock < 0 ? -1 : create_locked(making, err);
}

/* Before another program is asked: whether that is any use, and what it is to be told of pools that are ours. */
static int look_first(const struct cnm_network_making *making, struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(making->controller->store, err);

	if (lock < 0 || check_absent(making->controller, making->spec, making->driver, err) < 0)
		return -1;
	if (making->ipam->ask_pools)
		return 0;
	return making->ipam->pools_request(making->controller, making->spec, making->network, err);
}

/* After it was asked: meanwhile others may have made a network of this name, or taken the subnet. */
static int finish(const struct cnm_network_making *making, struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(making->controller->store, err);

	if (lock < 0 || check_absent(making->controller, making->spec, making->driver, err) < 0)
		return -1;
	if (!(making->ipam->ask_pools && making->driver->ask_network) &&
	    cnm_pools_check(making->controller, making->network, err) < 0)
		return -1;
	if (!making->driver->ask_network &&
	    making->driver->network_prepare(making->controller, making->network, err) < 0)
		return -1;
	return store_and_make(making->controller, making->driver, making->network, err);
}

static int create_outside(const struct cnm_network_making *making, struct cnm_error *err)
{
	if (look_first(making, err) == 0 && cnm_network_ask(making, err) == 0 && finish(making, err) == 0)
		return 0;
	cnm_network_tell_back(making);
	return -1;
}

static int make(struct cnm_controller *controller, const struct cnm_network_spec *spec, bool dry_run,
                struct cnm_network **ret, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_network_making making;
	const struct cnm_driver *driver;
	const struct cnm_ipam *ipam;
	int r;

	if (cnm_name_check(spec->name, "network name", err) < 0)
		return -1;
	driver = cnm_controller_driver(controller, spec->driver ? spec->driver : "bridge", err);
	if (!driver)
		return cnm_wrap(err, "network %s", spec->name);
	network = calloc(1, sizeof(*network));
	if (!network)
		return cnm_fail_nomem(err);
	if (fill_network(network, spec, driver, err) < 0)
		return cnm_wrap(err, "network %s", spec->name);
	ipam = cnm_controller_ipam(controller, network->ipam_driver, false, err);
	if (!ipam)
		return cnm_wrap(err, "network %s", spec->name);
	making = (struct cnm_network_making){controller, spec, driver, ipam, network};
	if (dry_run)
		r = try(&making, err);
	else
		r = driver->ask_network || ipam->ask_pools ? create_outside(&making, err)
		                                           : create(&making, err);
	cnm_controller_settle(controller);
	if (r < 0)
		return cnm_wrap(err, "network %s", spec->name);
	if (ret)
		*ret = TAKE_PTR(network);
	return 0;
}

int cnm_network_create(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                       struct cnm_network **ret, struct cnm_error *err)
{
	return make(controller, spec, false, ret, err);
}

int cnm_network_try(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                    struct cnm_network *const *gone, size_t gone_count, struct cnm_network **ret,
                    struct cnm_error *err)
{
	int r;

	controller->gone = gone;
	controller->gone_count = gone_count;
	r = make(controller, spec, true, ret, err);
	controller->gone = NULL;
	controller->gone_count = 0;
	return r;
}

int cnm_network_list(struct cnm_controller *controller, struct cnm_network ***ret, size_t *ret_count,
                     struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_network **networks;
	size_t i, count = 0;

	if (cnm_store_network_names(controller->store, &names, err) < 0)
		return -1;
	networks = calloc(names.count + 1, sizeof(*networks));
	if (!networks)
		return cnm_fail_nomem(err);
	for (i = 0; i < names.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_controller_is_gone(controller, names.items[i]))
			continue;
		/* An unreadable or just deleted one harms no other. */
		if (cnm_store_network_load(controller->store, names.items[i], &networks[count], &one) == 0) {
			count++;
		} else if (!cnm_store_is_lost(&one)) {
			cnm_network_list_free(networks, count);
			*err = one;
			return -1;
		}
	}
	*ret = networks;
	*ret_count = count;
	return 0;
}

/* Among all networks the one whose id begins with the prefix. */
static int find_by_id(struct cnm_controller *controller, const char *prefix, struct cnm_network **ret,
                      struct cnm_error *err)
{
	struct cnm_network **networks = NULL, *found = NULL;
	size_t count = 0, i, matches = 0;

	if (cnm_network_list(controller, &networks, &count, err) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (strncmp(networks[i]->id, prefix, strlen(prefix)) != 0)
			continue;
		if (matches++ == 0)
			found = TAKE_PTR(networks[i]);
	}
	for (i = 0; i < count; i++)
		cnm_network_free(networks[i]);
	free(networks);
	if (matches == 1) {
		*ret = found;
		return 0;
	}
	cnm_network_free(found);
	if (matches > 1)
		return cnm_fail(err, CNM_E_INVALID, "id prefix %s fits %zu networks", prefix, matches);
	return cnm_fail(err, CNM_E_NOT_FOUND, "network %s: no such network", prefix);
}

int cnm_network_find(struct cnm_controller *controller, const char *name_or_id, struct cnm_network **ret,
                     struct cnm_error *err)
{
	bool is_id = cnm_id_is_prefix(name_or_id);

	if (strlen(name_or_id) <= CNM_NAME_MAX) {
		if (cnm_name_check(name_or_id, "network name", err) < 0)
			return -1;
		if (cnm_store_network_load(controller->store, name_or_id, ret, err) == 0)
			return 0;
		if (err->code != CNM_E_NOT_FOUND || !is_id)
			return -1;
		cnm_error_clear(err);
	}
	if (!is_id)
		return cnm_name_check(name_or_id, "network name", err);
	return find_by_id(controller, name_or_id, ret, err);
}

#define NAMED_MAX 5

static int check_unused(struct cnm_store_network *net, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(1024);
	_cleanup_names_ struct cnm_names keys = {0};
	size_t i;

	if (cnm_store_endpoint_keys(net, &keys, err) < 0)
		return -1;
	if (keys.count == 0)
		return 0;
	for (i = 0; i < keys.count && i < NAMED_MAX; i++)
		cnm_buf_printf(&text, "%s%s", i ? ", " : "", keys.items[i]);
	if (keys.count > NAMED_MAX)
		cnm_buf_printf(&text, " and %zu more", keys.count - NAMED_MAX);
	return cnm_fail(err, CNM_E_BUSY, "it has active endpoints: %s", cnm_buf_text(&text));
}

static int delete_locked(struct cnm_controller *controller, const char *name, const char *id,
                         struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_network_ struct cnm_network *network = NULL;
	const struct cnm_driver *driver;

	if (cnm_store_network_lock(controller->store, name, CNM_LOCK_EXCLUSIVE, &net, err) < 0 ||
	    cnm_store_network_load(controller->store, name, &network, err) < 0)
		return -1;
	if (strcmp(network->id, id) != 0)
		return cnm_fail(err, CNM_E_NOT_FOUND, "it was replaced by another network of that name");
	driver = cnm_controller_known_driver(controller, network->driver, err);
	if (!driver || check_unused(&net, err) < 0 || cnm_network_tell_pools(controller, network, err) < 0 ||
	    driver->network_delete(controller, network, err) < 0)
		return -1;
	return cnm_store_network_delete(controller->store, name, err);
}

static int delete (struct cnm_controller *controller, const struct cnm_network *network,
                   struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_networks_lock(controller->store, err);

	return lock < 0 ? -1 : delete_locked(controller, network->name, network->id, err);
}

int cnm_network_delete(struct cnm_controller *controller, struct cnm_network *network, struct cnm_error *err)
{
	int r = delete (controller, network, err);

	cnm_controller_settle(controller);
	return r < 0 ? cnm_wrap(err, "network %s", network->name) : 0;
}
