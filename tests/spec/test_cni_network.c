/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of our own plugin type. */
#include "cnm/base/cleanup.h"
#include "spec/cni_network.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

static int parse(struct cnm_cni_network *network, struct cnm_cni_config *config, const char *members,
                 struct cnm_cni_error *err)
{
	cnm_test_cni_config(config, members);
	return cnm_cni_network_parse(network, config, err);
}

#define PARSE(members)                                                                                       \
	_cleanup_cni_config_ struct cnm_cni_config config;                                                   \
	_cleanup_cni_network_ struct cnm_cni_network network;                                                \
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;                                                       \
	cr_assert_eq(parse(&network, &config, members, &err), 0, "%s", err.msg)

Test(cni_network, name_alone)
{
	PARSE("");
	cr_assert_str_eq(network.network, "web");
	cr_assert_not(network.described);
	cr_assert(!network.driver && !network.ipam_driver && !network.pools && !network.ipv6 &&
	          !network.internal);
	cr_assert_eq(network.gateway_priority, 0);
}

Test(cni_network, everything)
{
	PARSE("\"network\":\"other\",\"driver\":\"bridge\",\"ipamDriver\":\"default\","
	      "\"subnets\":[\"10.0.0.0/24\",{\"subnet\":\"fd00::/64\",\"range\":\"fd00::/"
	      "80\",\"gateway\":\"fd00::1\",\"aux\":{\"r\":\"fd00::2\"}},{}],"
	      "\"options\":{\"mtu\":1400,\"icc\":true},\"ipamOptions\":{\"a\":\"b\"},\"labels\":{\"l\":\"m\"}"
	      ",\"IPv6\":true,\"internal\":true,"
	      "\"gatewayPriority\":-5,\"aliases\":[\"a\",\"b\"],\"sysctls\":{\"net.ipv4.ip_forward\":1}");
	cr_assert_str_eq(network.network, "other");
	cr_assert(network.described);
	cr_assert_str_eq(network.driver, "bridge");
	cr_assert_str_eq(network.ipam_driver, "default");
	cr_assert_eq(network.pool_count, 3);
	cr_assert_str_eq(network.pools[0].subnet, "10.0.0.0/24");
	cr_assert_null(network.pools[0].gateway);
	cr_assert_str_eq(network.pools[1].range, "fd00::/80");
	cr_assert_str_eq(network.pools[1].gateway, "fd00::1");
	cr_assert_str_eq(cnm_kvs_get(&network.pools[1].aux, "r"), "fd00::2");
	cr_assert_null(network.pools[2].subnet, "one is to be chosen");
	cr_assert_str_eq(cnm_kvs_get(&network.options, "mtu"), "1400");
	cr_assert_str_eq(cnm_kvs_get(&network.options, "icc"), "true");
	cr_assert_str_eq(cnm_kvs_get(&network.ipam_options, "a"), "b");
	cr_assert_str_eq(cnm_kvs_get(&network.labels, "l"), "m");
	cr_assert(network.ipv6 && network.internal);
	cr_assert_eq(network.gateway_priority, -5);
	cr_assert_eq(network.aliases.count, 2);
	cr_assert_str_eq(cnm_kvs_get(&network.sysctls, "net.ipv4.ip_forward"), "1");
}

/* What makes a configuration a description, and what belongs to one attachment only. */
Test(cni_network, described)
{
	static const struct {
		const char *members;
		bool described;
	} rows[] = {
	        {"\"driver\":\"bridge\"", true},  {"\"Subnets\":[]", true},
	        {"\"options\":{}", true},         {"\"ipv6\":false", true},
	        {"\"internal\":true", true},      {"\"ipamDriver\":\"null\"", true},
	        {"\"ipamOptions\":{}", true},     {"\"network\":\"x\"", false},
	        {"\"aliases\":[\"a\"]", false},   {"\"sysctls\":{\"a\":1}", false},
	        {"\"gatewayPriority\":1", false}, {"\"driver\":null", false},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		PARSE(rows[i].members);
		cr_assert_eq(network.described, rows[i].described, "%s", rows[i].members);
	}
}

Test(cni_network, aliases_of_the_runtime_are_elsewhere)
{
	PARSE("\"aliases\":[\"own\"],\"runtimeConfig\":{\"aliases\":[\"theirs\"]}");
	cr_assert_eq(network.aliases.count, 1);
	cr_assert_str_eq(network.aliases.items[0], "own");
	cr_assert_str_eq(config.runtime.aliases.items[0], "theirs");
}

Test(cni_network, refusals)
{
	static const struct {
		const char *members, *want;
	} rows[] = {
	        {"\"network\":\"../x\"", "key \"network\": \"../x\" is not a name"},
	        {"\"network\":\"\"", "key \"network\": \"\" is not a name"},
	        {"\"network\":5", "key \"network\": expected a string"},
	        {"\"driver\":[]", "key \"driver\""},
	        {"\"ipamDriver\":5", "key \"ipamDriver\""},
	        {"\"subnets\":\"10.0.0.0/24\"", "key \"subnets\""},
	        {"\"subnets\":[5]", "subnets[0]: expected a string or an object"},
	        {"\"subnets\":[\"a\",null]", "subnets[1]: expected a string or an object"},
	        {"\"subnets\":[{\"aux\":{\"a\":\"b\"}},{\"gateway\":5}]", "subnets[1]: key \"gateway\""},
	        {"\"subnets\":[{\"aux\":[]}]", "subnets[0]: key \"aux\""},
	        {"\"options\":[]", "key \"options\""},
	        {"\"options\":{\"a\":{}}", "key \"options\": key \"a\""},
	        {"\"ipamOptions\":5", "key \"ipamOptions\""},
	        {"\"labels\":[]", "key \"labels\""},
	        {"\"ipv6\":\"yes\"", "key \"ipv6\""},
	        {"\"internal\":1", "key \"internal\""},
	        {"\"gatewayPriority\":2147483648", "key \"gatewayPriority\""},
	        {"\"gatewayPriority\":1.5", "key \"gatewayPriority\""},
	        {"\"aliases\":\"a\"", "key \"aliases\""},
	        {"\"aliases\":[\"a\"],\"sysctls\":[]", "key \"sysctls\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_network network;

		cr_assert_eq(parse(&network, &config, rows[i].members, &err), -1, "accepted: %s",
		             rows[i].members);
		cr_assert_eq(err.code, CNM_CNI_E_CONFIG);
		cr_assert_eq(strncmp(err.msg, "network web: ", 13), 0, "%s", err.msg);
		cr_assert_eq(strncmp(err.msg + 13, rows[i].want, strlen(rows[i].want)), 0, "%s", err.msg);
		cr_assert(!network.pools && !network.network && !network.options.count &&
		          !network.aliases.count);
	}
	cnm_cni_network_free(NULL);
}
