/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints as things of their own: reserved, found, joined, left, deleted. */
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cnm_test_host host;
static struct cnm_network *network;
static struct cnm_error err;

static void setup(void)
{
	struct cnm_pool_spec pool = {.subnet = "10.9.0.0/24"};
	struct cnm_network_spec spec = {.name = "web", .driver = "fake", .pools = &pool, .pool_count = 1};

	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0);
	network = cnm_test_network(&host, &spec);
}

static void cleanup(void)
{
	cnm_network_free(network);
	cnm_test_host_remove(&host);
}

TestSuite(endpoint, .init = setup, .fini = cleanup, .timeout = 20);

static struct cnm_endpoint *make(const char *name)
{
	struct cnm_endpoint_spec spec = {.name = name};
	struct cnm_endpoint *endpoint = NULL;

	cnm_error_clear(&err);
	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, &endpoint, &err), 0, "%s",
	             err.text);
	return endpoint;
}

static int join(struct cnm_endpoint *endpoint, const char *container)
{
	struct cnm_sandbox_spec sandbox = {.id = container};

	cnm_error_clear(&err);
	return cnm_endpoint_join(host.controller, endpoint, &sandbox, NULL, &err);
}

/* What the store has now; NULL when it has none. */
static struct cnm_endpoint *now(const char *name)
{
	struct cnm_endpoint *endpoint = NULL;

	cnm_error_clear(&err);
	if (cnm_endpoint_find(host.controller, network, name, &endpoint, &err) < 0)
		cr_assert_null(endpoint);
	return endpoint;
}

static void assert_joined_to(const char *name, const char *container)
{
	struct cnm_endpoint *endpoint = now(name);

	cr_assert_not_null(endpoint, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), container);
	cnm_endpoint_free(endpoint);
}

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cnm_error_clear(&err);
}

static bool sandbox_exists(const char *id)
{
	struct cnm_sandbox *sandbox = NULL;
	struct cnm_error missing = CNM_ERROR_INIT;
	bool found = cnm_sandbox_find(host.controller, id, &sandbox, &missing) == 0;

	cnm_sandbox_free(sandbox);
	return found;
}

Test(endpoint, found_by_name_id_and_unique_prefix)
{
	struct cnm_endpoint *made = make("db"), *found;
	char text[CNM_ID_LEN + 1];

	snprintf(text, sizeof(text), "%s", cnm_endpoint_id(made));
	for (size_t len = CNM_ID_LEN; len > 0; len /= 4) {
		text[len] = '\0';
		found = now(text);
		cr_assert_not_null(found, "%s", err.text);
		cr_assert_str_eq(cnm_endpoint_name(found), "db");
		cnm_endpoint_free(found);
	}
	found = now("db");
	cr_assert_not_null(found, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_id(found), cnm_endpoint_id(made));
	cr_assert_str_eq(cnm_endpoint_network(found), "web");
	cr_assert_str_eq(cnm_endpoint_sandbox(found), "");
	cr_assert_str_eq(cnm_endpoint_sandbox_key(found), "");
	cr_assert_str_eq(cnm_endpoint_ifname(found), "");
	cnm_endpoint_free(found);
	cr_assert_null(now("cache"));
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "network web, endpoint cache"), "%s", err.text);
	cnm_endpoint_free(made);
}

Test(endpoint, prefix_of_several_is_refused)
{
	char prefix[2] = "", name[16];
	unsigned seen[128] = {0};

	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		struct cnm_endpoint *endpoint = make(name);
		if (seen[(unsigned char)cnm_endpoint_id(endpoint)[0]]++)
			prefix[0] = cnm_endpoint_id(endpoint)[0];
		cnm_endpoint_free(endpoint);
	}
	cr_assert_null(now(prefix));
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	cr_assert(strstr(err.text, "endpoints fit"), "%s", err.text);
}

Test(endpoint, list_is_sorted_and_of_one_network)
{
	struct cnm_network_spec spec = {.name = "other", .driver = "fake"};
	struct cnm_network *other = cnm_test_network(&host, &spec);
	struct cnm_endpoint **endpoints = NULL;
	size_t count = 9;

	cr_assert_eq(cnm_endpoint_list(host.controller, other, &endpoints, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 0);
	cnm_endpoint_list_free(endpoints, count);
	cnm_endpoint_free(make("b"));
	cnm_endpoint_free(make("a"));
	cr_assert_eq(cnm_endpoint_list(host.controller, network, &endpoints, &count, &err), 0, "%s",
	             err.text);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(cnm_endpoint_name(endpoints[0]), "a");
	cr_assert_str_eq(cnm_endpoint_name(endpoints[1]), "b");
	cnm_endpoint_list_free(endpoints, count);
	cr_assert_eq(cnm_endpoint_list(host.controller, other, &endpoints, &count, &err), 0);
	cr_assert_eq(count, 0);
	cnm_endpoint_list_free(endpoints, count);
	cnm_network_free(other);
}

Test(endpoint, everything_asked_is_reserved)
{
	static const char *const addresses[] = {"10.9.0.77"}, *const aliases[] = {"database", "db1"};
	struct cnm_option sysctl = {"net.ipv4.conf.IFNAME.rp_filter", "0"};
	struct cnm_route_spec routes[] = {{.dst = "10.20.0.0/16", .metric = 7},
	                                  {.dst = "10.21.0.0/16", .gateway = "10.9.0.5", .mtu = 1400}};
	struct cnm_endpoint_spec spec = {.name = "db",
	                                 .addresses = addresses,
	                                 .address_count = 1,
	                                 .mac = "02:42:0a:09:00:4d",
	                                 .aliases = aliases,
	                                 .alias_count = 2,
	                                 .sysctls = {&sysctl, 1},
	                                 .routes = routes,
	                                 .route_count = 2,
	                                 .only_routes = true};
	struct cnm_endpoint *endpoint;
	char text[CNM_ADDR_TEXT_MAX];

	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), 0, "%s", err.text);
	endpoint = now("db");
	cr_assert_not_null(endpoint, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_address(endpoint, 0, text), "10.9.0.77/24");
	cr_assert_null(cnm_endpoint_address(endpoint, 1, text));
	cr_assert_str_eq(cnm_mac_format(&endpoint->mac, text), "02:42:0a:09:00:4d");
	cr_assert_eq(endpoint->aliases.count, 2);
	cr_assert_not_null(cnm_kvs_get(&endpoint->aliases, "database"));
	cr_assert_not_null(cnm_kvs_get(&endpoint->aliases, "db1"));
	cr_assert_str_eq(cnm_kvs_get(&endpoint->sysctls, sysctl.key), "0");
	cr_assert_eq(endpoint->route_count, 2);
	cr_assert_str_eq(cnm_addr_format(&endpoint->routes[0].gateway, text), "10.9.0.1", "the network's");
	cr_assert_eq(endpoint->routes[0].metric, 7);
	cr_assert_str_eq(cnm_addr_format(&endpoint->routes[1].gateway, text), "10.9.0.5");
	cr_assert_eq(endpoint->routes[1].mtu, 1400);
	cr_assert(endpoint->no_gateway);
	cnm_endpoint_free(endpoint);
}

Test(endpoint, bad_specification_takes_nothing)
{
	static const char *const bad_alias[] = {"a b"}, *const bad_address[] = {"10.9.0.300"};
	static const char *const outside[] = {"10.8.0.1"}, *const mixed[] = {"10.9.0.5/24", "fd00::1"};
	static const struct cnm_route_spec bad_route = {.dst = "10.1.0.0/16", .gateway = "fd00::1"};
	struct cnm_option bad_sysctl = {"kernel.core_pattern", "|/x"}, up = {"net.ipv4.../x", "1"};
	const struct {
		struct cnm_endpoint_spec spec;
		const char *text;
	} rows[] = {
	        {{.name = NULL}, "needs a name"},
	        {{.name = ""}, "endpoint name is empty"},
	        {{.name = "c1@eth0"}, "endpoint name 'c1@eth0'"},
	        {{.name = "db", .aliases = bad_alias, .alias_count = 1}, "alias 'a b'"},
	        {{.name = "db", .mac = "01:00:5e:00:00:01"}, "01:00:5e:00:00:01"},
	        {{.name = "db", .addresses = bad_address, .address_count = 1}, "10.9.0.300"},
	        {{.name = "db", .addresses = outside, .address_count = 1}, "10.8.0.1"},
	        {{.name = "db", .addresses = mixed, .address_count = 2}, "fd00::1"},
	        {{.name = "db", .addresses = mixed, .address_count = CNM_ENDPOINT_ADDRS + 1}, "more than 8"},
	        {{.name = "db", .routes = &bad_route, .route_count = 1}, "other family"},
	        {{.name = "db", .sysctls = {&bad_sysctl, 1}}, "kernel.core_pattern"},
	        {{.name = "db", .sysctls = {&up, 1}}, "net.ipv4.../x"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cnm_error_clear(&err);
		expect_error(cnm_endpoint_create(host.controller, network, &rows[i].spec, NULL, &err),
		             CNM_E_INVALID, rows[i].text);
	}
	cr_assert_null(now("db"));
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(ls %s/networks/web/addresses)\"", host.roots.state), 0,
	             "an address is left");
}

Test(endpoint, second_of_a_name_is_refused)
{
	struct cnm_endpoint_spec spec = {.name = "db"};

	cnm_endpoint_free(make("db"));
	expect_error(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), CNM_E_EXISTS,
	             "network web, endpoint db: it exists already");
	cr_assert_eq(
	        cnm_test_shell(NULL, "test $(ls %s/networks/web/addresses | wc -l) = 1", host.roots.state),
	        0);
}

Test(endpoint, address_that_a_killed_creation_left_is_given_back)
{
	struct cnm_endpoint *endpoint;

	cr_assert_eq(cnm_test_shell(NULL, "ln -s db %s/networks/web/addresses/10.9.0.50", host.roots.state),
	             0);
	endpoint = make("db");
	cr_assert_eq(cnm_test_shell(NULL, "test ! -L %s/networks/web/addresses/10.9.0.50", host.roots.state),
	             0);
	cnm_endpoint_free(endpoint);
}

Test(endpoint, join_returns_key_and_leave_undoes_it)
{
	struct cnm_endpoint *endpoint = make("db");
	char key[128];

	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	snprintf(key, sizeof(key), "%s/netns/c1", host.roots.state);
	cr_assert_str_eq(cnm_endpoint_sandbox_key(endpoint), key);
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "c1");
	cr_assert_str_eq(cnm_endpoint_ifname(endpoint), "eth0");
	cr_assert_eq(cnm_test_shell(NULL, "nsenter --net=%s ip -br link show lo | grep -q UNKNOWN", key), 0);
	cr_assert(sandbox_exists("c1"));
	cr_assert_eq(cnm_endpoint_leave(host.controller, endpoint, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_fake.leaves, 1);
	cr_assert(cnm_fake.left_with_namespace);
	assert_joined_to("db", "");
	cr_assert_not(sandbox_exists("c1"), "the last leave deletes it");
	cr_assert_not(cnm_test_path_exists(key));
	cnm_endpoint_free(endpoint);
}

Test(endpoint, leave_keeps_reservation)
{
	char before[CNM_ADDR_TEXT_MAX], after[CNM_ADDR_TEXT_MAX];
	struct cnm_endpoint *endpoint = make("db"), *again;

	cnm_endpoint_address(endpoint, 0, before);
	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_leave(host.controller, endpoint, &err), 0, "%s", err.text);
	again = now("db");
	cr_assert_not_null(again, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_address(again, 0, after), before);
	cr_assert_str_eq(cnm_endpoint_ifname(again), "");
	cr_assert_eq(again->driver_state.count, 0);
	cr_assert_eq(join(again, "c2"), 0, "%s", err.text);
	assert_joined_to("db", "c2");
	cnm_endpoint_free(endpoint);
	cnm_endpoint_free(again);
}

Test(endpoint, joins_one_sandbox_at_a_time)
{
	struct cnm_endpoint *endpoint = make("db");

	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	expect_error(join(endpoint, "c2"), CNM_E_BUSY,
	             "network web, endpoint db: it has joined sandbox c1 already");
	cr_assert_not(sandbox_exists("c2"), "a refused join leaves no sandbox");
	expect_error(join(endpoint, "c1"), CNM_E_BUSY, "c1");
	assert_joined_to("db", "c1");
	cr_assert(sandbox_exists("c1"));
	cnm_endpoint_free(endpoint);
}

Test(endpoint, leave_of_what_has_not_joined_is_not_found)
{
	struct cnm_endpoint *endpoint = make("db");

	expect_error(cnm_endpoint_leave(host.controller, endpoint, &err), CNM_E_NOT_FOUND,
	             "it has joined no sandbox");
	cnm_endpoint_free(endpoint);
}

Test(endpoint, second_leave_of_the_same_handle_is_not_found)
{
	struct cnm_endpoint *endpoint = make("db");

	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_leave(host.controller, endpoint, &err), 0, "%s", err.text);
	expect_error(cnm_endpoint_leave(host.controller, endpoint, &err), CNM_E_NOT_FOUND, "db");
	cr_assert_not(sandbox_exists("c1"));
	cnm_endpoint_free(endpoint);
}

Test(endpoint, old_handle_does_not_end_a_newer_join)
{
	struct cnm_endpoint *old = make("db"), *fresh;

	cr_assert_eq(join(old, "c1"), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_leave(host.controller, old, &err), 0, "%s", err.text);
	fresh = now("db");
	cr_assert_eq(join(fresh, "c2"), 0, "%s", err.text);
	cnm_endpoint_leave(host.controller, old, &err);
	assert_joined_to("db", "c2");
	cr_assert_eq(cnm_fake.leaves, 1);
	cnm_endpoint_free(old);
	cnm_endpoint_free(fresh);
}

Test(endpoint, failed_join_leaves_the_reservation_alone)
{
	struct cnm_endpoint *endpoint = make("db");
	char *before = cnm_test_host_snapshot(&host), *after;

	cnm_fake.fail_join = true;
	expect_error(join(endpoint, "c1"), CNM_E_SYSTEM, "network web, endpoint db: fake refusal");
	after = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(after, before);
	assert_joined_to("db", "");
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "", "the handle is as it was");
	cnm_fake.fail_join = false;
	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	free(before);
	free(after);
	cnm_endpoint_free(endpoint);
}

Test(endpoint, join_replaces_a_predecessor_whose_namespace_is_gone)
{
	struct cnm_endpoint *a = make("a"), *b = make("b");

	cr_assert_eq(join(a, "c1"), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "umount %s/netns/c1", host.roots.state), 0);
	cr_assert_eq(join(b, "c1"), 0, "%s", err.text);
	assert_joined_to("a", "");
	assert_joined_to("b", "c1");
	cr_assert_str_eq(cnm_endpoint_ifname(b), "eth0");
	cnm_endpoint_free(a);
	cnm_endpoint_free(b);
}

Test(endpoint, interface_names_are_first_come_first_served)
{
	struct cnm_endpoint *a = make("a"), *b = make("b"), *c = make("c");
	struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_join_spec eth1 = {.ifname = "eth1"}, bad = {.ifname = "a/b"};

	cr_assert_eq(cnm_endpoint_join(host.controller, a, &sandbox, &eth1, &err), 0, "%s", err.text);
	cr_assert_eq(join(b, "c1"), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_ifname(b), "eth0");
	expect_error(cnm_endpoint_join(host.controller, c, &sandbox, &eth1, &err), CNM_E_EXISTS,
	             "interface eth1 of c1 is taken by network web, endpoint a");
	expect_error(cnm_endpoint_join(host.controller, c, &sandbox, &bad, &err), CNM_E_INVALID, "'a/b'");
	cr_assert_eq(join(c, "c1"), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_ifname(c), "eth2");
	cnm_endpoint_free(a);
	cnm_endpoint_free(b);
	cnm_endpoint_free(c);
}

Test(endpoint, delete_of_a_joined_one_needs_force)
{
	struct cnm_endpoint *endpoint = make("db");

	cr_assert_eq(join(endpoint, "c1"), 0, "%s", err.text);
	expect_error(cnm_endpoint_delete(host.controller, endpoint, false, &err), CNM_E_BUSY,
	             "it has joined sandbox c1");
	assert_joined_to("db", "c1");
	cr_assert_eq(cnm_endpoint_delete(host.controller, endpoint, true, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_fake.leaves, 1);
	cr_assert_null(now("db"));
	cr_assert_not(sandbox_exists("c1"));
	cr_assert_eq(cnm_network_delete(host.controller, network, &err), 0, "%s", err.text);
	cnm_test_host_assert_clean(&host);
	cnm_endpoint_free(endpoint);
}

Test(endpoint, delete_with_an_old_handle_needs_force_too)
{
	struct cnm_endpoint *old = make("db"), *fresh = now("db");

	cr_assert_eq(join(fresh, "c1"), 0, "%s", err.text);
	expect_error(cnm_endpoint_delete(host.controller, old, false, &err), CNM_E_BUSY, "c1");
	assert_joined_to("db", "c1");
	cnm_endpoint_free(old);
	cnm_endpoint_free(fresh);
}

Test(endpoint, delete_frees_the_address)
{
	static const char *const addresses[] = {"10.9.0.77"};
	struct cnm_endpoint_spec spec = {.name = "a", .addresses = addresses, .address_count = 1};
	struct cnm_endpoint *endpoint = NULL;

	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, &endpoint, &err), 0, "%s",
	             err.text);
	spec.name = "b";
	expect_error(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), CNM_E_EXISTS,
	             "address 10.9.0.77 is taken by a");
	cr_assert_eq(cnm_endpoint_delete(host.controller, endpoint, false, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
}
