/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the chained reference plugins and of macvlan; what an attachment asks for, from three places. */
#include "cnm/base/cleanup.h"
#include "spec/cni_env.h"
#include "spec/cni_plugin.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

Test(cni_plugin, portmap)
{
	_cleanup_cni_config_ struct cnm_cni_config plain, full;
	_cleanup_cni_portmap_ struct cnm_cni_portmap a = {0}, b = {0};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cnm_test_cni_config(&plain, "\"backend\":\"\"");
	cr_assert_eq(cnm_cni_portmap_parse(&a, &plain, &err), 0, "%s", err.msg);
	cr_assert(a.snat && !a.masq_all && !a.backend && !a.external_set_mark_chain);
	cr_assert_eq(a.mark_masq_bit, 13);
	cnm_test_cni_config(&full,
	                    "\"backend\":\"nftables\",\"snat\":false,\"masqAll\":true,\"markMasqBit\":31,"
	                    "\"externalSetMarkChain\":\"KUBE\",\"conditionsV4\":[\"-s\",\"10.0.0.1\"],"
	                    "\"conditionsV6\":[\"-j\"]");
	cr_assert_eq(cnm_cni_portmap_parse(&b, &full, &err), 0, "%s", err.msg);
	cr_assert(!b.snat && b.masq_all);
	cr_assert_str_eq(b.backend, "nftables");
	cr_assert_eq(b.mark_masq_bit, 31);
	cr_assert_str_eq(b.external_set_mark_chain, "KUBE");
	cr_assert_eq(b.conditions_v4.count, 2);
	cr_assert_eq(b.conditions_v6.count, 1);
}

Test(cni_plugin, firewall)
{
	static const struct {
		const char *members;
		enum cnm_cni_ingress ingress;
		const char *backend;
	} rows[] = {
	        {"", CNM_CNI_INGRESS_OPEN, ""},
	        {"\"backend\":\"\",\"ingressPolicy\":\"\"", CNM_CNI_INGRESS_OPEN, ""},
	        {"\"ingressPolicy\":\"open\",\"backend\":\"none\"", CNM_CNI_INGRESS_OPEN, "none"},
	        {"\"ingressPolicy\":\"same-bridge\",\"backend\":\"iptables\"", CNM_CNI_INGRESS_SAME_BRIDGE,
	         "iptables"},
	        {"\"ingresspolicy\":\"isolated\",\"backend\":\"firewalld\"", CNM_CNI_INGRESS_ISOLATED,
	         "firewalld"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_firewall firewall;

		cnm_test_cni_config(&config, rows[i].members);
		cr_assert_eq(cnm_cni_firewall_parse(&firewall, &config, &err), 0, "%s", err.msg);
		cr_assert_eq(firewall.ingress, rows[i].ingress, "%s", rows[i].members);
		cr_assert_str_eq(firewall.backend, rows[i].backend);
		cr_assert_str_eq(firewall.admin_chain, "CNI-ADMIN");
		cr_assert_str_eq(firewall.zone, "trusted");
	}
}

Test(cni_plugin, tuning)
{
	_cleanup_cni_config_ struct cnm_cni_config plain, full;
	_cleanup_cni_tuning_ struct cnm_cni_tuning a = {0}, b = {0};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cnm_test_cni_config(&plain, "");
	cr_assert_eq(cnm_cni_tuning_parse(&a, &plain, &err), 0, "%s", err.msg);
	cr_assert(!a.mac && a.promisc == -1 && a.allmulti == -1 && a.mtu == 0 && a.txqlen == -1 &&
	          a.sysctl.count == 0);
	cr_assert_str_eq(a.data_dir, "/run/cni/tuning");
	cnm_test_cni_config(
	        &full,
	        "\"sysctl\":{\"net.a\":1,\"net.b\":\"2\"},\"mac\":\"02-00-00-00-00-01\",\"promisc\":false,"
	        "\"allmulti\":true,\"mtu\":1400,\"txQLen\":0,\"dataDir\":\"/d\"");
	cr_assert_eq(cnm_cni_tuning_parse(&b, &full, &err), 0, "%s", err.msg);
	cr_assert_str_eq(cnm_kvs_get(&b.sysctl, "net.a"), "1");
	cr_assert_str_eq(b.mac, "02:00:00:00:00:01");
	cr_assert(b.promisc == 0 && b.allmulti == 1 && b.mtu == 1400 && b.txqlen == 0);
	cr_assert_str_eq(b.data_dir, "/d");
}

/* args.cni goes before the plain keys; the MAC is asked for elsewhere. */
Test(cni_plugin, tuning_of_one_attachment)
{
	_cleanup_cni_config_ struct cnm_cni_config config;
	_cleanup_cni_tuning_ struct cnm_cni_tuning tuning = {0};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cnm_test_cni_config(
	        &config,
	        "\"sysctl\":{\"net.a\":\"1\",\"net.b\":\"2\"},\"promisc\":true,\"mtu\":1400,\"txQLen\":5,"
	        "\"mac\":\"02:00:00:00:00:01\",\"args\":{\"cni\":{\"sysctl\":{\"net.b\":\"3\",\"net.c\":"
	        "\"4\"},"
	        "\"promisc\":false,\"allmulti\":true,\"mtu\":1300,\"txQLen\":0,\"mac\":\"02:00:00:00:00:02\"}"
	        "}");
	cr_assert_eq(cnm_cni_tuning_parse(&tuning, &config, &err), 0, "%s", err.msg);
	cr_assert_eq(tuning.sysctl.count, 3);
	cr_assert_str_eq(cnm_kvs_get(&tuning.sysctl, "net.a"), "1");
	cr_assert_str_eq(cnm_kvs_get(&tuning.sysctl, "net.b"), "3");
	cr_assert_str_eq(cnm_kvs_get(&tuning.sysctl, "net.c"), "4");
	cr_assert(tuning.promisc == 0 && tuning.allmulti == 1 && tuning.mtu == 1300 && tuning.txqlen == 0);
	cr_assert_str_eq(tuning.mac, "02:00:00:00:00:01");
	cr_assert_str_eq(cnm_cni_requested_mac(&config, NULL), "02:00:00:00:00:02");
}

Test(cni_plugin, macvlan)
{
	_cleanup_cni_config_ struct cnm_cni_config plain, full;
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_parent a, b;

	cnm_test_cni_config(&plain, "\"master\":\"\",\"mode\":\"\",\"mac\":\"\"");
	cr_assert_eq(cnm_cni_parent_parse(&a, CNM_CNI_MACVLAN, &plain, &err), 0, "%s", err.msg);
	cr_assert(!a.master && !a.mac && a.mtu == 0 && !a.link_in_container && a.bc_queue_len == 0);
	cr_assert_str_eq(a.mode, "bridge");
	cnm_test_cni_config(
	        &full, "\"master\":\"eth0\",\"mode\":\"passthru\",\"mtu\":1400,\"mac\":\"02:00:00:00:00:01\","
	               "\"linkInContainer\":true,\"bcqueuelen\":4294967295");
	cr_assert_eq(cnm_cni_parent_parse(&b, CNM_CNI_MACVLAN, &full, &err), 0, "%s", err.msg);
	cr_assert_str_eq(b.master, "eth0");
	cr_assert_str_eq(b.mode, "passthru");
	cr_assert_str_eq(b.mac, "02:00:00:00:00:01");
	cr_assert(b.mtu == 1400 && b.link_in_container && b.bc_queue_len == 4294967295);
}

Test(cni_plugin, ipvlan_and_vlan)
{
	_cleanup_cni_config_ struct cnm_cni_config plain, full;
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_parent parent;

	cnm_test_cni_config(&plain, "\"mode\":\"\"");
	cr_assert_eq(cnm_cni_parent_parse(&parent, CNM_CNI_IPVLAN, &plain, &err), 0, "%s", err.msg);
	cr_assert_str_eq(parent.mode, "l2");
	cr_assert_null(parent.master);
	cr_assert_eq(cnm_cni_parent_parse(&parent, CNM_CNI_VLAN, &plain, &err), -1);
	cr_assert_eq(err.code, 7);
	cr_assert(strstr(err.msg, "plugin vlan: key \"master\" is missing"), "%s", err.msg);
	cnm_test_cni_config(&full, "\"master\":\"eth0\",\"mode\":\"l3s\",\"vlanId\":4094,\"mtu\":1400");
	cr_assert_eq(cnm_cni_parent_parse(&parent, CNM_CNI_IPVLAN, &full, &err), 0, "%s", err.msg);
	cr_assert_str_eq(parent.mode, "l3s");
	cr_assert_eq(cnm_cni_parent_parse(&parent, CNM_CNI_VLAN, &full, &err), 0, "%s", err.msg);
	cr_assert(parent.vlan_id == 4094 && parent.mtu == 1400 && !parent.mode);
	cr_assert_str_eq(parent.master, "eth0");
}

Test(cni_plugin, keys_of_links_on_a_master_that_are_wrong)
{
	static const struct {
		enum cnm_cni_parent_type type;
		const char *members, *text;
	} rows[] = {
	        {CNM_CNI_MACVLAN, "\"mode\":\"l2\"", "key \"mode\": unknown value \"l2\""},
	        {CNM_CNI_IPVLAN, "\"mode\":\"bridge\"", "key \"mode\": unknown value \"bridge\""},
	        {CNM_CNI_IPVLAN, "\"master\":\"a/b\"", "key \"master\": \"a/b\" is not an interface name"},
	        {CNM_CNI_VLAN, "\"master\":\"eth0\"", "key \"vlanId\" is missing"},
	        {CNM_CNI_VLAN, "\"master\":\"eth0\",\"vlanId\":4095", "vlanId"},
	        {CNM_CNI_MACVLAN, "\"bcqueuelen\":-1", "bcqueuelen"},
	        {CNM_CNI_MACVLAN, "\"mtu\":\"1500\"", "mtu"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_parent parent;

		cnm_test_cni_config(&config, rows[i].members);
		cr_expect_eq(cnm_cni_parent_parse(&parent, rows[i].type, &config, &err), -1, "row %zu", i);
		cr_expect_eq(err.code, 7);
		cr_expect(strstr(err.msg, rows[i].text), "row %zu: %s", i, err.msg);
	}
}

/* runtimeConfig alone counts where it is given; containerd sends the largest burst that there is. */
Test(cni_plugin, bandwidth)
{
	static const struct {
		const char *members;
		bool given;
		uint64_t ingress, egress;
	} rows[] = {
	        {"", false, 0, 0},
	        {"\"ingressRate\":8,\"ingressBurst\":9", true, 8, 0},
	        {"\"ingressRate\":8,\"ingressBurst\":9,\"runtimeConfig\":{\"bandwidth\":{\"EgressRate\":5,"
	         "\"EgressBurst\":4294967295}}",
	         true, 0, 5},
	        {"\"ingressRate\":0,\"ingressBurst\":0", true, 0, 0},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_bandwidth bandwidth;

		cnm_test_cni_config(&config, rows[i].members);
		cr_assert_eq(cnm_cni_bandwidth_of_config(&bandwidth, &config, &err), 0, "%s", err.msg);
		cr_assert_eq(bandwidth.given, rows[i].given, "%s", rows[i].members);
		cr_assert_eq(bandwidth.ingress_rate, rows[i].ingress, "%s", rows[i].members);
		cr_assert_eq(bandwidth.egress_rate, rows[i].egress, "%s", rows[i].members);
	}
}

static int parse_portmap(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_cni_portmap portmap;

	return cnm_cni_portmap_parse(&portmap, config, err);
}

static int parse_firewall(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_cni_firewall firewall;

	return cnm_cni_firewall_parse(&firewall, config, err);
}

static int parse_tuning(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_cni_tuning tuning;

	return cnm_cni_tuning_parse(&tuning, config, err);
}

static int parse_macvlan(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_cni_parent macvlan;

	return cnm_cni_parent_parse(&macvlan, CNM_CNI_MACVLAN, config, err);
}

static int parse_bandwidth(const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_cni_bandwidth bandwidth;

	return cnm_cni_bandwidth_of_config(&bandwidth, config, err);
}

Test(cni_plugin, refusals)
{
	static const struct {
		int (*parse)(const struct cnm_cni_config *config, struct cnm_cni_error *err);
		const char *members, *want;
	} rows[] = {
	        {parse_portmap, "\"type\":\"portmap\",\"backend\":\"ipvs\"",
	         "network web: plugin portmap: key \"backend\": unknown value \"ipvs\""},
	        {parse_portmap, "\"snat\":1", "network web: plugin without type: key \"snat\""},
	        {parse_portmap, "\"markMasqBit\":32",
	         "network web: plugin without type: key \"markMasqBit\""},
	        {parse_portmap, "\"conditionsV4\":[\"a\"],\"conditionsV6\":5",
	         "network web: plugin without type: key \"conditionsV6\""},
	        {parse_firewall, "\"type\":\"firewall\",\"ingressPolicy\":\"closed\"",
	         "network web: plugin firewall: key \"ingressPolicy\": unknown value \"closed\""},
	        {parse_firewall, "\"type\":\"firewall\",\"backend\":5",
	         "network web: plugin firewall: key \"backend\""},
	        {parse_firewall, "\"type\":\"firewall\",\"backend\":\"pf\"",
	         "network web: plugin firewall: key \"backend\": unknown"},
	        {parse_tuning, "\"type\":\"tuning\",\"sysctl\":[]",
	         "network web: plugin tuning: key \"sysctl\""},
	        {parse_tuning, "\"type\":\"tuning\",\"sysctl\":{\"a\":\"b\"},\"mac\":\"x\"",
	         "network web: plugin tuning: key \"mac\""},
	        {parse_tuning, "\"type\":\"tuning\",\"mac\":\"02:00:00:00:00:01\",\"txQLen\":-1",
	         "network web: plugin tuning: key \"txQLen\""},
	        {parse_tuning, "\"type\":\"tuning\",\"promisc\":\"on\"",
	         "network web: plugin tuning: key \"promisc\""},
	        {parse_macvlan, "\"type\":\"macvlan\",\"mode\":\"l2\"",
	         "network web: plugin macvlan: key \"mode\": unknown value \"l2\""},
	        {parse_macvlan, "\"type\":\"macvlan\",\"bcqueuelen\":4294967296",
	         "network web: plugin macvlan: key \"bcqueuelen\""},
	        {parse_bandwidth, "\"type\":\"bandwidth\",\"ingressRate\":8",
	         "network web: plugin bandwidth: ingressRate and ingressBurst need each other"},
	        {parse_bandwidth,
	         "\"type\":\"bandwidth\",\"ingressRate\":8,\"ingressBurst\":8,\"egressBurst\":8",
	         "network web: plugin bandwidth: egressRate and egressBurst need each other"},
	        {parse_bandwidth, "\"type\":\"bandwidth\",\"ingressRate\":8,\"ingressBurst\":34359738368",
	         "network web: plugin bandwidth: a burst of more than 4 GiB"},
	        {parse_bandwidth, "\"type\":\"bandwidth\",\"ingressRate\":-8",
	         "network web: plugin bandwidth: key \"ingressRate\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

		cnm_test_cni_config(&config, rows[i].members);
		cr_assert_eq(rows[i].parse(&config, &err), -1, "accepted: %s", rows[i].members);
		cr_assert_eq(err.code, CNM_CNI_E_CONFIG);
		cr_assert_eq(strncmp(err.msg, rows[i].want, strlen(rows[i].want)), 0, "%s", err.msg);
	}
	cnm_cni_portmap_free(NULL);
	cnm_cni_tuning_free(NULL);
}

/* runtimeConfig before args.cni before CNI_ARGS. */
Test(cni_plugin, requested)
{
	static const struct {
		const char *members, *mac, *ip;
	} rows[] = {
	        {"", "02:00:00:00:00:03", "10.0.0.3"},
	        {"\"args\":{\"cni\":{\"mac\":\"02:00:00:00:00:02\",\"ips\":[\"10.0.0.2\"]}}",
	         "02:00:00:00:00:02", "10.0.0.2"},
	        {"\"args\":{\"cni\":{\"mac\":\"02:00:00:00:00:02\",\"ips\":[\"10.0.0.2\"]}},"
	         "\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:01\",\"ips\":[\"10.0.0.1/24\"]}",
	         "02:00:00:00:00:01", "10.0.0.1/24"},
	        {"\"args\":{\"cni\":{\"ips\":[\"10.0.0.2\"]}},\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:"
	         "01\",\"ips\":[]}",
	         "02:00:00:00:00:01", "10.0.0.2"},
	};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_args args;

	cr_assert_eq(cnm_cni_args_parse(&args, "MAC=02:00:00:00:00:03;IP=10.0.0.3", &err), 0, "%s", err.msg);
	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;

		cnm_test_cni_config(&config, rows[i].members);
		cr_assert_str_eq(cnm_cni_requested_mac(&config, &args), rows[i].mac);
		cr_assert_eq(cnm_cni_requested_ips(&config, &args)->count, 1, "row %zu", i);
		cr_assert_str_eq(cnm_cni_requested_ips(&config, &args)->items[0], rows[i].ip);
		if (i == 0) {
			cr_assert_null(cnm_cni_requested_mac(&config, NULL));
			cr_assert_eq(cnm_cni_requested_ips(&config, NULL)->count, 0);
		}
	}
	cnm_cni_args_free(&args);
}
