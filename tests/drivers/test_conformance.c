/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every driver must do, run against each: a driver's contract (cnm/driver.h) as tests. A new driver is added to the table.
 */
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static const struct {
	const char *name;
	bool makes_links;
	bool pins; /* a sandbox has a namespace of its own */
} drivers[] = {
        {"null", false, true},
        {"host", false, false},
        {"bridge", true, true},
        {"foreign", false, true},
};

#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

static size_t *rows(size_t *count)
{
	static size_t indexes[DRIVERS];

	for (size_t i = 0; i < DRIVERS; i++)
		indexes[i] = i;
	*count = DRIVERS;
	return indexes;
}

#define EACH_DRIVER(test)                                                                                    \
	ParameterizedTestParameters(conformance, test)                                                       \
	{                                                                                                    \
		size_t count, *params = rows(&count);                                                        \
		return cr_make_param_array(size_t, params, count);                                           \
	}                                                                                                    \
	ParameterizedTest(size_t *row, conformance, test, .timeout = 30)

static struct cnm_network_spec spec_of(size_t row, const char *name)
{
	return (struct cnm_network_spec){.name = name, .driver = drivers[row].name};
}

EACH_DRIVER(network_is_made_once_and_deleted_once)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	cr_assert_str_eq(cnm_network_driver(network), drivers[*row].name);
	cr_assert_eq(strlen(cnm_network_id(network)), 64);
	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_EXISTS, "%s", err.text);
	cr_assert_eq(cnm_network_delete(host.controller, network, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_network_delete(host.controller, network, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
	cnm_network_free(network);
	cnm_test_host_assert_clean(&host);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(join_and_leave_leave_nothing)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;
	struct cnm_endpoint *endpoint;
	char *joined, *before;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	before = cnm_test_host_snapshot(&host);
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "c1");
	cr_assert_eq(cnm_endpoint_check(host.controller, endpoint, &err), 0, "%s", err.text);
	joined = cnm_test_host_snapshot(&host);
	cr_assert_str_neq(joined, before, "a join leaves a record");
	cnm_test_disconnect(&host, "n1", "c1");
	free(joined);
	joined = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(joined, before);
	cnm_endpoint_free(endpoint);
	cnm_test_network_delete(&host, network);
	cnm_test_host_assert_clean(&host);
	free(joined);
	free(before);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(leave_is_repeatable)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;
	size_t count = 9;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cnm_test_disconnect(&host, "n1", "c1");
	cr_assert_eq(cnm_disconnect(host.controller, "n1", "c1", NULL, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 0);
	cr_assert_eq(cnm_container_stopped(host.controller, "c1", &err), 0, "%s", err.text);
	cnm_test_network_delete(&host, network);
	cnm_test_host_assert_clean(&host);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(network_in_use_names_its_endpoints)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_eq(cnm_network_delete(host.controller, network, &err), -1);
	cr_assert_eq(err.code, CNM_E_BUSY);
	cr_assert(strstr(err.text, "c1@"), "%s", err.text);
	cnm_test_disconnect(&host, "n1", "c1");
	cnm_test_network_delete(&host, network);
	cnm_test_host_assert_clean(&host);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(objects_that_somebody_deleted_are_made_again)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;
	struct cnm_endpoint *endpoint;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	cnm_test_shell(NULL,
	               "nft flush ruleset; ip -br link show type bridge | while read l r; do ip link del $l; "
	               "done");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_eq(cnm_endpoint_check(host.controller, endpoint, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
	cnm_test_disconnect(&host, "n1", "c1");
	cnm_test_network_delete(&host, network);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(unknown_option_is_refused_and_changes_nothing)
{
	struct cnm_option option = {"com.example.nonsense", "1"};
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;

	cnm_test_host_make(&host);
	spec.options = (struct cnm_options){&option, 1};
	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	cr_assert(strstr(err.text, "com.example.nonsense"), "%s", err.text);
	cnm_test_host_assert_clean(&host);
	cnm_test_host_remove(&host);
}

EACH_DRIVER(join_into_a_dead_namespace_changes_nothing)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_sandbox_spec sandbox = {.id = "c1", .netns_path = "/proc/999999999/ns/net"};
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;
	char *before, *after;

	cnm_test_host_make(&host);
	network = cnm_test_network(&host, &spec);
	before = cnm_test_host_snapshot(&host);
	cr_assert_eq(cnm_connect(host.controller, network, &sandbox, NULL, NULL, CNM_CONNECT_NEW, NULL, &err),
	             -1);
	cr_assert_eq(err.code, CNM_E_NETNS, "%s", err.text);
	after = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(after, before);
	free(before);
	free(after);
	cnm_test_network_delete(&host, network);
	cnm_test_host_remove(&host);
}
