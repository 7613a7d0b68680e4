/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STATUS: whether an ADD could succeed, found out without changing anything. */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/ipam.h"
#include "cnm/ipam_pools.h"
#include "cnm/store.h"
#include "hook/cni_attachment.h"
#include "hook/cni_probe.h"
#include <string.h>

static int compare_addrs(const void *a, const void *b)
{
	return cnm_addr_compare(a, b);
}

struct taken {
	struct cnm_addr *addrs; /* sorted */
	size_t count;
};

static int list_taken(const struct cnm_cni_call *call, const char *network, struct taken *ret,
                      struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_network_open_live(call->controller->store, network, &net, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err); /* nothing has joined since the boot */
		return 0;
	}
	if (cnm_store_address_list(&net, &names, err) < 0)
		return -1;
	ret->addrs = calloc(names.count + 1, sizeof(*ret->addrs));
	if (!ret->addrs)
		return cnm_fail_nomem(err);
	for (i = 0; i < names.count; i++)
		if (cnm_addr_parse(&ret->addrs[ret->count], names.items[i], &ignored) == 0)
			ret->count++;
	qsort(ret->addrs, ret->count, sizeof(*ret->addrs), compare_addrs);
	return 0;
}

static bool has_free(const struct cnm_pool *pool, const struct taken *taken)
{
	uint64_t left = cnm_addr_distance(&pool->first, &pool->last);
	struct cnm_addr at = pool->first;

	/* Each step meets one that is taken or reserved, of which there are few; or it is the last. */
	for (;; left--) {
		if (!cnm_pool_reserves(pool, &at) &&
		    (taken->count == 0 ||
		     !bsearch(&at, taken->addrs, taken->count, sizeof(at), compare_addrs)))
			return true;
		if (left == 0)
			return false;
		at = cnm_addr_add(&at, 1);
	}
}

/* Whatever pools serve an address together, one of them must have a free one. */
static int check_pools(const struct cnm_cni_call *call, const struct cnm_network *network,
                       struct cnm_error *err)
{
	struct taken taken = {0};
	char text[CNM_ADDR_TEXT_MAX];
	int r = list_taken(call, network->name, &taken, err);
	size_t i, j;

	for (i = 0; i < network->pool_count && r == 0; i++) {
		bool found = false;

		for (j = 0; j < network->pool_count && !found; j++)
			found = cnm_ipam_group(network, j) == cnm_ipam_group(network, i) &&
			        has_free(&network->pools[j], &taken);
		if (!found)
			r = cnm_fail(err, CNM_E_EXHAUSTED, "network %s: no free address is left in %s",
			             network->name, cnm_addr_format_cidr(&network->pools[i].subnet, text));
	}
	free(taken.addrs);
	return r;
}

static int check_kernel(const struct cnm_cni_call *call, const char *driver, struct cnm_error *err)
{
	return strcmp(driver, "bridge") == 0 ? cnm_cni_probe_bridges(call, err) : 0;
}

/* The network's own objects: what is missing is made again by an ADD, but those who are on it feel it now. */
static int check_objects(const struct cnm_cni_call *call, struct cnm_network *network,
                         const struct cnm_driver *driver, unsigned *code, struct cnm_error *err)
{
	struct cnm_endpoint **endpoints = NULL;
	size_t count = 0, i, joined = 0;
	int r;

	if (!driver->network_check)
		return 0;
	if (cnm_endpoint_list(call->controller, network, &endpoints, &count, err) < 0)
		return -1;
	for (i = 0; i < count; i++)
		joined += endpoints[i]->container[0] != '\0';
	cnm_endpoint_list_free(endpoints, count);
	r = driver->network_check(call->controller, network, err);
	if (r == 0 || err->code != CNM_E_CONFLICT)
		return r;
	if (joined == 0) {
		cnm_error_clear(err);
		return 0;
	}
	*code = CNM_CNI_E_IMPAIRED;
	return cnm_wrap(err, "network %s, which %zu endpoints have joined", network->name, joined);
}

/* What an ADD makes first. */
static int check_new(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                     struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cnm_cni_network_try(call, target, &network, err) < 0 ||
	    check_kernel(call, network->driver, err) < 0)
		return -1;
	return check_pools(call, network, err);
}

/* 1: it is what the target describes, or need not be; 0: an ADD replaces it by what is described; -1: it contradicts. */
static int compare(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   struct cnm_network *network, struct cnm_error *err)
{
	if (!target->spec || cnm_network_compare(call->controller, target->spec, network, err) == 0)
		return 1;
	if (err->code != CNM_E_CONFLICT || !network->described || !cnm_cni_network_is_unused(call, network))
		return -1;
	cnm_error_clear(err);
	return 0;
}

static int check_existing(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                          struct cnm_network *network, unsigned *code, struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(call->controller, network->driver, err);
	int same = driver ? compare(call, target, network, err) : -1;

	if (!driver)
		return cnm_wrap(err, "network %s", network->name);
	if (same <= 0)
		return same < 0 ? -1 : check_new(call, target, err);
	if (check_kernel(call, network->driver, err) < 0 || check_pools(call, network, err) < 0)
		return -1;
	return check_objects(call, network, driver, code, err);
}

static int check_status(const struct cnm_cni_call *call, const struct cnm_cni_target *target, unsigned *code,
                        struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	if (cnm_cni_network_find(call, target->name, &network, err) == 0)
		return check_existing(call, target, network, code, err);
	if (err->code != CNM_E_NOT_FOUND || !target->spec)
		return -1;
	cnm_error_clear(err);
	return check_new(call, target, err);
}

int cnm_cni_status(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	unsigned code = CNM_CNI_E_UNAVAILABLE;

	return check_status(call, target, &code, &plain) < 0 ? cnm_cni_not_usable(err, code, &plain) : 0;
}
