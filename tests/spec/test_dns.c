/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages, with ldns as the oracle: it makes what we read, and reads what we make. */
#include "spec/dns.h"
#include "tests/fuzz/fuzz.h"
#include <criterion/criterion.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* A query as ldns makes it; the caller frees. */
static uint8_t *make_query(const char *name, ldns_rr_type type, uint16_t edns_size, size_t *len)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, LDNS_RR_CLASS_IN, LDNS_RD);
	uint8_t *wire;

	ldns_pkt_set_id(pkt, 0xbeef);
	if (edns_size) {
		ldns_pkt_set_edns_udp_size(pkt, edns_size);
		ldns_pkt_set_edns_do(pkt, true);
	}
	cr_assert_eq(ldns_pkt2wire(&wire, pkt, len), LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
	return wire;
}

Test(dns, query)
{
	struct cnm_dns_query query;
	size_t len;
	uint8_t *wire = make_query("WeB.Example.", LDNS_RR_TYPE_AAAA, 0, &len);

	cr_assert_eq(cnm_dns_query_parse(&query, wire, len), 0);
	cr_assert_str_eq(query.name, "web.example");
	cr_assert(query.is_text);
	cr_assert_eq(query.labels, 2);
	cr_assert_eq(query.id, 0xbeef);
	cr_assert_eq(query.type, CNM_DNS_AAAA);
	cr_assert_eq(query.class, CNM_DNS_IN);
	cr_assert_not(query.edns);
	cr_assert_eq(cnm_dns_udp_limit(&query), 512);
	free(wire);
}

Test(dns, query_with_edns)
{
	static const struct {
		uint16_t sent, limit;
	} cases[] = {{1232, 1232}, {512, 512}, {1, 512}, {65535, CNM_DNS_UDP_MAX}};
	struct cnm_dns_query query;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len;
		uint8_t *wire = make_query("web.", LDNS_RR_TYPE_A, cases[i].sent, &len);

		cr_assert_eq(cnm_dns_query_parse(&query, wire, len), 0);
		cr_assert(query.edns && query.dnssec_ok);
		cr_assert_eq(cnm_dns_udp_limit(&query), cases[i].limit);
		free(wire);
	}
}

/* The longest name: 255 bytes on the wire; one more is none. */
Test(dns, longest_name)
{
	uint8_t wire[CNM_DNS_HEADER + 300] = {0, 1, 1, 0, 0, 1};
	struct cnm_dns_query query;
	size_t at = CNM_DNS_HEADER;

	for (size_t label = 0; label < 4; label++) {
		size_t size = label < 3 ? 63 : 61;

		wire[at] = (uint8_t)size;
		memset(wire + at + 1, 'x', size);
		at += size + 1;
	}
	memcpy(wire + at, "\0\0\1\0\1", 5);
	cr_assert_eq(cnm_dns_query_parse(&query, wire, at + 5), 0);
	cr_assert_eq(strlen(query.name), 253);
	cr_assert_eq(query.question_len, 259);

	wire[CNM_DNS_HEADER + 3 * 64] = 62;
	wire[at] = 'x';
	memcpy(wire + at + 1, "\0\0\1\0\1", 5);
	cr_assert_eq(cnm_dns_query_parse(&query, wire, at + 6), CNM_DNS_FORMERR);
}

/* Each is the bytes of a message from its header's second word on. */
Test(dns, refused)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
		int rcode;
	} cases[] = {
	        {"response", "\x80\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 15, -1},
	        {"status", "\x10\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 15, CNM_DNS_NOTIMP},
	        {"update", "\x28\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 15, CNM_DNS_NOTIMP},
	        {"no question", "\1\0\0\0\0\0\0\0\0\0", 10, CNM_DNS_FORMERR},
	        {"two questions", "\1\0\0\2\0\0\0\0\0\0\0\0\1\0\1\0\0\1\0\1", 20, CNM_DNS_FORMERR},
	        {"an answer", "\1\0\0\1\0\1\0\0\0\0\0\0\1\0\1", 15, CNM_DNS_FORMERR},
	        {"cut in the name", "\1\0\0\1\0\0\0\0\0\0\3we", 13, CNM_DNS_FORMERR},
	        {"cut before the type", "\1\0\0\1\0\0\0\0\0\0\1w\0\0", 14, CNM_DNS_FORMERR},
	        {"points to itself", "\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 16, CNM_DNS_FORMERR},
	        {"points forwards", "\1\0\0\1\0\0\0\0\0\0\xc0\x12\0\1\0\1\0", 17, CNM_DNS_FORMERR},
	        {"label of 64", "\1\0\0\1\0\0\0\0\0\0\x40", 11, CNM_DNS_FORMERR},
	        {"record is missing", "\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1", 15, CNM_DNS_FORMERR},
	        {"65535 records", "\1\0\0\1\0\0\0\0\xff\xff\0\0\1\0\1", 15, CNM_DNS_FORMERR},
	        {"record with too little data", "\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\1\0\1\0\0\0\0\0\4\1\2\3",
	         29, CNM_DNS_FORMERR},
	        {"two OPT", "\1\0\0\1\0\0\0\0\0\2\0\0\1\0\1\0\0\x29\4\0\0\0\0\0\0\0\0\0\x29\4\0\0\0\0\0\0\0",
	         37, CNM_DNS_FORMERR},
	        {"OPT of a name", "\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\1x\0\0\x29\4\0\0\0\0\0\0\0", 28,
	         CNM_DNS_FORMERR},
	        {"EDNS version 1", "\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\4\0\0\1\0\0\0\0", 26,
	         CNM_DNS_BADVERS},
	        {"EDNS version 0", "\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\4\0\0\0\0\0\0\0", 26, 0},
	};
	uint8_t wire[64] = {0};
	struct cnm_dns_query query;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(wire + 2, cases[i].bytes, cases[i].len);
		cr_expect_eq(cnm_dns_query_parse(&query, wire, cases[i].len + 2), cases[i].rcode, "%s: %d",
		             cases[i].what, cnm_dns_query_parse(&query, wire, cases[i].len + 2));
	}
	for (size_t len = 0; len < CNM_DNS_HEADER; len++)
		cr_expect_eq(cnm_dns_query_parse(&query, wire, len), -1);
}

/* A dot inside of a label is not the dot between two: "a.b" in one label is nobody's name. */
Test(dns, labels_that_are_no_text)
{
	static const char *const labels[] = {"a.b", "a b", "a\xc3\xa4", "a\n", "\x01"};
	struct cnm_dns_query query;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		uint8_t wire[64] = {0, 1, 1, 0, 0, 1};
		size_t size = strlen(labels[i]);

		wire[CNM_DNS_HEADER] = (uint8_t)size;
		memcpy(wire + CNM_DNS_HEADER + 1, labels[i], size);
		memcpy(wire + CNM_DNS_HEADER + 1 + size, "\0\0\1\0\1", 5);
		cr_assert_eq(cnm_dns_query_parse(&query, wire, CNM_DNS_HEADER + size + 6), 0);
		cr_assert_not(query.is_text);
		cr_assert_str_eq(query.name, "");
	}
}

Test(dns, reverse_names)
{
	struct cnm_addr addr;
	char text[CNM_ADDR_TEXT_MAX];

	cr_assert(cnm_dns_reverse_parse("4.3.2.10.in-addr.arpa", &addr));
	cr_assert_str_eq(cnm_addr_format(&addr, text), "10.2.3.4");
	cr_assert(cnm_dns_reverse_parse(
	        "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.d.f.ip6.arpa", &addr));
	cr_assert_str_eq(cnm_addr_format(&addr, text), "fd10::9");
	static const char *const none[] = {"",
	                                   "in-addr.arpa",
	                                   "3.2.10.in-addr.arpa",
	                                   "256.3.2.10.in-addr.arpa",
	                                   "ip6.arpa",
	                                   "04.3.2.10.in-addr.arpa",
	                                   "4.3.2.10.in-addr.arpa.x",
	                                   "1.4.3.2.10.in-addr.arpa",
	                                   "4..2.10.in-addr.arpa",
	                                   "x.3.2.10.in-addr.arpa",
	                                   "1.d.f.ip6.arpa",
	                                   "4.3.2.10"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_not(cnm_dns_reverse_parse(none[i], &addr), "%s", none[i]);
}

/* Record i of the section as text, without what ldns puts at its end. */
static void assert_record(const ldns_rr_list *list, size_t i, const char *expected)
{
	char *text = ldns_rr2str(ldns_rr_list_rr(list, i));

	text[strcspn(text, "\n")] = '\0';
	cr_expect_str_eq(text, expected);
	free(text);
}

Test(dns, response)
{
	struct cnm_addr addr4 = {.family = AF_INET, .bytes = {10, 1, 2, 3}};
	struct cnm_addr addr6 = {.family = AF_INET6, .bytes = {0xfd, 0x10, [15] = 9}};
	struct cnm_dns_response response;
	struct cnm_dns_query query;
	uint8_t out[CNM_DNS_UDP_MAX];
	ldns_pkt *pkt;
	size_t len;
	uint8_t *wire = make_query("_80._tcp.WEB.", LDNS_RR_TYPE_SRV, 1232, &len);

	cr_assert_eq(cnm_dns_query_parse(&query, wire, len), 0);
	cnm_dns_response_begin(&response, out, sizeof(out), &query, wire);
	cr_assert(cnm_dns_add_srv(&response, 5, 80, "web.net1"));
	cr_assert(cnm_dns_add_address(&response, 5, &addr4));
	cr_assert(cnm_dns_add_ptr(&response, 5, "web.net1"));
	cnm_dns_add_target_address(&response, 7, &addr6);
	cr_assert_not(cnm_dns_add_ptr(&response, 5, "no..name"));
	len = cnm_dns_response_end(&response, CNM_DNS_NOERROR, true);
	cr_assert_eq(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	cr_assert_eq(ldns_pkt_ancount(pkt), 3);
	assert_record(ldns_pkt_answer(pkt), 0, "_80._tcp.WEB.\t5\tIN\tSRV\t0 0 80 web.net1.");
	assert_record(ldns_pkt_answer(pkt), 1, "_80._tcp.WEB.\t5\tIN\tA\t10.1.2.3");
	assert_record(ldns_pkt_answer(pkt), 2, "_80._tcp.WEB.\t5\tIN\tPTR\tweb.net1.");
	assert_record(ldns_pkt_additional(pkt), 0, "web.net1.\t7\tIN\tAAAA\tfd10::9");
	cr_assert(ldns_pkt_aa(pkt) && ldns_pkt_ra(pkt) && ldns_pkt_rd(pkt) && !ldns_pkt_tc(pkt));
	cr_assert(cnm_dns_is_response_to(out, len, wire, sizeof(out) < len ? 0 : query.question_len + 23UL));
	ldns_pkt_free(pkt);
	free(wire);
}

/* 512 bytes hold a header, the question and 30 addresses; the rest sets TC. */
Test(dns, truncation)
{
	struct cnm_addr addr = {.family = AF_INET, .bytes = {10, 1, 2, 3}};
	struct cnm_dns_response response;
	struct cnm_dns_query query;
	uint8_t out[CNM_DNS_UDP_MIN];
	unsigned added = 0;
	ldns_pkt *pkt;
	size_t len;
	uint8_t *wire = make_query("web.", LDNS_RR_TYPE_A, 0, &len);

	cr_assert_eq(cnm_dns_query_parse(&query, wire, len), 0);
	cnm_dns_response_begin(&response, out, sizeof(out), &query, wire);
	while (cnm_dns_add_address(&response, 0, &addr))
		added++;
	cr_assert_eq(added, (512 - 12 - 9) / 16);
	len = cnm_dns_response_end(&response, CNM_DNS_NOERROR, true);
	cr_assert_leq(len, 512);
	cr_assert_eq(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	cr_assert(ldns_pkt_tc(pkt));
	cr_assert_eq(ldns_pkt_ancount(pkt), added);
	ldns_pkt_free(pkt);
	free(wire);
}

Test(dns, response_must_fit_its_query)
{
	struct cnm_dns_query query;
	struct cnm_dns_response response;
	uint8_t out[CNM_DNS_UDP_MIN];
	size_t len, sent_len;
	uint8_t *sent = make_query("web.example.", LDNS_RR_TYPE_A, 0, &sent_len);

	cr_assert_eq(cnm_dns_query_parse(&query, sent, sent_len), 0);
	cnm_dns_response_begin(&response, out, sizeof(out), &query, sent);
	len = cnm_dns_response_end(&response, CNM_DNS_NOERROR, false);
	cr_assert(cnm_dns_is_response_to(out, len, sent, sent_len));
	for (size_t i = 0; i < len; i++) {
		bool counts = i < 2 || i == 2 || (i >= 4 && i < 6) || i >= CNM_DNS_HEADER;

		out[i] ^= i == 2 ? 0x80 : 0x11;
		cr_expect_eq(cnm_dns_is_response_to(out, len, sent, sent_len), !counts, "byte %zu", i);
		out[i] ^= i == 2 ? 0x80 : 0x11;
	}
	cr_assert_not(cnm_dns_is_response_to(out, len - 1, sent, sent_len));
	free(sent);
}

/* Memory that ends where the message does: one byte read too far is a crash. */
static uint8_t *guarded_page(void)
{
	uint8_t *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(pages != MAP_FAILED);
	cr_assert_eq(mprotect(pages + 2 * 4096, 4096, PROT_NONE), 0);
	return pages + 2 * 4096;
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

#define MUTATIONS 60000

/* Queries of ldns, cut, lengthened, and with bytes that are changed to those that mean something: a pointer, a long label, a count. */
Test(dns, mutated_queries_agree_with_ldns)
{
	static const char *const names[] = {".", "web.", "a.b.c.d.example.", "_80._tcp.web.",
	                                    "4.3.2.10.in-addr.arpa."};
	static const uint8_t telling[] = {0, 1, 0x29, 0x3f, 0x40, 0xc0, 0x0c, 0xff, 0x80, '.'};
	uint8_t *end = guarded_page();
	uint64_t seed = 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		uint64_t dice = next_random(&seed);
		size_t len, grown;
		uint8_t *wire =
		        make_query(names[i % 5], (ldns_rr_type)(dice % 50 + 1), i % 3 ? 1232 : 0, &len);
		uint8_t message[600] = {0};

		memcpy(message, wire, len);
		free(wire);
		grown = dice % 11 == 0 ? next_random(&seed) % (len + 1) : len + dice % 3;
		for (unsigned changes = dice % 4; changes > 0 && grown > 0; changes--) {
			uint64_t where = next_random(&seed);

			message[where % grown] = where & 0x10000 ? telling[where / 7 % sizeof(telling)]
			                                         : (uint8_t)(where >> 32);
		}
		memcpy(end - grown, message, grown);
		fuzz_dns(end - grown, grown);
	}
}

Test(dns, random_bytes)
{
	uint8_t *end = guarded_page();
	uint64_t seed = 0xdeadbeefcafef00d;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		size_t len = next_random(&seed) % 80;

		for (size_t j = 0; j < len; j++)
			end[(long)j - (long)len] = (uint8_t)next_random(&seed);
		if (len > 6 && i % 2) { /* most random headers are no query */
			memcpy(end - len + 2, "\1\0\0\1", 4);
			memset(end - len + 6, 0, len < 11 ? len - 6 : 5);
		}
		fuzz_dns(end - len, len);
	}
}
