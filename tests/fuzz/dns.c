/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages, which tests/spec/test_dns.c runs too, over inputs made from a seed. Whatever the bytes are: reading them ends, stays inside of them, and
 * agrees with ldns; the response that they get is one that ldns reads, and that answers them.
 */
#include "spec/dns.h"
#include "spec/dns_wire.h"
#include "tests/fuzz/fuzz.h"
#include <ldns/ldns.h>
#include <string.h>
#include <sys/socket.h>

/* ldns follows compression pointers and keeps letter case; where we read a name at all we agree on its bytes. */
static void compare_question(const struct cnm_dns_query *query, const ldns_pkt *pkt)
{
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
	const ldns_rdf *owner = ldns_rr_owner(question);

	FUZZ_ASSERT(ldns_pkt_qdcount(pkt) == 1);
	FUZZ_ASSERT(ldns_rdf_size(owner) + 4 == query->question_len);
	FUZZ_ASSERT(ldns_rr_get_type(question) == (ldns_rr_type)query->type);
	FUZZ_ASSERT(ldns_rr_get_class(question) == (ldns_rr_class)query->class);
	FUZZ_ASSERT(ldns_dname_label_count(owner) == query->labels);
	FUZZ_ASSERT(ldns_pkt_edns(pkt) == query->edns);
	if (query->edns)
		FUZZ_ASSERT(ldns_pkt_edns_do(pkt) == query->dnssec_ok);
}

static void fill_response(struct cnm_dns_response *response, const struct cnm_dns_query *query)
{
	struct cnm_addr addr4 = {.family = AF_INET, .bytes = {10, 1, 2, 3}};
	struct cnm_addr addr6 = {.family = AF_INET6, .bytes = {0xfd, 1, 2, 3}};
	unsigned i;

	for (i = 0; i < query->id % 50U; i++) {
		cnm_dns_add_address(response, i, i % 2 ? &addr4 : &addr6);
		cnm_dns_add_ptr(response, i, "web.example");
		cnm_dns_add_srv(response, i, 80, "web");
		cnm_dns_add_target_address(response, i, &addr4);
	}
}

static void check_response(const struct cnm_dns_query *query, const uint8_t *bytes, size_t size,
                           enum cnm_dns_rcode rcode)
{
	struct cnm_dns_response response;
	uint8_t out[CNM_DNS_UDP_MAX];
	ldns_pkt *pkt = NULL;
	size_t len;

	cnm_dns_response_begin(&response, out, size, query, bytes);
	if (query->question_len) /* else there is no name that answers could be about */
		fill_response(&response, query);
	len = cnm_dns_response_end(&response, rcode, true);
	FUZZ_ASSERT(len <= size && len >= CNM_DNS_HEADER);
	FUZZ_ASSERT(ldns_wire2pkt(&pkt, out, len) == LDNS_STATUS_OK);
	FUZZ_ASSERT(ldns_pkt_id(pkt) == query->id && ldns_pkt_qr(pkt) && ldns_pkt_aa(pkt));
	FUZZ_ASSERT(ldns_pkt_tc(pkt) == response.truncated);
	FUZZ_ASSERT(ldns_pkt_ancount(pkt) == response.answers);
	FUZZ_ASSERT(ldns_pkt_qdcount(pkt) == (query->question_len > 0));
	FUZZ_ASSERT(ldns_pkt_edns(pkt) == query->edns);
	FUZZ_ASSERT((ldns_pkt_edns_extended_rcode(pkt) << 4 | ldns_pkt_get_rcode(pkt)) == (unsigned)rcode);
	if (query->question_len)
		FUZZ_ASSERT(memcmp(out + CNM_DNS_HEADER, bytes + CNM_DNS_HEADER, query->question_len) == 0);
	ldns_pkt_free(pkt);
}

/* What ldns reads and a resolver could have sent, we read too: one question without compression, nothing in the sections of answers. */
static bool is_plain_query(const ldns_pkt *pkt, const uint8_t *bytes, size_t len)
{
	size_t at = CNM_DNS_HEADER;

	if (ldns_pkt_qr(pkt) || ldns_pkt_get_opcode(pkt) != LDNS_PACKET_QUERY ||
	    cnm_dns_get16(bytes + 4) != 1 || cnm_dns_get16(bytes + 6) || cnm_dns_get16(bytes + 8) ||
	    cnm_dns_get16(bytes + 10))
		return false;
	while (at < len && bytes[at])
		if (bytes[at] > 63)
			return false;
		else
			at += bytes[at] + 1U;
	return true;
}

void fuzz_dns(const uint8_t *bytes, size_t len)
{
	struct cnm_dns_query query;
	struct cnm_addr addr;
	ldns_pkt *pkt = NULL;
	int r = cnm_dns_query_parse(&query, bytes, len);
	ldns_status status = ldns_wire2pkt(&pkt, bytes, len);

	if (r == 0) {
		/* The content of additional records, which ldns reads, we skip. */
		FUZZ_ASSERT(status == LDNS_STATUS_OK || cnm_dns_get16(bytes + 10) > 0);
		if (status == LDNS_STATUS_OK)
			compare_question(&query, pkt);
		FUZZ_ASSERT(strlen(query.name) < CNM_DNS_TEXT_MAX);
		cnm_dns_reverse_parse(query.name, &addr);
		FUZZ_ASSERT(!cnm_dns_is_response_to(bytes, len, bytes, len));
	} else if (status == LDNS_STATUS_OK) {
		FUZZ_ASSERT(!is_plain_query(pkt, bytes, len));
	}
	if (r >= 0) {
		check_response(&query, bytes, cnm_dns_udp_limit(&query), (enum cnm_dns_rcode)r);
		check_response(&query, bytes, CNM_DNS_UDP_MAX, (enum cnm_dns_rcode)r);
	}
	ldns_pkt_free(pkt);
}
