/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that a configuration describes: made once, compared by what is said, replaced only while nobody is on them. */
#include <criterion/criterion.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "tests/support/model.h"

static struct cnm_test_host host;

static void setup(void)
{
	cnm_test_host_make(&host);
}

static void teardown(void)
{
	cnm_test_host_remove(&host);
}

TestSuite(described, .init = setup, .fini = teardown, .timeout = 60);

static const struct cnm_pool_spec pools[] = {{.subnet = "10.4.0.0/24", .range = "10.4.0.128/25"},
                                             {.subnet = "fd00:4::/64", .gateway = "fd00:4::9"}};
static const struct cnm_option options[] = {{"mtu", "1400"}, {"icc", "no"}};

static const struct cnm_network_spec base = {
        .name = "made",
        .driver = "bridge",
        .pools = pools,
        .pool_count = 2,
        .options = {options, 2},
};

static struct cnm_network *ensure(const struct cnm_network_spec *spec)
{
	struct cnm_network *network = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_ensure(host.controller, spec, &network, &err), 0, "%s", err.text);
	return network;
}

static void remove_network(struct cnm_network *network)
{
	cnm_test_network_delete(&host, network);
	cnm_test_host_assert_clean(&host);
}

Test(described, is_made_once)
{
	struct cnm_network *network = ensure(&base), *again = ensure(&base);

	cr_assert(network->described);
	cr_assert_str_eq(network->id, again->id);
	cnm_network_free(again);
	remove_network(network);
}

/* A row changes one thing; text NULL: that is no contradiction. */
static const struct {
	const char *driver, *ipam, *subnet4, *range, *gateway4, *subnet6, *gateway6, *key, *value;
	bool internal, ipv6;
	const char *text;
} rows[] = {
        {0},
        {.driver = "bridge"},
        {.driver = "null", .text = "driver bridge, and the configuration says null"},
        {.ipam = "default"},
        {.ipam = "null", .text = "ipamDriver default"},
        {.ipv6 = true},
        {.internal = true, .text = "internal false, and the configuration says true"},
        {.subnet4 = "10.4.0.0/24", .subnet6 = "fd00:4::/64"},
        {.subnet6 = "fd00:4:0:0::/64", .subnet4 = "10.4.0.0/24"},
        {.subnet4 = "10.4.0.0/24", .ipv6 = true},
        {.subnet4 = "10.4.0.0/24",
         .text = "subnets 10.4.0.0/24, fd00:4::/64, and the configuration says 10.4.0.0/24"},
        {.subnet4 = "10.4.0.0/25", .subnet6 = "fd00:4::/64", .text = "subnets"},
        {.subnet4 = "10.4.0.0/24", .subnet6 = "fd00:4::/64", .range = "10.4.0.128-10.4.0.255"},
        {.subnet4 = "10.4.0.0/24",
         .subnet6 = "fd00:4::/64",
         .range = "10.4.0.0/25",
         .text = "range 10.4.0.128-10.4.0.255, and the configuration says 10.4.0.0/25"},
        {.subnet4 = "10.4.0.0/24", .subnet6 = "fd00:4::/64", .gateway6 = "fd00:4:0::9"},
        {.subnet4 = "10.4.0.0/24",
         .subnet6 = "fd00:4::/64",
         .gateway6 = "fd00:4::1",
         .text = "gateway fd00:4::9, and the configuration says fd00:4::1"},
        {.subnet4 = "10.4.0.0/24", .subnet6 = "fd00:4::/64", .gateway4 = "none", .text = "gateway"},
        {.key = "com.docker.network.driver.mtu", .value = "1400"},
        {.key = "icc", .value = "FALSE"},
        {.key = "mtu", .value = "1300", .text = "driver.mtu 1400, and the configuration says 1300"},
        {.key = "hairpin", .value = "no", .text = "hairpin not set, and the configuration says false"},
};

Test(described, only_what_is_said_is_compared)
{
	struct cnm_network *network = ensure(&base);
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_pool_spec list[2] = {
		        {.subnet = rows[i].subnet6, .gateway = rows[i].gateway6},
		        {.subnet = rows[i].subnet4, .range = rows[i].range, .gateway = rows[i].gateway4}};
		struct cnm_option option = {rows[i].key, rows[i].value};
		struct cnm_network_spec spec = {
		        .name = "made",
		        .driver = rows[i].driver,
		        .ipam_driver = rows[i].ipam,
		        .internal = rows[i].internal,
		        .ipv6 = rows[i].ipv6,
		        .pools = rows[i].subnet6 ? list : list + 1,
		        .pool_count = (rows[i].subnet6 ? 1 : 0) + (rows[i].subnet4 ? 1 : 0),
		        .options = {&option, rows[i].key ? 1 : 0},
		};
		struct cnm_error err = CNM_ERROR_INIT;
		int r = cnm_network_compare(host.controller, &spec, network, &err);

		if (!rows[i].text) {
			cr_assert_eq(r, 0, "row %zu: %s", i, err.text);
			continue;
		}
		cr_assert_eq(r, -1, "row %zu: accepted", i);
		cr_assert_eq(err.code, CNM_E_CONFLICT, "row %zu: %s", i, err.text);
		cr_assert_not_null(strstr(err.text, rows[i].text), "row %zu: %s", i, err.text);
		cr_assert_not_null(strstr(err.text, "network made"), "row %zu: %s", i, err.text);
	}
	remove_network(network);
}

Test(described, bad_texts_are_no_contradiction)
{
	static const struct cnm_pool_spec bad[] = {{.subnet = "ten"},
	                                           {.subnet = "10.4.0.0/24", .range = "x-y"},
	                                           {.subnet = "10.4.0.0/24", .gateway = "x"}};
	struct cnm_network *network = ensure(&base);
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(bad); i++) {
		struct cnm_network_spec spec = {.name = "made", .pools = &bad[i], .pool_count = 1};
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_network_ensure(host.controller, &spec, NULL, &err), -1);
		cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	}
	remove_network(network);
}

Test(described, follows_only_while_nobody_is_on_it)
{
	static const struct cnm_pool_spec other = {.subnet = "10.5.0.0/24"};
	struct cnm_network_spec changed = {.name = "made", .pools = &other, .pool_count = 1};
	struct cnm_network *network = ensure(&base), *next = NULL;
	struct cnm_endpoint *endpoint = cnm_test_connect(&host, network, "c1");
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_ensure(host.controller, &changed, &next, &err), -1);
	cr_assert_eq(err.code, CNM_E_CONFLICT, "%s", err.text);
	cr_assert_null(next);
	cnm_endpoint_free(endpoint);
	cnm_test_disconnect(&host, "made", "c1");
	next = ensure(&changed);
	cr_assert_str_neq(next->id, network->id);
	cr_assert_eq(next->pool_count, 1);
	cnm_network_free(network);
	remove_network(next);
}

Test(described, a_replacement_that_fails_restores)
{
	static const struct cnm_pool_spec taken = {.subnet = "10.6.0.0/24"};
	struct cnm_network_spec user_spec = {.name = "user", .pools = &taken, .pool_count = 1};
	struct cnm_network_spec changed = {.name = "made", .pools = &taken, .pool_count = 1};
	struct cnm_network *network = ensure(&base), *user = cnm_test_network(&host, &user_spec), *now = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_ensure(host.controller, &changed, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_EXISTS, "%s", err.text);
	now = ensure(&base);
	cr_assert_str_eq(now->id, network->id);
	cnm_network_free(now);
	cnm_test_network_delete(&host, user);
	remove_network(network);
}

Test(described, a_persons_network_is_left_alone)
{
	static const struct cnm_pool_spec pool = {.subnet = "10.6.0.0/24"};
	struct cnm_network_spec spec = {.name = "made", .pools = &pool, .pool_count = 1};
	struct cnm_network *network = cnm_test_network(&host, &spec), *same;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_ensure(host.controller, &base, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_CONFLICT, "%s", err.text);
	same = ensure(&spec);
	cr_assert_not(same->described);
	cnm_network_free(same);
	remove_network(network);
}
