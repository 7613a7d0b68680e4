/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subnets of a network: those asked for are checked, those chosen are free, and the gateway is settled. */
#include "cnm/ipam_pools.h"
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct cnm_test_host host;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_test_host_remove(&host);
}

TestSuite(pools, .init = setup, .fini = teardown, .timeout = 60);

static struct cnm_network *make(const char *name, const struct cnm_pool_spec *pools, size_t count, bool ipv6)
{
	struct cnm_network_spec spec = {
	        .name = name, .driver = "fake", .pools = pools, .pool_count = count, .ipv6 = ipv6};

	return cnm_test_network(&host, &spec);
}

/* "SUBNET FIRST-LAST GATEWAY" of each pool. */
static void assert_pools(const struct cnm_network *network, const char *expected)
{
	char text[512] = "", a[CNM_ADDR_TEXT_MAX], b[CNM_ADDR_TEXT_MAX], c[CNM_ADDR_TEXT_MAX],
	     d[CNM_ADDR_TEXT_MAX];

	for (size_t i = 0; i < network->pool_count; i++) {
		const struct cnm_pool *pool = &network->pools[i];

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s-%s %s", i ? ", " : "",
		         cnm_addr_format_cidr(&pool->subnet, a), cnm_addr_format(&pool->first, b),
		         cnm_addr_format(&pool->last, c), cnm_addr_format(&pool->gateway, d));
	}
	cr_assert_str_eq(text, expected);
}

static void assert_made(const struct cnm_pool_spec *pool, const char *expected)
{
	struct cnm_network *network = make("web", pool, 1, false);

	assert_pools(network, expected);
	cnm_test_network_delete(&host, network);
}

static void expect_refused(const struct cnm_pool_spec *pools, size_t count, enum cnm_code code,
                           const char *why)
{
	struct cnm_network_spec spec = {.name = "bad", .driver = "fake", .pools = pools, .pool_count = count};

	cnm_error_clear(&err);
	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1, "%s", why);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, why), "'%s' is not in: %s", why, err.text);
	cr_assert(strstr(err.text, "network bad"), "%s", err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
}

Test(pools, default_pools_are_dockers_one_after_the_other)
{
	struct cnm_network *a = make("a", NULL, 0, false), *b = make("b", NULL, 0, false), *c;

	assert_pools(a, "172.17.0.0/16 172.17.0.0-172.17.255.255 172.17.0.1");
	assert_pools(b, "172.18.0.0/16 172.18.0.0-172.18.255.255 172.18.0.1");
	cnm_test_network_delete(&host, a);
	c = make("c", NULL, 0, false);
	assert_pools(c, "172.17.0.0/16 172.17.0.0-172.17.255.255 172.17.0.1");
	cnm_network_free(b);
	cnm_network_free(c);
}

Test(pools, default_pool_evades_the_hosts_routes)
{
	cr_assert_eq(cnm_test_shell(NULL,
	                            "ip link add b0 type bridge && ip link set b0 up && ip addr add "
	                            "172.17.3.1/24 dev b0 && ip route add 172.18.0.0/15 via 172.17.3.2"),
	             0);
	struct cnm_network *network = make("a", NULL, 0, false);
	assert_pools(network, "172.20.0.0/16 172.20.0.0-172.20.255.255 172.20.0.1");
	cnm_network_free(network);
}

Test(pools, default_route_is_in_nobodys_way)
{
	cr_assert_eq(cnm_test_shell(NULL, "ip link add b0 type bridge && ip link set b0 up && ip addr add "
	                                  "10.0.0.1/24 dev b0 && ip route add default via 10.0.0.2"),
	             0);
	struct cnm_network *network = make("a", NULL, 0, false);
	assert_pools(network, "172.17.0.0/16 172.17.0.0-172.17.255.255 172.17.0.1");
	cnm_network_free(network);
}

Test(pools, default_pools_are_exhausted_with_one_line)
{
	/* 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 to 192.168.240.0/20. */
	cr_assert_eq(cnm_test_shell(
	                     NULL,
	                     "ip link add b0 type bridge && ip link set b0 up && ip addr add 10.0.0.1/8 dev "
	                     "b0 && ip route add 172.16.0.0/12 via 10.0.0.2 && ip route add 192.168.0.0/17 "
	                     "via 10.0.0.2"),
	             0);
	struct cnm_network *network = make("a", NULL, 0, false);
	assert_pools(network, "192.168.128.0/20 192.168.128.0-192.168.143.255 192.168.128.1");
	cnm_network_free(network);
	cr_assert_eq(cnm_test_shell(NULL, "ip route add 192.168.128.0/17 via 10.0.0.2"), 0);
	expect_refused(NULL, 0, CNM_E_EXHAUSTED, "no free IPv4 subnet is left");
}

Test(pools, ipv6_is_chosen_beside_ipv4)
{
	struct cnm_network *a = make("a", NULL, 0, true), *b = make("b", NULL, 0, true);

	cr_assert_eq(a->pool_count, 2);
	cr_assert_eq(b->pool_count, 2);
	cr_assert(a->ipv6);
	cr_assert_eq(a->pools[1].subnet.bytes[0], 0xfd, "unique local");
	cr_assert_eq(a->pools[1].subnet.prefix, 64);
	cr_assert(cnm_addr_is_set(&a->pools[1].gateway));
	cr_assert_not(cnm_addr_overlap(&a->pools[1].subnet, &b->pools[1].subnet));
	cr_assert_eq(memcmp(a->pools[1].subnet.bytes, b->pools[1].subnet.bytes, 6), 0, "one prefix a host");
	cnm_network_free(a);
	cnm_network_free(b);
}

Test(pools, ipv6_subnet_implies_ipv6)
{
	struct cnm_pool_spec pool = {.subnet = "fd00::/64"};
	struct cnm_network *network = make("a", &pool, 1, false);

	cr_assert(network->ipv6);
	assert_pools(network, "fd00::/64 fd00::-fd00::ffff:ffff:ffff:ffff fd00::1");
	cnm_network_free(network);
}

Test(pools, range_and_gateway_are_as_asked)
{
	struct cnm_option aux = {"router", "10.0.0.1"};

	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/24", .range = "10.0.0.64/26"},
	            "10.0.0.0/24 10.0.0.64-10.0.0.127 10.0.0.1");
	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/24", .range = "10.0.0.5-10.0.0.5"},
	            "10.0.0.0/24 10.0.0.5-10.0.0.5 10.0.0.1");
	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/24", .gateway = "10.0.0.254"},
	            "10.0.0.0/24 10.0.0.0-10.0.0.255 10.0.0.254");
	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/24", .gateway = "none"},
	            "10.0.0.0/24 10.0.0.0-10.0.0.255 ");
	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/24", .aux = {&aux, 1}},
	            "10.0.0.0/24 10.0.0.0-10.0.0.255 10.0.0.2");
	assert_made(&(struct cnm_pool_spec){.subnet = "10.0.0.0/31"},
	            "10.0.0.0/31 10.0.0.0-10.0.0.1 10.0.0.0");
}

Test(pools, subnet_that_cannot_be_one_is_refused)
{
	static const struct {
		struct cnm_pool_spec pool;
		const char *why;
	} rows[] = {
	        {{.subnet = "10.0.0.1/24"}, "10.0.0.0/24"},
	        {{.subnet = "10.0.0.0"}, "10.0.0.0"},
	        {{.subnet = "10.0.0.0/33"}, "10.0.0.0/33"},
	        {{.subnet = "10.0.0.1/32"}, "10.0.0.1/32"},
	        {{.subnet = "0.0.0.0/0"}, "0.0.0.0/0"},
	        {{.subnet = "224.0.0.0/8"}, "224.0.0.0/8"},
	        {{.subnet = "127.0.0.0/8"}, "127.0.0.0/8"},
	        {{.subnet = "ff00::/16"}, "ff00::/16"},
	        {{.subnet = "10.0.0.0/24", .range = "10.0.1.0/25"}, "range 10.0.1.0/25"},
	        {{.subnet = "10.0.0.0/24", .range = "10.0.0.0/23"}, "range 10.0.0.0/23"},
	        {{.subnet = "10.0.0.0/24", .range = "10.0.0.9-10.0.0.2"}, "range 10.0.0.9-10.0.0.2"},
	        {{.subnet = "10.0.0.0/24", .range = "10.0.0.9-"}, "range 10.0.0.9-"},
	        {{.subnet = "10.0.0.0/24", .range = "fd00::/65"}, "range fd00::/65"},
	        {{.subnet = "10.0.0.0/24", .gateway = "10.0.1.1"}, "gateway 10.0.1.1"},
	        {{.subnet = "10.0.0.0/24", .gateway = "10.0.0.255"}, "gateway 10.0.0.255"},
	        {{.subnet = "10.0.0.0/24", .gateway = "10.0.0.0"}, "gateway 10.0.0.0"},
	        {{.subnet = "10.0.0.0/24", .gateway = "here"}, "here"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(&rows[i].pool, 1, CNM_E_INVALID, rows[i].why);
	cnm_test_host_assert_clean(&host);
}

Test(pools, auxiliary_address_must_be_one_of_the_subnet)
{
	struct cnm_option aux = {"router", "10.0.1.1"};
	struct cnm_pool_spec pool = {.subnet = "10.0.0.0/24", .aux = {&aux, 1}};

	expect_refused(&pool, 1, CNM_E_INVALID, "auxiliary address 10.0.1.1");
	aux.value = "10.0.0.255";
	expect_refused(&pool, 1, CNM_E_INVALID, "auxiliary address 10.0.0.255");
	aux.value = "x";
	expect_refused(&pool, 1, CNM_E_INVALID, "x");
}

Test(pools, overlap_names_the_other_network_and_both_subnets)
{
	struct cnm_pool_spec first = {.subnet = "10.0.0.0/16"}, inside = {.subnet = "10.0.7.0/24"};
	struct cnm_pool_spec around = {.subnet = "10.0.0.0/8"}, beside = {.subnet = "10.1.0.0/16"};
	struct cnm_pool_spec twice[] = {{.subnet = "10.2.0.0/16"}, {.subnet = "10.2.3.0/24"}};

	cnm_network_free(make("web", &first, 1, false));
	expect_refused(&inside, 1, CNM_E_EXISTS, "subnet 10.0.7.0/24 overlaps 10.0.0.0/16 of network web");
	expect_refused(&around, 1, CNM_E_EXISTS, "of network web");
	expect_refused(twice, 2, CNM_E_EXISTS, "of network bad");
	cnm_network_free(make("db", &beside, 1, false));
}

Test(pools, subnet_that_is_asked_for_may_overlap_a_route)
{
	struct cnm_pool_spec pool = {.subnet = "10.0.0.0/24"};

	cr_assert_eq(
	        cnm_test_shell(
	                NULL,
	                "ip link add b0 type bridge && ip link set b0 up && ip addr add 10.0.0.1/8 dev b0"),
	        0);
	cnm_network_free(make("web", &pool, 1, false));
}

Test(pools, more_than_the_most_is_refused)
{
	struct cnm_pool_spec pools[33] = {{0}};

	expect_refused(pools, 33, CNM_E_INVALID, "more than 32 subnets");
}
