/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is told what: the table of names and its answers, without sockets, read by ldns. */
#include "hook/names.h"
#include <criterion/criterion.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cnm_agent agent = {.settings = {.ttl = 5}};
static struct names *names;
static struct cnm_error err;

static void setup(void)
{
	cr_assert_eq(cnm_loop_open(&agent.loop, &err), 0);
	names = calloc(1, sizeof(*names));
	names->agent = &agent;
	names->loop = agent.loop;
	names->store_source.fd = -1;
	names->hash_key = 7;
}

TestSuite(names_table, .init = setup, .timeout = 30);

static struct names_network *add_network(const char *name, const char *subnet, bool internal)
{
	struct cnm_pool pool = {0};
	struct cnm_network record = {.pools = &pool, .pool_count = 1, .internal = internal};
	struct names_network *network;

	snprintf(record.name, sizeof(record.name), "%s", name);
	snprintf(record.id, sizeof(record.id), "id-%.32s", name);
	cr_assert_eq(cnm_addr_parse_cidr(&pool.subnet, subnet, &err), 0, "%s", err.text);
	network = names_network_add(names, &record);
	cr_assert_not_null(network);
	return network;
}

static void put(struct names_network *network, const char *container, const char *address, const char *alias)
{
	struct cnm_endpoint endpoint = {.addr_count = 1};
	struct names_record record = {.endpoint = &endpoint};

	snprintf(endpoint.name, sizeof(endpoint.name), "%.100s@eth0", container);
	snprintf(endpoint.container, sizeof(endpoint.container), "%s", container);
	snprintf(endpoint.network, sizeof(endpoint.network), "%s", network->name);
	cr_assert_eq(cnm_addr_parse(&endpoint.addrs[0].addr, address, &err), 0, "%s", err.text);
	if (alias)
		cr_assert_eq(cnm_kvs_set(&endpoint.aliases, alias, "", &err), 0);
	cr_assert_eq(names_endpoint_put(network, &record, &err), 0, "%s", err.text);
	cnm_kvs_free(&endpoint.aliases);
}

static size_t question(uint8_t *ret, const char *name, ldns_rr_type type)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, LDNS_RR_CLASS_IN, LDNS_RD);
	uint8_t *wire;
	size_t len;

	cr_assert_eq(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
	memcpy(ret, wire, len);
	free(wire);
	ldns_pkt_free(pkt);
	return len;
}

static ldns_pkt *last;

/* What `source` on the network is told: "RCODE first-address count", "forward", or "stranger". */
static const char *ask(struct names_network *network, const char *source, const char *name, ldns_rr_type type,
                       bool tcp)
{
	static uint8_t out[CNM_DNS_TCP_MAX];
	static char text[128];
	struct names_asker asker;
	struct cnm_addr addr;
	uint8_t query[512];
	size_t len = question(query, name, type), out_len = 0;
	char *rcode, *data;

	cr_assert_eq(cnm_addr_parse(&addr, source, &err), 0);
	if (!names_asker_find(&asker, network, &addr))
		return "stranger";
	if (names_answer(names, &asker, query, len, out, tcp ? sizeof(out) : CNM_DNS_UDP_MAX, tcp,
	                 &out_len) == NAMES_FORWARD)
		return "forward";
	ldns_pkt_free(last);
	cr_assert_eq(ldns_wire2pkt(&last, out, out_len), LDNS_STATUS_OK);
	rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(last));
	snprintf(text, sizeof(text), "%s", rcode);
	free(rcode);
	if (ldns_pkt_ancount(last) > 0) {
		data = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(last), 0), 0));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s %u", data,
		         ldns_pkt_ancount(last));
		free(data);
	}
	return text;
}

#define A    LDNS_RR_TYPE_A
#define AAAA LDNS_RR_TYPE_AAAA

/* Names never cross networks; a container on two sees both. */
Test(names_table, isolation)
{
	struct names_network *web = add_network("web", "10.1.0.0/24", false);
	struct names_network *db = add_network("db", "10.2.0.0/24", false);

	put(web, "a", "10.1.0.2", "same");
	put(db, "b", "10.2.0.2", "same");
	put(web, "both", "10.1.0.3", NULL);
	put(db, "both", "10.2.0.3", NULL);
	cr_expect_str_eq(ask(web, "10.1.0.2", "same", A, false), "NOERROR 10.1.0.2 1");
	cr_expect_str_eq(ask(db, "10.2.0.2", "same", A, false), "NOERROR 10.2.0.2 1");
	cr_expect_str_eq(ask(web, "10.1.0.2", "b", A, false), "NXDOMAIN");
	cr_expect_str_eq(ask(web, "10.1.0.2", "b.db", A, false), "forward");
	cr_expect_str_eq(ask(web, "10.1.0.2", "2.0.2.10.in-addr.arpa", LDNS_RR_TYPE_PTR, false), "forward");
	cr_expect_str_eq(ask(web, "10.1.0.3", "b", A, false), "NOERROR 10.2.0.2 1");
	cr_expect_str_eq(ask(web, "10.1.0.3", "same.db", A, false), "NOERROR 10.2.0.2 1");
	cr_expect_str_eq(ask(web, "10.1.0.3", "2.0.2.10.in-addr.arpa", LDNS_RR_TYPE_PTR, false),
	                 "NOERROR b.db. 1");
	cr_expect_str_eq(ask(web, "10.2.0.2", "a", A, false), "stranger");
	/* The host itself, by the gateway's address: that network, and no other. */
	cr_expect_str_eq(ask(web, "10.1.0.1", "a", A, false), "NOERROR 10.1.0.2 1");
	cr_expect_str_eq(ask(web, "10.1.0.1", "b", A, false), "NXDOMAIN");
}

Test(names_table, own_zone_and_families)
{
	struct names_network *web = add_network("Web.Net", "10.1.0.0/24", false);
	static const struct {
		const char *name;
		ldns_rr_type type;
		const char *expected;
	} cases[] = {
	        {"a", A, "NOERROR 10.1.0.2 1"},
	        {"A.wEB.nET", A, "NOERROR 10.1.0.2 1"},
	        {"a", AAAA, "NOERROR"},
	        {"a", LDNS_RR_TYPE_MX, "NOERROR"},
	        {"a", LDNS_RR_TYPE_ANY, "NOERROR 10.1.0.2 1"},
	        {"x", A, "NXDOMAIN"},
	        {"x.web.net", A, "NXDOMAIN"},
	        {"x.y.web.net", AAAA, "NXDOMAIN"},
	        {"x.web.net.", LDNS_RR_TYPE_TXT, "NXDOMAIN"},
	        {"web.net", A, "forward"},
	        {"xweb.net", A, "forward"},
	        {"com", LDNS_RR_TYPE_DS, "forward"},
	        {".", LDNS_RR_TYPE_NS, "forward"},
	        {"9.0.1.10.in-addr.arpa", LDNS_RR_TYPE_PTR, "NXDOMAIN"},
	        {"9.1.1.10.in-addr.arpa", LDNS_RR_TYPE_PTR, "forward"},
	        {"_80._tcp.a", LDNS_RR_TYPE_SRV, "NOERROR"},
	        {"_80._tcp.x", LDNS_RR_TYPE_SRV, "NXDOMAIN"},
	        {"_80._tcp.example.com", LDNS_RR_TYPE_SRV, "forward"},
	        {"_http._tcp.a", LDNS_RR_TYPE_SRV, "NOERROR"},
	        {"_http._tcp.x", LDNS_RR_TYPE_SRV, "NXDOMAIN"},
	        {"_http._quic.example.com", LDNS_RR_TYPE_SRV, "forward"},
	};

	put(web, "a", "10.1.0.2", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(ask(web, "10.1.0.2", cases[i].name, cases[i].type, false), cases[i].expected,
		                 "%s: %s", cases[i].name,
		                 ask(web, "10.1.0.2", cases[i].name, cases[i].type, false));
}

Test(names_table, internal_networks_ask_nobody)
{
	struct names_network *inner = add_network("inner", "10.3.0.0/24", true);

	put(inner, "a", "10.3.0.2", NULL);
	cr_expect_str_eq(ask(inner, "10.3.0.2", "example.com", A, false), "REFUSED");
	put(add_network("web", "10.1.0.0/24", false), "a", "10.1.0.2", NULL);
	cr_expect_str_eq(ask(inner, "10.3.0.2", "example.com", A, false), "forward");
}

/* By number and by name, for ports that are published, by the number that they have inside. */
Test(names_table, services)
{
	struct names_network *web = add_network("web", "10.1.0.0/24", false);
	struct cnm_port ports[] = {{.protocol = IPPROTO_TCP, .first = 8000, .last = 8009, .first_inside = 80},
	                           {.protocol = IPPROTO_UDP, .first = 53, .last = 53, .first_inside = 53}};
	struct cnm_endpoint endpoint = {.name = "a@eth0",
	                                .container = "a",
	                                .network = "web",
	                                .addr_count = 1,
	                                .ports = ports,
	                                .port_count = 2};
	struct names_record record = {.endpoint = &endpoint};
	char path[] = "/tmp/cnm-test-services.XXXXXX";
	static const char services[] =
	        "# comment\nhttp 80/tcp www # WorldWideWeb\nhttp-alt 88/tcp\ndomain 53/tcp\ndomain\t53/udp\n"
	        "bad 0/tcp\nworse 70000/tcp\nnone x/tcp\nlone\nquic 80/quic\n";
	static const struct {
		const char *name, *expected;
	} cases[] = {{"_80._tcp.a", "NOERROR 0 1"},
	             {"_89._tcp.A.web", "NOERROR 0 1"},
	             {"_90._tcp.a", "NOERROR"},
	             {"_80._udp.a", "NOERROR"},
	             {"_HTTP._tcp.a", "NOERROR 0 1"},
	             {"_www._TCP.a", "NOERROR 0 1"},
	             {"_domain._udp.a", "NOERROR 0 1"},
	             {"_domain._tcp.a", "NOERROR"},
	             {"_bad._tcp.a", "NOERROR"},
	             {"_worse._tcp.a", "NOERROR"},
	             {"_0._tcp.a", "NOERROR"},
	             {"_80x._tcp.a", "NOERROR"},
	             {"_http-alt._tcp.a", "NOERROR 0 1"},
	             {"_65616._tcp.a", "NOERROR"},
	             {"_._tcp.a", "NOERROR"},
	             {"_none._tcp.b", "NXDOMAIN"}};
	int fd = mkstemp(path);

	cr_assert_eq(write(fd, services, strlen(services)), (ssize_t)strlen(services));
	close(fd);
	cr_assert_eq(names_services_load(names, "/nonexistent", &err), 0);
	cr_assert_eq(names_services_load(names, path, &err), 0, "%s", err.text);
	unlink(path);
	cr_assert_eq(cnm_addr_parse(&endpoint.addrs[0].addr, "10.1.0.2", &err), 0);
	cr_assert_eq(names_endpoint_put(web, &record, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(ask(web, "10.1.0.2", cases[i].name, LDNS_RR_TYPE_SRV, false),
		                 cases[i].expected, "%s: %s", cases[i].name,
		                 ask(web, "10.1.0.2", cases[i].name, LDNS_RR_TYPE_SRV, false));
	ask(web, "10.1.0.2", "_http._tcp.a", LDNS_RR_TYPE_SRV, false);
	cr_expect_eq(ldns_pkt_arcount(last), 1);
}

/* 100 containers of one alias: what a datagram holds and TC, by TCP all; each answer begins with another. */
Test(names_table, many_under_one_name)
{
	struct names_network *web = add_network("web", "10.1.0.0/16", false);
	char container[32], address[32], first[128];

	for (int i = 0; i < 100; i++) {
		snprintf(container, sizeof(container), "c%d", i);
		snprintf(address, sizeof(address), "10.1.0.%d", i + 2);
		put(web, container, address, "all");
	}
	snprintf(first, sizeof(first), "%s", ask(web, "10.1.0.2", "all", A, false));
	cr_expect(ldns_pkt_tc(last));
	cr_expect_str_neq(ask(web, "10.1.0.2", "all", A, true), first);
	cr_expect_not(ldns_pkt_tc(last));
	cr_expect_eq(ldns_pkt_ancount(last), 100);
}

/* Growth, replacement and removal leave nothing, and lose nothing. */
Test(names_table, thousands)
{
	struct names_network *web = add_network("web", "10.0.0.0/8", false);
	char container[32], address[32], expected[64];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3000; i++) {
			snprintf(container, sizeof(container), "c%d", i);
			snprintf(address, sizeof(address), "10.%d.%d.%d", round + 1, i / 250, i % 250 + 1);
			put(web, container, address, NULL);
		}
	cr_assert_eq(web->by_name.count, 3000);
	cr_assert_eq(web->by_addr.count, 3000);
	for (int i = 0; i < 3000; i += 7) {
		snprintf(container, sizeof(container), "c%d", i);
		snprintf(expected, sizeof(expected), "NOERROR 10.2.%d.%d 1", i / 250, i % 250 + 1);
		cr_assert_str_eq(ask(web, "10.0.0.1", container, A, false), expected);
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(container, sizeof(container), "c%d@eth0", i);
		names_endpoint_remove(web, container);
	}
	cr_assert_eq(web->by_name.count + web->by_addr.count, 0);
	cr_assert_null(web->endpoints);
	for (size_t i = 0; i < NAMES_BUCKETS; i++)
		cr_assert_null(names->containers[i]);
	cr_expect_str_eq(ask(web, "10.0.0.1", "c1", A, false), "NXDOMAIN");
}

static void put_far(const char *network_id, const char *id, const char *name, const char *address)
{
	struct cnm_remote_names door = names_remote_door(names);
	struct cnm_addr addr;
	const char *all[] = {name, "far"};
	struct cnm_remote_endpoint far = {
	        .id = id, .names = all, .name_count = 2, .addrs = &addr, .addr_count = 1};

	cr_assert_eq(cnm_addr_parse(&addr, address, &err), 0);
	cr_assert_eq(cnm_remote_name_put(&door, network_id, &far, &err), 0, "%s", err.text);
}

/* Endpoints on other hosts: before their network is here, with it, and after it came again. One that has a name of ours is on its own networks only. */
Test(names_table, other_hosts)
{
	struct cnm_remote_names door = names_remote_door(names), nobody = {0};
	struct names_network *web = add_network("web", "10.1.0.0/24", false), *db;
	char id[16], address[32];

	put(web, "a", "10.1.0.2", NULL);
	put_far("id-db", "1", "a", "10.2.0.9");
	put_far("id-web", "1", "b", "10.1.0.9");
	cr_expect_str_eq(ask(web, "10.1.0.2", "b", A, false), "NOERROR 10.1.0.9 1");
	cr_expect_str_eq(ask(web, "10.1.0.2", "B.web", A, false), "NOERROR 10.1.0.9 1");
	cr_expect_str_eq(ask(web, "10.1.0.2", "9.0.1.10.in-addr.arpa", LDNS_RR_TYPE_PTR, false),
	                 "NOERROR b.web. 1");
	db = add_network("db", "10.2.0.0/24", false);
	names_remote_attach(db);
	put(db, "c", "10.2.0.2", NULL);
	cr_expect_str_eq(ask(db, "10.2.0.2", "a", A, false), "NOERROR 10.2.0.9 1");
	/* a of db is not our a, who is not on db. */
	cr_expect_str_eq(ask(web, "10.1.0.2", "c", A, false), "NXDOMAIN");
	cr_expect_str_eq(ask(web, "10.1.0.2", "far", A, false), "NOERROR 10.1.0.9 1");
	names_network_remove(web);
	web = add_network("web", "10.1.0.0/24", false);
	put_far("id-web", "1", "b", "10.1.0.8");
	put_far("id-web", "2", "d", "10.1.0.7");
	names_remote_attach(web);
	cr_expect_str_eq(ask(web, "10.1.0.1", "b", A, false), "NOERROR 10.1.0.8 1");
	cnm_remote_name_remove(&door, "id-web", "2");
	cnm_remote_name_remove(&door, "id-web", "2");
	cr_expect_str_eq(ask(web, "10.1.0.1", "d", A, false), "NXDOMAIN");
	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		put_far("id-web", id, id, address);
	}
	cr_expect_str_eq(ask(web, "10.1.0.1", "19999", A, false), "NOERROR 10.1.79.249 1");
	cnm_remote_name_remove(&door, "id-web", NULL);
	cr_expect_eq(web->by_name.count + web->by_addr.count, 0);
	cr_expect_null(web->endpoints);
	cr_expect_str_eq(ask(db, "10.2.0.2", "a", A, false), "NOERROR 10.2.0.9 1");
	cnm_remote_name_remove(&nobody, "id-web", NULL);
	names_remote_free_all(names);
	cr_expect_str_eq(ask(db, "10.2.0.2", "a", A, false), "NXDOMAIN");
}

/* One client cannot take all, whatever it does, and several leave room for the next. */
Test(names_table, no_client_takes_all)
{
	size_t counter = offsetof(struct names_client, forwards);
	unsigned used = 0, taken[6] = {0};
	struct cnm_addr addr = {.family = 2, .prefix = 32, .bytes = {10, 1, 0, 0}};
	struct names_client *client = NULL;

	for (int i = 0; i < 6; i++) {
		addr.bytes[3] = (uint8_t)i;
		while ((client = names_client_take(names, &addr, counter, used, NAMES_FORWARD_MAX))) {
			used++;
			taken[i]++;
		}
		cr_expect_gt(taken[i], 30, "client %d has %u", i, taken[i]);
	}
	cr_expect_lt(used, NAMES_FORWARD_MAX);
	addr.bytes[3] = 0;
	client = names->clients[names_hash_bytes(names, addr.bytes, sizeof(addr.bytes)) % NAMES_BUCKETS];
	while (client && !cnm_addr_equal(&client->addr, &addr))
		client = client->next;
	cr_assert_not_null(client);
	for (; taken[0] > 0; taken[0]--)
		names_client_give(names, client, counter);
	addr.bytes[3] = 0;
	cr_expect_not_null(names_client_take(names, &addr, counter, used - 300, NAMES_FORWARD_MAX));
}
