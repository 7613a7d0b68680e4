/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network configuration on stdin: recorded calls, the order of checks, and what a DEL forgives. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/cni_config.h"
#include "spec/cni_env.h"
#include "spec/cni_ipam.h"
#include "spec/cni_plugin.h"
#include "spec/cni_result.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void parse_ok(struct cnm_cni_config *config, enum cnm_cni_command command, const char *text)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cr_assert_eq(cnm_cni_config_parse(config, command, text, strlen(text), &err), 0, "%s: %s", text,
	             err.msg);
}

static const char *text_of(json_object *obj, const char *key)
{
	return json_object_get_string(json_object_object_get(obj, key));
}

static void check_recorded_env(struct cnm_cni_env *env, json_object *vars)
{
	const struct cnm_cni_env_strings strings = {
	        .command = text_of(vars, "CNI_COMMAND"),
	        .container = text_of(vars, "CNI_CONTAINERID"),
	        .netns = text_of(vars, "CNI_NETNS"),
	        .ifname = text_of(vars, "CNI_IFNAME"),
	        .args = text_of(vars, "CNI_ARGS"),
	        .path = text_of(vars, "CNI_PATH"),
	};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cr_assert_eq(cnm_cni_env_parse(env, &strings, &err), 0, "%s", err.msg);
	cr_assert_str_eq(env->container, strings.container);
}

/* What the plugin of this call reads besides. */
static void check_recorded_plugin(const struct cnm_cni_config *config)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_firewall firewall;

	if (strcmp(config->type, "bridge") == 0) {
		_cleanup_cni_bridge_ struct cnm_cni_bridge bridge = {0};
		_cleanup_cni_ipam_ struct cnm_cni_ipam ipam = {0};

		cr_assert_eq(cnm_cni_bridge_parse(&bridge, config, &err), 0, "%s", err.msg);
		cr_assert_eq(strncmp(bridge.bridge, "cni-podman", 10), 0);
		cr_assert(bridge.is_gateway && bridge.ip_masq && bridge.hairpin);
		cr_assert_eq(cnm_cni_ipam_parse(&ipam, config, &err), 0, "%s", err.msg);
		cr_assert_eq(ipam.ranges.set_count, strcmp(config->name, "demo6") == 0 ? 2 : 1);
		cr_assert_eq(ipam.route_count, ipam.ranges.set_count);
	} else if (strcmp(config->type, "portmap") == 0) {
		_cleanup_cni_portmap_ struct cnm_cni_portmap portmap = {0};

		cr_assert_eq(cnm_cni_portmap_parse(&portmap, config, &err), 0, "%s", err.msg);
		cr_assert_eq(config->runtime.port_count, strcmp(config->name, "podman") == 0 ? 0 : 4);
	} else if (strcmp(config->type, "firewall") == 0) {
		cr_assert_eq(cnm_cni_firewall_parse(&firewall, config, &err), 0, "%s", err.msg);
		cr_assert_str_eq(firewall.backend, "");
	}
}

/* Calls of podman 4.3.1 and containerd 1.6.20, as the plugins of Debian 12 got and answered them. */
Test(cni_config, recorded)
{
	_cleanup_json_ json_object *rows = cnm_test_json_lines("tests/data/cni-calls.jsonl");

	cr_assert_gt(json_object_array_length(rows), 15);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i),
		            *input = json_object_object_get(row, "stdin");
		_cleanup_cni_result_ struct cnm_cni_result prev = {0}, answer = {0};
		_cleanup_cni_config_ struct cnm_cni_config config;
		_cleanup_cni_env_ struct cnm_cni_env env;
		struct cnm_error err = CNM_ERROR_INIT;

		check_recorded_env(&env, json_object_object_get(row, "env"));
		parse_ok(&config, env.command, json_object_to_json_string(input));
		cr_assert_str_eq(config.name, text_of(input, "name"));
		cr_assert_str_eq(config.type, text_of(row, "type"));
		cr_assert_eq(config.version, CNM_CNI_0_4_0);
		check_recorded_plugin(&config);
		cr_assert_eq(cnm_cni_result_parse(&prev, config.prev_result, config.version, &err), 0, "%s",
		             err.text);
		cr_assert_eq(config.prev_result != NULL, prev.interface_count == 3);
		cr_assert_eq(cnm_cni_result_parse(&answer, json_object_object_get(row, "stdout"),
		                                  config.version, &err),
		             0, "%s", err.text);
		cr_assert_eq(answer.interface_count, env.command == CNM_CNI_ADD ? 3 : 0);
	}
}

/* A chained plugin that changes nothing answers what it was given: byte for byte the same meaning as the
 * recorded answer. */
Test(cni_config, recorded_results_pass_unchanged)
{
	_cleanup_json_ json_object *rows = cnm_test_json_lines("tests/data/cni-calls.jsonl");

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i),
		            *input = json_object_object_get(row, "stdin");
		json_object *prev = json_object_object_get(input, "prevResult"),
		            *want = json_object_object_get(row, "stdout");
		_cleanup_json_ json_object *got = NULL, *built = NULL;
		_cleanup_cni_result_ struct cnm_cni_result result = {0};
		struct cnm_error err = CNM_ERROR_INIT;

		if (!want)
			continue;
		cr_assert_eq(cnm_cni_result_parse(&result, want, CNM_CNI_0_4_0, &err), 0, "%s", err.text);
		cr_assert_eq(cnm_cni_result_build(&built, &result, CNM_CNI_0_4_0, &err), 0, "%s", err.text);
		cnm_test_json_equal(built, want, "parsed and built");
		if (!prev)
			continue;
		cr_assert_eq(cnm_cni_result_merge(&got, prev, NULL, CNM_CNI_0_4_0, &err), 0, "%s", err.text);
		cnm_test_json_equal(got, want, "passed on");
	}
}

Test(cni_config, smallest)
{
	_cleanup_cni_config_ struct cnm_cni_config config;

	parse_ok(&config, CNM_CNI_ADD, "{\"name\":\"web\"}");
	cr_assert_eq(config.version, CNM_CNI_0_1_0, "what a configuration without a version means");
	cr_assert_str_eq(config.type, "");
	cr_assert_str_eq(config.ipam_type, "");
	cr_assert_null(config.ipam);
	cr_assert_null(config.prev_result);
	cr_assert_eq(config.args.promisc, -1);
	cr_assert_not(config.has_valid_attachments);
	cr_assert_not(cnm_cni_dns_is_set(&config.dns));
}

Test(cni_config, members_in_any_case)
{
	_cleanup_cni_config_ struct cnm_cni_config config;

	parse_ok(&config, CNM_CNI_ADD,
	         "{\"CNIVersion\":\"1.0.0\",\"Name\":\"web\",\"TYPE\":\"bridge\",\"IPAM\":{\"Type\":\"host-"
	         "local\"},"
	         "\"DNS\":{\"Nameservers\":[\"10.0.0.1\"]},\"RuntimeConfig\":{\"PortMappings\":[{"
	         "\"HostPort\":1,\"ContainerPort\":2}]},"
	         "\"Args\":{\"CNI\":{\"mtu\":1400}},\"capabilities\":{\"x\":true}}");
	cr_assert_eq(config.version, CNM_CNI_1_0_0);
	cr_assert_str_eq(config.type, "bridge");
	cr_assert_str_eq(config.ipam_type, "host-local");
	cr_assert_eq(config.dns.nameservers.count, 1);
	cr_assert_eq(config.runtime.port_count, 1);
	cr_assert_eq(config.args.mtu, 1400);
}

/* Others keep what they like in args. */
Test(cni_config, args_of_others)
{
	static const char *const rows[] = {"[1]", "\"x\"", "{\"podman_labels\":{\"a\":1}}", "null",
	                                   "{\"cni\":null}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *root = cnm_test_json("{\"name\":\"web\"}");
		_cleanup_cni_config_ struct cnm_cni_config config;

		json_object_object_add(root, "args", cnm_test_json(rows[i]));
		parse_ok(&config, CNM_CNI_ADD, json_object_to_json_string(root));
		cr_assert_eq(config.args.mtu, 0);
	}
}

Test(cni_config, valid_attachments)
{
	static const struct {
		const char *text;
		bool has;
		size_t count;
	} rows[] = {
	        {"{\"cniVersion\":\"1.1.0\",\"name\":\"web\"}", false, 0},
	        {"{\"cniVersion\":\"1.1.0\",\"name\":\"web\",\"cni.dev/valid-attachments\":null}", false, 0},
	        {"{\"cniVersion\":\"1.1.0\",\"name\":\"web\",\"cni.dev/valid-attachments\":[]}", true, 0},
	        {"{\"cniVersion\":\"1.1.0\",\"name\":\"web\",\"cni.dev/"
	         "attachments\":[{\"containerID\":\"c\",\"ifname\":\"eth0\"}]}",
	         true, 1},
	        {"{\"cniVersion\":\"1.1.0\",\"name\":\"web\",\"cni.dev/"
	         "attachments\":[{\"containerID\":\"x\",\"ifname\":\"y\"}],"
	         "\"cni.dev/"
	         "valid-attachments\":[{\"containerID\":\"c\",\"ifname\":\"eth0\"},{\"containerID\":\"d\","
	         "\"ifname\":\"e\"}]}",
	         true, 2},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_config_ struct cnm_cni_config config;

		parse_ok(&config, CNM_CNI_GC, rows[i].text);
		cr_assert_eq(config.has_valid_attachments, rows[i].has, "row %zu", i);
		cr_assert_eq(config.valid_attachment_count, rows[i].count, "row %zu", i);
		if (rows[i].count) {
			cr_assert_str_eq(config.valid_attachments[0].container, "c");
			cr_assert_str_eq(config.valid_attachments[0].ifname, "eth0");
		}
	}
}

struct refusal {
	enum cnm_cni_command command;
	const char *text;
	unsigned code;
	const char *want;
	enum cnm_cni_version version; /* that the error object says */
};

static void check_refusal(const struct refusal *row)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_config config;

	cr_assert_eq(cnm_cni_config_parse(&config, row->command, row->text, strlen(row->text), &err), -1,
	             "accepted: %s", row->text);
	cr_assert_eq(err.code, row->code, "%s: code %u: %s", row->text, err.code, err.msg);
	cr_assert_eq(strncmp(err.msg, row->want, strlen(row->want)), 0, "%s: %s", row->text, err.msg);
	cr_assert_eq(config.version, row->version, "%s", row->text);
	cr_assert_eq(*err.details != '\0', err.code == CNM_CNI_E_VERSION, "%s", row->text);
	cr_assert(!config.root && !config.name && !config.runtime.ports && !config.valid_attachments);
}

/* JSON, then the name, then the version, then the rest; a DEL is refused by the first three as well. */
Test(cni_config, order_of_checks)
{
	static const struct refusal rows[] = {
	        {CNM_CNI_ADD, "", 6, "no network configuration on stdin", CNM_CNI_NEWEST},
	        {CNM_CNI_ADD, "{", 6, "the network configuration: line 1, column 2: ", CNM_CNI_NEWEST},
	        {CNM_CNI_DEL, "[]", 6, "the network configuration: expected an object", CNM_CNI_NEWEST},
	        {CNM_CNI_DEL, "{}", 7, "the network configuration has no \"name\" of the network",
	         CNM_CNI_0_1_0},
	        {CNM_CNI_ADD, "{\"cniVersion\":\"0.4.0\",\"name\":\"\"}", 7,
	         "the network configuration has no \"name\"", CNM_CNI_0_4_0},
	        {CNM_CNI_DEL, "{\"cniVersion\":\"9\",\"name\":\"../x\"}", 7,
	         "network name \"../x\": not a name", CNM_CNI_NEWEST},
	        {CNM_CNI_ADD, "{\"name\":5}", 7, "key \"name\": expected a string", CNM_CNI_0_1_0},
	        {CNM_CNI_ADD, "{\"cniVersion\":5,\"name\":\"web\"}", 7,
	         "key \"cniVersion\": expected a string", CNM_CNI_NEWEST},
	        {CNM_CNI_DEL, "{\"cniVersion\":\"1.2.0\",\"name\":\"web\",\"type\":5}", 1,
	         "network web: version \"1.2.0\" of CNI is not supported", CNM_CNI_NEWEST},
	        {CNM_CNI_CHECK, "{\"cniVersion\":\"0.3.1\",\"name\":\"web\"}", 1,
	         "network web: version 0.3.1 of CNI has no CHECK", CNM_CNI_0_3_1},
	        {CNM_CNI_GC, "{\"cniVersion\":\"1.0.0\",\"name\":\"web\"}", 1,
	         "network web: version 1.0.0 of CNI has no GC", CNM_CNI_1_0_0},
	        {CNM_CNI_STATUS, "{\"name\":\"web\"}", 1, "network web: version 0.1.0 of CNI has no STATUS",
	         CNM_CNI_0_1_0},
	        {CNM_CNI_CHECK, "{\"cniVersion\":\"0.4.0\",\"name\":\"web\"}", 7,
	         "network web: CHECK needs \"prevResult\"", CNM_CNI_0_4_0},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++)
		check_refusal(&rows[i]);
}

static const char *const wrong_members[] = {
        "\"type\":5",
        "\"prevResult\":[]",
        "\"ipam\":\"x\"",
        "\"ipam\":{\"type\":[]}",
        "\"dns\":[]",
        "\"dns\":{\"search\":\"x\"}",
        "\"args\":{\"cni\":[]}",
        "\"args\":{\"cni\":{\"mtu\":\"x\"}}",
        "\"runtimeConfig\":[]",
        "\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":1,\"containerPort\":2},{}]}",
        "\"cni.dev/valid-attachments\":{}",
        "\"cni.dev/valid-attachments\":[{\"containerID\":\"a\",\"ifname\":\"b\"},{\"containerID\":\"c\"}]",
};

Test(cni_config, wrong_members_fail_an_add_but_no_del)
{
	for (size_t i = 0; i < CNM_ARRAY_SIZE(wrong_members); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_cni_config_ struct cnm_cni_config config;

		cr_assert_gt(
		        asprintf(&text, "{\"cniVersion\":\"1.1.0\",\"name\":\"web\",%s}", wrong_members[i]),
		        0);
		check_refusal(&(struct refusal){CNM_CNI_ADD, text, 7, "network web: ", CNM_CNI_1_1_0});
		check_refusal(&(struct refusal){CNM_CNI_GC, text, 7, "network web: ", CNM_CNI_1_1_0});
		parse_ok(&config, CNM_CNI_DEL, text);
		cr_assert_not_null(config.type);
		cr_assert_not_null(config.ipam_type);
		cr_assert_eq(config.args.mtu, 0);
		cr_assert_eq(config.args.txqlen, -1, "%s: left out is not given", wrong_members[i]);
		cr_assert_eq(config.args.promisc, -1, "%s: left out is not given", wrong_members[i]);
		cr_assert_eq(config.runtime.port_count, 0);
		cr_assert_not(config.has_valid_attachments, "%s", wrong_members[i]);
		cr_assert_eq(config.valid_attachment_count, 0);
	}
}

/* What is right beside what is wrong is kept: the DEL releases by it. */
Test(cni_config, del_keeps_the_rest)
{
	_cleanup_cni_config_ struct cnm_cni_config config;

	parse_ok(&config, CNM_CNI_DEL,
	         "{\"cniVersion\":\"0.4.0\",\"name\":\"web\",\"type\":\"bridge\",\"dns\":5,\"ipam\":{"
	         "\"type\":\"host-local\"},"
	         "\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":80,\"containerPort\":80}]},"
	         "\"prevResult\":{\"ips\":[]}}");
	cr_assert_str_eq(config.type, "bridge");
	cr_assert_str_eq(config.ipam_type, "host-local");
	cr_assert_eq(config.runtime.port_count, 1);
	cr_assert_not_null(config.prev_result);
}

static int parse_text(const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_cni_config_ struct cnm_cni_config config;
	struct cnm_cni_error cni = CNM_CNI_ERROR_INIT;

	if (cnm_cni_config_parse(&config, CNM_CNI_ADD, text, len, &cni) == 0)
		return 0;
	return cnm_fail(err, CNM_E_INVALID, "%s", cni.msg);
}

#define EVERYTHING                                                                                           \
	"{\"cniVersion\":\"1.1.0\",\"name\":\"web\",\"type\":\"bridge\",\"ipam\":{\"type\":\"host-local\"}," \
	"\"dns\":{\"nameservers\":[\"10.0.0.1\"]},\"args\":{\"cni\":{\"ips\":[\"10.0.0.5\"],\"mtu\":1}},"    \
	"\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":1,\"containerPort\":2}],\"mac\":\"02:00:00:00:"  \
	"00:01\"},"                                                                                          \
	"\"cni.dev/valid-attachments\":[{\"containerID\":\"a\",\"ifname\":\"b\"}]}"

Test(cni_config, truncated)
{
	cnm_test_truncate(parse_text, EVERYTHING);
}

Test(cni_config, mutated)
{
	cnm_test_mutate(parse_text, EVERYTHING);
}

Test(cni_config, free_accepts_nothing)
{
	struct cnm_cni_config config = {0};

	cnm_cni_config_free(&config);
	cnm_cni_config_free(NULL);
}
