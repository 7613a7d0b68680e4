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
	const char *option, *value; /* without which it makes no network; NULL: none */
	bool on_vlan;               /* its networks are on links of the kind vlan too */
} drivers[] = {
        {"null", NULL, NULL, false},        {"host", NULL, NULL, false},
        {"bridge", NULL, NULL, false},      {"foreign", NULL, NULL, false},
        {"macvlan", NULL, NULL, false}, /* without a parent */
        {"macvlan", "parent", "p0", false}, {"macvlan", "parent", "p0.7", true},
        {"ipvlan", NULL, NULL, false},      {"ipvlan", "parent", "p0", false},
        {"ipvlan", "parent", "p0.7", true}, {"vlan", "parent", "p0", true},
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
	ParameterizedTest(size_t *row, conformance, test, .timeout = 300)

static struct cnm_network_spec spec_of(size_t row, const char *name)
{
	static struct cnm_option options[2] = {{"parent", NULL}, {"cnm.vlan.id", "9"}};
	struct cnm_network_spec spec = {.name = name, .driver = drivers[row].name};

	if (drivers[row].option) {
		options[0] = (struct cnm_option){drivers[row].option, drivers[row].value};
		spec.options = (struct cnm_options){options, strcmp(drivers[row].name, "vlan") == 0 ? 2 : 1};
	}
	return spec;
}

/* What this kernel has to say: it is asked here without our code. */
static bool kernel_has(const char *kind)
{
	return cnm_test_shell(NULL,
	                      "ip link add probe0 type veth peer name probe1 && "
	                      "ip link add link probe0 name probe2 type %s %s; "
	                      "s=$?; ip link del probe0; exit $s",
	                      kind, strcmp(kind, "vlan") == 0 ? "id 3" : "") == 0;
}

static bool kernel_has_all(size_t row)
{
	bool asks = strcmp(drivers[row].name, "ipvlan") == 0 || strcmp(drivers[row].name, "vlan") == 0;

	return (!asks || kernel_has(drivers[row].name)) && (!drivers[row].on_vlan || kernel_has("vlan"));
}

/* A host with the link p0. Where the kernel lacks what the row's driver needs, this says that and nothing is made: the test is over. */
static bool make_host(struct cnm_test_host *host, size_t row)
{
	struct cnm_network_spec spec = spec_of(row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;

	cnm_test_host_make(host);
	cr_assert_eq(cnm_test_shell(NULL, "ip link add p0 type veth peer name p1 && ip link set p0 up && "
	                                  "ip link set p1 up && sleep 0.1"),
	             0);
	free(host->baseline);
	host->baseline = cnm_test_host_snapshot(host);
	if (kernel_has_all(row))
		return true;
	cr_assert_eq(cnm_network_create(host->controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_UNSUPPORTED, "%s", err.text);
	cr_assert(strstr(err.text, ": this kernel has no ") && strstr(err.text, "(CONFIG_"), "%s", err.text);
	cnm_test_host_assert_clean(host);
	cnm_test_host_remove(host);
	return false;
}

/* What a network's first join makes of the network's own stays until the network goes. */
static char *joined_once(struct cnm_test_host *host, struct cnm_network *network)
{
	cnm_endpoint_free(cnm_test_connect(host, network, "c0"));
	cnm_test_disconnect(host, cnm_network_name(network), "c0");
	return cnm_test_host_snapshot(host);
}

EACH_DRIVER(network_is_made_once_and_deleted_once)
{
	struct cnm_network_spec spec = spec_of(*row, "n1");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_test_host host;
	struct cnm_network *network;

	if (!make_host(&host, *row))
		return;
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

	if (!make_host(&host, *row))
		return;
	network = cnm_test_network(&host, &spec);
	before = joined_once(&host, network);
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

	if (!make_host(&host, *row))
		return;
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

	if (!make_host(&host, *row))
		return;
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

	if (!make_host(&host, *row))
		return;
	network = cnm_test_network(&host, &spec);
	cnm_test_shell(NULL, "nft flush ruleset; ip -br link | while read l r; do "
	                     "case $l in br-*|d?-*|p0.*) ip link del ${l%%@*};; esac; done");
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

	if (!make_host(&host, *row))
		return;
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

	if (!make_host(&host, *row))
		return;
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
