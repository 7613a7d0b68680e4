/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election of the endpoint that gives the default route: the same whatever the order of joins. */
#include "cnm/sandbox_net.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct cnm_addr addr(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr ret;

	cr_assert_eq(cnm_addr_parse(&ret, text, &err), 0, "%s", err.text);
	return ret;
}

static struct cnm_endpoint endpoint(const char *network, const char *ifname, int priority)
{
	struct cnm_endpoint ret = {.gateway_priority = priority};

	snprintf(ret.network, sizeof(ret.network), "%s", network);
	snprintf(ret.ifname, sizeof(ret.ifname), "%s", ifname);
	return ret;
}

static void give(struct cnm_endpoint *endpoint, const char *address, const char *gateway)
{
	struct cnm_endpoint_addr *at = &endpoint->addrs[endpoint->addr_count++];

	at->addr = addr(address);
	if (gateway)
		at->gateway = addr(gateway);
}

/* In both orders. */
static void assert_elected(const struct cnm_endpoint *winner, const struct cnm_endpoint *loser, int family)
{
	const struct cnm_endpoint *forth[] = {winner, loser}, *back[] = {loser, winner};

	cr_assert_eq(cnm_gateway_elect(forth, 2, family), winner);
	cr_assert_eq(cnm_gateway_elect(back, 2, family), winner);
}

Test(gateway, nobody_is_elected_among_none)
{
	struct cnm_endpoint without = endpoint("web", "eth0", 5);
	const struct cnm_endpoint *all[] = {&without};

	give(&without, "10.0.0.2", NULL);
	cr_assert_null(cnm_gateway_elect(NULL, 0, AF_INET));
	cr_assert_null(cnm_gateway_elect(all, 1, AF_INET));
	cr_assert_null(cnm_endpoint_gateway(&without, AF_INET));
}

Test(gateway, highest_priority_wins)
{
	struct cnm_endpoint a = endpoint("a", "eth0", -1), b = endpoint("b", "eth1", 0);

	give(&a, "10.0.0.2", "10.0.0.1");
	give(&b, "10.1.0.2", "10.1.0.1");
	assert_elected(&b, &a, AF_INET);
	a.gateway_priority = 1;
	assert_elected(&a, &b, AF_INET);
}

Test(gateway, then_the_networks_name_and_the_interfaces)
{
	struct cnm_endpoint a = endpoint("a", "eth9", 0), b = endpoint("b", "eth0", 0);
	struct cnm_endpoint again = endpoint("a", "eth1", 0);

	give(&a, "10.0.0.2", "10.0.0.1");
	give(&b, "10.1.0.2", "10.1.0.1");
	give(&again, "10.0.0.3", "10.0.0.1");
	assert_elected(&a, &b, AF_INET);
	assert_elected(&again, &a, AF_INET);
}

Test(gateway, endpoint_that_gives_none_is_passed_over)
{
	struct cnm_endpoint internal = endpoint("a", "eth0", 9), b = endpoint("b", "eth1", 0);

	give(&internal, "10.0.0.2", "10.0.0.1");
	internal.no_gateway = true;
	give(&b, "10.1.0.2", "10.1.0.1");
	cr_assert_null(cnm_endpoint_gateway(&internal, AF_INET));
	assert_elected(&b, &internal, AF_INET);
}

/* The unspecified address says that the interface itself is the way; only in families that the endpoint has. */
Test(gateway, interface_itself_takes_part_in_the_election)
{
	struct cnm_endpoint a = endpoint("a", "eth0", 0), b = endpoint("b", "eth1", 0);

	give(&a, "10.0.0.2", NULL);
	a.device_gateway = true;
	give(&b, "10.1.0.2", "10.1.0.1");
	give(&b, "fd01::2", "fd01::1");
	cr_assert(cnm_addr_is_unspecified(cnm_endpoint_gateway(&a, AF_INET)));
	cr_assert_eq(cnm_endpoint_gateway(&a, AF_INET)->family, AF_INET);
	cr_assert_null(cnm_endpoint_gateway(&a, AF_INET6));
	assert_elected(&a, &b, AF_INET);
	assert_elected(&b, &a, AF_INET6);
	a.no_gateway = true;
	cr_assert_null(cnm_endpoint_gateway(&a, AF_INET));
}

Test(gateway, each_family_is_elected_on_its_own)
{
	struct cnm_endpoint a = endpoint("a", "eth0", 0), b = endpoint("b", "eth1", 0);

	give(&a, "10.0.0.2", "10.0.0.1");
	give(&a, "fd00::2", NULL);
	give(&b, "10.1.0.2", "10.1.0.1");
	give(&b, "fd01::2", "fd01::1");
	assert_elected(&a, &b, AF_INET);
	assert_elected(&b, &a, AF_INET6);
}

Test(gateway, is_that_of_the_first_address_that_has_one)
{
	struct cnm_endpoint a = endpoint("a", "eth0", 0);
	char text[CNM_ADDR_TEXT_MAX];

	give(&a, "10.0.0.2", NULL);
	give(&a, "10.1.0.2", "10.1.0.1");
	give(&a, "10.2.0.2", "10.2.0.1");
	cr_assert_str_eq(cnm_addr_format(cnm_endpoint_gateway(&a, AF_INET), text), "10.1.0.1");
	cr_assert_null(cnm_endpoint_gateway(&a, AF_INET6));
}
