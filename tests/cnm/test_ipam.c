/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses out of pools: in which order, from which pool, never twice, never a reserved one; and given back on failure. */
#include "cnm/base/cleanup.h"
#include "cnm/ipam.h"
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct cnm_test_host host;
static struct cnm_network *network;
static struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_host_make(&host);
	cr_assert_eq(cnm_controller_add_driver(host.controller, &cnm_fake_driver, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_store_network_close(&net);
	cnm_network_free(network);
	cnm_test_host_remove(&host);
}

TestSuite(ipam, .init = setup, .fini = teardown, .timeout = 30);

/* Makes the network "web" with these pools and locks it, shared. */
static void make(const struct cnm_pool_spec *pools, size_t count)
{
	struct cnm_network_spec spec = {.name = "web", .driver = "fake", .pools = pools, .pool_count = count};

	cr_assert_eq(cnm_network_create(host.controller, &spec, &network, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_network_lock(host.controller->store, "web", CNM_LOCK_SHARED, &net, &err), 0,
	             "%s", err.text);
}

static void make_one(const char *subnet)
{
	struct cnm_pool_spec pool = {.subnet = subnet};

	make(&pool, 1);
}

/* Takes addresses for an endpoint of that name into *ret. `requested` is separated by blanks. */
static int take(const char *name, const char *requested, struct cnm_endpoint *ret)
{
	struct cnm_addr addrs[CNM_ENDPOINT_ADDRS];
	char list[256], *rest = list;
	size_t count = 0;

	snprintf(list, sizeof(list), "%s", requested);
	for (char *text = strtok_r(list, " ", &rest); text; text = strtok_r(NULL, " ", &rest))
		cr_assert_eq(cnm_addr_parse(&addrs[count++], text, &err), 0, "%s", err.text);
	*ret = (struct cnm_endpoint){.network = "web"};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return cnm_ipam_local.addresses_take(&net, network, addrs, count, ret, &err);
}

static void assert_taken(const char *name, const char *requested, const char *expected)
{
	struct cnm_endpoint endpoint;
	char text[256] = "", one[CNM_ADDR_TEXT_MAX];

	cr_assert_eq(take(name, requested, &endpoint), 0, "%s", err.text);
	for (size_t i = 0; i < endpoint.addr_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
		         cnm_addr_format_cidr(&endpoint.addrs[i].addr, one));
	cr_assert_str_eq(text, expected);
}

static void expect_refused(const char *requested, enum cnm_code code, const char *why)
{
	struct cnm_endpoint endpoint;

	cr_assert_eq(take("c9@eth0", requested, &endpoint), -1, "%s was given", requested);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, why), "'%s' is not in: %s", why, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cr_assert_eq(endpoint.addr_count, 0);
	cnm_error_clear(&err);
}

static void release(const char *name, const char *address)
{
	struct cnm_addr addr;

	cr_assert_eq(cnm_addr_parse(&addr, address, &err), 0);
	cr_assert_eq(cnm_store_address_release(&net, &addr, name, &err), 0, "%s", err.text);
}

static size_t count_taken(void)
{
	_cleanup_names_ struct cnm_names names = {0};

	cr_assert_eq(cnm_store_address_list(&net, &names, &err), 0);
	return names.count;
}

Test(ipam, next_address_is_behind_the_last_given_one)
{
	make_one("10.0.0.0/29");
	assert_taken("c1@eth0", "", "10.0.0.2/29");
	assert_taken("c2@eth0", "", "10.0.0.3/29");
	release("c1@eth0", "10.0.0.2");
	assert_taken("c3@eth0", "", "10.0.0.4/29");
	assert_taken("c4@eth0", "", "10.0.0.5/29");
	assert_taken("c5@eth0", "", "10.0.0.6/29");
	assert_taken("c6@eth0", "", "10.0.0.2/29");
}

Test(ipam, requested_address_does_not_move_the_order)
{
	make_one("10.0.0.0/24");
	assert_taken("c1@eth0", "10.0.0.3", "10.0.0.3/24");
	assert_taken("c2@eth0", "", "10.0.0.2/24");
	assert_taken("c3@eth0", "", "10.0.0.4/24");
}

Test(ipam, gateway_of_the_pool_goes_with_the_address)
{
	struct cnm_pool_spec pools[] = {{.subnet = "10.0.0.0/24", .gateway = "10.0.0.254"},
	                                {.subnet = "fd00::/64", .gateway = "none"}};
	struct cnm_endpoint endpoint;
	char text[CNM_ADDR_TEXT_MAX];

	make(pools, 2);
	cr_assert_eq(take("c1@eth0", "", &endpoint), 0, "%s", err.text);
	cr_assert_eq(endpoint.addr_count, 2);
	cr_assert_str_eq(cnm_addr_format(&endpoint.addrs[0].gateway, text), "10.0.0.254");
	cr_assert_str_eq(cnm_addr_format(&endpoint.addrs[1].addr, text), "fd00::1", "nobody is the gateway");
	cr_assert_not(cnm_addr_is_set(&endpoint.addrs[1].gateway));
}

Test(ipam, exhausted_pool_is_one_line)
{
	make_one("10.0.0.0/29");
	for (unsigned i = 0; i < 5; i++) {
		char name[16];
		struct cnm_endpoint endpoint;

		snprintf(name, sizeof(name), "c%u@eth0", i);
		cr_assert_eq(take(name, "", &endpoint), 0, "%s", err.text);
	}
	expect_refused("", CNM_E_EXHAUSTED, "no free address is left in 10.0.0.0/29");
	release("c3@eth0", "10.0.0.5");
	assert_taken("c8@eth0", "", "10.0.0.5/29");
	expect_refused("", CNM_E_EXHAUSTED, "10.0.0.0/29");
}

Test(ipam, gateway_and_auxiliary_addresses_are_never_given)
{
	struct cnm_option aux[] = {{"router", "10.0.0.3"}, {"printer", "10.0.0.6"}};
	struct cnm_pool_spec pool = {.subnet = "10.0.0.0/29", .gateway = "10.0.0.2", .aux = {aux, 2}};

	make(&pool, 1);
	assert_taken("c1@eth0", "", "10.0.0.1/29");
	assert_taken("c2@eth0", "", "10.0.0.4/29");
	assert_taken("c3@eth0", "", "10.0.0.5/29");
	expect_refused("", CNM_E_EXHAUSTED, "no free address");
	expect_refused("10.0.0.2", CNM_E_EXISTS, "10.0.0.2 is the gateway's");
	expect_refused("10.0.0.3", CNM_E_INVALID, "10.0.0.3 is reserved");
}

Test(ipam, requested_address_outside_or_taken_is_refused)
{
	make_one("10.0.0.0/24");
	assert_taken("c1@eth0", "10.0.0.77", "10.0.0.77/24");
	expect_refused("10.0.0.77", CNM_E_EXISTS, "10.0.0.77 is taken by c1@eth0");
	expect_refused("10.0.1.2", CNM_E_INVALID, "10.0.1.2 is in none of its subnets");
	expect_refused("fd00::2", CNM_E_INVALID, "fd00::2 is in none");
	expect_refused("10.0.0.0", CNM_E_INVALID, "10.0.0.0 is reserved");
	expect_refused("10.0.0.255", CNM_E_INVALID, "10.0.0.255 is reserved");
	assert_taken("c1@eth0", "10.0.0.77", "10.0.0.77/24"); /* its own again: a repeated join */
}

Test(ipam, requested_address_may_be_outside_the_range)
{
	struct cnm_pool_spec pool = {.subnet = "10.0.0.0/24", .range = "10.0.0.16/30"};

	make(&pool, 1);
	assert_taken("c1@eth0", "10.0.0.200", "10.0.0.200/24");
	assert_taken("c2@eth0", "", "10.0.0.16/24");
}

Test(ipam, failure_gives_back_what_was_taken)
{
	struct cnm_pool_spec pools[] = {{.subnet = "10.0.0.0/24"},
	                                {.subnet = "fd00::/126", .gateway = "none"}};

	make(pools, 2);
	expect_refused("10.0.0.7 10.9.9.9", CNM_E_INVALID, "10.9.9.9");
	cr_assert_eq(count_taken(), 0);
	for (unsigned i = 1; i < 4; i++) {
		char name[16], address[16];
		struct cnm_endpoint endpoint;

		snprintf(name, sizeof(name), "c%u@eth0", i);
		snprintf(address, sizeof(address), "fd00::%u", i);
		cr_assert_eq(take(name, address, &endpoint), 0, "%s", err.text);
	}
	expect_refused("", CNM_E_EXHAUSTED, "fd00::/126");
	cr_assert_eq(count_taken(), 6);
}

Test(ipam, first_pool_of_a_family_that_has_an_address_gives_it)
{
	struct cnm_pool_spec pools[] = {
	        {.subnet = "10.0.0.0/30"}, {.subnet = "fd00::/64"}, {.subnet = "10.0.1.0/30"}};

	make(pools, 3);
	assert_taken("c1@eth0", "", "10.0.0.2/30 fd00::2/64");
	assert_taken("c2@eth0", "", "10.0.1.2/30 fd00::3/64");
	expect_refused("", CNM_E_EXHAUSTED, "10.0.1.0/30");
	cr_assert_eq(count_taken(), 4);
}

Test(ipam, request_for_one_family_leaves_the_other_automatic)
{
	struct cnm_pool_spec pools[] = {{.subnet = "10.0.0.0/24"}, {.subnet = "fd00::/64"}};

	make(pools, 2);
	assert_taken("c1@eth0", "fd00::77", "fd00::77/64 10.0.0.2/24");
	assert_taken("c2@eth0", "10.0.0.77 fd00::78", "10.0.0.77/24 fd00::78/64");
}

Test(ipam, ipv6_pool_gives_its_last_address_and_not_its_first)
{
	struct cnm_pool_spec pool = {.subnet = "fd00::/126", .gateway = "none"};

	make(&pool, 1);
	expect_refused("fd00::", CNM_E_INVALID, "reserved"); /* the subnet's routers (RFC 4291) */
	assert_taken("c1@eth0", "", "fd00::1/126");
	assert_taken("c2@eth0", "", "fd00::2/126");
	assert_taken("c3@eth0", "", "fd00::3/126");
	expect_refused("", CNM_E_EXHAUSTED, "fd00::/126");
}

Test(ipam, both_addresses_of_a_point_to_point_subnet_are_hosts)
{
	struct cnm_pool_spec pools[] = {{.subnet = "10.0.0.0/31"}, {.subnet = "fd00::/127"}};

	make(pools, 2);
	assert_taken("c1@eth0", "", "10.0.0.1/31 fd00::1/127");
	expect_refused("", CNM_E_EXHAUSTED, "10.0.0.0/31");
}

Test(ipam, gap_behind_many_taken_addresses_is_found)
{
	make_one("10.0.0.0/24");
	for (unsigned i = 2; i < 255; i++) {
		char text[16];
		struct cnm_addr addr;

		snprintf(text, sizeof(text), "10.0.0.%u", i);
		cr_assert_eq(cnm_addr_parse(&addr, text, &err), 0);
		if (i != 200)
			cr_assert_eq(cnm_store_address_take(&net, &addr, "c1@eth0", &err), 1);
	}
	assert_taken("c2@eth0", "", "10.0.0.200/24");
	expect_refused("", CNM_E_EXHAUSTED, "10.0.0.0/24");
	release("c1@eth0", "10.0.0.2");
	assert_taken("c3@eth0", "", "10.0.0.2/24");
}

Test(ipam, release_gives_back_every_address_and_no_other)
{
	struct cnm_pool_spec pools[] = {{.subnet = "10.0.0.0/24"}, {.subnet = "fd00::/64"}};
	struct cnm_endpoint a, b;

	make(pools, 2);
	cr_assert_eq(take("c1@eth0", "", &a), 0);
	cr_assert_eq(take("c2@eth0", "", &b), 0);
	cr_assert_eq(cnm_ipam_release(&net, &a, &err), 0, "%s", err.text);
	cr_assert_eq(count_taken(), 2);
	memcpy(a.name, "c2@eth0", 8);
	memcpy(a.addrs, b.addrs, sizeof(a.addrs));
	cr_assert_eq(cnm_ipam_release(&net, &a, &err), 0);
	cr_assert_eq(count_taken(), 0);
	cr_assert_eq(cnm_ipam_release(&net, &a, &err), 0, "again is success");
}

/* Two processes at once -------------------------------------------------------------------------- */

#define PROCESSES 2
#define EACH      60

/* Takes EACH addresses over a store of its own and writes them to fd. */
static void take_many(unsigned who, int fd)
{
	struct cnm_store_network own = CNM_STORE_NETWORK_INIT;
	struct cnm_store *store = NULL;

	if (cnm_store_open(&store, host.roots.root, host.roots.state, &err) < 0 ||
	    cnm_store_network_lock(store, "web", CNM_LOCK_SHARED, &own, &err) < 0)
		_exit(1);
	for (unsigned i = 0; i < EACH; i++) {
		struct cnm_endpoint endpoint = {.network = "web"};

		snprintf(endpoint.name, sizeof(endpoint.name), "p%uc%u@eth0", who, i);
		if (cnm_ipam_local.addresses_take(&own, network, NULL, 0, &endpoint, &err) < 0 ||
		    endpoint.addr_count != 1)
			_exit(2);
		if (write(fd, &endpoint.addrs[0].addr, sizeof(struct cnm_addr)) != sizeof(struct cnm_addr))
			_exit(3);
	}
	_exit(0);
}

Test(ipam, two_processes_never_get_the_same_address)
{
	struct cnm_addr got[PROCESSES * EACH];
	int pipes[2], status;

	make_one("10.0.0.0/24");
	cr_assert_eq(pipe(pipes), 0);
	for (unsigned i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			take_many(i, pipes[1]);
	for (unsigned i = 0; i < PROCESSES; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %x", status);
	}
	for (unsigned i = 0; i < PROCESSES * EACH; i++) {
		cr_assert_eq(read(pipes[0], &got[i], sizeof(got[i])), (ssize_t)sizeof(got[i]));
		for (unsigned j = 0; j < i; j++)
			cr_assert_not(cnm_addr_equal(&got[i], &got[j]));
	}
	cr_assert_eq(count_taken(), PROCESSES * EACH);
	close(pipes[0]);
	close(pipes[1]);
}

/* Drivers ---------------------------------------------------------------------------------------- */

Test(ipam, null_gives_no_addresses)
{
	struct cnm_endpoint endpoint = {.name = "c1@eth0"};
	struct cnm_addr addr = {.family = AF_INET};
	struct cnm_network_spec spec = {.name = "web", .driver = "fake", .ipam_driver = "null"};
	struct cnm_pool_spec pool = {.subnet = "10.0.0.0/24"};

	cr_assert_eq(cnm_network_create(host.controller, &spec, &network, &err), 0, "%s", err.text);
	cr_assert_eq(network->pool_count, 0);
	cr_assert_eq(cnm_ipam_null.addresses_take(&net, network, NULL, 0, &endpoint, &err), 0);
	cr_assert_eq(endpoint.addr_count, 0);
	cr_assert_eq(cnm_ipam_null.addresses_take(&net, network, &addr, 1, &endpoint, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	spec.name = "db";
	spec.pools = &pool;
	spec.pool_count = 1;
	cr_assert_eq(cnm_network_create(host.controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID, "%s", err.text);
}

Test(ipam, unknown_driver_is_named_with_those_there_are)
{
	cr_assert_null(cnm_ipam_find("dhcp", &err));
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "\"dhcp\"") && strstr(err.text, "default, null"), "%s", err.text);
	cr_assert_eq(cnm_ipam_find("default", &err), &cnm_ipam_local);
	cr_assert_eq(cnm_ipam_find("null", &err), &cnm_ipam_null);
}
