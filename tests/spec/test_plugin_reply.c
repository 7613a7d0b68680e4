/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plugins answer: what Go's encoder makes of a plugin's structures, and what none should make. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/plugin_reply.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define REPLY(said)                                                                                          \
	_cleanup_json_ json_object *reply = NULL;                                                            \
	struct cnm_error err = CNM_ERROR_INIT;                                                               \
	cr_assert_eq(cnm_plugin_reply_parse(&reply, said, strlen(said), &err), 0, "%s: %s", said, err.text)

Test(plugin_reply, empty_is_an_object_and_garbage_is_none)
{
	static const char *const texts[] = {"[]", "nullx", "null null", "{", "<html>", "{\"a\":1}x"};
	size_t i;

	{
		REPLY(" \n");
		cr_assert_null(cnm_plugin_refusal(reply));
	}
	{
		REPLY(" null\n");
		cr_assert_null(cnm_plugin_refusal(reply));
	}
	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		json_object *none = NULL;
		struct cnm_error no = CNM_ERROR_INIT;

		cr_assert_eq(cnm_plugin_reply_parse(&none, texts[i], strlen(texts[i]), &no), -1, "%s",
		             texts[i]);
	}
}

Test(plugin_reply, refusal_in_both_spellings)
{
	static const char *const refused[] = {"{\"Err\":\"no\"}", "{\"Error\":\"no\"}", "{\"err\":\"no\"}",
	                                      "{\"Err\":\"\",\"Error\":\"no\"}"},
	                         *const fine[] = {"{}", "{\"Err\":\"\"}", "{\"Error\":null}"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(refused); i++) {
		REPLY(refused[i]);
		cr_assert_str_eq(cnm_plugin_refusal(reply), "no", "%s", refused[i]);
	}
	for (i = 0; i < CNM_ARRAY_SIZE(fine); i++) {
		REPLY(fine[i]);
		cr_assert_null(cnm_plugin_refusal(reply), "%s", fine[i]);
	}
	{
		REPLY("{\"Err\":{\"code\":5}}");
		cr_assert(strstr(cnm_plugin_refusal(reply), "code"),
		          "Go's decoder would not take it for none");
	}
}

Test(plugin_reply, activation)
{
	struct cnm_plugin_implements is = {0};

	REPLY("{\"Implements\":[\"VolumeDriver\",\"NetworkDriver\"]}");
	cr_assert_eq(cnm_plugin_activation(reply, &is, &err), 0);
	cr_assert(is.network && !is.ipam);
}

Test(plugin_reply, scopes)
{
	static const struct {
		const char *text;
		int r;
		bool global, connectivity;
	} cases[] = {
	        {"{\"Scope\":\"local\"}", 0, false, false},
	        {"{\"Scope\":\"global\"}", 0, true, true},
	        {"{\"Scope\":\"local\",\"ConnectivityScope\":\"global\"}", 0, false, true},
	        {"{\"Scope\":\"global\",\"ConnectivityScope\":\"\"}", 0, true, true},
	        {"{}", -1, false, false},
	        {"{\"Scope\":\"swarm\"}", -1, false, false},
	        {"{\"Scope\":\"local\",\"ConnectivityScope\":\"here\"}", -1, false, false},
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(cases); i++) {
		struct cnm_plugin_capabilities is = {0};

		REPLY(cases[i].text);
		cr_assert_eq(cnm_plugin_network_capabilities(reply, &is, &err), cases[i].r, "%s",
		             cases[i].text);
		if (cases[i].r == 0)
			cr_assert(is.global == cases[i].global &&
			                  is.connectivity_global == cases[i].connectivity,
			          "%s", cases[i].text);
	}
}

Test(plugin_reply, join_of_both_families_and_both_kinds_of_route)
{
	struct cnm_plugin_joined j;
	char text[CNM_ADDR_TEXT_MAX];

	REPLY("{\"InterfaceName\":{\"SrcName\":\"v1\",\"DstPrefix\":\"eth\"},\"Gateway\":\"10.0.0.1\","
	      "\"GatewayIPv6\":\"fd00::1\",\"DisableGatewayService\":true,\"StaticRoutes\":["
	      "{\"Destination\":\"192.0.2.7/24\",\"RouteType\":0,\"NextHop\":\"10.0.0.9\"},"
	      "{\"Destination\":\"2001:db8::/32\",\"RouteType\":0,\"NextHop\":\"fd00::9\"},"
	      "{\"Destination\":\"fd01::/64\",\"RouteType\":1,\"NextHop\":\"\"}]}");
	cr_assert_eq(cnm_plugin_joined(reply, &j, &err), 0, "%s", err.text);
	cr_assert_str_eq(j.src_name, "v1");
	cr_assert_str_eq(j.dst_prefix, "eth");
	cr_assert_str_eq(cnm_addr_format(&j.gateway6, text), "fd00::1");
	cr_assert(j.no_gateway_service);
	cr_assert_eq(j.route_count, 3);
	cr_assert_str_eq(cnm_addr_format_cidr(&j.routes[0].to, text), "192.0.2.0/24");
	cr_assert_str_eq(cnm_addr_format(&j.routes[1].via, text), "fd00::9");
	cr_assert_not(cnm_addr_is_set(&j.routes[2].via));
}

Test(plugin_reply, nothing_is_said_as_null_too)
{
	struct cnm_plugin_joined j;
	struct cnm_plugin_interface chosen;

	REPLY("{\"InterfaceName\":null,\"Gateway\":\"\",\"GatewayIPv6\":\"\",\"StaticRoutes\":null,"
	      "\"Interface\":null,\"Err\":\"\"}");
	cr_assert_eq(cnm_plugin_joined(reply, &j, &err), 0, "%s", err.text);
	cr_assert(!j.src_name && !j.route_count && !cnm_addr_is_set(&j.gateway));
	cr_assert_eq(cnm_plugin_interface(reply, &chosen, &err), 0, "%s", err.text);
	cr_assert(!cnm_mac_is_set(&chosen.mac) && !cnm_addr_is_set(&chosen.address));
}

Test(plugin_reply, join_that_cannot_be_applied)
{
	static const char *const texts[] = {
	        "{\"InterfaceName\":{\"SrcName\":\"../x\"}}",
	        "{\"InterfaceName\":{\"SrcName\":\"a-name-that-is-too-long\"}}",
	        "{\"InterfaceName\":[]}",
	        "{\"Gateway\":\"fd00::1\"}",
	        "{\"GatewayIPv6\":\"10.0.0.1\"}",
	        "{\"Gateway\":\"10.0.0.1/24\"}",
	        "{\"Gateway\":\"0.0.0.0\"}",
	        "{\"Gateway\":\"224.0.0.1\"}",
	        "{\"GatewayIPv6\":\"::1\"}",
	        "{\"StaticRoutes\":[{\"Destination\":\"10.0.0.0/8\",\"RouteType\":0}]}",
	        "{\"StaticRoutes\":[{\"Destination\":\"10.0.0.0/8\",\"NextHop\":\"fd00::1\"}]}",
	        "{\"StaticRoutes\":[{\"Destination\":\"10.0.0.0/8\",\"RouteType\":2}]}",
	        "{\"StaticRoutes\":[{\"NextHop\":\"10.0.0.1\"}]}",
	        "{\"StaticRoutes\":[5]}",
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		struct cnm_plugin_joined j;

		REPLY(texts[i]);
		cr_assert_eq(cnm_plugin_joined(reply, &j, &err), -1, "%s", texts[i]);
		cr_assert_null(strchr(err.text, '\n'));
	}
}

Test(plugin_reply, pool_and_address)
{
	struct cnm_plugin_pool_reply pool;
	char text[CNM_ADDR_TEXT_MAX];
	struct cnm_addr addr;

	REPLY("{\"PoolID\":\"a/b\",\"Pool\":\"10.0.0.7/8\",\"Data\":{\"com.docker.network.gateway\":"
	      "\"10.0.0.9/8\"},\"Address\":\"10.0.0.3/8\"}");
	cr_assert_eq(cnm_plugin_pool_reply(reply, &pool, &err), 0, "%s", err.text);
	cr_assert_str_eq(pool.id, "a/b");
	cr_assert_str_eq(cnm_addr_format_cidr(&pool.pool, text), "10.0.0.0/8");
	cr_assert_str_eq(cnm_addr_format_cidr(&pool.gateway, text), "10.0.0.9/8");
	cr_assert_eq(cnm_plugin_address_reply(reply, &addr, &err), 0);
	cr_assert_str_eq(cnm_addr_format_cidr(&addr, text), "10.0.0.3/8");
}

Test(plugin_reply, what_is_no_pool_and_no_address)
{
	static const char *const pools[] = {"{}", "{\"PoolID\":\"x\"}", "{\"Pool\":\"10.0.0.0/8\"}",
	                                    "{\"PoolID\":\"x\",\"Pool\":\"10.0.0.0\"}",
	                                    "{\"PoolID\":\"x\",\"Pool\":\"ten\"}"};
	static const char *const addresses[] = {"{}", "{\"Address\":\"\"}", "{\"Address\":\"10.0.0.1\"}",
	                                        "{\"Address\":5}"};
	struct cnm_plugin_pool_reply pool;
	struct cnm_addr addr;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(pools); i++) {
		REPLY(pools[i]);
		cr_assert_eq(cnm_plugin_pool_reply(reply, &pool, &err), -1, "%s", pools[i]);
		/* What it names can be given back nevertheless. */
		cr_assert_eq(pool.id != NULL, strstr(pools[i], "PoolID") != NULL, "%s", pools[i]);
	}
	{
		char text[5000];

		snprintf(text, sizeof(text), "{\"PoolID\":\"%04900d\",\"Pool\":\"10.0.0.0/8\"}", 0);
		REPLY(text);
		cr_assert_eq(cnm_plugin_pool_reply(reply, &pool, &err), -1, "records would not hold it");
	}
	for (i = 0; i < CNM_ARRAY_SIZE(addresses); i++) {
		REPLY(addresses[i]);
		cr_assert_eq(cnm_plugin_address_reply(reply, &addr, &err), -1, "%s", addresses[i]);
	}
}
