/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents of inspect: Docker's members with Docker's values, and ranges as they were asked for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/describe.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct cnm_addr addr(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr ret;
	int parsed =
	        strchr(text, '/') ? cnm_addr_parse_cidr(&ret, text, &err) : cnm_addr_parse(&ret, text, &err);

	cr_assert_eq(parsed, 0, "%s", err.text);
	return ret;
}

static void set(struct cnm_kvs *kvs, const char *key, const char *value)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_kvs_set(kvs, key, value, &err), 0, "%s", err.text);
}

/* The member at a path of names and indices, "IPAM/Config/0/Subnet", as text. */
static const char *at(json_object *obj, const char *path)
{
	char copy[256];
	char *rest = copy, *step;

	snprintf(copy, sizeof(copy), "%s", path);
	while (obj && (step = strsep(&rest, "/"))) {
		if (json_object_is_type(obj, json_type_array))
			obj = json_object_array_get_idx(obj, (size_t)step[0] - '0');
		else
			obj = json_object_object_get(obj, step);
	}
	return obj ? json_object_get_string(obj) : NULL;
}

static void make_network(struct cnm_network *network, struct cnm_pool *pool)
{
	*network = (struct cnm_network){
	        .name = "web",
	        .id = ID,
	        .driver = "bridge",
	        .ipam_driver = "default",
	        .created = "2026-01-31T12:00:00Z",
	        .internal = true,
	        .pools = pool,
	        .pool_count = 1,
	};
	*pool = (struct cnm_pool){
	        .subnet = addr("10.0.0.0/24"),
	        .first = addr("10.0.0.1"),
	        .last = addr("10.0.0.254"),
	        .gateway = addr("10.0.0.1"),
	};
	set(&network->labels, "team", "a");
	set(&pool->aux, "router", "10.0.0.9");
}

static void free_network(struct cnm_network *network)
{
	cnm_kvs_free(&network->labels);
	cnm_kvs_free(&network->pools[0].aux);
}

static struct cnm_endpoint make_endpoint(const char *container, const char *ifname)
{
	struct cnm_endpoint endpoint = {
	        .id = ID,
	        .network = "web",
	        .mac = {{2, 0, 0, 0, 0, 1}},
	        .addr_count = 2,
	};

	snprintf(endpoint.name, sizeof(endpoint.name), "c1@%s", ifname);
	snprintf(endpoint.container, sizeof(endpoint.container), "%s", container);
	snprintf(endpoint.ifname, sizeof(endpoint.ifname), "%s", ifname);
	endpoint.addrs[0].addr = addr("10.0.0.2/24");
	endpoint.addrs[0].gateway = addr("10.0.0.1");
	endpoint.addrs[1].addr = addr("fd00::2/64");
	return endpoint;
}

Test(describe, network_as_docker_has_it)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_endpoint endpoint = make_endpoint("c1", "eth0");
	struct cnm_endpoint *endpoints[] = {&endpoint};
	_cleanup_json_ json_object *obj = NULL;
	struct cnm_network network;
	struct cnm_pool pool;
	static const struct {
		const char *path, *value;
	} rows[] = {
	        {"Name", "web"},
	        {"Id", ID},
	        {"Created", "2026-01-31T12:00:00Z"},
	        {"Scope", "local"},
	        {"Driver", "bridge"},
	        {"EnableIPv6", "false"},
	        {"Internal", "true"},
	        {"Labels/team", "a"},
	        {"IPAM/Driver", "default"},
	        {"IPAM/Config/0/Subnet", "10.0.0.0/24"},
	        {"IPAM/Config/0/IPRange", NULL},
	        {"IPAM/Config/0/Gateway", "10.0.0.1"},
	        {"IPAM/Config/0/AuxiliaryAddresses/router", "10.0.0.9"},
	        {"Containers/c1/Name", "c1@eth0"},
	        {"Containers/c1/EndpointID", ID},
	        {"Containers/c1/MacAddress", "02:00:00:00:00:01"},
	        {"Containers/c1/IPv4Address", "10.0.0.2/24"},
	        {"Containers/c1/IPv6Address", "fd00::2/64"},
	        {"Containers/c1/Interface", "eth0"},
	};

	make_network(&network, &pool);
	obj = cnm_describe_network(&network, NULL, endpoints, 1, &err);
	cr_assert_not_null(obj, "%s", err.text);
	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		const char *value = at(obj, rows[i].path);

		if (rows[i].value)
			cr_assert_str_eq(value ? value : "(absent)", rows[i].value, "%s is %s", rows[i].path,
			                 value);
		else
			cr_assert_null(value, "%s is %s", rows[i].path, value);
	}
	free_network(&network);
}

Test(describe, no_endpoint_hides_another)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_endpoint first = make_endpoint("c1", "eth0"), second = make_endpoint("c1", "eth1");
	struct cnm_endpoint reserved = make_endpoint("", "");
	struct cnm_endpoint *endpoints[] = {&first, &second, &reserved};
	_cleanup_json_ json_object *obj = NULL;
	struct cnm_network network;
	struct cnm_pool pool;

	second.id[0] = 'a';
	reserved.id[0] = 'b';
	make_network(&network, &pool);
	obj = cnm_describe_network(&network, NULL, endpoints, 3, &err);
	cr_assert_not_null(obj, "%s", err.text);
	cr_assert_eq(json_object_object_length(json_object_object_get(obj, "Containers")), 3);
	cr_assert_str_eq(at(obj, "Containers/c1/Interface"), "eth0");
	free_network(&network);
}

Test(describe, range)
{
	static const struct {
		const char *subnet, *first, *last, *range;
	} rows[] = {
	        {"10.0.0.0/24", "10.0.0.1", "10.0.0.254", NULL},
	        {"10.0.0.0/16", "10.0.5.0", "10.0.5.255", "10.0.5.0/24"},
	        {"10.0.0.0/24", "10.0.0.1", "10.0.0.127", "10.0.0.0/25"},
	        {"10.0.0.0/24", "10.0.0.128", "10.0.0.254", "10.0.0.128/25"},
	        {"10.0.0.0/24", "10.0.0.10", "10.0.0.20", "10.0.0.10-10.0.0.20"},
	        {"10.0.0.0/24", "10.0.0.7", "10.0.0.7", "10.0.0.7/32"},
	        {"fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff", NULL},
	        {"fd00::/64", "fd00::100", "fd00::1ff", "fd00::100/120"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_pool pool = {
		        .subnet = addr(rows[i].subnet),
		        .first = addr(rows[i].first),
		        .last = addr(rows[i].last),
		};
		char out[2 * CNM_ADDR_TEXT_MAX];
		const char *range = cnm_describe_range(&pool, out);

		cr_assert_str_eq(range ? range : "whole", rows[i].range ? rows[i].range : "whole",
		                 "row %zu: %s", i, range);
	}
}

Test(describe, endpoint_joined_and_not)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_endpoint joined = make_endpoint("c1", "eth0"), reserved = make_endpoint("", "");
	_cleanup_json_ json_object *a = NULL, *b = NULL;

	snprintf(joined.key, sizeof(joined.key), "/proc/7/ns/net");
	joined.routes[0] =
	        (struct cnm_endpoint_route){.dst = addr("10.9.0.0/16"), .gateway = addr("10.0.0.1")};
	joined.route_count = 1;
	a = cnm_describe_endpoint(&joined, &err);
	b = cnm_describe_endpoint(&reserved, &err);
	cr_assert_not_null(a, "%s", err.text);
	cr_assert_not_null(b, "%s", err.text);
	cr_assert_str_eq(at(a, "Addresses/0/Address"), "10.0.0.2/24");
	cr_assert_str_eq(at(a, "Addresses/0/Gateway"), "10.0.0.1");
	cr_assert_null(at(a, "Addresses/1/Gateway"));
	cr_assert_str_eq(at(a, "Sandbox/Id"), "c1");
	cr_assert_str_eq(at(a, "Sandbox/SandboxKey"), "/proc/7/ns/net");
	cr_assert_str_eq(at(a, "Sandbox/Routes/0/Destination"), "10.9.0.0/16");
	cr_assert_null(at(b, "Sandbox"));
}

Test(describe, sandbox)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_endpoint other = make_endpoint("c12", "eth0"), own = make_endpoint("c1", "eth1");
	struct cnm_endpoint *endpoints[] = {&other, &own};
	static struct cnm_sandbox sandbox = {
	        .id = "c1", .key = "/run/cnm/netns/c1", .ours = true, .hostname = "h"};
	_cleanup_json_ json_object *with = cnm_describe_sandbox(&sandbox, "/run/cnm", endpoints, 2, &err);
	_cleanup_json_ json_object *without = NULL;

	cr_assert_not_null(with, "%s", err.text);
	cr_assert_str_eq(at(with, "Id"), "c1");
	cr_assert_str_eq(at(with, "SandboxKey"), "/run/cnm/netns/c1");
	cr_assert_str_eq(at(with, "Adopted"), "false");
	cr_assert_str_eq(at(with, "HostsPath"), "/run/cnm/sandboxes/c1/hosts");
	cr_assert_eq(json_object_array_length(json_object_object_get(with, "Endpoints")), 1);
	cr_assert_str_eq(at(with, "Endpoints/0/Sandbox/Interface"), "eth1");
	sandbox.no_files = true;
	without = cnm_describe_sandbox(&sandbox, "/run/cnm", NULL, 0, &err);
	cr_assert_not_null(without, "%s", err.text);
	cr_assert_null(at(without, "HostsPath"));
}
