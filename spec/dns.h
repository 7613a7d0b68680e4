/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages as a small name server needs them: a query is read, a response to it is written (RFC 1035, RFC 6891). Nothing is allocated, no
 * compression pointer is ever followed, and the work is bounded by the length of the message.
 */
#ifndef CNM_SPEC_DNS_H
#define CNM_SPEC_DNS_H

#include "cnm/base/addr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CNM_DNS_HEADER   12
#define CNM_DNS_UDP_MIN  512  /* what a client without EDNS takes (RFC 1035 4.2.1) */
#define CNM_DNS_UDP_MAX  4096 /* the greatest response that we send by UDP */
#define CNM_DNS_TCP_MAX  65535
#define CNM_DNS_TEXT_MAX 255 /* a name of 255 bytes on the wire has 253 characters */

enum cnm_dns_type {
	CNM_DNS_A = 1,
	CNM_DNS_NS = 2,
	CNM_DNS_SOA = 6,
	CNM_DNS_PTR = 12,
	CNM_DNS_AAAA = 28,
	CNM_DNS_SRV = 33,
	CNM_DNS_OPT = 41,
	CNM_DNS_DS = 43,
	CNM_DNS_DNSKEY = 48,
	CNM_DNS_ANY = 255,
};

#define CNM_DNS_IN 1 /* the class */

enum cnm_dns_rcode {
	CNM_DNS_NOERROR = 0,
	CNM_DNS_FORMERR = 1,
	CNM_DNS_SERVFAIL = 2,
	CNM_DNS_NXDOMAIN = 3,
	CNM_DNS_NOTIMP = 4,
	CNM_DNS_REFUSED = 5,
	CNM_DNS_BADVERS = 16, /* goes out in two parts, header and OPT */
};

struct cnm_dns_query {
	uint16_t id;
	uint16_t flags; /* the header's second word */
	uint16_t type, class;
	uint16_t
	        question_len; /* bytes behind the header: name, type and class; 0: there is no sound question */
	/* The question's name in lower case, labels joined by dots, without the last dot; "" is the root. Only with is_text, which a name is not
	 * that has a dot, a blank, a control or an 8-bit character inside of a label: then the text is "". */
	char name[CNM_DNS_TEXT_MAX + 1];
	bool is_text;
	uint8_t labels;
	bool edns;
	bool dnssec_ok;
	uint16_t udp_size; /* what the client takes, at least CNM_DNS_UDP_MIN */
};

/* Reads a query. 0: sound; a positive rcode: to be answered with that, for which *ret is filled as far as it goes; -1: deserves no answer (shorter than a
 * header, or a response: two servers would answer each other for ever). */
int cnm_dns_query_parse(struct cnm_dns_query *ret, const uint8_t *bytes, size_t len);

/* Whether `bytes` is a response to the query that was sent as `sent`: identifier, question (every bit of it), opcode. */
bool cnm_dns_is_response_to(const uint8_t *bytes, size_t len, const uint8_t *sent, size_t sent_len);
enum cnm_dns_rcode
cnm_dns_rcode_of(const uint8_t *bytes); /* of a message with a header, without EDNS's part */
bool cnm_dns_is_truncated(const uint8_t *bytes);

/* "4.3.2.1.in-addr.arpa" or the nibbles of ip6.arpa as an address. A shorter name, a subnet's, is none. */
bool cnm_dns_reverse_parse(const char *name, struct cnm_addr *ret);

/* A response, written front to back into the caller's buffer. What does not fit sets TC, and is left out whole. */
struct cnm_dns_response {
	uint8_t *bytes;
	size_t len;
	size_t limit; /* without the room that the OPT record takes */
	bool truncated;
	bool edns;
	uint16_t answers, additional;
	uint16_t target; /* offset of the last SRV target, for the addresses behind it */
};

/* Header and question of a response to the query that stands in `query_bytes`. `size`: of the buffer, and what may be sent: at least CNM_DNS_UDP_MIN. */
void cnm_dns_response_begin(struct cnm_dns_response *response, uint8_t *bytes, size_t size,
                            const struct cnm_dns_query *query, const uint8_t *query_bytes);
/* Answers about the question's name; false: it had no room. */
bool cnm_dns_add_address(struct cnm_dns_response *response, uint32_t ttl, const struct cnm_addr *addr);
bool cnm_dns_add_ptr(struct cnm_dns_response *response, uint32_t ttl, const char *name);
bool cnm_dns_add_srv(struct cnm_dns_response *response, uint32_t ttl, uint16_t port, const char *target);
/* Additional record: an address of the last SRV target. One that has no room is left out without a sign (RFC 2181 9). */
void cnm_dns_add_target_address(struct cnm_dns_response *response, uint32_t ttl, const struct cnm_addr *addr);
/* Flags, counts, OPT. Returns the length. */
size_t cnm_dns_response_end(struct cnm_dns_response *response, enum cnm_dns_rcode rcode, bool authoritative);

/* What a UDP client may be sent. */
size_t cnm_dns_udp_limit(const struct cnm_dns_query *query);

uint16_t cnm_dns_get16(const uint8_t *at);
void cnm_dns_put16(uint8_t *at, uint16_t value);

#endif
