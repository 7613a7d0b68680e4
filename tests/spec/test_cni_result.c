/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results: filling the struct, reading other plugins' texts, and changing an interface in place. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_result.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static struct cnm_addr address(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr addr;
	int result = strchr(text, '/') ? cnm_addr_parse_cidr(&addr, text, &err)
	                               : cnm_addr_parse(&addr, text, &err);

	cr_assert_eq(result, 0, "%s", err.text);
	return addr;
}

static void parse_ok(struct cnm_cni_result *result, const char *text, enum cnm_cni_version version)
{
	_cleanup_json_ json_object *obj = cnm_test_json(text);
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_result_parse(result, obj, version, &err), 0, "%s: %s", text, err.text);
}

/* Go callers read by name; people read in this order, that of the reference's types. */
Test(cni_result, filled_by_hand)
{
	struct cnm_addr ip = address("10.1.0.5/24"), gateway = address("10.1.0.1"),
	                all = address("0.0.0.0/0");
	_cleanup_cni_result_ struct cnm_cni_result result = {0};
	_cleanup_json_ json_object *obj = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	int index = -1;

	cr_assert_eq(cnm_cni_result_add_interface(&result, "br0", NULL, "", 1500, NULL, &err), 0);
	cr_assert_eq(
	        cnm_cni_result_add_interface(&result, "eth0", "02:00:00:00:00:01", "/n", 0, &index, &err), 0);
	cr_assert_eq(index, 1);
	cr_assert_null(result.interfaces[0].sandbox);
	cr_assert_eq(cnm_cni_result_add_ip(&result, &ip, &gateway, index, &err), 0);
	cr_assert_eq(cnm_cni_result_add_route(&result, &all, NULL, &err), 0);
	cr_assert_eq(result.routes[0].table, -1);
	cr_assert_eq(result.routes[0].scope, -1);
	cr_assert_eq(cnm_cni_result_add_route(&result, &ip, &gateway, &err), 0);
	cr_assert_eq(cnm_cni_result_build(&obj, &result, CNM_CNI_1_1_0, &err), 0, "%s", err.text);
	cr_assert_str_eq(
	        json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	        "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"br0\",\"mtu\":1500},"
	        "{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":\"/n\"}],"
	        "\"ips\":[{\"interface\":1,\"address\":\"10.1.0.5/24\",\"gateway\":\"10.1.0.1\"}],"
	        "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"10.1.0.5/"
	        "24\",\"gw\":\"10.1.0.1\"}],\"dns\":{}}");
}

Test(cni_result, empty)
{
	static const char *const rows[] = {"null",
	                                   "{}",
	                                   "{\"cniVersion\":\"\"}",
	                                   "{\"interfaces\":[],\"ips\":null}",
	                                   "{\"cniVersion\":\"0.2.0\",\"dns\":{}}",
	                                   "{\"vendor\":[1]}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_cni_result_ struct cnm_cni_result result;

		parse_ok(&result, rows[i], CNM_CNI_1_0_0);
		cr_assert(!result.interface_count && !result.ip_count && !result.route_count, "%s", rows[i]);
	}
	cnm_cni_result_free(NULL);
}

Test(cni_result, members)
{
	_cleanup_cni_result_ struct cnm_cni_result result;
	char text[CNM_ADDR_TEXT_MAX];

	parse_ok(&result,
	         "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\","
	         "\"mtu\":1500.0,"
	         "\"sandbox\":\"/n\",\"socketPath\":\"/s\",\"pciID\":\"p\"}],"
	         "\"ips\":[{\"Interface\":0,\"Address\":\"10.1.0.5/"
	         "24\",\"gateway\":\"\"},{\"interface\":-1,\"address\":\"fd00::5/64\"},"
	         "{\"interface\":null,\"address\":\"10.1.0.6/24\",\"gateway\":\"10.1.0.1\"}],"
	         "\"routes\":[{\"dst\":\"::/"
	         "0\",\"gw\":\"fd00::1\",\"table\":0,\"scope\":255,\"mtu\":4294967295}]}",
	         CNM_CNI_0_1_0);
	cr_assert_eq(result.interface_count, 1);
	cr_assert_eq(result.interfaces[0].mtu, 1500);
	cr_assert_str_eq(result.interfaces[0].socket_path, "/s");
	cr_assert_str_eq(result.interfaces[0].pci_id, "p");
	cr_assert_eq(result.ip_count, 3);
	cr_assert_eq(result.ips[0].interface, 0);
	cr_assert_not(cnm_addr_is_set(&result.ips[0].gateway));
	cr_assert_eq(result.ips[1].interface, -1);
	cr_assert_eq(result.ips[2].interface, -1);
	cr_assert_str_eq(cnm_addr_format_cidr(&result.ips[1].address, text), "fd00::5/64");
	cr_assert_str_eq(cnm_addr_format(&result.ips[2].gateway, text), "10.1.0.1");
	cr_assert_eq(result.routes[0].table, 0);
	cr_assert_eq(result.routes[0].scope, 255);
	cr_assert_eq(result.routes[0].mtu, UINT32_MAX);
}

/* The text's own cniVersion decides the shape; without one it is that of the configuration. */
Test(cni_result, shape)
{
	static const char old[] = "{\"ip4\":{\"ip\":\"10.1.0.5/"
	                          "24\",\"gateway\":\"10.1.0.1\",\"routes\":[{\"dst\":\"0.0.0.0/0\"}]},"
	                          "\"ips\":[{\"address\":\"10.9.0.1/24\"},{\"address\":\"10.9.0.2/24\"}]}";
	_cleanup_cni_result_ struct cnm_cni_result a, b, c;

	parse_ok(&a, old, CNM_CNI_0_2_0);
	cr_assert_eq(a.ip_count, 1);
	cr_assert_eq(a.route_count, 1);
	cr_assert_eq(a.ips[0].interface, -1);
	parse_ok(&b, old, CNM_CNI_0_3_0);
	cr_assert_eq(b.ip_count, 2);
	cr_assert_eq(b.route_count, 0);
	parse_ok(&c, "{\"cniVersion\":\"0.1.0\",\"ip6\":{\"ip\":\"fd00::5/64\"}}", CNM_CNI_1_1_0);
	cr_assert_eq(c.ip_count, 1);
	cr_assert_eq(c.ips[0].address.prefix, 64);
}

Test(cni_result, refusals)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"{\"cniVersion\":\"0.9.0\"}", "CNI result: version \"0.9.0\" of CNI is not supported"},
	        {"{\"cniVersion\":1}", "CNI result: key \"cniVersion\": expected a string"},
	        {"{\"interfaces\":{}}", "CNI result: key \"interfaces\": expected"},
	        {"{\"interfaces\":[1]}", "CNI result: interfaces[0]: expected an object"},
	        {"{\"interfaces\":[{}]}", "CNI result: interfaces[0]: no \"name\""},
	        {"{\"interfaces\":[{\"name\":\"a\"},{\"name\":\"b\",\"mtu\":-1}]}",
	         "CNI result: interfaces[1]: key \"mtu\""},
	        {"{\"interfaces\":[{\"name\":\"a\",\"mac\":1}]}", "CNI result: interfaces[0]: key \"mac\""},
	        {"{\"interfaces\":[{\"name\":\"a\",\"pciID\":1}]}",
	         "CNI result: interfaces[0]: key \"pciID\""},
	        {"{\"ips\":[{}]}", "CNI result: ips[0]: no \"address\""},
	        {"{\"ips\":[null]}", "CNI result: ips[0]: expected an object"},
	        {"{\"ips\":[{\"address\":\"10.0.0.1\"}]}", "CNI result: ips[0]: key \"address\""},
	        {"{\"ips\":[{\"address\":\"10.0.0.1/24\",\"gateway\":\"fd00::1\"}]}",
	         "CNI result: ips[0]: key \"gateway\": fd00::1 is of another family"},
	        {"{\"ips\":[{\"address\":\"10.0.0.1/24\",\"interface\":0}]}",
	         "CNI result: ips[0]: key \"interface\": 0, but there are 0 interfaces"},
	        {"{\"interfaces\":[{\"name\":\"a\"}],\"ips\":[{\"address\":\"10.0.0.1/"
	         "24\",\"interface\":1}]}",
	         "CNI result: ips[0]: key \"interface\": 1, but there are 1 interfaces"},
	        {"{\"ips\":[{\"address\":\"10.0.0.1/24\",\"interface\":\"0\"}]}",
	         "CNI result: ips[0]: key \"interface\""},
	        {"{\"routes\":[{\"gw\":\"10.0.0.1\"}]}", "CNI result: routes[0]: no \"dst\""},
	        {"{\"routes\":[{\"dst\":\"10.0.0.0\"}]}", "CNI result: routes[0]: key \"dst\""},
	        {"{\"routes\":[{\"dst\":\"10.0.0.0/8\",\"gw\":\"fd00::1\"}]}",
	         "CNI result: routes[0]: key \"gw\""},
	        {"{\"routes\":[{\"dst\":\"10.0.0.0/8\",\"scope\":256}]}",
	         "CNI result: routes[0]: key \"scope\""},
	        {"{\"routes\":[{\"dst\":\"10.0.0.0/8\",\"table\":-1}]}",
	         "CNI result: routes[0]: key \"table\""},
	        {"{\"dns\":[]}", "CNI result: key \"dns\": expected an object"},
	        {"{\"dns\":{\"domain\":5}}", "CNI result: dns: key \"domain\""},
	        {"{\"cniVersion\":\"0.2.0\",\"ip4\":[]}", "CNI result: key \"ip4\": expected an object"},
	        {"{\"cniVersion\":\"0.2.0\",\"ip4\":{}}",
	         "CNI result: ip4: \"ip\" is missing or of another family"},
	        {"{\"cniVersion\":\"0.2.0\",\"ip6\":{\"ip\":\"10.0.0.1/24\"}}",
	         "CNI result: ip6: \"ip\" is missing or of"},
	        {"{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.0.0.1/24\",\"routes\":[{}]}}",
	         "CNI result: routes[0]: no \"dst\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_result result;

		cr_assert_eq(cnm_cni_result_parse(&result, obj, CNM_CNI_1_1_0, &err), -1, "accepted: %s",
		             rows[i].text);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, rows[i].want, strlen(rows[i].want)), 0, "%s: %s", rows[i].text,
		             err.text);
		cr_assert(!result.interfaces && !result.ips && !result.routes, "%s: something was left",
		          rows[i].text);
	}
}

/* A prevResult that cannot be used is an error that says so, and gives no object. */
Test(cni_result, merge_refusals)
{
	static const char *const rows[] = {"{\"cniVersion\":\"7\"}", "{\"cniVersion\":\"0.2.0\",\"ip4\":{}}",
	                                   "{\"interfaces\":{}}", "{\"ips\":5}", "{\"dns\":[]}"};
	struct cnm_addr ip = address("10.1.0.5/24");
	_cleanup_cni_result_ struct cnm_cni_result add = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_result_add_interface(&add, "eth0", NULL, NULL, 0, NULL, &err), 0);
	cr_assert_eq(cnm_cni_result_add_ip(&add, &ip, NULL, 0, &err), 0);
	cr_assert_eq(cnm_strings_add(&add.dns.nameservers, "10.1.0.1", &err), 0);
	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *prev = cnm_test_json(rows[i]), *got = NULL;

		cr_assert_eq(cnm_cni_result_merge(&got, prev, &add, CNM_CNI_1_0_0, &err), -1, "accepted: %s",
		             rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID, "%s", rows[i]);
		cr_assert_eq(strncmp(err.text, "prevResult: ", 12), 0, "%s", err.text);
		cr_assert_null(got);
		cnm_test_json_equal_text(prev, rows[i], "prev stays");
	}
}

#define LINKS                                                                                                \
	"{\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"x\":1},"                        \
	"{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:02\",\"mtu\":1500,\"sandbox\":\"/n\"}],\"vendor\":2}"

Test(cni_result, update_interface)
{
	_cleanup_json_ json_object *old = cnm_test_json(LINKS), *new = cnm_test_json(LINKS);
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_result_update_interface(old, CNM_CNI_0_4_0, "eth0", "/n", "02:00:00:00:00:09",
	                                             1400, &err),
	             0);
	cnm_test_json_equal_text(old,
	                         "{\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"x\":1},"
	                         "{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:09\",\"mtu\":1500,\"sandbox\":"
	                         "\"/n\"}],\"vendor\":2}",
	                         "0.4.0 has no mtu");
	cr_assert_eq(cnm_cni_result_update_interface(new, CNM_CNI_1_1_0, "eth0", NULL, NULL, 1400, &err), 0);
	cnm_test_json_equal_text(
	        new,
	        "{\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"x\":1,\"mtu\":1400},"
	        "{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:02\",\"mtu\":1500,\"sandbox\":\"/"
	        "n\"}],\"vendor\":2}",
	        "the one on the host");
}

Test(cni_result, update_of_what_is_not_listed)
{
	static const char *const rows[] = {LINKS, "{}", "{\"interfaces\":null}",
	                                   "{\"interfaces\":[1,null,{}]}",
	                                   "{\"ip4\":{\"ip\":\"10.0.0.1/24\"}}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]);
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_cni_result_update_interface(obj, CNM_CNI_1_1_0, "eth0", "/other",
		                                             "02:00:00:00:00:09", 9, &err),
		             0);
		cnm_test_json_equal_text(obj, rows[i], "nothing is changed");
	}
}

/* Keys of a Go struct without tags: the member is changed, not added beside. */
Test(cni_result, update_keeps_the_spelling)
{
	_cleanup_json_ json_object *obj = cnm_test_json(
	        "{\"Interfaces\":[{\"Name\":\"eth0\",\"Mac\":\"02:00:00:00:00:01\",\"Sandbox\":\"/n\"}]}");
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_result_update_interface(obj, CNM_CNI_1_1_0, "eth0", "/n", "02:00:00:00:00:09", 0,
	                                             &err),
	             0);
	cnm_test_json_equal_text(
	        obj,
	        "{\"Interfaces\":[{\"Name\":\"eth0\",\"Mac\":\"02:00:00:00:00:09\",\"Sandbox\":\"/n\"}]}",
	        "spelling");
}

/* The same for a merge: two lists of one name would make a result that readers understand differently. */
Test(cni_result, merge_keeps_the_spelling)
{
	_cleanup_json_ json_object *prev =
	        cnm_test_json("{\"CNIVersion\":\"1.0.0\",\"Interfaces\":[{\"name\":\"br0\"}],"
	                      "\"IPs\":[{\"address\":\"10.0.0.1/24\"}],\"DNS\":{\"Domain\":\"a\"}}");
	struct cnm_addr ip = address("10.1.0.5/24");
	_cleanup_cni_result_ struct cnm_cni_result add = {0};
	_cleanup_json_ json_object *got = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_cni_result_add_interface(&add, "eth0", NULL, NULL, 0, NULL, &err), 0);
	cr_assert_eq(cnm_cni_result_add_ip(&add, &ip, NULL, 0, &err), 0);
	cr_assert_not_null(add.dns.domain = strdup("b"));
	cr_assert_eq(cnm_cni_result_merge(&got, prev, &add, CNM_CNI_1_0_0, &err), 0, "%s", err.text);
	cnm_test_json_equal_text(
	        got,
	        "{\"CNIVersion\":\"1.0.0\",\"Interfaces\":[{\"name\":\"br0\"},{\"name\":\"eth0\"}],"
	        "\"IPs\":[{\"address\":\"10.0.0.1/24\"},{\"interface\":1,\"address\":\"10.1.0.5/24\"}],"
	        "\"DNS\":{\"Domain\":\"a\"}}",
	        "spelling");
}

Test(cni_result, routes_of_an_ipam_configuration)
{
	_cleanup_json_ json_object *array =
	        cnm_test_json("[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"10.0.0.0/8\",\"gw\":\"10.1.0.1\"}]");
	_cleanup_json_ json_object *bad = cnm_test_json("[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"x\"}]");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cni_route *routes = NULL;
	size_t count = 0;

	cr_assert_eq(cnm_cni_routes_parse(&routes, &count, array, &err), 0, "%s", err.text);
	cr_assert_eq(count, 2);
	cr_assert_not(cnm_addr_is_set(&routes[0].gateway));
	cr_assert(cnm_addr_is_set(&routes[1].gateway));
	free(routes);
	cr_assert_eq(cnm_cni_routes_parse(&routes, &count, bad, &err), -1);
	cr_assert_not_null(strstr(err.text, "routes[1]: key \"dst\""), "%s", err.text);
	cr_assert_eq(cnm_cni_routes_parse(&routes, &count, NULL, &err), 0);
	cr_assert_null(routes);
	cr_assert_eq(count, 0);
}

static int parse_text(const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};
	_cleanup_json_ json_object *obj = NULL;

	if (cnm_json_parse_object(&obj, text, len, "the result", err) < 0)
		return -1;
	return cnm_cni_result_parse(&result, obj, CNM_CNI_1_1_0, err);
}

Test(cni_result, malformed)
{
	static const char text[] =
	        "{\"interfaces\":[{\"name\":\"e\",\"mtu\":1}],\"ips\":[{\"address\":\"10.0.0.1/"
	        "8\",\"interface\":0}],"
	        "\"routes\":[{\"dst\":\"::/0\",\"scope\":1}],\"dns\":{\"search\":[\"a\"]}}";

	cnm_test_truncate(parse_text, text);
	cnm_test_mutate(parse_text, text);
}
