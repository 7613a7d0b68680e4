/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the reference's bridge plugin. */
#include "cnm/base/cleanup.h"
#include "spec/cni_plugin.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static int parse(struct cnm_cni_bridge *bridge, struct cnm_cni_config *config, const char *members,
                 struct cnm_cni_error *err)
{
	cnm_test_cni_config(config, members);
	return cnm_cni_bridge_parse(bridge, config, err);
}

#define PARSE(members)                                                                                       \
	_cleanup_cni_config_ struct cnm_cni_config config;                                                   \
	_cleanup_cni_bridge_ struct cnm_cni_bridge bridge;                                                   \
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;                                                       \
	cr_assert_eq(parse(&bridge, &config, members, &err), 0, "%s", err.msg)

Test(cni_bridge, defaults)
{
	static const char *const rows[] = {
	        "", "\"bridge\":\"\",\"ipMasqBackend\":\"\",\"vlanTrunk\":[],\"unknown\":1"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		PARSE(rows[i]);
		cr_assert_str_eq(bridge.bridge, "cni0");
		cr_assert(bridge.preserve_default_vlan);
		cr_assert_null(bridge.ip_masq_backend);
		cr_assert(!bridge.is_gateway && !bridge.is_default_gateway && !bridge.force_address &&
		          !bridge.ip_masq);
		cr_assert(!bridge.hairpin && !bridge.promisc && !bridge.mac_spoof_check &&
		          !bridge.enable_dad);
		cr_assert(!bridge.disable_container_interface && !bridge.port_isolation);
		cr_assert(bridge.mtu == 0 && bridge.vlan == 0 && bridge.trunk_count == 0);
	}
}

Test(cni_bridge, everything)
{
	PARSE("\"bridge\":\"br0\",\"isGateway\":true,\"forceAddress\":true,\"ipMasq\":true,\"ipMasqBackend\":"
	      "\"nftables\",\"mtu\":9000,"
	      "\"hairpinMode\":true,\"vlan\":4094,\"vlanTrunk\":[{\"minID\":1,\"maxID\":4094},{\"id\":7}],"
	      "\"preserveDefaultVlan\":false,"
	      "\"macspoofchk\":true,\"enabledad\":true,\"portIsolation\":true,\"ipam\":{\"type\":\"host-"
	      "local\"}");
	cr_assert_str_eq(bridge.bridge, "br0");
	cr_assert(bridge.is_gateway && bridge.force_address && bridge.ip_masq && bridge.hairpin &&
	          bridge.mac_spoof_check);
	cr_assert(bridge.enable_dad && bridge.port_isolation && !bridge.preserve_default_vlan &&
	          !bridge.is_default_gateway);
	cr_assert_str_eq(bridge.ip_masq_backend, "nftables");
	cr_assert_eq(bridge.mtu, 9000);
	cr_assert_eq(bridge.vlan, 4094);
	cr_assert_eq(bridge.trunk_count, 2);
	cr_assert_eq(bridge.trunk[0].first, 1);
	cr_assert_eq(bridge.trunk[0].last, 4094);
	cr_assert_eq(bridge.trunk[1].first, 7);
	cr_assert_eq(bridge.trunk[1].last, 7);
}

Test(cni_bridge, default_gateway_is_a_gateway)
{
	PARSE("\"isDefaultGateway\":true,\"isGateway\":false");
	cr_assert(bridge.is_gateway && bridge.is_default_gateway);
}

Test(cni_bridge, no_container_interface_without_ipam)
{
	PARSE("\"disableContainerInterface\":true,\"promiscMode\":true,\"ipam\":{}");
	cr_assert(bridge.disable_container_interface && bridge.promisc);
}

Test(cni_bridge, refusals)
{
	static const struct {
		const char *members, *want;
	} rows[] = {
	        {"\"bridge\":\"a/b\"", "key \"bridge\": \"a/b\" is not an interface name"},
	        {"\"bridge\":5", "key \"bridge\": expected a string"},
	        {"\"ipMasqBackend\":\"ipfw\"", "key \"ipMasqBackend\": unknown value \"ipfw\""},
	        {"\"isGateway\":\"true\"", "key \"isGateway\": expected true or false"},
	        {"\"portIsolation\":1", "key \"portIsolation\""},
	        {"\"mtu\":-1", "key \"mtu\""},
	        {"\"mtu\":\"1500\"", "key \"mtu\""},
	        {"\"vlan\":4095", "key \"vlan\""},
	        {"\"vlanTrunk\":{}", "key \"vlanTrunk\""},
	        {"\"vlanTrunk\":[5]", "vlanTrunk[0]: expected an object"},
	        {"\"vlanTrunk\":[{}]", "vlanTrunk[0]: expected \"id\", or \"minID\" and \"maxID\""},
	        {"\"vlanTrunk\":[{\"minID\":1}]", "vlanTrunk[0]: expected \"id\""},
	        {"\"vlanTrunk\":[{\"id\":1},{\"id\":1,\"minID\":1,\"maxID\":2}]",
	         "vlanTrunk[1]: expected \"id\""},
	        {"\"vlanTrunk\":[{\"minID\":3,\"maxID\":2}]", "vlanTrunk[0]: minID 3 is after maxID 2"},
	        {"\"vlanTrunk\":[{\"id\":0}]", "vlanTrunk[0]: key \"id\""},
	        {"\"vlanTrunk\":[{\"id\":4095}]", "vlanTrunk[0]: key \"id\""},
	        {"\"hairpinMode\":true,\"promiscMode\":true",
	         "hairpinMode and promiscMode exclude each other"},
	        {"\"disableContainerInterface\":true,\"ipam\":{\"type\":\"static\"}",
	         "disableContainerInterface and ipam exclude"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_bridge bridge;

		cr_assert_eq(parse(&bridge, &config, rows[i].members, &err), -1, "accepted: %s",
		             rows[i].members);
		cr_assert_eq(err.code, CNM_CNI_E_CONFIG);
		cr_assert_eq(strncmp(err.msg, "network web: plugin bridge: ", 28), 0, "%s", err.msg);
		cr_assert_eq(strncmp(err.msg + 28, rows[i].want, strlen(rows[i].want)), 0, "%s", err.msg);
		cr_assert_null(bridge.trunk);
	}
	cnm_cni_bridge_free(NULL);
}
