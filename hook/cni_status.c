/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STATUS: whether an ADD could succeed, found out without changing anything. What the kernel can do is tried in a network namespace that ends
 * with this process.
 */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/ipam_pools.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_link.h"
#include "hook/cni_attachment.h"
#include <errno.h>
#include <sched.h>
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

/* Each family that the network has must have a free address in one of its pools. */
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
			found = network->pools[j].subnet.family == network->pools[i].subnet.family &&
			        has_free(&network->pools[j], &taken);
		if (!found)
			r = cnm_fail(err, CNM_E_EXHAUSTED, "network %s: no free address is left in %s",
			             network->name, cnm_addr_format_cidr(&network->pools[i].subnet, text));
	}
	free(taken.addrs);
	return r;
}

static int try_bridge(struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct cnm_rtnl_batch batch;
	struct cnm_mac mac;

	if (cnm_rtnl_open(&rtnl, err) < 0 || cnm_mac_random(&mac, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_bridge(&batch, "probe", &mac);
	if (cnm_rtnl_batch_send(rtnl, &batch, err) < 0)
		return cnm_wrap(err, "this kernel makes no bridges");
	return 0;
}

static int try_nftables(struct cnm_error *err)
{
	static const char rules[] =
	        "table inet probe {\n"
	        "	set s { typeof meta iifname; }\n"
	        "	chain c { type nat hook postrouting priority srcnat; oifname @s masquerade; }\n"
	        "}\n";

	return cnm_nft_run(rules, err) < 0 ? cnm_wrap(err, "nftables") : 0;
}

/* Runs them in a namespace of their own. */
static int probe(int (*const *tries)(struct cnm_error *err), size_t count, struct cnm_error *err)
{
	_cleanup_close_ int own = cnm_netns_open_own(err);
	size_t i;
	int r = 0;

	if (own < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0)
		return cnm_fail_sys(err, errno, "cannot make a network namespace");
	for (i = 0; i < count && r == 0; i++)
		r = tries[i](err);
	cnm_netns_return(own);
	return r;
}

static int check_kernel(const struct cnm_cni_call *call, const char *driver, struct cnm_error *err)
{
	static int (*const tries[])(struct cnm_error * err) = {try_bridge, try_nftables};
	struct cnm_nft *nft;
	int loaded;

	if (strcmp(driver, "bridge") != 0)
		return 0;
	nft = cnm_controller_nft(call->controller, err);
	loaded = nft ? cnm_nft_table_exists(nft, err) : -1;
	if (loaded < 0)
		return -1;
	/* Where the table stands it was loaded, and needs no library any more. */
	return probe(tries, loaded ? 1 : CNM_ARRAY_SIZE(tries), err);
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

static int check_existing(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                          struct cnm_network *network, unsigned *code, struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(call->controller, network->driver, err);

	if (!driver)
		return cnm_wrap(err, "network %s", network->name);
	if (target->spec && cnm_network_compare(call->controller, target->spec, network, err) < 0 &&
	    !(err->code == CNM_E_CONFLICT && network->described))
		return -1;
	cnm_error_clear(err);
	if (check_kernel(call, network->driver, err) < 0 || check_pools(call, network, err) < 0)
		return -1;
	return check_objects(call, network, driver, code, err);
}

static int check_status(const struct cnm_cni_call *call, const struct cnm_cni_target *target, unsigned *code,
                        struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = NULL;
	const char *driver;

	if (cnm_cni_network_find(call, target->name, &network, err) == 0)
		return check_existing(call, target, network, code, err);
	if (err->code != CNM_E_NOT_FOUND || !target->spec)
		return -1;
	cnm_error_clear(err);
	driver = target->spec->driver ? target->spec->driver : "bridge";
	if (!cnm_controller_driver(call->controller, driver, err))
		return cnm_wrap(err, "network %s", target->name);
	return check_kernel(call, driver, err);
}

int cnm_cni_status(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	unsigned code = CNM_CNI_E_UNAVAILABLE;

	if (check_status(call, target, &code, &plain) == 0)
		return 0;
	/* Whatever the reason is, the answer to the question is no. */
	cnm_cni_fail_from(err, code, &plain);
	err->code = code;
	return -1;
}
