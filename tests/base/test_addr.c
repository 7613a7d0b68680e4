/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: what is read, what is refused and in which words, arithmetic, round trips. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"

static struct cnm_addr addr_of(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr addr = {0};
	int result = strchr(text, '/') ? cnm_addr_parse_cidr(&addr, text, &err)
	                               : cnm_addr_parse(&addr, text, &err);

	cr_assert_eq(result, 0, "%s", err.text);
	return addr;
}

Test(addr, parse_accepts)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	        {"0.0.0.0", "0.0.0.0"},
	        {"10.0.0.1", "10.0.0.1"},
	        {"255.255.255.255", "255.255.255.255"},
	        {"::", "::"},
	        {"::1", "::1"},
	        {"FD00::00A1", "fd00::a1"},
	        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	};
	char out[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_addr addr = addr_of(rows[i].in);

		cr_assert_str_eq(cnm_addr_format(&addr, out), rows[i].out, "row %zu: %s", i, out);
		cr_assert_eq(addr.prefix, cnm_addr_bits(&addr));
		cr_assert(cnm_addr_is_set(&addr));
	}
}

Test(addr, parse_refuses_and_keeps_the_output)
{
	static const char *const rows[] = {
	        "",
	        " ",
	        "10.0.0.300",
	        "10.0.0",
	        "10.0.0.1.2",
	        "010.0.0.1",
	        "10.0.0.01",
	        "10.0.0.00",
	        "0x0a.0.0.1",
	        "167772161",
	        " 10.0.0.1",
	        "10.0.0.1 ",
	        "10.0.0.1\n",
	        "10.0.0.1/24",
	        "+10.0.0.1",
	        "10.0.0.-1",
	        "10..0.1",
	        "fe80::1%eth0",
	        "fe80::1%2",
	        "[::1]",
	        ":::",
	        "1::2::3",
	        "00001::",
	        "1:2:3:4:5:6:7",
	        "1:2:3:4:5:6:7:8:9",
	        ":1",
	        "1:",
	        "g::1",
	        "64:ff9b::192.0.2.033",
	        "64:ff9b::192.0.2",
	        "::/0",
	        "localhost",
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_addr addr = {.family = 77};

		cr_assert_eq(cnm_addr_parse(&addr, rows[i], &err), -1, "accepted \"%s\"", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(addr.family, 77);
		cr_assert_not_null(strstr(err.text, "is not an IP address"), "%s", err.text);
	}
}

Test(addr, cidr_refuses)
{
	static const char *const rows[] = {
	        "",
	        "10.0.0.1",
	        "10.0.0.1/",
	        "10.0.0.1/33",
	        "10.0.0.1/024",
	        "10.0.0.1/+4",
	        "10.0.0.1/ 4",
	        "10.0.0.1/4 ",
	        "10.0.0.1/-1",
	        "10.0.0.1/24/8",
	        "fd00::1/129",
	        "fd00::1/1000",
	        "10.0.0.300/8",
	        "/24",
	        "010.0.0.1/24",
	        "10.0.0.1/0x8",
	        "fe80::1%1/64",
	        "::ffff:1.2.3.4/128",
	        "10.0.0.1/999999999999999999999",
	        "0000000000000000000000000000000000000000000000000000000000000000000/8",
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_addr addr = {.family = 77};

		cr_assert_eq(cnm_addr_parse_cidr(&addr, rows[i], &err), -1, "accepted \"%s\"", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(addr.family, 77);
		cr_assert_not_null(strstr(err.text, rows[i]), "%s", err.text);
	}
}

Test(addr, errors_say_what_to_do)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr addr;

	cnm_addr_parse(&addr, "10.0.0.300", &err);
	cr_assert_str_eq(err.text, "\"10.0.0.300\" is not an IP address");
	cnm_addr_parse(&addr, "::ffff:1.2.3.4", &err);
	cr_assert_str_eq(err.text, "\"::ffff:1.2.3.4\" is an IPv4 address in IPv6 form (1.2.3.4?)");
	cnm_addr_parse(&addr, "::FFFF:102:304", &err);
	cr_assert_str_eq(err.text, "\"::FFFF:102:304\" is an IPv4 address in IPv6 form (1.2.3.4?)");
	cnm_addr_parse_cidr(&addr, "10.0.0.300/24", &err);
	cr_assert_str_eq(err.text, "\"10.0.0.300/24\": \"10.0.0.300\" is not an IP address");
	cnm_addr_parse_cidr(&addr, "10.0.0.1", &err);
	cr_assert_str_eq(err.text, "\"10.0.0.1\" has no prefix length (10.0.0.1/BITS)");
	cnm_addr_parse_cidr(&addr, "10.0.0.1/33", &err);
	cr_assert_str_eq(err.text, "\"10.0.0.1/33\": the prefix length is not a number from 0 to 32");
	cnm_addr_parse_subnet(&addr, "10.0.0.5/24", &err);
	cr_assert_str_eq(err.text, "\"10.0.0.5/24\" is not a subnet: host bits are set (10.0.0.0/24?)");
	cnm_addr_parse_subnet(&addr, "fd00::1/63", &err);
	cr_assert_str_eq(err.text, "\"fd00::1/63\" is not a subnet: host bits are set (fd00::/63?)");
}

Test(addr, cidr_keeps_host_bits)
{
	struct cnm_addr addr = addr_of("10.1.2.3/20");
	char out[CNM_ADDR_TEXT_MAX];

	cr_assert_str_eq(cnm_addr_format_cidr(&addr, out), "10.1.2.3/20");
	cr_assert_str_eq(cnm_addr_format(&addr, out), "10.1.2.3");
}

Test(addr, subnet_accepts)
{
	static const char *const rows[] = {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.4/30", "10.0.0.5/32",
	                                   "::/0",      "fd00::/64",  "fd00::1/128"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		char out[CNM_ADDR_TEXT_MAX];
		struct cnm_addr addr;

		cr_assert_eq(cnm_addr_parse_subnet(&addr, rows[i], &err), 0, "%s", err.text);
		cr_assert_str_eq(cnm_addr_format_cidr(&addr, out), rows[i]);
	}
}

Test(addr, none)
{
	struct cnm_addr none = {0}, v4 = addr_of("0.0.0.0");
	char out[CNM_ADDR_TEXT_MAX] = "x";

	cr_assert_not(cnm_addr_is_set(&none));
	cr_assert_eq(cnm_addr_size(&none), 0);
	cr_assert_eq(cnm_addr_bits(&none), 0);
	cr_assert_str_eq(cnm_addr_format(&none, out), "");
	cr_assert_str_eq(cnm_addr_format_cidr(&none, out), "");
	cr_assert(cnm_addr_equal(&none, &none));
	cr_assert_not(cnm_addr_equal(&none, &v4));
	cr_assert_not(cnm_addr_contains(&none, &none));
	cr_assert_not(cnm_addr_overlap(&none, &none));
	cr_assert_not(cnm_addr_is_unspecified(&none));
	cr_assert_not(cnm_addr_is_loopback(&none));
}

Test(addr, order)
{
	static const char *const rows[] = {"1.2.3.4", "9.0.0.0", "10.0.0.0", "200.0.0.0",
	                                   "::",      "::1",     "fd00::"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		for (size_t j = 0; j < CNM_ARRAY_SIZE(rows); j++) {
			struct cnm_addr a = addr_of(rows[i]), b = addr_of(rows[j]);
			int order = cnm_addr_compare(&a, &b);

			cr_assert_eq((order > 0) - (order < 0), (i > j) - (i < j), "%s, %s", rows[i],
			             rows[j]);
		}
	}
	cr_assert(cnm_addr_equal(&(struct cnm_addr){AF_INET, 8, {10}}, &(struct cnm_addr){AF_INET, 9, {10}}));
}

Test(addr, contains_and_overlap)
{
	static const struct {
		const char *a, *b;
		bool contains, overlap;
	} rows[] = {
	        {"10.0.0.0/8", "10.255.255.255", true, true},
	        {"10.0.0.0/8", "11.0.0.0", false, false},
	        {"10.0.0.0/9", "10.128.0.0", false, false},
	        {"10.0.0.0/24", "10.0.0.0/8", true, true},
	        {"10.0.1.0/24", "10.0.0.0/8", false, true},
	        {"10.0.0.4/30", "10.0.0.7", true, true},
	        {"10.0.0.4/30", "10.0.0.8", false, false},
	        {"10.0.0.5/32", "10.0.0.5", true, true},
	        {"10.0.0.5/32", "10.0.0.4", false, false},
	        {"0.0.0.0/0", "255.1.2.3", true, true},
	        {"0.0.0.0/0", "::1", false, false},
	        {"::/0", "::1", true, true},
	        {"fd00::/64", "fd00::ffff:ffff:ffff:ffff", true, true},
	        {"fd00::/64", "fd00:0:0:1::", false, false},
	        {"fd00::/63", "fd00:0:0:1::", true, true},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_addr a = addr_of(rows[i].a), b = addr_of(rows[i].b);

		cr_assert_eq(cnm_addr_contains(&a, &b), rows[i].contains, "row %zu", i);
		cr_assert_eq(cnm_addr_overlap(&a, &b), rows[i].overlap, "row %zu", i);
		cr_assert_eq(cnm_addr_overlap(&b, &a), rows[i].overlap, "row %zu", i);
	}
}

Test(addr, network_and_last)
{
	static const struct {
		const char *in, *network, *last;
	} rows[] = {
	        {"10.1.2.3/8", "10.0.0.0/8", "10.255.255.255/8"},
	        {"10.1.2.3/31", "10.1.2.2/31", "10.1.2.3/31"},
	        {"10.1.2.3/32", "10.1.2.3/32", "10.1.2.3/32"},
	        {"10.1.2.3/0", "0.0.0.0/0", "255.255.255.255/0"},
	        {"fd00::ff/121", "fd00::80/121", "fd00::ff/121"},
	};
	char out[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_addr addr = addr_of(rows[i].in);
		struct cnm_addr network = cnm_addr_network(&addr), last = cnm_addr_last(&addr);

		cr_assert_str_eq(cnm_addr_format_cidr(&network, out), rows[i].network);
		cr_assert_str_eq(cnm_addr_format_cidr(&last, out), rows[i].last);
	}
}

Test(addr, add_and_distance)
{
	static const struct {
		const char *from;
		int64_t n;
		const char *to;
		uint64_t distance; /* from..to; 0 where `to` wrapped or lies before */
	} rows[] = {
	        {"10.0.0.0/24", 0, "10.0.0.0/24", 0},
	        {"10.0.0.255/24", 1, "10.0.1.0/24", 1},
	        {"10.0.1.0/24", -1, "10.0.0.255/24", 0},
	        {"255.255.255.255/8", 1, "0.0.0.0/8", 0},
	        {"0.0.0.0/8", -1, "255.255.255.255/8", 4294967295},
	        {"0.0.0.0/8", 4294967297, "0.0.0.1/8", 1},
	        {"fd00::ffff:ffff:ffff:ffff/64", 1, "fd00:0:0:1::/64", 1},
	        {"fd00:0:0:1::/64", -1, "fd00::ffff:ffff:ffff:ffff/64", 0},
	        {"::/0", -1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0", UINT64_MAX},
	        {"::/0", INT64_MAX, "::7fff:ffff:ffff:ffff/0", INT64_MAX},
	        {"::8000:0:0:0/0", INT64_MIN, "::/0", 0},
	};
	char out[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_addr from = addr_of(rows[i].from);
		struct cnm_addr to = cnm_addr_add(&from, rows[i].n);

		cr_assert_str_eq(cnm_addr_format_cidr(&to, out), rows[i].to, "row %zu: %s", i, out);
		cr_assert_eq(cnm_addr_distance(&from, &to), rows[i].distance, "row %zu", i);
	}
}

Test(addr, distance_saturates)
{
	struct cnm_addr a = addr_of("fd00::"), b = addr_of("fd00::ffff:ffff:ffff:ffff"),
	                c = addr_of("fd00:0:0:1::"), v4 = addr_of("1.2.3.4");

	cr_assert_eq(cnm_addr_distance(&a, &b), UINT64_MAX);
	cr_assert_eq(cnm_addr_distance(&a, &c), UINT64_MAX);
	cr_assert_eq(cnm_addr_distance(&b, &c), 1);
	cr_assert_eq(cnm_addr_distance(&v4, &a), 0);
}

Test(addr, kinds)
{
	static const struct {
		const char *in;
		const char *kinds; /* l oopback, m ulticast, u nspecified, k link-local */
	} rows[] = {
	        {"127.0.0.1", "l"}, {"127.255.1.2", "l"}, {"128.0.0.1", ""},    {"::1", "l"},
	        {"::2", ""},        {"224.0.0.1", "m"},   {"239.255.0.1", "m"}, {"240.0.0.1", ""},
	        {"223.0.0.1", ""},  {"ff02::1", "m"},     {"fe02::1", ""},      {"0.0.0.0", "u"},
	        {"0.0.0.1", ""},    {"::", "u"},          {"169.254.1.1", "k"}, {"169.253.1.1", ""},
	        {"fe80::1", "k"},   {"febf::1", "k"},     {"fec0::1", ""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_addr addr = addr_of(rows[i].in);

		cr_assert_eq(cnm_addr_is_loopback(&addr), strchr(rows[i].kinds, 'l') != NULL, "%s",
		             rows[i].in);
		cr_assert_eq(cnm_addr_is_multicast(&addr), strchr(rows[i].kinds, 'm') != NULL, "%s",
		             rows[i].in);
		cr_assert_eq(cnm_addr_is_unspecified(&addr), strchr(rows[i].kinds, 'u') != NULL, "%s",
		             rows[i].in);
		cr_assert_eq(cnm_addr_is_link_local(&addr), strchr(rows[i].kinds, 'k') != NULL, "%s",
		             rows[i].in);
	}
}

/* parse(format(x)) == x, over addresses with many zeros so that "::" falls everywhere. */
Test(addr, round_trip)
{
	uint32_t seed = 12345;

	for (int i = 0; i < 20000; i++) {
		struct cnm_addr addr = {.family = i % 4 ? AF_INET6 : AF_INET};
		char out[CNM_ADDR_TEXT_MAX];
		struct cnm_addr again;

		for (size_t k = 0; k < cnm_addr_size(&addr); k++) {
			seed = seed * 1664525 + 1013904223;
			addr.bytes[k] = (seed >> 30) ? 0 : (uint8_t)(seed >> 20);
		}
		addr.prefix = (uint8_t)((seed >> 8) % (cnm_addr_bits(&addr) + 1));
		again = addr_of(cnm_addr_format_cidr(&addr, out));
		cr_assert_eq(memcmp(&addr, &again, sizeof(addr)), 0, "%s", out);
	}
}
