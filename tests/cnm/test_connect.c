/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connect, disconnect and stop: what callers repeat, race and get wrong. */
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cnm_test_host host;
static struct cnm_network *web, *db;
static struct cnm_error err;

static struct cnm_network *make(const char *name, const char *driver)
{
	struct cnm_network_spec spec = {.name = name, .driver = driver};

	return cnm_test_network(&host, &spec);
}

static void setup(void)
{
	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0);
	web = make("web", "fake");
	db = make("db", "fake");
}

static void cleanup(void)
{
	cnm_network_free(web);
	cnm_network_free(db);
	cnm_test_host_remove(&host);
}

TestSuite(connect, .init = setup, .fini = cleanup, .timeout = 20);

static int connect_as(struct cnm_network *network, const char *container, const char *ifname,
                      enum cnm_connect_mode mode, struct cnm_endpoint **ret)
{
	struct cnm_sandbox_spec sandbox = {.id = container};
	struct cnm_join_spec join = {.ifname = ifname};

	cnm_error_clear(&err);
	return cnm_connect(host.controller, network, &sandbox, NULL, &join, mode, ret, &err);
}

static size_t disconnect(const char *network, const char *container, const char *ifname)
{
	size_t count = 99;

	cnm_error_clear(&err);
	cr_assert_eq(cnm_disconnect(host.controller, network, container, ifname, &count, &err), 0, "%s",
	             err.text);
	return count;
}

static size_t endpoints_of(struct cnm_network *network)
{
	struct cnm_endpoint **endpoints = NULL;
	size_t count = 99;

	cr_assert_eq(cnm_endpoint_list(host.controller, network, &endpoints, &count, &err), 0, "%s",
	             err.text);
	cnm_endpoint_list_free(endpoints, count);
	return count;
}

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
}

Test(connect, second_one_is_refused_or_the_same_as_the_caller_wants)
{
	struct cnm_endpoint *first = NULL, *again = NULL;

	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, &first), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_name(first), "c1@eth0");
	expect_error(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), CNM_E_EXISTS,
	             "network web, container c1: container c1 is connected already, as eth0");
	expect_error(connect_as(web, "c1", "eth0", CNM_CONNECT_NEW, NULL), CNM_E_EXISTS, "as eth0");
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_IDEMPOTENT, &again), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_id(again), cnm_endpoint_id(first));
	cnm_endpoint_free(again);
	cr_assert_eq(connect_as(web, "c1", "eth0", CNM_CONNECT_IDEMPOTENT, NULL), 0, "%s", err.text);
	cr_assert_eq(cnm_fake.joins, 1);
	cr_assert_eq(endpoints_of(web), 1);
	cnm_endpoint_free(first);
}

Test(connect, same_network_under_another_interface_is_another_attachment)
{
	struct cnm_endpoint *endpoint = NULL;

	cr_assert_eq(connect_as(web, "c1", "eth0", CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(connect_as(web, "c1", "eth1", CNM_CONNECT_NEW, &endpoint), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_name(endpoint), "c1@eth1");
	cr_assert_eq(endpoints_of(web), 2);
	cnm_endpoint_free(endpoint);
	cr_assert_eq(disconnect("web", "c1", "eth0"), 1);
	cr_assert_eq(endpoints_of(web), 1);
	cr_assert_eq(disconnect("web", "c1", NULL), 1);
}

Test(connect, interfaces_are_numbered_across_networks)
{
	struct cnm_endpoint *a = NULL, *b = NULL;

	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, &a), 0, "%s", err.text);
	cr_assert_eq(connect_as(db, "c1", NULL, CNM_CONNECT_NEW, &b), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_ifname(a), "eth0");
	cr_assert_str_eq(cnm_endpoint_ifname(b), "eth1");
	cr_assert_str_eq(cnm_endpoint_sandbox_key(a), cnm_endpoint_sandbox_key(b));
	expect_error(connect_as(db, "c1", "eth0", CNM_CONNECT_IDEMPOTENT, NULL), CNM_E_EXISTS,
	             "interface eth0 of container c1 belongs to network web");
	cnm_endpoint_free(a);
	cnm_endpoint_free(b);
	cr_assert_eq(disconnect(NULL, "c1", NULL), 2);
	cr_assert_eq(endpoints_of(web) + endpoints_of(db), 0);
}

Test(connect, alias_and_requested_address_are_kept)
{
	static const char *const aliases[] = {"www"};
	struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_endpoint_spec spec = {.aliases = aliases, .alias_count = 1};
	struct cnm_endpoint *found = NULL;

	cr_assert_eq(cnm_connect(host.controller, web, &sandbox, &spec, NULL, CNM_CONNECT_NEW, NULL, &err), 0,
	             "%s", err.text);
	cr_assert_eq(cnm_endpoint_find(host.controller, web, "c1@eth0", &found, &err), 0, "%s", err.text);
	cr_assert_not_null(cnm_kvs_get(&found->aliases, "www"));
	cnm_endpoint_free(found);
	cr_assert_eq(cnm_endpoint_find(host.controller, web, "c1", &found, &err), 0, "by container: %s",
	             err.text);
	cr_assert_eq(cnm_endpoint_leave(host.controller, found, &err), 0, "%s", err.text);
	cr_assert_eq(endpoints_of(web), 0, "a connected endpoint goes with its leave");
	cnm_endpoint_free(found);
}

Test(connect, forced_delete_of_a_connected_endpoint)
{
	struct cnm_endpoint *endpoint = NULL;

	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, &endpoint), 0, "%s", err.text);
	expect_error(cnm_endpoint_delete(host.controller, endpoint, false, &err), CNM_E_BUSY, "c1");
	cr_assert_eq(cnm_endpoint_delete(host.controller, endpoint, true, &err), 0, "%s", err.text);
	cr_assert_eq(endpoints_of(web), 0);
	cnm_endpoint_free(endpoint);
}

Test(connect, failure_leaves_nothing)
{
	char *before = cnm_test_host_snapshot(&host), *after;

	cnm_fake.fail_join = true;
	expect_error(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), CNM_E_SYSTEM,
	             "network web, container c1: fake refusal");
	after = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(after, before);
	cnm_fake.fail_join = false;
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	free(before);
	free(after);
}

Test(connect, failed_second_network_keeps_the_first)
{
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cnm_fake.fail_join = true;
	expect_error(connect_as(db, "c1", NULL, CNM_CONNECT_NEW, NULL), CNM_E_SYSTEM, "network db");
	cr_assert_eq(endpoints_of(web), 1);
	cr_assert_eq(endpoints_of(db), 0);
	cr_assert_eq(disconnect(NULL, "c1", NULL), 1);
}

Test(connect, network_that_is_gone_is_not_found)
{
	cr_assert_eq(cnm_network_delete(host.controller, db, &err), 0, "%s", err.text);
	expect_error(connect_as(db, "c1", NULL, CNM_CONNECT_NEW, NULL), CNM_E_NOT_FOUND,
	             "network db does not exist");
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(ls %s/sandboxes)\"", host.roots.state), 0);
}

Test(connect, disconnect_of_what_is_not_there_is_success)
{
	cr_assert_eq(disconnect("web", "c1", NULL), 0);
	cr_assert_eq(disconnect("nowhere", "c1", NULL), 0);
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(disconnect("db", "c1", NULL), 0);
	cr_assert_eq(disconnect("web", "c1", "eth7"), 0);
	cr_assert_eq(endpoints_of(web), 1);
	expect_error(cnm_disconnect(host.controller, "web", "../c", NULL, NULL, &err), CNM_E_INVALID,
	             "'../c'");
}

Test(connect, disconnect_needs_no_namespace)
{
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "umount %s/netns/c1 && rm %s/netns/c1", host.roots.state,
	                            host.roots.state),
	             0);
	cr_assert_eq(disconnect("web", "c1", NULL), 1);
	cr_assert_eq(cnm_fake.leaves, 1);
	cr_assert_not(cnm_fake.left_with_namespace);
	cr_assert_eq(endpoints_of(web), 0);
}

Test(connect, disconnect_that_the_driver_refuses_can_be_repeated)
{
	size_t count = 99;

	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cnm_fake.fail_leave = true;
	expect_error(cnm_disconnect(host.controller, NULL, "c1", NULL, &count, &err), CNM_E_SYSTEM,
	             "container c1: network web, endpoint c1@eth0: fake refusal");
	cr_assert_eq(count, 0);
	cr_assert_eq(endpoints_of(web), 1);
	cnm_fake.fail_leave = false;
	cr_assert_eq(disconnect(NULL, "c1", NULL), 1);
	cr_assert_eq(endpoints_of(web), 0);
}

Test(connect, leftover_of_a_killed_join_is_replaced)
{
	struct cnm_endpoint *first = NULL, *again = NULL;

	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, &first), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "cd %s/networks/web/endpoints && mv c1@eth0.json c1@eth0.joining",
	                            host.roots.state),
	             0);
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, &again), 0, "%s", err.text);
	cr_assert_str_neq(cnm_endpoint_id(again), cnm_endpoint_id(first));
	cr_assert_eq(cnm_fake.leaves, 1);
	cr_assert_eq(endpoints_of(web), 1);
	cr_assert_eq(
	        cnm_test_shell(NULL, "test $(ls %s/networks/web/addresses | wc -l) = 1", host.roots.state),
	        0);
	cnm_endpoint_free(first);
	cnm_endpoint_free(again);
}

Test(connect, link_without_a_record_is_replaced)
{
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "rm %s/networks/web/endpoints/c1@eth0.json", host.roots.state), 0);
	cr_assert_eq(connect_as(web, "c1", "eth0", CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(
	        cnm_test_shell(NULL, "test $(ls %s/networks/web/addresses | wc -l) = 1", host.roots.state),
	        0);
}

Test(connect, predecessor_whose_namespace_is_gone_is_replaced)
{
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(connect_as(db, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "umount %s/netns/c1", host.roots.state), 0);
	cr_assert_eq(connect_as(web, "c1", NULL, CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(endpoints_of(web), 1);
	cr_assert_eq(endpoints_of(db), 0);
	cr_assert_eq(cnm_fake.leaves, 2);
}

Test(connect, late_stop_of_a_predecessor_is_refused)
{
	struct cnm_sandbox_spec sandbox = {.id = "c1"};
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	sandbox.pid = pid;
	cr_assert_eq(cnm_connect(host.controller, web, &sandbox, NULL, NULL, CNM_CONNECT_NEW, NULL, &err), 0,
	             "%s", err.text);
	expect_error(cnm_container_stopped(host.controller, "c1", &err), CNM_E_BUSY, "container c1 runs");
	cr_assert_eq(endpoints_of(web), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert_eq(cnm_container_stopped(host.controller, "c1", &err), 0, "%s", err.text);
	cr_assert_eq(endpoints_of(web), 0);
	cr_assert_eq(cnm_container_stopped(host.controller, "c1", &err), 0, "again: %s", err.text);
}

Test(connect, default_route_moves_to_who_is_left)
{
	struct cnm_network *a = make("a", "bridge"), *b = make("b", "bridge");
	struct cnm_join_spec urgent = {.gateway_priority = 5};
	struct cnm_sandbox_spec sandbox = {.id = "c1"};
	char probe[160];

	snprintf(probe, sizeof(probe), "nsenter --net=%s/netns/c1 ip route show default", host.roots.state);
	cnm_endpoint_free(cnm_test_connect(&host, a, "c1"));
	cr_assert_eq(cnm_test_shell(NULL, "%s | grep -q 'dev eth0'", probe), 0);
	cr_assert_eq(cnm_connect(host.controller, b, &sandbox, NULL, &urgent, CNM_CONNECT_NEW, NULL, &err), 0,
	             "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "test \"$(%s | grep -c .)\" = 1 && %s | grep -q 'dev eth1'", probe,
	                            probe),
	             0);
	cnm_test_disconnect(&host, "b", "c1");
	cr_assert_eq(cnm_test_shell(NULL, "%s | grep -q 'dev eth0'", probe), 0);
	cnm_test_disconnect(&host, "a", "c1");
	cnm_test_network_delete(&host, a);
	cnm_test_network_delete(&host, b);
	cnm_test_host_assert_clean(&host);
}

#define PROCESSES 6

Test(connect, several_processes_at_once)
{
	pid_t pids[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char container[16];
			int r;

			snprintf(container, sizeof(container), "c%d", i % 3);
			r = connect_as(i % 2 ? web : db, container, NULL, CNM_CONNECT_NEW, NULL);
			if (r < 0)
				fprintf(stderr, "%s\n", err.text);
			_exit(r < 0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	cr_assert_eq(endpoints_of(web), 3);
	cr_assert_eq(endpoints_of(db), 3);
	for (int i = 0; i < 3; i++) {
		char container[16];

		snprintf(container, sizeof(container), "c%d", i);
		cr_assert_eq(disconnect(NULL, container, NULL), 2);
	}
	cnm_test_host_assert_clean(&host);
}
