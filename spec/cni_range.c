/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Range sets, checked and completed as host-local does (plugins/ipam/host-local, "range"). */
#include "spec/cni_range.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/caseless.h"
#include <sys/socket.h>

/* An address of the subnet's family, under a key; absent leaves *ret. */
static int read_address(json_object *obj, const char *key, const struct cnm_addr *subnet,
                        struct cnm_addr *ret, bool *ret_given, struct cnm_error *err)
{
	const char *text = NULL;
	char subnet_text[CNM_ADDR_TEXT_MAX];
	struct cnm_addr addr;

	if (cnm_caseless_get_string(obj, key, &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		return 0;
	if (cnm_addr_parse(&addr, text, err) < 0)
		return cnm_wrap(err, "%s", key);
	if (addr.family != subnet->family) {
		return cnm_fail(err, CNM_E_INVALID, "%s %s: not of the family of subnet %s", key, text,
		                cnm_addr_format_cidr(subnet, subnet_text));
	}
	addr.prefix = subnet->prefix;
	*ret = addr;
	*ret_given = true;
	return 0;
}

static int read_subnet(json_object *obj, struct cnm_addr *ret, struct cnm_error *err)
{
	const char *text = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "a range: expected an object");
	if (cnm_caseless_get_string(obj, "subnet", &text, err) < 0)
		return -1;
	if (!text)
		return cnm_fail(err, CNM_E_INVALID, "a range without \"subnet\"");
	if (cnm_addr_parse_subnet(ret, text, err) < 0)
		return cnm_wrap(err, "subnet");
	if (ret->prefix > cnm_addr_bits(ret) - 2)
		return cnm_fail(err, CNM_E_INVALID, "subnet %s: too small to give addresses from", text);
	return 0;
}

static int check_bounds(const struct cnm_cni_range *range, struct cnm_error *err)
{
	char start[CNM_ADDR_TEXT_MAX], end[CNM_ADDR_TEXT_MAX], subnet[CNM_ADDR_TEXT_MAX];

	cnm_addr_format(&range->start, start);
	cnm_addr_format(&range->end, end);
	cnm_addr_format_cidr(&range->subnet, subnet);
	if (!cnm_addr_contains(&range->subnet, &range->start))
		return cnm_fail(err, CNM_E_INVALID, "rangeStart %s: not in subnet %s", start, subnet);
	if (!cnm_addr_contains(&range->subnet, &range->end))
		return cnm_fail(err, CNM_E_INVALID, "rangeEnd %s: not in subnet %s", end, subnet);
	if (cnm_addr_compare(&range->start, &range->end) > 0)
		return cnm_fail(err, CNM_E_INVALID, "rangeStart %s: after rangeEnd %s", start, end);
	return 0;
}

static int read_range(struct cnm_cni_range *range, json_object *obj, struct cnm_error *err)
{
	struct cnm_addr last;

	if (read_subnet(obj, &range->subnet, err) < 0)
		return -1;
	last = cnm_addr_last(&range->subnet);
	range->start = range->gateway = cnm_addr_add(&range->subnet, 1);
	range->end = range->subnet.family == AF_INET ? cnm_addr_add(&last, -1) : last;
	if (read_address(obj, "rangeStart", &range->subnet, &range->start, &range->bounded, err) < 0 ||
	    read_address(obj, "rangeEnd", &range->subnet, &range->end, &range->bounded, err) < 0 ||
	    read_address(obj, "gateway", &range->subnet, &range->gateway, &range->gateway_given, err) < 0)
		return -1;
	return check_bounds(range, err);
}

static int check_against(const struct cnm_cni_ranges *ranges, const struct cnm_cni_range *range,
                         struct cnm_error *err)
{
	char a[CNM_ADDR_TEXT_MAX], b[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < ranges->count; i++) {
		const struct cnm_cni_range *other = &ranges->items[i];

		cnm_addr_format_cidr(&range->subnet, a);
		cnm_addr_format_cidr(&other->subnet, b);
		if (other->set == range->set && other->subnet.family != range->subnet.family)
			return cnm_fail(err, CNM_E_INVALID, "one range set has %s and %s: one family only", b,
			                a);
		if (cnm_addr_compare(&range->start, &other->end) <= 0 &&
		    cnm_addr_compare(&other->start, &range->end) <= 0)
			return cnm_fail(err, CNM_E_INVALID, "ranges of %s and %s overlap", b, a);
	}
	return 0;
}

static int add_range(struct cnm_cni_ranges *ranges, json_object *obj, size_t set, struct cnm_error *err)
{
	struct cnm_cni_range range = {.set = set};
	struct cnm_cni_range *items;

	if (read_range(&range, obj, err) < 0 || check_against(ranges, &range, err) < 0)
		return -1;
	items = reallocarray(ranges->items, ranges->count + 1, sizeof(*items));
	if (!items)
		return cnm_fail_nomem(err);
	ranges->items = items;
	items[ranges->count++] = range;
	return 0;
}

int cnm_cni_ranges_add(struct cnm_cni_ranges *ranges, json_object *range, struct cnm_error *err)
{
	if (add_range(ranges, range, ranges->set_count, err) < 0)
		return -1;
	ranges->set_count++;
	return 0;
}

static int add_set(struct cnm_cni_ranges *ranges, json_object *set, struct cnm_error *err)
{
	size_t count = json_object_array_length(set);

	if (count == 0)
		return cnm_fail(err, CNM_E_INVALID, "an empty range set");
	for (size_t i = 0; i < count; i++) {
		if (add_range(ranges, json_object_array_get_idx(set, i), ranges->set_count, err) < 0)
			return -1;
	}
	ranges->set_count++;
	return 0;
}

int cnm_cni_ranges_parse(struct cnm_cni_ranges *ranges, json_object *array, struct cnm_error *err)
{
	size_t count = array ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < count; i++) {
		json_object *set = json_object_array_get_idx(array, i);
		int result;

		if (json_object_is_type(set, json_type_array))
			result = add_set(ranges, set, err);
		else
			result = cnm_cni_ranges_add(ranges, set, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

void cnm_cni_ranges_free(struct cnm_cni_ranges *ranges)
{
	if (!ranges)
		return;
	free(ranges->items);
	*ranges = (struct cnm_cni_ranges){0};
}
