/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Range sets: completed as host-local completes them, and its refusals. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_range.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* "SET SUBNET START END GATEWAY flags" of each range, to compare in one line. */
static void describe(const struct cnm_cni_ranges *ranges, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ranges->count; i++) {
		const struct cnm_cni_range *range = &ranges->items[i];
		char subnet[CNM_ADDR_TEXT_MAX], start[CNM_ADDR_TEXT_MAX], end[CNM_ADDR_TEXT_MAX],
		        gw[CNM_ADDR_TEXT_MAX];

		len += (size_t)snprintf(
		        out + len, size - len, "%s%zu %s %s %s %s%s%s", i ? "; " : "", range->set,
		        cnm_addr_format_cidr(&range->subnet, subnet), cnm_addr_format(&range->start, start),
		        cnm_addr_format(&range->end, end), cnm_addr_format(&range->gateway, gw),
		        range->bounded ? " bounded" : "", range->gateway_given ? " gateway" : "");
	}
}

Test(cni_range, defaults_and_bounds)
{
	static const struct {
		const char *text, *want;
		size_t sets;
	} rows[] = {
	        {"[]", "", 0},
	        {"[[{\"subnet\":\"10.0.0.0/24\"}]]", "0 10.0.0.0/24 10.0.0.1 10.0.0.254 10.0.0.1", 1},
	        {"[[{\"subnet\":\"10.0.0.0/30\"}]]", "0 10.0.0.0/30 10.0.0.1 10.0.0.2 10.0.0.1", 1},
	        {"[[{\"subnet\":\"fd00::/64\"}]]", "0 fd00::/64 fd00::1 fd00::ffff:ffff:ffff:ffff fd00::1",
	         1},
	        {"[[{\"subnet\":\"fd00::/126\"}]]", "0 fd00::/126 fd00::1 fd00::3 fd00::1", 1},
	        /* A rangeEnd that is the broadcast address is given out: podman --ip-range writes it so. */
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"10.0.0.128\",\"rangeEnd\":\"10.0.0.255\"}]]",
	         "0 10.0.0.0/24 10.0.0.128 10.0.0.255 10.0.0.1 bounded", 1},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"10.0.0.9\",\"rangeEnd\":\"10.0.0.9\"}]]",
	         "0 10.0.0.0/24 10.0.0.9 10.0.0.9 10.0.0.1 bounded", 1},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"gateway\":\"10.9.9.9\",\"rangeEnd\":\"\"}]]",
	         "0 10.0.0.0/24 10.0.0.1 10.0.0.254 10.9.9.9 gateway", 1},
	        {"[[{\"Subnet\":\"10.0.0.0/24\",\"RANGESTART\":\"10.0.0.2\"}]]",
	         "0 10.0.0.0/24 10.0.0.2 10.0.0.254 10.0.0.1 bounded", 1},
	        {"[[{\"subnet\":\"10.0.0.0/24\"},{\"subnet\":\"10.0.1.0/24\"}],[{\"subnet\":\"fd00::/64\"}]]",
	         "0 10.0.0.0/24 10.0.0.1 10.0.0.254 10.0.0.1; 0 10.0.1.0/24 10.0.1.1 10.0.1.254 10.0.1.1; "
	         "1 fd00::/64 fd00::1 fd00::ffff:ffff:ffff:ffff fd00::1",
	         2},
	        /* Two halves of one subnet do not overlap. */
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeEnd\":\"10.0.0.99\"},"
	         "{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"10.0.0.100\"}]]",
	         "0 10.0.0.0/24 10.0.0.1 10.0.0.99 10.0.0.1 bounded; 0 10.0.0.0/24 10.0.0.100 10.0.0.254 "
	         "10.0.0.1 bounded",
	         1},
	        /* The flat list of containerd's library. */
	        {"[{\"subnet\":\"10.0.0.0/24\"},{\"subnet\":\"fd00::/64\"}]",
	         "0 10.0.0.0/24 10.0.0.1 10.0.0.254 10.0.0.1; 1 fd00::/64 fd00::1 fd00::ffff:ffff:ffff:ffff "
	         "fd00::1",
	         2},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *array = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_ranges ranges = {0};
		char text[1024];

		cr_assert_eq(cnm_cni_ranges_parse(&ranges, array, &err), 0, "row %zu: %s", i, err.text);
		describe(&ranges, text, sizeof(text));
		cr_assert_str_eq(text, rows[i].want);
		cr_assert_eq(ranges.set_count, rows[i].sets, "row %zu", i);
		cnm_cni_ranges_free(&ranges);
		cr_assert_eq(ranges.count, 0);
	}
}

Test(cni_range, refusals)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"[[]]", "an empty range set"},
	        {"[1]", "a range: expected an object"},
	        {"[[1]]", "a range: expected an object"},
	        {"[null]", "a range: expected an object"},
	        {"[[{}]]", "a range without \"subnet\""},
	        {"[[{\"subnet\":5}]]", "key \"subnet\": expected a string"},
	        {"[[{\"subnet\":\"\"}]]", "subnet: "},
	        {"[[{\"subnet\":\"10.0.0.0\"}]]", "subnet: "},
	        {"[[{\"subnet\":\"10.0.0.1/24\"}]]", "10.0.0.0/24"},
	        {"[[{\"subnet\":\"10.0.0.0/31\"}]]", "subnet 10.0.0.0/31: too small to give addresses from"},
	        {"[[{\"subnet\":\"10.0.0.0/32\"}]]", "too small"},
	        {"[[{\"subnet\":\"fd00::/127\"}]]", "too small"},
	        {"[[{\"subnet\":\"fd00::/128\"}]]", "too small"},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"10.0.1.1\"}]]",
	         "rangeStart 10.0.1.1: not in subnet 10.0.0.0/24"},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeEnd\":\"10.0.1.1\"}]]",
	         "rangeEnd 10.0.1.1: not in subnet 10.0.0.0/24"},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"10.0.0.9\",\"rangeEnd\":\"10.0.0.8\"}]]",
	         "rangeStart 10.0.0.9: after rangeEnd 10.0.0.8"},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"rangeStart\":\"x\"}]]",
	         "rangeStart: \"x\" is not an IP address"},
	        {"[[{\"subnet\":\"10.0.0.0/24\",\"gateway\":\"fd00::1\"}]]",
	         "gateway fd00::1: not of the family of subnet 10.0.0.0/24"},
	        {"[[{\"subnet\":\"10.0.0.0/24\"},{\"subnet\":\"fd00::/64\"}]]", "one family only"},
	        {"[[{\"subnet\":\"10.0.0.0/24\"}],[{\"subnet\":\"10.0.0.0/25\"}]]",
	         "ranges of 10.0.0.0/24 and 10.0.0.0/25 overlap"},
	        {"[[{\"subnet\":\"10.0.0.0/24\"},{\"subnet\":\"10.0.0.0/24\"}]]", "overlap"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *array = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_ranges ranges = {0};

		cr_assert_eq(cnm_cni_ranges_parse(&ranges, array, &err), -1, "accepted: %s", rows[i].text);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_not_null(strstr(err.text, rows[i].want), "%s: %s", rows[i].text, err.text);
		cnm_cni_ranges_free(&ranges);
	}
}

Test(cni_range, add_makes_a_set_of_its_own)
{
	_cleanup_json_ json_object *range = cnm_test_json("{\"subnet\":\"10.0.0.0/24\"}");
	_cleanup_json_ json_object *more = cnm_test_json("[[{\"subnet\":\"10.0.1.0/24\"}]]");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cni_ranges ranges = {0};

	cr_assert_eq(cnm_cni_ranges_parse(&ranges, NULL, &err), 0);
	cr_assert_eq(cnm_cni_ranges_add(&ranges, range, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_cni_ranges_parse(&ranges, more, &err), 0, "%s", err.text);
	cr_assert_eq(ranges.set_count, 2);
	cr_assert_eq(ranges.items[1].set, 1);
	cr_assert_eq(cnm_cni_ranges_add(&ranges, range, &err), -1);
	cr_assert_eq(ranges.count, 2);
	cr_assert_eq(ranges.set_count, 2);
	cnm_cni_ranges_free(&ranges);
	cnm_cni_ranges_free(NULL);
}
