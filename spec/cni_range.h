/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Range sets of host-local and of runtimeConfig.ipRanges: one address is given out of each set. */
#ifndef CNM_SPEC_CNI_RANGE_H
#define CNM_SPEC_CNI_RANGE_H

#include "cnm/base/addr.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

/* Defaults are filled in, as host-local has them. */
struct cnm_cni_range {
	size_t set;             /* index of the set that it belongs to; ranges are sorted by it */
	struct cnm_addr subnet; /* host bits are zero, at least four addresses */
	struct cnm_addr start;  /* inclusive; default: the first after the network address */
	struct cnm_addr end; /* inclusive; default: the last, in IPv4 the one before the broadcast address */
	struct cnm_addr gateway; /* default: the first after the network address */
	bool bounded;            /* start or end was given */
	bool gateway_given;
};

struct cnm_cni_ranges {
	struct cnm_cni_range *items;
	size_t count;
	size_t set_count;
};

/* {subnet, rangeStart, rangeEnd, gateway} as a set of its own. start and end lie in the
 * subnet; a gateway may lie outside, as it may there. */
int cnm_cni_ranges_add(struct cnm_cni_ranges *ranges, json_object *range, struct cnm_error *err);
/* [[range, ...], ...]; a range outside of a list is a set of its own (containerd's library writes them so).
 * All ranges of a set have one family, and no two ranges overlap. `array` NULL: none. */
int cnm_cni_ranges_parse(struct cnm_cni_ranges *ranges, json_object *array, struct cnm_error *err);
void cnm_cni_ranges_free(struct cnm_cni_ranges *ranges);

#endif
