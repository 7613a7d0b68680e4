/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of attachments through the public interface, with the null and the bridge driver: create, join, connect, check, leave,
 * stop, and collection of what was left. Every test ends as it began.
 */
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cnm_test_host host;
static struct cnm_network *network;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_host_make(&host);
}

static void teardown(void)
{
	if (network)
		cnm_test_network_delete(&host, network);
	network = NULL;
	cnm_test_host_assert_clean(&host);
	cnm_test_host_remove(&host);
}

TestSuite(lifecycle, .init = setup, .fini = teardown, .timeout = 60);

static void make(const char *name, const char *driver)
{
	struct cnm_pool_spec pool = {.subnet = "10.77.0.0/24"};
	struct cnm_network_spec spec = {.name = name, .driver = driver};

	if (strcmp(driver, "bridge") == 0) {
		spec.pools = &pool;
		spec.pool_count = 1;
	}
	network = cnm_test_network(&host, &spec);
}

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cnm_error_clear(&err);
}

static int connect_mode(const char *container, const char *ifname, enum cnm_connect_mode mode,
                        struct cnm_endpoint **ret)
{
	struct cnm_sandbox_spec sandbox = {.id = container};
	struct cnm_join_spec join = {.ifname = ifname};

	return cnm_connect(host.controller, network, &sandbox, NULL, &join, mode, ret, &err);
}

/* Output of a command inside the sandbox, without the newline at its end. */
static void assert_inside(const char *container, const char *command, const char *expected)
{
	struct cnm_test_output output;

	cnm_test_shell(&output, "nsenter --net=%s/netns/%s %s", host.roots.state, container, command);
	while (output.out_len > 0 && strchr(" \n", output.out[output.out_len - 1]))
		output.out[--output.out_len] = '\0';
	cr_assert_str_eq(output.out, expected, "%s: \"%s\"%s", command, output.out, output.err);
	cnm_test_output_free(&output);
}

static void assert_disconnected(const char *network_name, const char *container, const char *ifname,
                                size_t expected)
{
	size_t count = 99;

	cr_assert_eq(cnm_disconnect(host.controller, network_name, container, ifname, &count, &err), 0, "%s",
	             err.text);
	cr_assert_eq(count, expected, "%zu", count);
}

/* Bridge ----------------------------------------------------------------------------------------- */

Test(lifecycle, connected_container_has_interface_address_and_route)
{
	struct cnm_endpoint *endpoint;
	char text[64], key[128];

	make("web", "bridge");
	endpoint = cnm_test_connect(&host, network, "c1");
	snprintf(key, sizeof(key), "%s/netns/c1", host.roots.state);
	cr_assert_str_eq(cnm_endpoint_name(endpoint), "c1@eth0");
	cr_assert_str_eq(cnm_endpoint_network(endpoint), "web");
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "c1");
	cr_assert_str_eq(cnm_endpoint_sandbox_key(endpoint), key);
	cr_assert_str_eq(cnm_endpoint_ifname(endpoint), "eth0");
	cr_assert_eq(strlen(cnm_endpoint_id(endpoint)), 64);
	cr_assert_str_eq(cnm_endpoint_address(endpoint, 0, text), "10.77.0.2/24");
	cr_assert_null(cnm_endpoint_address(endpoint, 1, text));
	assert_inside("c1", "ip -4 -o addr show eth0 | sed 's/.*inet \\([^ ]*\\).*/\\1/'", "10.77.0.2/24");
	assert_inside("c1", "ip route show default", "default via 10.77.0.1 dev eth0 proto static");
	assert_inside("c1", "ip -br link show lo | sed 's/ .*<\\|>.*//g'", "loLOOPBACK,UP,LOWER_UP");
	cnm_endpoint_free(endpoint);
	assert_disconnected("web", "c1", NULL, 1);
}

Test(lifecycle, two_containers_reach_each_other)
{
	make("web", "bridge");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cnm_endpoint_free(cnm_test_connect(&host, network, "c2"));
	assert_inside("c1", "ping -c 1 -W 2 10.77.0.3 >/dev/null && echo reached", "reached");
	assert_inside("c2", "ping -c 1 -W 2 10.77.0.1 >/dev/null && echo reached", "reached");
	assert_disconnected("web", "c1", NULL, 1);
	assert_disconnected("web", "c2", NULL, 1);
}

Test(lifecycle, reserved_endpoint_keeps_its_address_and_mac_across_joins)
{
	static const char *const addresses[] = {"10.77.0.50"};
	struct cnm_endpoint_spec spec = {
	        .name = "db", .addresses = addresses, .address_count = 1, .mac = "02:42:0a:4d:00:32"};
	struct cnm_sandbox_spec c1 = {.id = "c1"}, c2 = {.id = "c2"};
	struct cnm_endpoint *endpoint = NULL;

	make("web", "bridge");
	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, &endpoint, &err), 0, "%s",
	             err.text);
	cr_assert_str_eq(cnm_endpoint_sandbox(endpoint), "");
	cr_assert_eq(cnm_endpoint_join(host.controller, endpoint, &c1, NULL, &err), 0, "%s", err.text);
	assert_inside("c1", "ip -br link show eth0 | awk '{print $3}'", "02:42:0a:4d:00:32");
	expect_error(cnm_endpoint_join(host.controller, endpoint, &c2, NULL, &err), CNM_E_BUSY,
	             "joined sandbox c1");
	cr_assert_eq(cnm_endpoint_leave(host.controller, endpoint, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
	cr_assert_eq(cnm_endpoint_find(host.controller, network, "db", &endpoint, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_endpoint_join(host.controller, endpoint, &c2, NULL, &err), 0, "%s", err.text);
	assert_inside("c2", "ip -4 -o addr show eth0 | sed 's/.*inet \\([^ ]*\\).*/\\1/'", "10.77.0.50/24");
	cr_assert_eq(cnm_endpoint_delete(host.controller, endpoint, true, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
}

Test(lifecycle, taken_address_is_refused_and_nothing_is_left)
{
	static const char *const addresses[] = {"10.77.0.2"};
	struct cnm_endpoint_spec spec = {.addresses = addresses, .address_count = 1};
	struct cnm_sandbox_spec c2 = {.id = "c2"};
	char *before, *after;

	make("web", "bridge");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	before = cnm_test_host_snapshot(&host);
	expect_error(cnm_connect(host.controller, network, &c2, &spec, NULL, CNM_CONNECT_NEW, NULL, &err),
	             CNM_E_EXISTS, "network web, container c2: address 10.77.0.2 is taken by c1@eth0");
	after = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(after, before);
	free(before);
	free(after);
	assert_disconnected("web", "c1", NULL, 1);
}

Test(lifecycle, check_says_what_differs)
{
	struct cnm_endpoint *endpoint;

	make("web", "bridge");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_eq(cnm_endpoint_check(host.controller, endpoint, &err), 0, "%s", err.text);
	assert_inside("c1", "ip addr del 10.77.0.2/24 dev eth0", "");
	expect_error(cnm_endpoint_check(host.controller, endpoint, &err), CNM_E_CONFLICT, "10.77.0.2");
	assert_inside("c1", "ip link del eth0", "");
	expect_error(cnm_endpoint_check(host.controller, endpoint, &err), CNM_E_CONFLICT, "eth0");
	cnm_endpoint_free(endpoint);
	assert_disconnected("web", "c1", NULL, 1); /* although its interface is gone */
}

/* Both ------------------------------------------------------------------------------------------- */

static void assert_modes(void)
{
	struct cnm_endpoint *first = NULL, *again = NULL;

	cr_assert_eq(connect_mode("c1", "eth0", CNM_CONNECT_NEW, &first), 0, "%s", err.text);
	expect_error(connect_mode("c1", "eth0", CNM_CONNECT_NEW, NULL), CNM_E_EXISTS, "connected already");
	cr_assert_eq(connect_mode("c1", "eth0", CNM_CONNECT_IDEMPOTENT, &again), 0, "%s", err.text);
	cr_assert_str_eq(cnm_endpoint_id(again), cnm_endpoint_id(first), "the same attachment");
	cnm_endpoint_free(first);
	cnm_endpoint_free(again);
	assert_disconnected("web", "c1", "eth7", 0);
	assert_disconnected("db", "c1", NULL, 0);
	assert_disconnected(NULL, "c1", NULL, 1);
	assert_disconnected(NULL, "c1", NULL, 0);
	assert_disconnected("web", "never-there", NULL, 0);
}

Test(lifecycle, repeated_connect_by_mode_with_bridge)
{
	make("web", "bridge");
	assert_modes();
}

Test(lifecycle, repeated_connect_by_mode_with_null)
{
	make("web", "null");
	assert_modes();
}

Test(lifecycle, null_gives_a_namespace_with_loopback_only)
{
	struct cnm_endpoint *endpoint;
	char text[64];

	make("none", "null");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_null(cnm_endpoint_address(endpoint, 0, text));
	assert_inside("c1", "ip -br link | grep -v '^lo ' | wc -l", "0");
	cnm_endpoint_free(endpoint);
	assert_disconnected("none", "c1", NULL, 1);
}

Test(lifecycle, network_of_a_container_is_not_deleted_under_it)
{
	make("web", "bridge");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	expect_error(cnm_network_delete(host.controller, network, &err), CNM_E_BUSY,
	             "network web: it has active endpoints: c1@eth0");
	assert_disconnected("web", "c1", NULL, 1);
}

/* Stops and collection --------------------------------------------------------------------------- */

static pid_t child_make(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	cr_assert_gt(pid, 0);
	return pid;
}

static void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static pid_t connect_with_init(const char *container)
{
	struct cnm_sandbox_spec sandbox = {.id = container, .pid = child_make()};

	cr_assert_eq(cnm_connect(host.controller, network, &sandbox, NULL, NULL, CNM_CONNECT_NEW, NULL, &err),
	             0, "%s", err.text);
	return sandbox.pid;
}

Test(lifecycle, stop_of_a_predecessor_does_not_hurt_the_running)
{
	pid_t pid;

	make("web", "bridge");
	pid = connect_with_init("c1");
	expect_error(cnm_container_stopped(host.controller, "c1", &err), CNM_E_BUSY, "container c1 runs");
	child_end(pid);
	cr_assert_eq(cnm_container_stopped(host.controller, "c1", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_container_stopped(host.controller, "c1", &err), 0, "again is success: %s", err.text);
}

static void count_items(const char *what, const char *why, void *arg)
{
	cr_assert_neq(what[0], '\0');
	cr_assert_neq(why[0], '\0');
	(*(unsigned *)arg)++;
}

static unsigned collect(bool dry_run)
{
	unsigned count = 0;

	cr_assert_eq(cnm_gc(host.controller, dry_run, count_items, &count, &err), 0, "%s", err.text);
	return count;
}

Test(lifecycle, collection_takes_the_dead_and_leaves_the_living)
{
	char *before, *after;
	pid_t dead, alive;

	make("web", "bridge");
	alive = connect_with_init("alive");
	before = cnm_test_host_snapshot(&host);
	dead = connect_with_init("dead");
	cr_assert_eq(collect(false), 0, "both live");
	child_end(dead);
	cr_assert_eq(collect(true), 2, "an endpoint and a sandbox");
	cr_assert_eq(collect(true), 2, "a dry run changes nothing");
	cr_assert_eq(collect(false), 2);
	cr_assert_eq(collect(false), 0);
	after = cnm_test_host_snapshot(&host);
	cr_assert_str_eq(after, before);
	free(before);
	free(after);
	child_end(alive);
	cr_assert_eq(cnm_container_stopped(host.controller, "alive", &err), 0, "%s", err.text);
}

Test(lifecycle, collection_releases_an_address_without_an_endpoint)
{
	struct cnm_endpoint *endpoint;
	char text[64];

	make("web", "bridge");
	cr_assert_eq(
	        cnm_test_shell(NULL, "ln -s gone@eth0 %s/networks/web/addresses/10.77.0.2", host.roots.state),
	        0);
	cr_assert_eq(collect(false), 1);
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_str_eq(cnm_endpoint_address(endpoint, 0, text), "10.77.0.2/24");
	cnm_endpoint_free(endpoint);
	assert_disconnected("web", "c1", NULL, 1);
}

/* What a leave leaves that was killed after its first step: the record says so from then on. */
static void interrupt_leave(const char *key)
{
	cr_assert_eq(cnm_test_shell(NULL, "cd %s/networks/web/endpoints && mv %s.json %s.joining",
	                            host.roots.state, key, key),
	             0);
}

Test(lifecycle, an_interrupted_leave_blocks_no_successor_and_is_collected)
{
	make("web", "bridge");
	cr_assert_eq(connect_mode("c1", "eth0", CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	cr_assert_eq(connect_mode("c1", "eth1", CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	interrupt_leave("c1@eth0");
	cr_assert_eq(connect_mode("c1", "eth0", CNM_CONNECT_NEW, NULL), 0, "%s", err.text);
	expect_error(connect_mode("c1", "eth0", CNM_CONNECT_NEW, NULL), CNM_E_EXISTS, "connected already");
	interrupt_leave("c1@eth0");
	cr_assert_eq(collect(false), 1);
	assert_disconnected("web", "c1", NULL, 1);
}

Test(lifecycle, collection_takes_half_made_networks_and_no_folder_of_somebody_else)
{
	cr_assert_eq(
	        cnm_test_shell(NULL,
	                       "cd %s/networks && mkdir half mine && touch half/.network.json.new mine/a && "
	                       "cd %s/networks && mkdir -p half/endpoints live/addresses",
	                       host.roots.root, host.roots.state),
	        0);
	cr_assert_eq(collect(true), 2);
	cr_assert_eq(collect(false), 2);
	cr_assert_eq(collect(false), 0);
	cr_assert_eq(cnm_test_shell(NULL,
	                            "cd %s/networks && test ! -e half && rm -r mine && cd %s/networks && "
	                            "test ! -e half && test ! -e live",
	                            host.roots.root, host.roots.state),
	             0);
}

/* Sandboxes -------------------------------------------------------------------------------------- */

Test(lifecycle, created_sandbox_outlives_its_leaves)
{
	struct cnm_sandbox_spec spec = {.id = "c1"};
	struct cnm_sandbox *sandbox = NULL, *found = NULL;

	make("web", "bridge");
	cr_assert_eq(cnm_sandbox_create(host.controller, &spec, &sandbox, &err), 0, "%s", err.text);
	expect_error(cnm_sandbox_create(host.controller, &spec, NULL, &err), CNM_E_EXISTS,
	             "sandbox c1 exists");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	assert_disconnected("web", "c1", NULL, 1);
	cr_assert_eq(cnm_sandbox_find(host.controller, cnm_sandbox_key(sandbox), &found, &err), 0, "%s",
	             err.text);
	cr_assert_str_eq(cnm_sandbox_id(found), "c1");
	cnm_sandbox_free(found);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_eq(cnm_sandbox_delete(host.controller, sandbox, &err), 0, "%s", err.text);
	cnm_sandbox_free(sandbox);
	expect_error(cnm_sandbox_find(host.controller, "c1", &found, &err), CNM_E_NOT_FOUND, "sandbox c1");
}

Test(lifecycle, second_network_gets_the_next_interface_and_the_route_follows)
{
	struct cnm_pool_spec pool = {.subnet = "10.78.0.0/24"};
	struct cnm_network_spec spec = {.name = "app", .driver = "bridge", .pools = &pool, .pool_count = 1};
	struct cnm_network *app;

	make("web", "bridge");
	app = cnm_test_network(&host, &spec);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	assert_inside("c1", "ip route show default", "default via 10.77.0.1 dev eth0 proto static");
	cnm_endpoint_free(cnm_test_connect(&host, app, "c1"));
	assert_inside("c1", "ip route show default",
	              "default via 10.78.0.1 dev eth1 proto static"); /* "app" is before "web" */
	assert_disconnected("app", "c1", NULL, 1);
	assert_inside("c1", "ip route show default", "default via 10.77.0.1 dev eth0 proto static");
	assert_disconnected("web", "c1", NULL, 1);
	cnm_test_network_delete(&host, app);
}
