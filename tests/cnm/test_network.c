/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks through the public interface: made, found, listed, refused and deleted. */
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cnm_test_host host;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0);
}

static void cleanup(void)
{
	cnm_test_host_remove(&host);
}

TestSuite(network, .init = setup, .fini = cleanup, .timeout = 60);

static struct cnm_network *make(const char *name)
{
	struct cnm_network_spec spec = {.name = name, .driver = "fake"};

	return cnm_test_network(&host, &spec);
}

/* The id of what is found, "" when nothing is; err says why. */
static const char *find(const char *text)
{
	static char id[CNM_ID_LEN + 1];
	struct cnm_network *network = NULL;

	cnm_error_clear(&err);
	id[0] = '\0';
	if (cnm_network_find(host.controller, text, &network, &err) == 0)
		snprintf(id, sizeof(id), "%s", cnm_network_id(network));
	cnm_network_free(network);
	return id;
}

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
}

Test(network, found_by_name_id_and_unique_prefix)
{
	struct cnm_network *network = make("web");
	char id[CNM_ID_LEN + 1];

	snprintf(id, sizeof(id), "%s", cnm_network_id(network));
	cr_assert_str_eq(cnm_network_name(network), "web");
	cr_assert_str_eq(cnm_network_driver(network), "fake");
	cr_assert_str_eq(find("web"), id);
	cr_assert_str_eq(find(id), id);
	id[12] = '\0';
	cr_assert_str_eq(find(id), cnm_network_id(network));
	id[1] = '\0';
	cr_assert_str_eq(find(id), cnm_network_id(network));
	cnm_network_free(network);
}

Test(network, prefix_of_several_is_refused)
{
	char prefix[2] = "", name[16];
	unsigned seen[128] = {0};

	/* Seventeen ids and sixteen digits. */
	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		struct cnm_network *network = make(name);
		if (seen[(unsigned char)cnm_network_id(network)[0]]++)
			prefix[0] = cnm_network_id(network)[0];
		cnm_network_free(network);
	}
	cr_assert_str_eq(find(prefix), "");
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	cr_assert(strstr(err.text, "prefix"), "%s", err.text);
}

Test(network, name_comes_before_prefix)
{
	struct cnm_network *a = make("a"), *b;
	char prefix[13];

	snprintf(prefix, sizeof(prefix), "%.12s", cnm_network_id(a));
	b = make(prefix);
	cr_assert_str_eq(find(prefix), cnm_network_id(b));
	cnm_network_free(a);
	cnm_network_free(b);
}

Test(network, missing_is_not_found_and_nonsense_is_invalid)
{
	char long_name[CNM_ID_LEN + 8];

	cr_assert_str_eq(find("web"), "");
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "web"), "%s", err.text);
	cr_assert_str_eq(find("abc"), "");
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "abc"), "%s", err.text);
	cr_assert_str_eq(find("../root"), "");
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(find(""), "");
	cr_assert_eq(err.code, CNM_E_INVALID);
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	cr_assert_str_eq(find(long_name), "");
	cr_assert_eq(err.code, CNM_E_INVALID, "longer than an id: %s", err.text);
	long_name[CNM_ID_LEN] = '\0';
	cr_assert_str_eq(find(long_name), "");
	cr_assert_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
}

Test(network, list_is_sorted_by_name)
{
	static const char *const names[] = {"b", "a", "c10", "c1"};
	static const char *const sorted[] = {"a", "b", "c1", "c10"};
	struct cnm_network **networks = NULL;
	size_t count = 9;

	cr_assert_eq(cnm_network_list(host.controller, &networks, &count, &err), 0);
	cr_assert_eq(count, 0);
	cnm_network_list_free(networks, count);
	for (int i = 0; i < 4; i++)
		cnm_network_free(make(names[i]));
	cr_assert_eq(cnm_network_list(host.controller, &networks, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 4);
	for (int i = 0; i < 4; i++)
		cr_assert_str_eq(cnm_network_name(networks[i]), sorted[i]);
	cnm_network_list_free(networks, count);
}

Test(network, unreadable_record_harms_no_other)
{
	struct cnm_network **networks = NULL;
	size_t count = 0;

	cnm_network_free(make("a"));
	cnm_network_free(make("b"));
	cr_assert_eq(cnm_test_shell(NULL, "echo '{' > %s/networks/a/network.json", host.roots.root), 0);
	cr_assert_eq(cnm_network_list(host.controller, &networks, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(cnm_network_name(networks[0]), "b");
	cnm_network_list_free(networks, count);
	cr_assert_str_eq(find("a"), "");
	cr_assert_eq(err.code, CNM_E_STORE);
	cr_assert(strstr(err.text, "networks/a/network.json"), "%s", err.text);
}

Test(network, bad_specification_changes_nothing)
{
	struct cnm_option no_key = {"", "v"};
	struct cnm_pool_spec pool = {.subnet = "10.9.0.0/24"};
	const struct {
		struct cnm_network_spec spec;
		enum cnm_code code;
		const char *text;
	} rows[] = {
	        {{.name = "a/b", .driver = "fake"}, CNM_E_INVALID, "network name 'a/b'"},
	        {{.name = "", .driver = "fake"}, CNM_E_INVALID, "network name is empty"},
	        {{.name = "a", .driver = "nope"}, CNM_E_NOT_FOUND, "\"nope\""},
	        {{.name = "a", .driver = "fake", .ipam_driver = "nope"}, CNM_E_NOT_FOUND, "\"nope\""},
	        {{.name = "a", .driver = "fake", .options = {&no_key, 1}}, CNM_E_INVALID, "an option"},
	        {{.name = "a", .driver = "fake", .labels = {&no_key, 1}}, CNM_E_INVALID, "a label"},
	        {{.name = "a", .driver = "null", .pools = &pool, .pool_count = 1},
	         CNM_E_INVALID,
	         "no addresses"},
	        {{.name = "a", .driver = "null", .ipam_driver = "default"}, CNM_E_INVALID, "no addresses"},
	        {{.name = "a", .driver = "fake", .ipam_driver = "null", .pools = &pool, .pool_count = 1},
	         CNM_E_INVALID,
	         "null has no subnets"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cnm_error_clear(&err);
		expect_error(cnm_network_create(host.controller, &rows[i].spec, NULL, &err), rows[i].code,
		             rows[i].text);
	}
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(ls %s/networks)\"", host.roots.root), 0);
	cnm_test_host_assert_clean(&host);
}

Test(network, driver_that_refuses_leaves_nothing)
{
	struct cnm_pool_spec pool = {.subnet = "10.9.0.0/24"};
	struct cnm_network_spec spec = {.name = "a", .driver = "fake", .pools = &pool, .pool_count = 1};

	cnm_fake.fail_ensure = true;
	expect_error(cnm_network_create(host.controller, &spec, NULL, &err), CNM_E_SYSTEM,
	             "network a: fake refusal");
	cr_assert_eq(cnm_test_shell(NULL, "test ! -e %s/networks/a && test ! -e %s/networks/a",
	                            host.roots.root, host.roots.state),
	             0, "a folder is left");
	cnm_fake.fail_ensure = false;
	cnm_network_free(cnm_test_network(&host, &spec));
}

Test(network, null_driver_has_one_network)
{
	struct cnm_network_spec spec = {.name = "none", .driver = "null"};

	cnm_network_free(cnm_test_network(&host, &spec));
	spec.name = "second";
	expect_error(cnm_network_create(host.controller, &spec, NULL, &err), CNM_E_EXISTS, "none");
}

Test(network, endpoints_in_the_way_are_named)
{
	struct cnm_network *network = make("web");
	char name[16];

	for (int i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		struct cnm_endpoint_spec spec = {.name = name};
		cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), 0, "%s",
		             err.text);
		if (i == 0) {
			expect_error(cnm_network_delete(host.controller, network, &err), CNM_E_BUSY,
			             "network web: it has active endpoints: e0");
			cr_assert_null(strstr(err.text, "more"), "%s", err.text);
		}
	}
	expect_error(cnm_network_delete(host.controller, network, &err), CNM_E_BUSY,
	             "e0, e1, e2, e3, e4 and 2 more");
	cr_assert_str_eq(find("web"), cnm_network_id(network), "it is still there");
	cnm_network_free(network);
}

Test(network, handle_of_a_predecessor_deletes_nothing)
{
	struct cnm_network *old = make("web"), *now;

	cr_assert_eq(cnm_network_delete(host.controller, old, &err), 0, "%s", err.text);
	now = make("web");
	expect_error(cnm_network_delete(host.controller, old, &err), CNM_E_NOT_FOUND, "replaced");
	cr_assert_str_eq(find("web"), cnm_network_id(now));
	cnm_network_free(old);
	cnm_network_free(now);
}

Test(network, what_was_asked_is_what_is_stored)
{
	struct cnm_option option = {"k", "v"}, label = {"l", NULL};
	struct cnm_pool_spec pool = {.subnet = "10.9.0.0/24"};
	struct cnm_network_spec spec = {.name = "web",
	                                .driver = "fake",
	                                .pools = &pool,
	                                .pool_count = 1,
	                                .internal = true,
	                                .options = {&option, 1},
	                                .labels = {&label, 1},
	                                .described = true};
	struct cnm_network *made = cnm_test_network(&host, &spec), *found = NULL;

	cr_assert_eq(cnm_network_find(host.controller, "web", &found, &err), 0, "%s", err.text);
	cr_assert(cnm_network_is_internal(found));
	cr_assert(found->described);
	cr_assert_not(found->ipv6);
	cr_assert_str_eq(cnm_kvs_get(&found->options, "k"), "v");
	cr_assert_str_eq(cnm_kvs_get(&found->labels, "l"), "");
	cr_assert_str_eq(found->ipam_driver, "default");
	cr_assert_str_eq(found->created, made->created);
	cnm_network_free(made);
	cnm_network_free(found);
}

Test(network, bridge_comes_and_goes_with_it)
{
	struct cnm_network_spec spec = {.name = "web"};
	struct cnm_network *network = cnm_test_network(&host, &spec);

	cr_assert_str_eq(cnm_network_driver(network), "bridge", "the default");
	cr_assert_eq(cnm_test_shell(NULL, "ip -br link show type bridge | grep -q ."), 0);
	cr_assert_eq(cnm_network_delete(host.controller, network, &err), 0, "%s", err.text);
	cnm_network_free(network);
	cr_assert_neq(cnm_test_shell(NULL, "ip -br link show type bridge | grep -q ."), 0);
	cnm_test_host_assert_clean(&host);
}
