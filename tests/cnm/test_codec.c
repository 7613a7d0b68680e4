/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to text and back: every member survives, and what is no record is refused, naming the member. */
#include "cnm/base/cleanup.h"
#include "cnm/codec.h"
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BOOT "11111111-2222-3333-4444-555555555555"

static struct cnm_error err;

static struct cnm_addr addr(const char *text)
{
	struct cnm_addr ret;

	cr_assert_eq(strchr(text, '/') ? cnm_addr_parse_cidr(&ret, text, &err)
	                               : cnm_addr_parse(&ret, text, &err),
	             0, "%s", err.text);
	return ret;
}

static struct cnm_mac mac(const char *text)
{
	struct cnm_mac ret;

	cr_assert_eq(cnm_mac_parse(&ret, text, &err), 0, "%s", err.text);
	return ret;
}

static void set(struct cnm_kvs *kvs, const char *key, const char *value)
{
	cr_assert_eq(cnm_kvs_set(kvs, key, value, &err), 0, "%s", err.text);
}

static void assert_addr(const struct cnm_addr *a, const struct cnm_addr *b)
{
	cr_assert(a->family == b->family && a->prefix == b->prefix && cnm_addr_equal(a, b));
}

/* The object's text; released with the object. */
static char *text_of(json_object *obj)
{
	cr_assert_not_null(obj, "%s", err.text);
	char *text = strdup(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY));

	json_object_put(obj);
	cr_assert_not_null(text);
	return text;
}

/* Network ---------------------------------------------------------------------------------------- */

static struct cnm_network *network_make(void)
{
	struct cnm_network *network = calloc(1, sizeof(*network));

	strcpy(network->name, "web");
	strcpy(network->id, ID);
	strcpy(network->driver, "bridge");
	strcpy(network->ipam_driver, "default");
	strcpy(network->created, "2026-01-31T12:00:00Z");
	network->internal = network->ipv6 = network->described = true;
	set(&network->options, "com.docker.network.driver.mtu", "1400");
	set(&network->labels, "empty", "");
	set(&network->labels, "quote\"d \xc3\xa4", "new\nline");
	set(&network->ipam_options, "o", "p");
	set(&network->driver_state, "bridge", "cnm-web");
	network->pools = calloc(2, sizeof(*network->pools));
	network->pool_count = 2;
	network->pools[0] = (struct cnm_pool){.subnet = addr("10.1.0.0/16"),
	                                      .first = addr("10.1.0.0"),
	                                      .last = addr("10.1.0.99"),
	                                      .gateway = addr("10.1.0.1")};
	set(&network->pools[0].aux, "router", "10.1.0.7");
	network->pools[1] = (struct cnm_pool){.subnet = addr("fd00::/64"),
	                                      .first = addr("fd00::"),
	                                      .last = addr("fd00::ffff:ffff:ffff:ffff")};
	return network;
}

Test(codec, network_comes_back_whole)
{
	_cleanup_network_ struct cnm_network *a = network_make(), *b = NULL;
	_cleanup_free_ char *text = text_of(cnm_network_to_json(a, &err));

	cr_assert_eq(cnm_network_decode(&b, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_str_eq(b->name, a->name);
	cr_assert_str_eq(b->id, a->id);
	cr_assert_str_eq(b->driver, a->driver);
	cr_assert_str_eq(b->ipam_driver, a->ipam_driver);
	cr_assert_str_eq(b->created, a->created);
	cr_assert(b->internal && b->ipv6 && b->described);
	cr_assert(cnm_kvs_equal(&b->options, &a->options));
	cr_assert(cnm_kvs_equal(&b->labels, &a->labels));
	cr_assert(cnm_kvs_equal(&b->ipam_options, &a->ipam_options));
	cr_assert(cnm_kvs_equal(&b->driver_state, &a->driver_state));
	cr_assert_eq(b->pool_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_addr(&b->pools[i].subnet, &a->pools[i].subnet);
		assert_addr(&b->pools[i].first, &a->pools[i].first);
		assert_addr(&b->pools[i].last, &a->pools[i].last);
		assert_addr(&b->pools[i].gateway, &a->pools[i].gateway);
		cr_assert(cnm_kvs_equal(&b->pools[i].aux, &a->pools[i].aux));
	}
}

/* Sandbox ---------------------------------------------------------------------------------------- */

static void sandbox_fill(struct cnm_sandbox *sandbox)
{
	*sandbox = (struct cnm_sandbox){.ours = true,
	                                .explicit_ = true,
	                                .no_files = true,
	                                .netns = {.dev = 4, .ino = UINT64_MAX},
	                                .pid = INT32_MAX,
	                                .start_time = (uint64_t)INT64_MAX + 1};
	strcpy(sandbox->id, "c1");
	strcpy(sandbox->key, "/run/cnm/netns/c1");
	strcpy(sandbox->created, "2026-01-31T12:00:00Z");
	strcpy(sandbox->boot_id, BOOT);
	strcpy(sandbox->hostname, "host");
	strcpy(sandbox->domainname, "example.org");
	strcpy(sandbox->files_mirror, "/bundle/files");
}

Test(codec, sandbox_comes_back_whole)
{
	struct cnm_sandbox a;
	_cleanup_sandbox_ struct cnm_sandbox *b = NULL;

	sandbox_fill(&a);
	_cleanup_free_ char *text = text_of(cnm_sandbox_to_json(&a, &err));
	cr_assert_eq(cnm_sandbox_decode(&b, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_str_eq(b->id, a.id);
	cr_assert_str_eq(b->key, a.key);
	cr_assert_str_eq(b->created, a.created);
	cr_assert(b->ours && b->explicit_ && b->no_files);
	cr_assert_eq(b->netns.dev, a.netns.dev);
	cr_assert_eq(b->netns.ino, a.netns.ino);
	cr_assert_eq(b->pid, a.pid);
	cr_assert_eq(b->start_time, a.start_time);
	cr_assert_str_eq(b->boot_id, a.boot_id);
	cr_assert_str_eq(b->hostname, a.hostname);
	cr_assert_str_eq(b->domainname, a.domainname);
	cr_assert_str_eq(b->files_mirror, a.files_mirror);
}

/* Endpoint --------------------------------------------------------------------------------------- */

static void endpoint_fill_join(struct cnm_endpoint *endpoint)
{
	strcpy(endpoint->container, "c1");
	strcpy(endpoint->ifname, "eth0");
	strcpy(endpoint->host_ifname, "cnm0123");
	endpoint->host_mac = mac("02:42:ac:11:00:03");
	strcpy(endpoint->key, "/proc/7/ns/net");
	endpoint->netns = (struct cnm_netns_id){.dev = 4, .ino = 4026531840};
	endpoint->pid = 7;
	endpoint->start_time = 12345678901;
	strcpy(endpoint->boot_id, BOOT);
	endpoint->gateway_priority = -5;
	endpoint->no_gateway = true;
	endpoint->device_gateway = true;
}

static void endpoint_fill_ports(struct cnm_endpoint *endpoint)
{
	endpoint->ports = calloc(3, sizeof(*endpoint->ports));
	endpoint->port_count = 3;
	endpoint->ports[0] = (struct cnm_port){IPPROTO_TCP, {0}, 8080, 8080, 80, true};
	endpoint->ports[1] = (struct cnm_port){IPPROTO_UDP, addr("192.0.2.1"), 5000, 5009, 65526, false};
	endpoint->ports[2] = (struct cnm_port){IPPROTO_SCTP, addr("fd00::1"), 0, 0, 65535, false};
}

static struct cnm_endpoint *endpoint_make(void)
{
	struct cnm_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	strcpy(endpoint->name, "c1@eth0");
	strcpy(endpoint->id, ID);
	strcpy(endpoint->network, "web");
	strcpy(endpoint->created, "2026-01-31T12:00:00Z");
	endpoint->transient = true;
	endpoint->mac = mac("02:42:ac:11:00:02");
	endpoint->addrs[0] = (struct cnm_endpoint_addr){addr("10.1.0.2/16"), addr("10.1.0.1")};
	endpoint->addrs[1] = (struct cnm_endpoint_addr){.addr = addr("fd00::2/64")};
	endpoint->addr_count = 2;
	set(&endpoint->aliases, "db", "");
	set(&endpoint->aliases, "cache", "");
	set(&endpoint->options, "o", "p");
	set(&endpoint->sysctls, "net.ipv4.conf.IFNAME.rp_filter", "0");
	set(&endpoint->driver_state, "driver", "bridge");
	endpoint->routes[0] =
	        (struct cnm_endpoint_route){addr("0.0.0.0/0"), addr("10.1.0.9"), UINT32_MAX, 1400, 1360};
	endpoint->routes[1] = (struct cnm_endpoint_route){.dst = addr("fd01::/64")};
	endpoint->route_count = 2;
	endpoint_fill_ports(endpoint);
	endpoint_fill_join(endpoint);
	return endpoint;
}

static char *endpoint_text(void)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = endpoint_make();

	return text_of(cnm_endpoint_to_json(endpoint, &err));
}

static void assert_join(const struct cnm_endpoint *a, const struct cnm_endpoint *b)
{
	cr_assert_str_eq(b->container, a->container);
	cr_assert_str_eq(b->ifname, a->ifname);
	cr_assert_str_eq(b->host_ifname, a->host_ifname);
	cr_assert_eq(memcmp(&b->host_mac, &a->host_mac, sizeof(a->host_mac)), 0);
	cr_assert_str_eq(b->key, a->key);
	cr_assert(cnm_netns_id_equal(&b->netns, &a->netns));
	cr_assert_eq(b->pid, a->pid);
	cr_assert_eq(b->start_time, a->start_time);
	cr_assert_str_eq(b->boot_id, a->boot_id);
	cr_assert_eq(b->gateway_priority, a->gateway_priority);
	cr_assert_eq(b->no_gateway, a->no_gateway);
	cr_assert_eq(b->device_gateway, a->device_gateway);
}

static void assert_lists(const struct cnm_endpoint *a, const struct cnm_endpoint *b)
{
	cr_assert_eq(b->addr_count, a->addr_count);
	for (size_t i = 0; i < a->addr_count; i++) {
		assert_addr(&b->addrs[i].addr, &a->addrs[i].addr);
		assert_addr(&b->addrs[i].gateway, &a->addrs[i].gateway);
	}
	cr_assert_eq(b->route_count, a->route_count);
	for (size_t i = 0; i < a->route_count; i++) {
		assert_addr(&b->routes[i].dst, &a->routes[i].dst);
		assert_addr(&b->routes[i].gateway, &a->routes[i].gateway);
		cr_assert_eq(b->routes[i].metric, a->routes[i].metric);
		cr_assert_eq(b->routes[i].mtu, a->routes[i].mtu);
		cr_assert_eq(b->routes[i].advmss, a->routes[i].advmss);
	}
	cr_assert_eq(b->port_count, a->port_count);
	for (size_t i = 0; i < a->port_count; i++) {
		cr_assert_eq(b->ports[i].protocol, a->ports[i].protocol);
		assert_addr(&b->ports[i].host, &a->ports[i].host);
		cr_assert_eq(b->ports[i].first, a->ports[i].first);
		cr_assert_eq(b->ports[i].last, a->ports[i].last);
		cr_assert_eq(b->ports[i].first_inside, a->ports[i].first_inside);
	}
}

Test(codec, endpoint_comes_back_whole)
{
	_cleanup_endpoint_ struct cnm_endpoint *a = endpoint_make(), *b = NULL;
	_cleanup_free_ char *text = endpoint_text();

	cr_assert_eq(cnm_endpoint_decode(&b, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_str_eq(b->name, a->name);
	cr_assert_str_eq(b->id, a->id);
	cr_assert_str_eq(b->network, a->network);
	cr_assert_str_eq(b->created, a->created);
	cr_assert_eq(b->transient, a->transient);
	cr_assert_eq(memcmp(&b->mac, &a->mac, sizeof(a->mac)), 0);
	cr_assert(cnm_kvs_equal(&b->aliases, &a->aliases));
	cr_assert(cnm_kvs_equal(&b->options, &a->options));
	cr_assert(cnm_kvs_equal(&b->sysctls, &a->sysctls));
	cr_assert(cnm_kvs_equal(&b->driver_state, &a->driver_state));
	cr_assert_not(b->joining, "the file's name says it");
	assert_lists(a, b);
	assert_join(a, b);
}

Test(codec, ports_are_written_as_people_read_them)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = endpoint_make();
	json_object *obj = cnm_endpoint_to_json(endpoint, &err), *ports = NULL;

	cr_assert(json_object_object_get_ex(obj, "ports", &ports));
	cr_assert_str_eq(
	        json_object_to_json_string_ext(ports, JSON_C_TO_STRING_PLAIN),
	        "[{\"protocol\":\"tcp\",\"hostFirst\":8080,\"hostLast\":8080,\"first\":80,\"held\":true},"
	        "{\"protocol\":\"udp\",\"hostIp\":\"192.0.2.1\",\"hostFirst\":5000,\"hostLast\":5009,"
	        "\"first\":65526},{\"protocol\":\"sctp\",\"hostIp\":\"fd00::1\",\"first\":65535}]");
	json_object_put(obj);
}

Test(codec, port_of_an_unknown_protocol_is_not_written)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = endpoint_make();

	endpoint->ports[1].protocol = IPPROTO_ICMP;
	cr_assert_null(cnm_endpoint_to_json(endpoint, &err));
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert(strstr(err.text, "protocol"), "%s", err.text);
}

Test(codec, endpoint_that_joined_nothing_has_no_join)
{
	_cleanup_endpoint_ struct cnm_endpoint *a = calloc(1, sizeof(*a)), *b = NULL;

	strcpy(a->name, "db");
	strcpy(a->id, ID);
	strcpy(a->network, "web");
	_cleanup_free_ char *text = text_of(cnm_endpoint_to_json(a, &err));
	cr_assert_null(strstr(text, "join"), "%s", text);
	cr_assert_null(strstr(text, "ports"), "%s", text);
	cr_assert_eq(cnm_endpoint_decode(&b, text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_str_eq(b->container, "");
	cr_assert_eq(b->pid, 0);
	cr_assert_not(cnm_mac_is_set(&b->mac));
	cr_assert_eq(b->port_count, 0);
	cr_assert_null(b->ports);
}

/* What is no record ------------------------------------------------------------------------------ */

static int decode_network(const char *text, size_t len)
{
	_cleanup_network_ struct cnm_network *network = NULL;

	return cnm_network_decode(&network, text, len, &err);
}

static int decode_endpoint(const char *text, size_t len)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;

	return cnm_endpoint_decode(&endpoint, text, len, &err);
}

static int decode_sandbox(const char *text, size_t len)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;

	return cnm_sandbox_decode(&sandbox, text, len, &err);
}

typedef int (*decode_fn)(const char *text, size_t len);

static void expect_refused(decode_fn decode, const char *text, const char *why)
{
	cnm_error_clear(&err);
	cr_assert_eq(decode(text, strlen(text)), -1, "accepted: %s", text);
	cr_assert_eq(err.code, CNM_E_STORE, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, why), "'%s' is not in: %s", why, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
}

static void truncate_everywhere(decode_fn decode, const char *text)
{
	/* A copy that ends where the text does, so that a byte read past it is found. */
	for (size_t len = 0; len < strlen(text); len++) {
		_cleanup_free_ char *copy = malloc(len + 1);

		memcpy(copy, text, len);
		copy[len] = '\0';
		cnm_error_clear(&err);
		cr_assert_eq(decode(copy, len), -1, "%zu bytes are a record", len);
		cr_assert_eq(err.code, CNM_E_STORE, "%zu bytes: %s", len, err.text);
		cr_assert_neq(err.text[0], '\0');
	}
	cr_assert_eq(decode(text, strlen(text)), 0, "%s", err.text);
}

Test(codec, truncated_record_is_refused_wherever_it_ends)
{
	_cleanup_network_ struct cnm_network *network = network_make();
	struct cnm_sandbox sandbox;

	sandbox_fill(&sandbox);
	_cleanup_free_ char *text = text_of(cnm_network_to_json(network, &err)), *endpoint = endpoint_text(),
	                    *sandbox_text = text_of(cnm_sandbox_to_json(&sandbox, &err));
	truncate_everywhere(decode_network, text);
	truncate_everywhere(decode_endpoint, endpoint);
	truncate_everywhere(decode_sandbox, sandbox_text);
}

Test(codec, version_is_required_and_must_be_ours)
{
	static const decode_fn decoders[] = {decode_network, decode_endpoint, decode_sandbox};

	for (size_t i = 0; i < 3; i++) {
		expect_refused(decoders[i], "{\"id\": \"c1\"}", "no version");
		expect_refused(decoders[i], "{\"version\": 2}", "version 2");
		expect_refused(decoders[i], "{\"version\": -1}", "version -1");
		expect_refused(decoders[i], "{\"version\": \"1\"}", "version");
		expect_refused(decoders[i], "{\"version\": null}", "no version");
		expect_refused(decoders[i], "[]", "record");
		expect_refused(decoders[i], "", "record");
		expect_refused(decoders[i], "\xff\xfe", "record");
	}
}

Test(codec, record_beyond_the_limit_is_refused)
{
	_cleanup_free_ char *text = malloc(CNM_RECORD_MAX + 2);

	memset(text, ' ', CNM_RECORD_MAX + 1);
	text[CNM_RECORD_MAX + 1] = '\0';
	expect_refused(decode_sandbox, text, "larger than");
}

#define NETWORK(rest) "{\"version\":1,\"name\":\"web\",\"id\":\"" ID "\",\"driver\":\"bridge\"" rest "}"
#define POOL(rest)    NETWORK(",\"pools\":[{" rest "}]")
#define RANGE         "\"subnet\":\"10.1.0.0/16\",\"first\":\"10.1.0.0\",\"last\":\"10.1.0.9\""

Test(codec, network_is_checked_again_when_read)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	        {"{\"version\":1}", "network name is empty"},
	        {"{\"version\":1,\"name\":\"../etc\",\"id\":\"" ID "\",\"driver\":\"bridge\"}", "'../etc'"},
	        {"{\"version\":1,\"name\":\"web\",\"id\":\"ABC\",\"driver\":\"bridge\"}", "\"id\""},
	        {"{\"version\":1,\"name\":\"web\",\"id\":\"" ID "\"}", "driver name is empty"},
	        {NETWORK(",\"ipam_driver\":\"a b\""), "IPAM driver name"},
	        {NETWORK(",\"internal\":\"yes\""), "\"internal\""},
	        {NETWORK(",\"internal\":1"), "\"internal\""},
	        {NETWORK(",\"options\":{\"a\":1}"), "options"},
	        {NETWORK(",\"options\":[]"), "options"},
	        {NETWORK(",\"labels\":{\"\":\"x\"}"), "labels: a key is empty"},
	        {NETWORK(",\"name\":\"b\""), "name"},
	        {NETWORK(",\"pools\":{}"), "pools"},
	        {NETWORK(",\"pools\":[1]"), "pools[0]"},
	        {NETWORK(",\"pools\":[null]"), "pools[0]"},
	        {POOL(""), "subnet"},
	        {POOL("\"subnet\":\"10.1.0.1/16\",\"first\":\"10.1.0.0\",\"last\":\"10.1.0.9\""), "subnet"},
	        {POOL("\"subnet\":\"10.1.0.0/16\""), "first"},
	        {POOL("\"subnet\":\"10.1.0.0/16\",\"first\":\"10.1.0.9\",\"last\":\"10.1.0.1\""), "first"},
	        {POOL("\"subnet\":\"10.1.0.0/16\",\"first\":\"10.1.0.9\",\"last\":\"10.2.0.1\""),
	         "10.1.0.0/16"},
	        {POOL(RANGE ",\"gateway\":\"fd00::1\""), "gateway"},
	        {POOL(RANGE ",\"aux\":{\"a\":\"nowhere\"}"), "aux"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(decode_network, rows[i].text, rows[i].why);
	cr_assert_eq(decode_network(POOL(RANGE), strlen(POOL(RANGE))), 0, "%s", err.text);
}

#define ENDPOINT(rest) "{\"version\":1,\"name\":\"c1@eth0\",\"id\":\"" ID "\",\"network\":\"web\"" rest "}"
#define PORT(rest)     ENDPOINT(",\"ports\":[{" rest "}]")
#define TCP            "\"protocol\":\"tcp\","

Test(codec, endpoint_is_checked_again_when_read)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	        {"{\"version\":1}", "endpoint name is empty"},
	        {ENDPOINT(",\"mac\":\"01:00:00:00:00:00\""), "mac"},
	        {ENDPOINT(",\"addresses\":[{}]"), "addresses[0]"},
	        {ENDPOINT(",\"addresses\":[{\"address\":\"10.0.0.1\"}]"), "addresses[0]"},
	        {ENDPOINT(",\"addresses\":[{\"address\":\"10.0.0.1/8\",\"gateway\":\"fd00::1\"}]"),
	         "addresses[0]"},
	        {ENDPOINT(",\"addresses\":[{},{},{},{},{},{},{},{},{}]"), "at most 8"},
	        {ENDPOINT(",\"routes\":[{\"via\":\"10.0.0.1\"}]"), "routes[0]"},
	        {ENDPOINT(",\"routes\":[{\"to\":\"10.0.0.0/8\",\"metric\":-1}]"), "metric"},
	        {ENDPOINT(",\"routes\":[{\"to\":\"10.0.0.0/8\",\"mtu\":4294967296}]"), "mtu"},
	        {ENDPOINT(",\"aliases\":[1]"), "aliases"},
	        {ENDPOINT(",\"join\":[]"), "join"},
	        {ENDPOINT(",\"join\":{\"container\":\"../c\"}"), "join: container id"},
	        {ENDPOINT(",\"join\":{\"ifname\":\"a/b\"}"), "join: interface name"},
	        {ENDPOINT(",\"join\":{\"host_ifname\":\"a b\"}"), "join: interface name"},
	        {ENDPOINT(",\"join\":{\"pid\":-1}"), "pid"},
	        {ENDPOINT(",\"join\":{\"pid\":2147483648}"), "pid"},
	        {ENDPOINT(",\"join\":{\"netns_ino\":-1}"), "netns_ino"},
	        {ENDPOINT(",\"join\":{\"netns_ino\":1.5}"), "netns_ino"},
	        {ENDPOINT(",\"join\":{\"ifname\":\"1234567890123456\"}"), "ifname"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(decode_endpoint, rows[i].text, rows[i].why);
	cr_assert_eq(decode_endpoint(ENDPOINT(""), strlen(ENDPOINT(""))), 0, "%s", err.text);
}

Test(codec, ports_are_read_strictly)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	        {ENDPOINT(",\"ports\":{}"), "ports"},
	        {ENDPOINT(",\"ports\":[80]"), "ports[0]"},
	        {PORT("\"hostFirst\":80,\"hostLast\":80,\"first\":80"), "ports[0]: key \"protocol\""},
	        {PORT("\"protocol\":\"TCP\",\"hostFirst\":80,\"hostLast\":80,\"first\":80"), "protocol"},
	        {PORT("\"protocol\":6,\"hostFirst\":80,\"hostLast\":80,\"first\":80"), "protocol"},
	        {PORT(TCP "\"hostIp\":\"10.0.0.1/24\",\"hostFirst\":80,\"hostLast\":80,\"first\":80"),
	         "hostIp"},
	        {PORT(TCP "\"hostFirst\":65536,\"hostLast\":65536,\"first\":80"), "hostFirst"},
	        {PORT(TCP "\"hostFirst\":-1,\"hostLast\":80,\"first\":80"), "hostFirst"},
	        {PORT(TCP "\"hostFirst\":\"80\",\"hostLast\":80,\"first\":80"), "hostFirst"},
	        {PORT(TCP "\"hostFirst\":81,\"hostLast\":80,\"first\":80"), "ports[0]"},
	        {PORT(TCP "\"hostFirst\":80,\"first\":80"), "ports[0]"},
	        {PORT(TCP "\"hostFirst\":80,\"hostLast\":80"), "ports[0]"},
	        {PORT(TCP "\"hostFirst\":80,\"hostLast\":82,\"first\":65534"), "ports[0]"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(decode_endpoint, rows[i].text, rows[i].why);
}

/* A record with that many ports. */
static char *text_with_ports(size_t count)
{
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = endpoint_make();

	free(endpoint->ports);
	endpoint->ports = calloc(count, sizeof(*endpoint->ports));
	endpoint->port_count = count;
	for (size_t i = 0; i < count; i++)
		endpoint->ports[i] = (struct cnm_port){.protocol = IPPROTO_UDP,
		                                       .first = (uint16_t)(1 + i),
		                                       .last = (uint16_t)(1 + i),
		                                       .first_inside = 53};
	return text_of(cnm_endpoint_to_json(endpoint, &err));
}

Test(codec, ports_are_no_more_than_allowed)
{
	_cleanup_free_ char *most = text_with_ports(CNM_ENDPOINT_PORTS),
	                    *more = text_with_ports(CNM_ENDPOINT_PORTS + 1);

	cr_assert_eq(decode_endpoint(most, strlen(most)), 0, "%s", err.text);
	expect_refused(decode_endpoint, more, "at most 128");
}

Test(codec, sandbox_is_checked_again_when_read)
{
	expect_refused(decode_sandbox, "{\"version\":1}", "container id is empty");
	expect_refused(decode_sandbox, "{\"version\":1,\"id\":\"c1\",\"pid\":-1}", "pid");
	expect_refused(decode_sandbox, "{\"version\":1,\"id\":\"c1\",\"files_mirror\":\"bundle\"}",
	               "files_mirror");
	expect_refused(decode_sandbox, "{\"version\":1,\"id\":\"c1\",\"ours\":null,\"id\":\"c2\"}", "id");
	expect_refused(decode_sandbox, "{\"version\":1,\"id\":\"c1\",\"start_time\":\"1\"}", "start_time");
}

Test(codec, key_and_value_lists_come_back)
{
	_cleanup_kvs_ struct cnm_kvs a = {0}, b = {0};

	set(&b, "what was there", "is replaced");
	set(&a, "k", "v");
	set(&a, "empty", "");
	json_object *obj = cnm_kvs_to_json(&a, &err);
	cr_assert_eq(cnm_kvs_from_json(&b, obj, "labels", &err), 0, "%s", err.text);
	cr_assert(cnm_kvs_equal(&a, &b));
	json_object_put(obj);
	cr_assert_eq(cnm_kvs_from_json(&b, NULL, "labels", &err), 0);
	cr_assert_eq(b.count, 0);
}
