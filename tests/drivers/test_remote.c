/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugins as network and IPAM drivers: Docker's recorded conversation, and what container and plugin have at each step. */
#include "cnm/base/cleanup.h"
#include "tests/support/model.h"
#include "tests/support/plugin.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct cnm_test_host host;
static struct cnm_test_plugin plugin;
static struct cnm_error err;
static char dir[160];

static void setup(void)
{
	cnm_test_host_make(&host);
	snprintf(dir, sizeof(dir), "%s/plugins", host.roots.base);
	/* A loaded machine is no failure; and more than one verb is done with one controller here, and so in one verb's time. */
	setenv("CNM_PLUGIN_CALL_MS", "20000", 1);
	setenv("CNM_PLUGIN_VERB_MS", "50000", 1);
	cnm_test_plugin_start(&plugin, dir, "tp");
}

static void cleanup(void)
{
	cnm_test_plugin_stop(&plugin);
	cnm_test_host_remove(&host);
}

TestSuite(remote, .init = setup, .fini = cleanup, .timeout = 60);

/* Every verb in a controller of its own, as in a process of its own. */
static void next_verb(void)
{
	struct cnm_settings settings = {.root = host.roots.root, .state = host.roots.state};

	cnm_controller_close(host.controller);
	cr_assert_eq(cnm_controller_open(&host.controller, &settings, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_controller_add_builtin_drivers(host.controller, &err), 0);
}

static struct cnm_network *make_network(const char *driver, const char *ipam)
{
	struct cnm_network_spec spec = {.name = "web", .driver = driver, .ipam_driver = ipam};

	return cnm_test_network(&host, &spec);
}

static void assert_calls(unsigned from, const char *expected)
{
	_cleanup_free_ char *calls = cnm_test_plugin_calls(&plugin, from);

	cr_assert_str_eq(calls, expected, "%s", plugin.book->complaint);
	cr_assert_str_empty(plugin.book->complaint);
}

static void assert_nothing_left(void)
{
	_cleanup_free_ char *left = cnm_test_plugin_left(&plugin);

	cr_assert_str_empty(left);
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(find %s/owed %s/held -type f 2>/dev/null)\"",
	                            host.roots.root, host.roots.root),
	             0);
	cr_assert_str_empty(plugin.book->complaint);
	cnm_test_host_assert_clean(&host);
}

static int inside(const char *container, const char *command)
{
	return cnm_test_shell(NULL, "nsenter --net=%s/netns/%s sh -c '%s'", host.roots.state, container,
	                      command);
}

Test(remote, says_what_docker_says_in_its_order)
{
	const struct cnm_option aux[] = {{"router", "10.20.0.9"}}, opts[] = {{"com.example.opt", "v"}},
	                        ipam_opts[] = {{"io", "1"}};
	const struct cnm_pool_spec pool = {.subnet = "10.20.0.0/16", .gateway = "10.20.0.1", .aux = {aux, 1}};
	const struct cnm_network_spec spec = {.name = "web",
	                                      .driver = "tp",
	                                      .ipam_driver = "tp",
	                                      .pools = &pool,
	                                      .pool_count = 1,
	                                      .options = {opts, 1},
	                                      .ipam_options = {ipam_opts, 1}};
	const char *const addresses[] = {"10.20.0.77"};
	const struct cnm_port_spec ports[] = {{.host_port = 8088, .port = 80},
	                                      {.host_port = 5353, .port = 53, .protocol = "udp"}};
	const struct cnm_endpoint_spec endpoint_spec = {
	        .addresses = addresses, .address_count = 1, .ports = ports, .port_count = 2};
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_endpoint *endpoint = NULL;
	struct cnm_network *network;
	char script[4096];

	snprintf(script, sizeof(script), "%s/tests/data/docker-remote-driver.jsonl", cnm_test_source());
	plugin.script = script;
	cnm_test_plugin_restart(&plugin);
	cr_assert_eq(cnm_test_shell(NULL,
	                            "ip link add outer type veth peer name c59fb632 && ip link set outer up"),
	             0);
	network = cnm_test_network(&host, &spec);
	next_verb();
	cr_assert_eq(cnm_connect(host.controller, network, &sandbox, &endpoint_spec, NULL, CNM_CONNECT_NEW,
	                         &endpoint, &err),
	             0, "%s / %s", err.text, plugin.book->complaint);
	/* Join's answer, applied. */
	cr_assert_eq(inside("c1", "ip -o addr show eth0 | grep -q \"10.20.0.77/16\""), 0);
	cr_assert_eq(inside("c1", "ip link show eth0 up | grep -q 02:42:0a:14:00:05"), 0);
	cr_assert_eq(inside("c1", "ip route | grep -q \"^default via 10.20.0.1 dev eth0\""), 0);
	cr_assert_eq(inside("c1", "ip route | grep -q \"^192.0.2.0/24 via 10.20.0.9 dev eth0\""), 0);
	cr_assert_eq(inside("c1", "ip route | grep -q \"^198.51.100.0/24 dev eth0\""), 0);
	cr_assert_neq(cnm_test_shell(NULL, "ip link show c59fb632 2>/dev/null"), 0, "it is in the sandbox");
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *info = NULL;

		cr_assert_eq(cnm_endpoint_info(host.controller, endpoint, &info, &err), 0, "%s", err.text);
		cr_assert(strstr(info, "recorded"), "%s", info);
	}
	next_verb();
	cnm_test_disconnect(&host, "web", "c1");
	cr_assert_eq(cnm_test_shell(NULL, "ip link show c59fb632"), 0, "handed back under its old name");
	cnm_test_network_delete(&host, network);
	cr_assert_str_empty(plugin.book->complaint);
	cr_assert_eq(plugin.book->call_count, 22);
	cr_assert_eq(cnm_test_shell(NULL, "ip link del outer"), 0);
	assert_nothing_left();
	cnm_endpoint_free(endpoint);
}

Test(remote, container_reaches_its_gateway_with_our_own_allocator)
{
	struct cnm_network *network = make_network("tp", NULL);
	struct cnm_endpoint *endpoint = cnm_test_connect(&host, network, "c1");

	cr_assert_eq(inside("c1", "ping -c1 -W2 172.17.0.1"), 0);
	assert_calls(0, "Activate GetCapabilities GetCapabilities GetDefaultAddressSpaces CreateNetwork "
	                "CreateEndpoint "
	                "Join ProgramExternalConnectivity ");
	cr_assert_eq(cnm_endpoint_check(host.controller, endpoint, &err), 0, "%s", err.text);
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, network);
	assert_calls(8, "RevokeExternalConnectivity Leave DeleteEndpoint DeleteNetwork ");
	cnm_endpoint_free(endpoint);
	assert_nothing_left();
}

Test(remote, ipam_plugin_serves_a_bridge)
{
	struct cnm_network *network = make_network("bridge", "tp");
	struct cnm_endpoint *endpoint = cnm_test_connect(&host, network, "c1");

	cr_assert_eq(inside("c1", "ping -c1 -W2 10.77.0.1"), 0);
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, network);
	assert_calls(4,
	             "RequestPool RequestAddress RequestAddress ReleaseAddress ReleaseAddress ReleasePool ");
	cnm_endpoint_free(endpoint);
	assert_nothing_left();
}

Test(remote, both_families_and_null_ipam)
{
	struct cnm_network_spec spec = {.name = "web", .driver = "tp", .ipam_driver = "tp", .ipv6 = true};
	struct cnm_network *network = cnm_test_network(&host, &spec);
	struct cnm_endpoint *endpoint = cnm_test_connect(&host, network, "c1");
	char text[64];

	cr_assert_eq(inside("c1", "ping -c1 -W2 10.77.0.1 && ping -6 -c1 -W2 fd77::1"), 0);
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, network);
	cnm_endpoint_free(endpoint);
	network = make_network("tp", "null");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_str_eq(cnm_endpoint_address(endpoint, 0, text), "10.77.0.9/16", "the plugin chose it");
	cr_assert_eq(inside("c1", "ip -o addr show eth0 | grep -q 10.77.0.9/16"), 0);
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, network);
	cnm_endpoint_free(endpoint);
	assert_nothing_left();
}

Test(remote, activation_is_remembered_until_the_socket_changes)
{
	struct cnm_network *network = make_network("tp", "tp");

	next_verb();
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_eq(cnm_test_plugin_count(&plugin, "Plugin.Activate"), 1);
	cnm_test_plugin_restart(&plugin);
	next_verb();
	cnm_endpoint_free(cnm_test_connect(&host, network, "c2"));
	cr_assert_eq(cnm_test_plugin_count(&plugin, "Plugin.Activate"), 2);
	cnm_test_disconnect(&host, NULL, "c1");
	cnm_test_disconnect(&host, NULL, "c2");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, forgetful_ipam_plugin_hears_again_what_it_gave)
{
	struct cnm_network *network;
	struct cnm_endpoint *endpoint;
	_cleanup_free_ char *before = NULL, *after = NULL;

	plugin.book->requires_replay = plugin.book->forgetful = plugin.book->requires_mac = true;
	network = make_network("tp", "tp");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	before = cnm_test_plugin_left(&plugin);
	cnm_test_plugin_restart(&plugin);
	next_verb();
	endpoint = cnm_test_connect(&host, network, "c2");
	after = cnm_test_plugin_left(&plugin);
	cr_assert(strstr(before, "address 10.77.0.2 ") && strstr(after, "address 10.77.0.2 ") &&
	                  strstr(after, "address 10.77.0.3 "),
	          "%s / %s", before, after);
	cnm_endpoint_free(endpoint);
	cnm_test_disconnect(&host, NULL, "c1");
	cnm_test_disconnect(&host, NULL, "c2");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, ipam_plugin_is_told_of_order_and_mac)
{
	const struct cnm_option serial[] = {{"com.docker.network.ipam.serial", "true"}, {"other", "x"}};
	const struct cnm_network_spec spec = {
	        .name = "web", .driver = "tp", .ipam_driver = "tp", .ipam_options = {serial, 2}};
	const struct cnm_endpoint_spec endpoint = {.mac = "02:00:00:00:00:07"};
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_network *network;

	plugin.book->requires_mac = true;
	network = cnm_test_network(&host, &spec);
	cr_assert_str_eq(plugin.book->options, "{\"RequestAddressType\":\"com.docker.network.gateway\"}");
	cr_assert_eq(
	        cnm_connect(host.controller, network, &sandbox, &endpoint, NULL, CNM_CONNECT_NEW, NULL, &err),
	        0, "%s", err.text);
	cr_assert_str_eq(plugin.book->options,
	                 "{\"com.docker.network.ipam.serial\":\"true\","
	                 "\"com.docker.network.endpoint.macaddress\":\"02:00:00:00:00:07\"}");
	cr_assert_eq(inside("c1", "ip link show eth0 | grep -q 02:00:00:00:00:07"), 0);
	cnm_test_disconnect(&host, NULL, "c1");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, reserved_endpoint_joins_leaves_and_joins_again)
{
	struct cnm_network *network = make_network("tp", "tp");
	const struct cnm_endpoint_spec spec = {.name = "db"};
	struct cnm_endpoint *endpoint = NULL;
	int i;

	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, &endpoint, &err), 0, "%s",
	             err.text);
	cr_assert_eq(cnm_endpoint_create(host.controller, network, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_EXISTS);
	for (i = 0; i < 2; i++) {
		const struct cnm_sandbox_spec sandbox = {.id = "c1"};

		cnm_error_clear(&err);
		cr_assert_eq(cnm_endpoint_join(host.controller, endpoint, &sandbox, NULL, &err), 0, "%s",
		             err.text);
		cr_assert_eq(inside("c1", "ping -c1 -W2 10.77.0.1"), 0);
		cr_assert_eq(cnm_endpoint_leave(host.controller, endpoint, &err), 0, "%s", err.text);
		cnm_endpoint_free(endpoint);
		cr_assert_eq(cnm_endpoint_find(host.controller, network, "db", &endpoint, &err), 0);
		cr_assert_eq(endpoint->route_count, 0);
		cr_assert_not(cnm_mac_is_set(&endpoint->mac), "the plugin's choice went with the join");
	}
	cr_assert_eq(cnm_endpoint_delete(host.controller, endpoint, false, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, gateway_moves_between_networks)
{
	struct cnm_network_spec other = {.name = "alpha", .driver = "bridge"};
	struct cnm_network *web = make_network("tp", NULL), *alpha = cnm_test_network(&host, &other);

	cnm_endpoint_free(cnm_test_connect(&host, web, "c1"));
	cr_assert(plugin.book->endpoints[0].external);
	cnm_endpoint_free(cnm_test_connect(&host, alpha, "c1"));
	cr_assert_not(plugin.book->endpoints[0].external, "alpha sorts first: revoked");
	cnm_test_disconnect(&host, "alpha", "c1");
	cr_assert(plugin.book->endpoints[0].external, "and back");
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, web);
	cnm_test_network_delete(&host, alpha);
	assert_nothing_left();
}

Test(remote, interface_prefix_is_the_plugins_unless_a_name_is_asked_for)
{
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	const struct cnm_join_spec join = {.ifname = "lan7"};
	struct cnm_network *network = make_network("tp", NULL);
	struct cnm_endpoint *endpoint;

	snprintf(plugin.book->dst_prefix, sizeof(plugin.book->dst_prefix), "ethwe");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_str_eq(cnm_endpoint_ifname(endpoint), "ethwe0");
	cr_assert_eq(inside("c1", "ip link show ethwe0 up"), 0);
	cr_assert_eq(cnm_disconnect(host.controller, NULL, "c1", "ethwe0", NULL, &err), 0, "%s", err.text);
	cnm_endpoint_free(endpoint);
	cr_assert_eq(
	        cnm_connect(host.controller, network, &sandbox, NULL, &join, CNM_CONNECT_NEW, NULL, &err), 0);
	cr_assert_eq(inside("c1", "ip link show lan7 up"), 0);
	cnm_test_disconnect(&host, NULL, "c1");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, container_that_renames_or_has_an_interface_of_the_name)
{
	struct cnm_network *network = make_network("tp", NULL);
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	const struct cnm_join_spec join = {.ifname = "eth0"};
	struct cnm_sandbox *made = NULL;

	cr_assert_eq(cnm_sandbox_create(host.controller, &sandbox, &made, &err), 0, "%s", err.text);
	cr_assert_eq(inside("c1", "ip link add eth0 type bridge"), 0);
	cr_assert_eq(
	        cnm_connect(host.controller, network, &sandbox, NULL, &join, CNM_CONNECT_NEW, NULL, &err),
	        -1);
	cr_assert(strstr(err.text, "exists"), "%s", err.text);
	cr_assert_eq(inside("c1", "ip link show eth0 type bridge && ip link del eth0"), 0, "its own stays");
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_eq(inside("c1", "ip link set eth0 down && ip link set eth0 name mine"), 0);
	cnm_test_disconnect(&host, NULL, "c1");
	cr_assert_neq(inside("c1", "ip link show mine"), 0, "found by its number");
	cr_assert_eq(cnm_sandbox_delete(host.controller, made, &err), 0, "%s", err.text);
	cnm_sandbox_free(made);
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, plugin_without_interface_and_with_options)
{
	const struct cnm_option options[] = {{"test.option", "x"}};
	const struct cnm_endpoint_spec spec = {.options = {options, 1}, .mac = "02:00:00:00:00:07"};
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_network *network = make_network("tp", NULL);

	cr_assert_eq(
	        cnm_connect(host.controller, network, &sandbox, &spec, NULL, CNM_CONNECT_NEW, NULL, &err), 0,
	        "%s", err.text);
	cr_assert_eq(inside("c1", "ip link show eth0 | grep -q 02:00:00:00:00:07"), 0);
	cnm_test_disconnect(&host, NULL, "c1");
	plugin.book->no_link = true;
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_neq(inside("c1", "ip link show eth0 2>/dev/null"), 0);
	cnm_test_disconnect(&host, NULL, "c1");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

/* The boot takes the records away; what the plugin keeps all the same is told to it by gc. */
Test(remote, boot_gives_back_what_was_held)
{
	struct cnm_network *network = make_network("tp", "tp");
	_cleanup_free_ char *before = NULL, *after = NULL;

	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	before = cnm_test_plugin_left(&plugin);
	cr_assert(strstr(before, "endpoint ") && strstr(before, "address 10.77.0.2 "), "%s", before);
	cnm_controller_close(TAKE_PTR(host.controller));
	cr_assert_eq(cnm_test_shell(
	                     NULL,
	                     "umount %s/netns/c1 && rm -r %s/* && sed -i 's/\"boot_id\":\"/&x/' %s/held/tp/*",
	                     host.roots.state, host.roots.state, host.roots.root),
	             0);
	next_verb();
	cr_assert_eq(cnm_gc(host.controller, false, NULL, NULL, &err), 0, "%s", err.text);
	after = cnm_test_plugin_left(&plugin);
	cr_assert(!strstr(after, "endpoint ") && !strstr(after, "address 10.77.0.2 ") &&
	                  strstr(after, "network ") && strstr(after, "address 10.77.0.1 "),
	          "%s", after);
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

Test(remote, global_plugin_is_told_this_hosts_address)
{
	struct cnm_network *network;

	plugin.book->global = true;
	setenv("CNM_PLUGIN_NODE", "192.0.2.10", 1);
	network = make_network("tp", "tp");
	cr_assert_str_eq(plugin.book->node, "192.0.2.10");
	setenv("CNM_PLUGIN_NODE", "192.0.2.11", 1);
	next_verb();
	cnm_endpoint_free(cnm_test_connect(&host, network, "c1"));
	cr_assert_str_eq(plugin.book->node, "192.0.2.11");
	cr_assert_eq(cnm_test_plugin_count(&plugin, "NetworkDriver.DiscoverDelete"), 1);
	cnm_test_disconnect(&host, NULL, "c1");
	unsetenv("CNM_PLUGIN_NODE");
	next_verb();
	cnm_test_network_delete(&host, network);
	cr_assert_str_empty(plugin.book->node);
	assert_nothing_left();
}

Test(remote, who_has_no_plugin_is_told_where_it_was_looked_for)
{
	struct cnm_network_spec spec = {.name = "web", .driver = "typo"};

	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "no driver \"typo\" (there are: null, host, bridge") &&
	                  strstr(err.text, dir),
	          "%s", err.text);
	spec.driver = NULL;
	spec.ipam_driver = "typo";
	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "no IPAM driver \"typo\"") && strstr(err.text, dir), "%s", err.text);
	assert_nothing_left();
}
