/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtimeConfig. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_runtime_config.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static void parse_ok(struct cnm_cni_runtime *runtime, const char *text)
{
	_cleanup_json_ json_object *obj = cnm_test_json(text);
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_runtime_parse(runtime, obj, "web", &err), 0, "%s: %s", text, err.text);
}

Test(cni_runtime_config, nothing_given)
{
	static const char *const rows[] = {
	        "null", "{}",
	        "{\"portMappings\":[],\"ips\":null,\"mac\":\"\",\"aliases\":{},\"deviceID\":\"x\"}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_runtime runtime;

		parse_ok(&runtime, rows[i]);
		cr_assert(!runtime.port_count && !runtime.ips.count && !runtime.ranges.count && !runtime.mac);
		cr_assert(!runtime.bandwidth.given && !runtime.aliases.count && !runtime.cgroup_path);
		cnm_cni_runtime_free(&runtime);
	}
	cnm_cni_runtime_free(NULL);
}

/* Keys of podman, and of containerd's library, whose structs have no tags. */
Test(cni_runtime_config, ports)
{
	static const char *const rows[] = {
	        "{\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80},"
	        "{\"hostPort\":65535,\"containerPort\":1,\"protocol\":\"udp\",\"hostIP\":\"127.0.0.1\"},"
	        "{\"hostPort\":1,\"containerPort\":65535,\"protocol\":\"SCTP\",\"hostIP\":\"::1\"}]}",
	        "{\"portMappings\":[{\"HostPort\":8080,\"ContainerPort\":80,\"Protocol\":\"tcp\",\"HostIP\":"
	        "\"\"},"
	        "{\"HostPort\":65535,\"ContainerPort\":1,\"Protocol\":\"udp\",\"HostIP\":\"127.0.0.1\"},"
	        "{\"HostPort\":1,\"ContainerPort\":65535,\"Protocol\":\"sctp\",\"HostIP\":\"::1\"}]}",
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_runtime runtime;
		char text[CNM_ADDR_TEXT_MAX];

		parse_ok(&runtime, rows[i]);
		cr_assert_eq(runtime.port_count, 3);
		cr_assert_eq(runtime.ports[0].host_port, 8080);
		cr_assert_eq(runtime.ports[0].container_port, 80);
		cr_assert_str_eq(runtime.ports[0].protocol, "tcp");
		cr_assert_not(cnm_addr_is_set(&runtime.ports[0].host_ip));
		cr_assert_eq(runtime.ports[1].host_port, 65535);
		cr_assert_str_eq(runtime.ports[1].protocol, "udp");
		cr_assert_str_eq(cnm_addr_format(&runtime.ports[1].host_ip, text), "127.0.0.1");
		cr_assert_str_eq(runtime.ports[2].protocol, "sctp");
		cr_assert_str_eq(cnm_addr_format(&runtime.ports[2].host_ip, text), "::1");
		cnm_cni_runtime_free(&runtime);
	}
}

Test(cni_runtime_config, the_rest)
{
	struct cnm_cni_runtime runtime;

	parse_ok(&runtime,
	         "{\"ips\":[\"10.0.0.5/24\",\"fd00::5\"],\"ipRanges\":[[{\"subnet\":\"10.0.0.0/24\"}]],"
	         "\"mac\":\"02-00-00-00-00-0A\",\"dns\":{\"servers\":[\"10.0.0.1\"],\"searches\":[\"a\"],"
	         "\"options\":[\"b\"]},"
	         "\"bandwidth\":{\"ingressRate\":1000,\"ingressBurst\":4294967295},\"cgroupPath\":\"/sys/x\","
	         "\"io.kubernetes.cri.pod-annotations\":{\"a\":\"b\"}}");
	cr_assert_eq(runtime.ips.count, 2);
	cr_assert_str_eq(runtime.ips.items[0], "10.0.0.5/24");
	cr_assert_eq(runtime.ranges.set_count, 1);
	cr_assert_str_eq(runtime.mac, "02:00:00:00:00:0a");
	cr_assert_str_eq(runtime.dns.nameservers.items[0], "10.0.0.1");
	cr_assert_str_eq(runtime.dns.search.items[0], "a");
	cr_assert(runtime.bandwidth.given);
	cr_assert_eq(runtime.bandwidth.ingress_burst, 4294967295);
	cr_assert_eq(runtime.bandwidth.egress_rate, 0);
	cr_assert_str_eq(runtime.cgroup_path, "/sys/x");
	cnm_cni_runtime_free(&runtime);
}

Test(cni_runtime_config, aliases_in_both_forms)
{
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {
	        {"{\"aliases\":[\"a\",\"b\"]}", 2},
	        {"{\"Aliases\":{\"web\":[\"a\",\"b\"],\"db\":[\"c\"]}}", 2},
	        {"{\"aliases\":{\"db\":[\"c\"]}}", 0},
	        /* A network's name is data. */
	        {"{\"aliases\":{\"WEB\":[\"c\"]}}", 0},
	        {"{\"aliases\":{\"web\":null}}", 0},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_runtime runtime;

		parse_ok(&runtime, rows[i].text);
		cr_assert_eq(runtime.aliases.count, rows[i].count, "%s", rows[i].text);
		if (rows[i].count)
			cr_assert_str_eq(runtime.aliases.items[1], "b");
		cnm_cni_runtime_free(&runtime);
	}
}

Test(cni_runtime_config, bandwidth)
{
	static const struct {
		const char *text;
		bool given;
		uint64_t ingress_rate;
	} rows[] = {{"{}", false, 0},
	            {"{\"other\":1}", false, 0},
	            {"{\"ingressRate\":0}", true, 0},
	            {"{\"IngressRate\":9223372036854775807,\"EgressRate\":null}", true, INT64_MAX}};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_bandwidth bandwidth;

		cr_assert_eq(cnm_cni_bandwidth_parse(&bandwidth, obj, &err), 0, "%s", err.text);
		cr_assert_eq(bandwidth.given, rows[i].given, "%s", rows[i].text);
		cr_assert_eq(bandwidth.ingress_rate, rows[i].ingress_rate, "%s", rows[i].text);
	}
}

Test(cni_runtime_config, refusals)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"{\"portMappings\":{}}", "key \"portMappings\""},
	        {"{\"portMappings\":[1]}", "portMappings[0]: expected an object"},
	        {"{\"portMappings\":[{\"hostPort\":1}]}", "portMappings[0]: no \"containerPort\""},
	        {"{\"portMappings\":[{\"hostPort\":1,\"containerPort\":2},{\"containerPort\":1}]}",
	         "portMappings[1]: no \"hostPort\""},
	        {"{\"portMappings\":[{\"hostPort\":0,\"containerPort\":1}]}",
	         "portMappings[0]: key \"hostPort\": expected an integer from 1"},
	        {"{\"portMappings\":[{\"hostPort\":65536,\"containerPort\":1}]}",
	         "portMappings[0]: key \"hostPort\""},
	        {"{\"portMappings\":[{\"HostPort\":\"80\",\"containerPort\":1}]}",
	         "portMappings[0]: key \"HostPort\": expected an integer"},
	        {"{\"portMappings\":[{\"hostPort\":1,\"containerPort\":1,\"protocol\":\"icmp\"}]}",
	         "portMappings[0]: protocol \"icmp\": expected tcp, udp or sctp"},
	        {"{\"portMappings\":[{\"hostPort\":1,\"containerPort\":1,\"hostIP\":\"lo\"}]}",
	         "portMappings[0]: hostIP: \"lo\" is not"},
	        {"{\"ips\":[\"x\"]}", "ips: \"x\" is not an address"},
	        {"{\"ips\":[5]}", "ips"},
	        {"{\"ipRanges\":[[]]}", "ipRanges: an empty range set"},
	        {"{\"mac\":\"x\"}", "key \"mac\": "},
	        {"{\"dns\":[]}", "key \"dns\": expected an object"},
	        {"{\"dns\":{\"servers\":5}}", "dns: key \"servers\""},
	        {"{\"bandwidth\":5}", "key \"bandwidth\""},
	        {"{\"bandwidth\":{\"ingressRate\":-1}}", "bandwidth: key \"ingressRate\""},
	        {"{\"aliases\":5}", "key \"aliases\""},
	        {"{\"aliases\":{\"web\":5}}", "aliases: key \"web\""},
	        {"{\"aliases\":{\"web\":[5]}}", "aliases"},
	        {"{\"cgroupPath\":5}", "key \"cgroupPath\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_runtime runtime;

		cr_assert_eq(cnm_cni_runtime_parse(&runtime, obj, "web", &err), -1, "accepted: %s",
		             rows[i].text);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, "runtimeConfig: ", 15), 0, "%s", err.text);
		cr_assert_eq(strncmp(err.text + 15, rows[i].want, strlen(rows[i].want)), 0, "%s: %s",
		             rows[i].text, err.text);
		cr_assert(!runtime.ports && !runtime.port_count && !runtime.mac && !runtime.ips.count);
	}
}
