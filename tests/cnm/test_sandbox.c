/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sandboxes: ours and adopted ones, who deletes them, and how they are found. */
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct cnm_test_host host;
static struct cnm_network *network;
static struct cnm_error err;

static void setup(void)
{
	struct cnm_network_spec spec = {.name = "web", .driver = "fake"};

	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0);
	network = cnm_test_network(&host, &spec);
	/* A place for namespaces of a runtime. */
	cr_assert_eq(cnm_test_shell(NULL, "ip netns add theirs && ip netns add other"), 0);
}

static void cleanup(void)
{
	cnm_network_free(network);
	cnm_test_shell(NULL, "ip netns del theirs; ip netns del other");
	cnm_test_host_remove(&host);
}

TestSuite(sandbox, .init = setup, .fini = cleanup, .timeout = 20);

static int create(const struct cnm_sandbox_spec *spec)
{
	cnm_error_clear(&err);
	return cnm_sandbox_create(host.controller, spec, NULL, &err);
}

/* NULL when there is none; err says why. */
static struct cnm_sandbox *find(const char *text)
{
	struct cnm_sandbox *sandbox = NULL;

	cnm_error_clear(&err);
	if (cnm_sandbox_find(host.controller, text, &sandbox, &err) < 0)
		cr_assert_null(sandbox);
	return sandbox;
}

static bool finds(const char *text, const char *id)
{
	struct cnm_sandbox *sandbox = find(text);
	bool found = sandbox && strcmp(cnm_sandbox_id(sandbox), id) == 0;

	cnm_sandbox_free(sandbox);
	return found;
}

static void delete (const char *id)
{
	struct cnm_sandbox *sandbox = find(id);

	cr_assert_not_null(sandbox, "%s", err.text);
	cr_assert_eq(cnm_sandbox_delete(host.controller, sandbox, &err), 0, "%s", err.text);
	cnm_sandbox_free(sandbox);
}

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cnm_error_clear(&err);
}

static void assert_endpoints(size_t want)
{
	struct cnm_endpoint **endpoints = NULL;
	size_t count = 99;

	cr_assert_eq(cnm_endpoint_list(host.controller, network, &endpoints, &count, &err), 0, "%s",
	             err.text);
	cr_assert_eq(count, want);
	cnm_endpoint_list_free(endpoints, count);
}

Test(sandbox, own_one_has_a_namespace_with_loopback_and_files)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};
	struct cnm_sandbox *sandbox;
	char path[128];

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	sandbox = find("c1");
	cr_assert_not_null(sandbox, "%s", err.text);
	snprintf(path, sizeof(path), "%s/netns/c1", host.roots.state);
	cr_assert_str_eq(cnm_sandbox_key(sandbox), path);
	cr_assert_str_eq(sandbox->hostname, "c1");
	cr_assert_eq(cnm_test_shell(NULL, "nsenter --net=%s ip -br link show lo | grep -q UNKNOWN", path), 0);
	snprintf(path, sizeof(path), "%s/sandboxes/c1/hosts", host.roots.state);
	cr_assert(cnm_test_path_exists(path));
	cnm_sandbox_free(sandbox);
	delete ("c1");
	cr_assert_null(find("c1"));
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(ls %s/netns %s/sandboxes | grep c1)\"",
	                            host.roots.state, host.roots.state),
	             0);
}

Test(sandbox, second_of_an_id_is_refused)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	expect_error(create(&spec), CNM_E_EXISTS, "sandbox c1 exists already");
	cr_assert(finds("c1", "c1"));
	delete ("c1");
}

Test(sandbox, bad_specification_leaves_nothing)
{
	const struct {
		struct cnm_sandbox_spec spec;
		enum cnm_code code;
		const char *text;
	} rows[] = {
	        {{.id = "../c"}, CNM_E_INVALID, "container id '../c'"},
	        {{.id = ""}, CNM_E_INVALID, "container id is empty"},
	        {{.id = "c1", .netns_path = "/etc/passwd"}, CNM_E_NETNS, "/etc/passwd"},
	        {{.id = "c1", .netns_path = "/nowhere"}, CNM_E_NETNS, "/nowhere"},
	        {{.id = "c1", .netns_path = "/proc/self/ns/net"}, CNM_E_NETNS, "/proc/self/ns/net"},
	        {{.id = "c1", .pid = 999999999}, CNM_E_NOT_FOUND, "999999999"},
	        {{.id = "c1", .hostname = "a b"}, CNM_E_INVALID, "host name \"a b\""},
	        {{.id = "c1", .hostname = "a\n10.0.0.1 evil"}, CNM_E_INVALID, "host name"},
	        {{.id = "c1", .domainname = "a\tb"}, CNM_E_INVALID, "domain name"},
	        {{.id = "c1", .files_mirror = "relative"}, CNM_E_INVALID, "relative"},
	};
	char *before = cnm_test_host_snapshot(&host), *after;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(create(&rows[i].spec), -1, "row %zu is accepted", i);
		cr_assert_eq(err.code, rows[i].code, "row %zu: %d: %s", i, (int)err.code, err.text);
		cr_assert(strstr(err.text, rows[i].text), "row %zu: %s", i, err.text);
		after = cnm_test_host_snapshot(&host);
		cr_assert_str_eq(after, before, "row %zu left something: %s", i, after);
		free(after);
	}
	free(before);
}

Test(sandbox, found_by_key_and_by_prefix_of_a_random_id)
{
	struct cnm_sandbox_spec named = {.id = "web10"}, random = {.id = LONG_ID}, short_id = {.id = "abcd"};
	char key[128];

	cr_assert_eq(create(&named), 0, "%s", err.text);
	cr_assert_eq(create(&random), 0, "%s", err.text);
	cr_assert_eq(create(&short_id), 0, "%s", err.text);
	snprintf(key, sizeof(key), "%s/netns/web10", host.roots.state);
	cr_assert(finds(key, "web10"));
	cr_assert(finds("012", LONG_ID));
	cr_assert(finds("0123456789ab", LONG_ID));
	cr_assert_null(find("01"), "too short");
	cr_assert_null(find("web1"), "another container");
	cr_assert_null(find("abc"), "a person chose that id");
	cr_assert_null(find("/nowhere"));
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "/nowhere"), "%s", err.text);
	cr_assert_null(find("a/b"));
	cr_assert_eq(err.code, CNM_E_INVALID);
	delete ("web10");
	delete (LONG_ID);
	delete ("abcd");
}

Test(sandbox, prefix_of_several_is_refused)
{
	struct cnm_sandbox_spec spec = {.id = LONG_ID};
	char second[] = LONG_ID;

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	second[CNM_ID_LEN - 1] = '0';
	spec.id = second;
	cr_assert_eq(create(&spec), 0, "%s", err.text);
	cr_assert_null(find("0123"));
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
	cr_assert(finds(second, second));
	delete (LONG_ID);
	delete (second);
}

Test(sandbox, list_is_sorted_and_passes_over_the_unreadable)
{
	struct cnm_sandbox_spec a = {.id = "a"}, b = {.id = "b"}, c = {.id = "c"};
	struct cnm_sandbox **sandboxes = NULL;
	size_t count = 9;

	cr_assert(create(&b) == 0 && create(&a) == 0 && create(&c) == 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "echo garbage > %s/sandboxes/b/sandbox.json", host.roots.state), 0);
	cr_assert_eq(cnm_sandbox_list(host.controller, &sandboxes, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(cnm_sandbox_id(sandboxes[0]), "a");
	cr_assert_str_eq(cnm_sandbox_id(sandboxes[1]), "c");
	cnm_sandbox_list_free(sandboxes, count);
	cr_assert_null(find("b"));
	cr_assert_eq(err.code, CNM_E_STORE);
	cr_assert(strstr(err.text, "sandboxes/b/sandbox.json"), "%s", err.text);
}

Test(sandbox, explicit_one_outlives_its_last_leave)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cnm_test_disconnect(&host, "web", "c1");
	cr_assert(finds("c1", "c1"));
	assert_endpoints(0);
	delete ("c1");
	cr_assert_null(find("c1"));
}

Test(sandbox, implicit_one_goes_with_its_last_leave)
{
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert(finds("c1", "c1"));
	cnm_test_disconnect(&host, "web", "c1");
	cr_assert_null(find("c1"));
}

Test(sandbox, delete_leaves_every_network)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};
	struct cnm_endpoint_spec named = {.name = "db"};
	struct cnm_endpoint *endpoint = NULL;

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_create(host.controller, network, &named, &endpoint, &err), 0, "%s",
	             err.text);
	cr_assert_eq(cnm_endpoint_join(host.controller, endpoint, &spec, NULL, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
	spec.id = "c1";
	struct cnm_join_spec join = {.ifname = "eth5"};
	cr_assert_eq(cnm_connect(host.controller, network, &spec, NULL, &join, CNM_CONNECT_NEW, NULL, &err),
	             0, "%s", err.text);
	assert_endpoints(2);
	delete ("c1");
	cr_assert_eq(cnm_fake.leaves, 2);
	assert_endpoints(1);
	cr_assert_eq(cnm_endpoint_find(host.controller, network, "db", &endpoint, &err), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "");
	cnm_endpoint_free(endpoint);
}

Test(sandbox, delete_that_a_driver_refuses_keeps_it)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};
	struct cnm_sandbox *sandbox;

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cnm_fake.fail_leave = true;
	sandbox = find("c1");
	expect_error(cnm_sandbox_delete(host.controller, sandbox, &err), CNM_E_SYSTEM, "fake refusal");
	cr_assert(finds("c1", "c1"));
	assert_endpoints(1);
	cnm_fake.fail_leave = false;
	cr_assert_eq(cnm_sandbox_delete(host.controller, sandbox, &err), 0, "%s", err.text);
	assert_endpoints(0);
	expect_error(cnm_sandbox_delete(host.controller, sandbox, &err), CNM_E_NOT_FOUND, "c1");
	cnm_sandbox_free(sandbox);
}

Test(sandbox, adopted_namespace_stays)
{
	struct cnm_sandbox_spec spec = {.id = "c1", .netns_path = "/run/netns/theirs"};

	cr_assert_eq(cnm_connect(host.controller, network, &spec, NULL, NULL, CNM_CONNECT_NEW, NULL, &err), 0,
	             "%s", err.text);
	cr_assert(finds("/run/netns/theirs", "c1"), "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "ip -n theirs -br link show lo | grep -q UNKNOWN"), 0);
	cnm_test_disconnect(&host, "web", "c1");
	cr_assert_null(find("c1"));
	cr_assert_eq(cnm_test_shell(NULL, "ip -n theirs link show lo"), 0);
	spec.pid = getpid();
	cr_assert_eq(create(&spec), 0, "explicit: %s", err.text);
	delete ("c1");
	cr_assert_eq(cnm_test_shell(NULL, "ip -n theirs link show lo"), 0);
}

Test(sandbox, container_lives_in_one_namespace)
{
	struct cnm_sandbox_spec spec = {.id = "c1", .netns_path = "/run/netns/theirs"};
	struct cnm_join_spec join = {.ifname = "eth1"};

	cr_assert_eq(cnm_connect(host.controller, network, &spec, NULL, NULL, CNM_CONNECT_NEW, NULL, &err), 0,
	             "%s", err.text);
	spec.netns_path = "/run/netns/other";
	expect_error(cnm_connect(host.controller, network, &spec, NULL, &join, CNM_CONNECT_NEW, NULL, &err),
	             CNM_E_EXISTS, "lives in another namespace, /run/netns/theirs");
	assert_endpoints(1);
}

Test(sandbox, explicit_one_whose_namespace_is_gone_must_be_removed_first)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};

	cr_assert_eq(create(&spec), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "umount %s/netns/c1", host.roots.state), 0);
	expect_error(cnm_connect(host.controller, network, &spec, NULL, NULL, CNM_CONNECT_NEW, NULL, &err),
	             CNM_E_NETNS, "sandbox rm");
	assert_endpoints(0);
	delete ("c1");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cnm_test_disconnect(&host, "web", "c1");
}

Test(sandbox, namespace_file_of_a_killed_predecessor_is_no_obstacle)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};

	cr_assert_eq(cnm_test_shell(NULL, "touch %s/netns/c1", host.roots.state), 0);
	cr_assert_eq(create(&spec), 0, "%s", err.text);
	delete ("c1");
}
