/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipam object of host-local and static. */
#include "cnm/base/cleanup.h"
#include "spec/cni_ipam.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static int parse(struct cnm_cni_ipam *ipam, struct cnm_cni_config *config, const char *members,
                 struct cnm_cni_error *err)
{
	cnm_test_cni_config(config, members);
	return cnm_cni_ipam_parse(ipam, config, err);
}

#define PARSE(members)                                                                                       \
	_cleanup_cni_config_ struct cnm_cni_config config;                                                   \
	_cleanup_cni_ipam_ struct cnm_cni_ipam ipam;                                                         \
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;                                                       \
	cr_assert_eq(parse(&ipam, &config, members, &err), 0, "%s", err.msg)

Test(cni_ipam, none)
{
	PARSE("");
	cr_assert_str_eq(ipam.type, "");
	cr_assert(!ipam.ranges.count && !ipam.route_count && !ipam.address_count && !ipam.data_dir &&
	          !ipam.resolv_conf);
}

Test(cni_ipam, host_local)
{
	PARSE("\"ipam\":{\"type\":\"host-local\",\"subnet\":\"10.0.0.0/24\",\"gateway\":\"10.0.0.9\","
	      "\"ranges\":[[{\"subnet\":\"fd00::/64\"}]],\"routes\":[{\"dst\":\"0.0.0.0/"
	      "0\"},{\"dst\":\"10.0.0.0/8\",\"gw\":\"10.0.0.1\"}],"
	      "\"dataDir\":\"/d\",\"resolvConf\":\"/etc/resolv.conf\",\"addresses\":5}");
	cr_assert_str_eq(ipam.type, "host-local");
	cr_assert_eq(ipam.ranges.set_count, 2);
	cr_assert_eq(ipam.ranges.items[0].subnet.prefix, 24, "the flat form comes first");
	cr_assert(ipam.ranges.items[0].gateway_given);
	cr_assert_eq(ipam.ranges.items[1].set, 1);
	cr_assert_eq(ipam.route_count, 2);
	cr_assert_str_eq(ipam.data_dir, "/d");
	cr_assert_str_eq(ipam.resolv_conf, "/etc/resolv.conf");
	cr_assert_eq(ipam.address_count, 0);
}

Test(cni_ipam, static_addresses)
{
	PARSE("\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"10.0.0.5/"
	      "24\",\"gateway\":\"10.0.0.1\"},"
	      "{\"address\":\"fd00::5/"
	      "64\",\"gateway\":\"\"}],\"dns\":{\"nameservers\":[\"10.0.0.1\"]},\"ranges\":5,"
	      "\"routes\":[{\"dst\":\"::/0\"}]}");
	cr_assert_eq(ipam.address_count, 2);
	cr_assert_eq(ipam.addresses[0].address.prefix, 24);
	cr_assert(cnm_addr_is_set(&ipam.addresses[0].gateway));
	cr_assert_not(cnm_addr_is_set(&ipam.addresses[1].gateway));
	cr_assert_eq(ipam.dns.nameservers.count, 1);
	cr_assert_eq(ipam.route_count, 1);
	cr_assert_eq(ipam.ranges.count, 0);
}

/* Of a type that is not ours only the routes mean something. */
Test(cni_ipam, another_type)
{
	PARSE("\"ipam\":{\"type\":\"dhcp\",\"ranges\":5,\"addresses\":5,\"dataDir\":5,\"routes\":[{\"dst\":"
	      "\"::/0\"}]}");
	cr_assert_str_eq(ipam.type, "dhcp");
	cr_assert_eq(ipam.route_count, 1);
}

Test(cni_ipam, refusals)
{
	static const struct {
		const char *members, *want;
	} rows[] = {
	        {"\"ipam\":{\"routes\":{}}", "key \"routes\""},
	        {"\"ipam\":{\"routes\":[{\"dst\":\"x\"}]}", "routes[0]: key \"dst\""},
	        {"\"ipam\":{\"type\":\"host-local\",\"ranges\":5}", "key \"ranges\""},
	        {"\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"10.0.0.1/24\"}]]}",
	         "subnet: "},
	        {"\"ipam\":{\"type\":\"host-local\",\"subnet\":5}", "key \"subnet\""},
	        {"\"ipam\":{\"type\":\"host-local\",\"subnet\":\"10.0.0.0/"
	         "24\",\"ranges\":[[{\"subnet\":\"10.0.0.0/24\"}]]}",
	         "ranges of 10.0.0.0/24 and 10.0.0.0/24 overlap"},
	        {"\"ipam\":{\"type\":\"host-local\",\"routes\":[{\"dst\":\"::/0\"}],\"dataDir\":5}",
	         "key \"dataDir\""},
	        {"\"ipam\":{\"type\":\"host-local\",\"resolvConf\":[]}", "key \"resolvConf\""},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":{}}", "key \"addresses\""},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":[5]}", "addresses[0]: expected an object"},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":[{}]}", "addresses[0]: no \"address\""},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"10.0.0.5/"
	         "24\"},{\"address\":\"10.0.0.5\"}]}",
	         "addresses[1]: \"10.0.0.5\" has no prefix length"},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"10.0.0.5/"
	         "24\",\"gateway\":\"x\"}]}",
	         "addresses[0]: gateway: \"x\" is not"},
	        {"\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"10.0.0.5/"
	         "24\",\"gateway\":\"fd00::1\"}]}",
	         "addresses[0]: gateway fd00::1: not of the family of 10.0.0.5/24"},
	        {"\"ipam\":{\"type\":\"static\",\"dns\":{\"search\":5}}", "dns: key \"search\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_ipam ipam;

		cr_assert_eq(parse(&ipam, &config, rows[i].members, &err), -1, "accepted: %s",
		             rows[i].members);
		cr_assert_eq(err.code, CNM_CNI_E_CONFIG);
		cr_assert_eq(strncmp(err.msg, "network web: ipam: ", 19), 0, "%s", err.msg);
		cr_assert_eq(strncmp(err.msg + 19, rows[i].want, strlen(rows[i].want)), 0, "%s", err.msg);
		cr_assert(!ipam.ranges.items && !ipam.routes && !ipam.addresses);
	}
	cnm_cni_ipam_free(NULL);
}
