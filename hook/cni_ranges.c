/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-local's ranges as pools. A pool is a subnet of its own; so the ranges that one set has in one subnet become one pool. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/ipam.h"
#include "hook/cni_ipam.h"
#include <stdio.h>
#include <string.h>

#define GAP_MAX 64

struct cnm_cni_pool_text {
	char subnet[CNM_ADDR_TEXT_MAX], gateway[CNM_ADDR_TEXT_MAX], range[2 * CNM_ADDR_TEXT_MAX + 1];
	size_t set;
	struct cnm_addr cidr, first, last, gateway_addr;
	/* Addresses between two ranges, which are not to be given. */
	struct cnm_option gaps[GAP_MAX];
	char names[GAP_MAX][16], addresses[GAP_MAX][CNM_ADDR_TEXT_MAX];
	size_t gap_count;
};

static int add_gap(struct cnm_cni_pool_text *text, const struct cnm_addr *from, const struct cnm_addr *to,
                   struct cnm_error *err)
{
	struct cnm_addr at = cnm_addr_add(from, 1);

	for (; cnm_addr_compare(&at, to) < 0; at = cnm_addr_add(&at, 1)) {
		size_t i = text->gap_count++;

		if (i == GAP_MAX)
			return cnm_fail(err, CNM_E_UNSUPPORTED,
			                "subnet %s: its ranges are more than %d addresses apart",
			                text->subnet, GAP_MAX);
		snprintf(text->names[i], sizeof(text->names[i]), "gap%zu", i);
		cnm_addr_format(&at, text->addresses[i]);
		text->gaps[i] = (struct cnm_option){text->names[i], text->addresses[i]};
	}
	return 0;
}

static int widen(struct cnm_cni_pool_text *text, const struct cnm_cni_range *range, struct cnm_error *err)
{
	if (!cnm_addr_equal(&text->gateway_addr, &range->gateway))
		return cnm_fail(err, CNM_E_UNSUPPORTED, "subnet %s has ranges with different gateways",
		                text->subnet);
	if (cnm_addr_compare(&range->start, &text->last) > 0) {
		if (add_gap(text, &text->last, &range->start, err) < 0)
			return -1;
		text->last = range->end;
	} else if (cnm_addr_compare(&range->end, &text->first) < 0) {
		if (add_gap(text, &range->end, &text->first, err) < 0)
			return -1;
		text->first = range->start;
	} else {
		/* It may be that it fills a gap: the order is then the wrong one. */
		return cnm_fail(err, CNM_E_UNSUPPORTED, "subnet %s: its ranges are not in order",
		                text->subnet);
	}
	return 0;
}

static int add_range(struct cnm_cni_pools *ret, const struct cnm_cni_range *range, size_t set,
                     struct cnm_error *err)
{
	struct cnm_cni_pool_text *text;
	size_t i;

	for (i = 0; i < ret->count; i++)
		if (ret->texts[i].set == set && ret->texts[i].cidr.prefix == range->subnet.prefix &&
		    cnm_addr_equal(&ret->texts[i].cidr, &range->subnet))
			return widen(&ret->texts[i], range, err);
	text = &ret->texts[ret->count++];
	*text = (struct cnm_cni_pool_text){.set = set,
	                                   .cidr = range->subnet,
	                                   .first = range->start,
	                                   .last = range->end,
	                                   .gateway_addr = range->gateway};
	cnm_addr_format_cidr(&range->subnet, text->subnet);
	cnm_addr_format(&range->gateway, text->gateway);
	return 0;
}

static void fill_specs(struct cnm_cni_pools *ret)
{
	char first[CNM_ADDR_TEXT_MAX], last[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < ret->count; i++) {
		struct cnm_cni_pool_text *text = &ret->texts[i];

		snprintf(text->range, sizeof(text->range), "%s-%s", cnm_addr_format(&text->first, first),
		         cnm_addr_format(&text->last, last));
		ret->specs[i] = (struct cnm_pool_spec){.subnet = text->subnet,
		                                       .range = text->range,
		                                       .gateway = text->gateway,
		                                       .aux = {text->gaps, text->gap_count}};
	}
}

/* Only where the model's own rule, one address of each family, is another one. */
static int fill_sets(struct cnm_cni_pools *ret, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf buf = CNM_BUF_INIT(1024);
	bool needed = false;
	size_t i, j;

	for (i = 0; i < ret->count; i++) {
		cnm_buf_printf(&buf, "%s%zu", i ? "," : "", ret->texts[i].set);
		for (j = 0; j < i; j++)
			needed = needed || (ret->texts[i].cidr.family == ret->texts[j].cidr.family &&
			                    ret->texts[i].set != ret->texts[j].set);
	}
	if (!needed)
		return 0;
	ret->sets = cnm_buf_take(&buf);
	if (!ret->sets)
		return cnm_fail_nomem(err);
	ret->option = (struct cnm_option){CNM_IPAM_SETS, ret->sets};
	return 0;
}

static int fill(struct cnm_cni_pools *ret, const struct cnm_cni_ranges *runtime,
                const struct cnm_cni_ranges *ranges, struct cnm_error *err)
{
	size_t i;

	if (runtime->count + ranges->count == 0)
		return cnm_fail(err, CNM_E_INVALID, "no ranges of addresses are given");
	ret->specs = calloc(runtime->count + ranges->count, sizeof(*ret->specs));
	ret->texts = calloc(runtime->count + ranges->count, sizeof(*ret->texts));
	if (!ret->specs || !ret->texts)
		return cnm_fail_nomem(err);
	for (i = 0; i < runtime->count; i++)
		if (add_range(ret, &runtime->items[i], runtime->items[i].set, err) < 0)
			return -1;
	for (i = 0; i < ranges->count; i++)
		if (add_range(ret, &ranges->items[i], runtime->set_count + ranges->items[i].set, err) < 0)
			return -1;
	fill_specs(ret);
	return fill_sets(ret, err);
}

int cnm_cni_pools_fill(struct cnm_cni_pools *ret, const struct cnm_cni_config *config,
                       const struct cnm_cni_ipam *ipam, struct cnm_error *err)
{
	*ret = (struct cnm_cni_pools){0};
	if (fill(ret, &config->runtime.ranges, &ipam->ranges, err) == 0)
		return 0;
	cnm_cni_pools_free(ret);
	return cnm_wrap(err, "network %s: ipam", config->name);
}

void cnm_cni_pools_free(struct cnm_cni_pools *pools)
{
	free(pools->specs);
	free(pools->texts);
	free(pools->sets);
	*pools = (struct cnm_cni_pools){0};
}

void cnm_cni_pools_describe(const struct cnm_cni_pools *pools, struct cnm_network_spec *spec)
{
	spec->pools = pools->specs;
	spec->pool_count = pools->count;
	if (pools->sets)
		spec->ipam_options = (struct cnm_options){&pools->option, 1};
}
