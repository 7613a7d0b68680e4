/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plugins that answer in time, in JSON, and wrongly: each answer is refused with one line that names plugin and call, and what it names is given
 * back; or, where another plugin is to make something of it, handed on as it is.
 */
#include "cnm/base/cleanup.h"
#include "tests/support/model.h"
#include "tests/support/plugin.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cnm_test_host host;
static struct cnm_test_plugin plugin;
static struct cnm_error err;

static void setup(void)
{
	char dir[160];

	cnm_test_host_make(&host);
	snprintf(dir, sizeof(dir), "%s/plugins", host.roots.base);
	setenv("CNM_PLUGIN_CALL_MS", "20000", 1);
	setenv("CNM_PLUGIN_VERB_MS", "600000", 1);
	cnm_test_plugin_start(&plugin, dir, "tp");
}

static void cleanup(void)
{
	cnm_test_plugin_stop(&plugin);
	cnm_test_host_remove(&host);
}

TestSuite(remote_answers, .init = setup, .fini = cleanup, .timeout = 240);

/* From the next call of that name on; "": no more. */
static void let_say(const char *call, const char *say)
{
	snprintf(plugin.book->say_call, sizeof(plugin.book->say_call), "%s", call);
	snprintf(plugin.book->say, sizeof(plugin.book->say), "%s", say);
}

/* The one line, and what it is not to miss. */
static void assert_refused(int r, const char *call, const char *say, const char *why)
{
	cr_assert_eq(r, -1, "%s: %s was taken", call, say);
	cr_assert(strstr(err.text, "plugin tp") && strstr(err.text, why), "%s: %s: %s", call, say, err.text);
	cr_assert_null(strchr(err.text, '\n'), "%s", err.text);
	cnm_error_clear(&err);
	let_say("", "");
}

static void assert_nothing_left(void)
{
	_cleanup_free_ char *left = cnm_test_plugin_left(&plugin);

	cr_assert_str_empty(left);
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(find %s/owed %s/held -type f 2>/dev/null)\"",
	                            host.roots.root, host.roots.root),
	             0);
	cnm_test_host_assert_clean(&host);
}

/* A pool that the network cannot have. The plugin has its own opinion of which address it gave as a gateway: released with the pool. */
Test(remote_answers, pools)
{
	static const struct {
		const char *driver, *call, *say, *why;
	} rows[] = {
	        {"bridge", "IpamDriver.RequestPool", "{\"Pool\":\"hello\"}", "RequestPool: key \"Pool\""},
	        {"tp", "IpamDriver.RequestPool", "{\"Pool\":\"fd00::/64\"}", "other family"},
	        {"tp", "IpamDriver.RequestPool", "{\"Data\":{\"com.docker.network.gateway\":\"10.77.0.1\"}}",
	         "no prefix length"},
	        {"tp", "IpamDriver.RequestPool", "{\"Data\":{\"com.docker.network.gateway\":\"fd00::1/64\"}}",
	         "other family"},
	        {"bridge", "IpamDriver.RequestPool", "{\"Pool\":\"224.0.0.0/8\"}", "cannot have the pool"},
	        {"bridge", "IpamDriver.RequestPool", "{\"Pool\":\"0.0.0.0/0\"}", "cannot have the pool"},
	        {"bridge", "IpamDriver.RequestPool", "{\"Pool\":\"10.99.0.0/24\"}", "its gateway 10.77.0.1"},
	        {"bridge", "IpamDriver.RequestPool",
	         "{\"Data\":{\"com.docker.network.gateway\":\"10.99.0.1/24\"}}", "its gateway 10.99.0.1"},
	        {"tp", "IpamDriver.RequestAddress", "{\"Address\":\"0.0.0.0/0\"}", "no interface can have"},
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		const struct cnm_network_spec spec = {
		        .name = "web", .driver = rows[i].driver, .ipam_driver = "tp"};

		let_say(rows[i].call, rows[i].say);
		assert_refused(cnm_network_create(host.controller, &spec, NULL, &err), rows[i].call,
		               rows[i].say, rows[i].why);
		/* Here the plugin's answer hid what it gave, and only that. */
		memset(plugin.book->addresses, 0, sizeof(plugin.book->addresses));
		assert_nothing_left();
	}
}

/* Asked for by name, and another given. */
Test(remote_answers, gateway_and_auxiliary_address_by_name)
{
	const struct cnm_option aux[] = {{"router", "10.77.0.9"}};
	struct cnm_pool_spec pool = {.subnet = "10.77.0.0/16", .gateway = "10.77.0.3"};
	const struct cnm_network_spec spec = {
	        .name = "web", .driver = "tp", .ipam_driver = "tp", .pools = &pool, .pool_count = 1};

	let_say("IpamDriver.RequestAddress", "{\"Address\":\"10.77.0.8/16\"}");
	assert_refused(cnm_network_create(host.controller, &spec, NULL, &err), "gateway", "10.77.0.8",
	               "it gave 10.77.0.8, not 10.77.0.3");
	memset(plugin.book->addresses, 0, sizeof(plugin.book->addresses));
	assert_nothing_left();
	pool = (struct cnm_pool_spec){.subnet = "10.77.0.0/16", .gateway = "none", .aux = {aux, 1}};
	let_say("IpamDriver.RequestAddress", "{\"Address\":\"10.77.0.8/16\"}");
	assert_refused(cnm_network_create(host.controller, &spec, NULL, &err), "aux", "10.77.0.8",
	               "it gave 10.77.0.8, not 10.77.0.9");
	memset(plugin.book->addresses, 0, sizeof(plugin.book->addresses));
	assert_nothing_left();
}

/* Calico's two drivers know each other by a gateway that is none: 0.0.0.0/0, whatever the pool is. */
Test(remote_answers, gateway_is_handed_on_as_it_is)
{
	const struct cnm_network_spec spec = {.name = "web", .driver = "tp", .ipam_driver = "tp"};
	struct cnm_network *network;

	let_say("IpamDriver.RequestPool", "{\"Data\":{\"com.docker.network.gateway\":\"0.0.0.0/0\"}}");
	network = cnm_test_network(&host, &spec);
	let_say("", "");
	cr_assert_str_eq(plugin.book->networks[0].gateways[0], "0.0.0.0/0");
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

/* Addresses for endpoints of a network of ours, and of a plugin's. */
Test(remote_answers, addresses_and_interfaces)
{
	static const struct {
		const char *driver, *call, *say, *why;
	} rows[] = {
	        {"bridge", "IpamDriver.RequestAddress", "{\"Address\":\"10.99.0.5/16\"}",
	         "is not in 10.77.0.0/16"},
	        {"bridge", "IpamDriver.RequestAddress", "{\"Address\":\"10.77.0.1/16\"}",
	         "is for no endpoint"},
	        {"bridge", "IpamDriver.RequestAddress", "{\"Address\":\"10.77.255.255/16\"}",
	         "is for no endpoint"},
	        {"bridge", "IpamDriver.RequestAddress", "{\"Address\":\"fd00::5/64\"}", "another family"},
	        {"tp", "IpamDriver.RequestAddress", "{\"Address\":\"fd00::5/64\"}", "another family"},
	        {"tp", "IpamDriver.RequestAddress", "{\"Address\":\"127.0.0.9/8\"}", "no interface can have"},
	        {"tp", "NetworkDriver.CreateEndpoint", "{\"Interface\":{\"AddressIPv6\":\"ff02::5/64\"}}",
	         "CreateEndpoint: key \"AddressIPv6\": no interface can have"},
	        {"tp", "NetworkDriver.Join", "{\"Err\":5}", "NetworkDriver.Join: 5"},
	        {"tp", "NetworkDriver.Join", "{\"Gateway\":\"0.0.0.0\"}", "no address of a gateway"},
	};
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_network *network = NULL;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		const struct cnm_network_spec spec = {
		        .name = "web", .driver = rows[i].driver, .ipam_driver = "tp"};
		char gateway[64];

		network = cnm_test_network(&host, &spec);
		snprintf(gateway, sizeof(gateway), "%s", plugin.book->addresses[0].address);
		let_say(rows[i].call, rows[i].say);
		assert_refused(cnm_connect(host.controller, network, &sandbox, NULL, NULL, CNM_CONNECT_NEW,
		                           NULL, &err),
		               rows[i].call, rows[i].say, rows[i].why);
		cr_assert_str_eq(plugin.book->addresses[0].address, gateway, "the gateway's was given back");
		memset(&plugin.book->addresses[1], 0, sizeof(plugin.book->addresses[1]));
		cnm_test_network_delete(&host, network);
		assert_nothing_left();
	}
}

/* A link that cannot be as it should is handed back all the same: here one that can have no MAC, and one whose name is taken. */
Test(remote_answers, link_that_does_not_become_an_interface)
{
	const struct cnm_network_spec spec = {.name = "web", .driver = "tp", .ipam_driver = "tp"};
	const struct cnm_endpoint_spec with_mac = {.mac = "02:00:00:00:00:05"};
	const struct cnm_join_spec join = {.ifname = "eth9"};
	struct cnm_sandbox_spec sandbox = {.id = "c1"};
	struct cnm_sandbox *made = NULL;
	struct cnm_network *network = cnm_test_network(&host, &spec);

	cr_assert_eq(cnm_sandbox_create(host.controller, &sandbox, &made, &err), 0, "%s", err.text);
	cr_assert_eq(
	        cnm_test_shell(NULL,
	                       "ip tuntap add dev t0 mode tun && ip link add v0 type veth peer name v1 && "
	                       "nsenter --net=%s/netns/c1 ip link add eth9 type veth peer name eth8",
	                       host.roots.state),
	        0);
	let_say("NetworkDriver.Join", "{\"InterfaceName\":{\"SrcName\":\"t0\"}}");
	assert_refused(
	        cnm_connect(host.controller, network, &sandbox, &with_mac, NULL, CNM_CONNECT_NEW, NULL, &err),
	        "Join", "t0", "not supported");
	let_say("NetworkDriver.Join", "{\"InterfaceName\":{\"SrcName\":\"v0\"}}");
	assert_refused(
	        cnm_connect(host.controller, network, &sandbox, NULL, &join, CNM_CONNECT_NEW, NULL, &err),
	        "Join", "v0", "eth9 exists already in the sandbox");
	cr_assert_eq(cnm_test_shell(NULL, "for l in t0 v0; do ip link show dev $l >/dev/null || exit 1; "
	                                  "! ip link show dev $l | grep alias || exit 1; done"),
	             0, "the plugin's links are not back");
	cr_assert_eq(cnm_test_shell(NULL, "ip link del t0; ip link del v0"), 0);
	cr_assert_eq(cnm_sandbox_delete(host.controller, made, &err), 0, "%s", err.text);
	cnm_sandbox_free(made);
	cnm_test_network_delete(&host, network);
	assert_nothing_left();
}

/* A prefix length that is not the subnet's would be an address of another subnet, on a bridge of ours. */
Test(remote_answers, prefix_length_on_a_bridge_is_the_subnets)
{
	const struct cnm_network_spec spec = {.name = "web", .driver = "bridge", .ipam_driver = "tp"};
	struct cnm_network *network = cnm_test_network(&host, &spec);
	struct cnm_endpoint *endpoint;
	char text[64];

	let_say("IpamDriver.RequestAddress", "{\"Address\":\"10.77.0.2/8\"}");
	endpoint = cnm_test_connect(&host, network, "c1");
	cr_assert_str_eq(cnm_endpoint_address(endpoint, 0, text), "10.77.0.2/16");
	cnm_test_disconnect(&host, "web", "c1");
	cnm_test_network_delete(&host, network);
	cnm_endpoint_free(endpoint);
	assert_nothing_left();
}
