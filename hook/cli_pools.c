/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches what was said about addresses to the subnets of a new network. */
#include "hook/cli_pools.h"

#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"

void cnm_cli_pools_args_free(struct cnm_cli_pools_args *args)
{
	cnm_cli_list_free(&args->subnets);
	cnm_cli_list_free(&args->ranges);
	cnm_cli_list_free(&args->gateways);
	cnm_cli_list_free(&args->aux);
}

void cnm_cli_pools_free(struct cnm_cli_pools *pools)
{
	for (size_t i = 0; i < pools->count; i++) {
		cnm_cli_options_view_free(&pools->specs[i].aux);
		cnm_kvs_free(&pools->pools[i].aux);
	}
	free(pools->specs);
	free(pools->pools);
	*pools = (struct cnm_cli_pools){0};
}

/* Index of the subnet that contains first and last, or -1. */
static int find_pool(const struct cnm_cli_pools *pools, const struct cnm_addr *first,
                     const struct cnm_addr *last, const char *option, const char *text, struct cnm_error *err)
{
	for (size_t i = 0; i < pools->count; i++) {
		if (cnm_addr_contains(&pools->pools[i].subnet, first) &&
		    cnm_addr_contains(&pools->pools[i].subnet, last))
			return (int)i;
	}
	if (pools->count == 0)
		return cnm_fail(err, CNM_E_INVALID, "%s %s: needs the --subnet that it lies in", option,
		                text);
	return cnm_fail(err, CNM_E_INVALID, "%s %s: lies in no --subnet", option, text);
}

static int set_once(const char **field, const char *text, const char *option, const char *subnet,
                    struct cnm_error *err)
{
	if (*field)
		return cnm_fail(err, CNM_E_INVALID, "%s %s: subnet %s has %s already", option, text, subnet,
		                *field);
	*field = text;
	return 0;
}

/* "10.0.0.0/25" or "10.0.0.10-10.0.0.20"; the library checks the order of the second form. */
static int parse_range(const char *text, struct cnm_addr *first, struct cnm_addr *last, struct cnm_error *err)
{
	const char *dash = strchr(text, '-');
	_cleanup_free_ char *head = NULL;

	if (!dash) {
		if (cnm_addr_parse_subnet(first, text, err) < 0)
			return -1;
		*last = cnm_addr_last(first);
		return 0;
	}
	head = strndup(text, (size_t)(dash - text));
	if (!head)
		return cnm_fail_nomem(err);
	return cnm_addr_parse(first, head, err) < 0 || cnm_addr_parse(last, dash + 1, err) < 0 ? -1 : 0;
}

static int add_range(struct cnm_cli_pools *pools, const char *text, struct cnm_error *err)
{
	struct cnm_addr first, last;
	int i;

	if (parse_range(text, &first, &last, err) < 0)
		return cnm_wrap(err, "--ip-range");
	i = find_pool(pools, &first, &last, "--ip-range", text, err);
	return i < 0 ? -1 : set_once(&pools->specs[i].range, text, "--ip-range", pools->specs[i].subnet, err);
}

static int add_gateway(struct cnm_cli_pools *pools, const char *text, struct cnm_error *err)
{
	struct cnm_addr addr;
	int i;

	if (cnm_addr_parse(&addr, text, err) < 0)
		return cnm_wrap(err, "--gateway");
	i = find_pool(pools, &addr, &addr, "--gateway", text, err);
	return i < 0 ? -1
	             : set_once(&pools->specs[i].gateway, text, "--gateway", pools->specs[i].subnet, err);
}

/* The same name may stand in several subnets: a router has an address of each family. */
static int add_aux(struct cnm_cli_pools *pools, const char *text, struct cnm_error *err)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = NULL;
	struct cnm_addr addr;
	int i;

	if (!equals || equals == text)
		return cnm_fail(err, CNM_E_INVALID, "--aux-address %s: expected NAME=ADDRESS", text);
	if (cnm_addr_parse(&addr, equals + 1, err) < 0)
		return cnm_wrap(err, "--aux-address");
	i = find_pool(pools, &addr, &addr, "--aux-address", text, err);
	if (i < 0)
		return -1;
	name = strndup(text, (size_t)(equals - text));
	if (!name)
		return cnm_fail_nomem(err);
	if (cnm_kvs_get(&pools->pools[i].aux, name))
		return cnm_fail(err, CNM_E_INVALID, "--aux-address %s: subnet %s has that name already", text,
		                pools->specs[i].subnet);
	return cnm_kvs_set(&pools->pools[i].aux, name, equals + 1, err);
}

static int add_each(struct cnm_cli_pools *pools, const struct cnm_cli_list *texts,
                    int (*add)(struct cnm_cli_pools *, const char *, struct cnm_error *),
                    struct cnm_error *err)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (add(pools, texts->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_subnet(struct cnm_cli_pools *pools, const char *text, struct cnm_error *err)
{
	struct cnm_cli_pool *pool = &pools->pools[pools->count];

	if (cnm_addr_parse_subnet(&pool->subnet, text, err) < 0)
		return cnm_wrap(err, "--subnet");
	pools->specs[pools->count++].subnet = text;
	return 0;
}

int cnm_cli_pools_make(struct cnm_cli_pools *ret, const struct cnm_cli_pools_args *args,
                       struct cnm_error *err)
{
	_cleanup_pools_ struct cnm_cli_pools pools = {0};

	pools.specs = calloc(args->subnets.count + 1, sizeof(*pools.specs));
	pools.pools = calloc(args->subnets.count + 1, sizeof(*pools.pools));
	if (!pools.specs || !pools.pools)
		return cnm_fail_nomem(err);
	if (add_each(&pools, &args->subnets, add_subnet, err) < 0 ||
	    add_each(&pools, &args->ranges, add_range, err) < 0 ||
	    add_each(&pools, &args->gateways, add_gateway, err) < 0 ||
	    add_each(&pools, &args->aux, add_aux, err) < 0)
		return -1;
	for (size_t i = 0; i < pools.count; i++) {
		if (cnm_cli_options_view(&pools.specs[i].aux, &pools.pools[i].aux, err) < 0)
			return -1;
	}
	*ret = pools;
	pools = (struct cnm_cli_pools){0};
	return 0;
}
