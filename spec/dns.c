/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages, read. Offsets only grow, so that the length of the message bounds the work. */
#include "spec/dns.h"
#include "spec/dns_wire.h"
#include <string.h>
#include <sys/socket.h>

#define MAX_LABEL    63
#define MAX_NAME     255 /* bytes on the wire, with the root's */
#define RR_FIXED     10  /* type, class, ttl, length */
#define EDNS_VERSION 0

uint16_t cnm_dns_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

void cnm_dns_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* One label into the text. A byte that text cannot say makes the whole name unsayable, not wrong. */
static void take_label(struct cnm_dns_query *query, size_t *used, const uint8_t *label, size_t len)
{
	size_t i;

	if (*used > 0)
		query->name[(*used)++] = '.';
	for (i = 0; i < len; i++) {
		uint8_t c = label[i];

		if (c <= ' ' || c >= 0x7f || c == '.')
			query->is_text = false;
		query->name[(*used)++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	query->labels++;
}

/* The question's name. It is the first name of its message: a compression pointer in it points to nothing (RFC 1035 4.1.4). Returns the
 * offset behind it, 0 when it is malformed. */
static size_t parse_question_name(struct cnm_dns_query *query, const uint8_t *bytes, size_t len)
{
	size_t at = CNM_DNS_HEADER, used = 0;

	query->is_text = true;
	while (at < len) {
		size_t label = bytes[at++];

		if (label == 0) {
			if (at - CNM_DNS_HEADER > MAX_NAME)
				return 0;
			query->name[query->is_text ? used : 0] = '\0';
			return at;
		}
		/* Before the text grows: a name has at most 255 bytes, its text then less. */
		if (label > MAX_LABEL || at + label >= len || at + label - CNM_DNS_HEADER >= MAX_NAME)
			return 0;
		take_label(query, &used, bytes + at, label);
		at += label;
	}
	return 0;
}

/* Over a name that is not looked at; a pointer ends it. 0: malformed. */
static size_t skip_name(const uint8_t *bytes, size_t len, size_t at)
{
	size_t start = at;

	while (at < len) {
		size_t label = bytes[at++];

		if (label == 0)
			return at;
		if (label >= 0xc0)
			return at < len ? at + 1 : 0;
		if (label > MAX_LABEL || at - start + label >= MAX_NAME)
			return 0;
		at += label;
	}
	return 0;
}

/* Over one record. 0: malformed. *type and *data are only set on success. */
static size_t skip_record(const uint8_t *bytes, size_t len, size_t at, uint16_t *type, size_t *data)
{
	size_t fixed = skip_name(bytes, len, at);

	if (fixed == 0 || len < RR_FIXED || fixed > len - RR_FIXED)
		return 0;
	*type = cnm_dns_get16(bytes + fixed);
	*data = fixed + RR_FIXED;
	at = *data + cnm_dns_get16(bytes + fixed + 8);
	return at <= len ? at : 0;
}

/* RFC 6891 6.1.2: the class is the size, the time to live holds extended rcode, version and flags. */
static int take_opt(struct cnm_dns_query *query, const uint8_t *bytes, size_t name, size_t data)
{
	const uint8_t *fixed = bytes + data - RR_FIXED;

	if (query->edns || bytes[name] != 0)
		return CNM_DNS_FORMERR; /* a second one, or one of a name (6.1.1) */
	query->edns = true;
	query->udp_size = cnm_dns_get16(fixed + 2);
	if (query->udp_size < CNM_DNS_UDP_MIN)
		query->udp_size = CNM_DNS_UDP_MIN;
	query->dnssec_ok = fixed[6] & 0x80;
	return fixed[5] == EDNS_VERSION ? 0 : CNM_DNS_BADVERS;
}

static int parse_additional(struct cnm_dns_query *query, const uint8_t *bytes, size_t len, size_t at)
{
	unsigned count = cnm_dns_get16(bytes + 10);
	int rcode = 0;

	for (; count > 0; count--) {
		size_t name = at, data;
		uint16_t type;

		at = skip_record(bytes, len, at, &type, &data);
		if (at == 0)
			return CNM_DNS_FORMERR;
		if (type == CNM_DNS_OPT) {
			int r = take_opt(query, bytes, name, data);

			if (r == CNM_DNS_FORMERR)
				return r;
			rcode = r;
		}
	}
	return rcode;
}

int cnm_dns_query_parse(struct cnm_dns_query *ret, const uint8_t *bytes, size_t len)
{
	size_t at;

	if (len < CNM_DNS_HEADER)
		return -1;
	*ret = (struct cnm_dns_query){
	        .id = cnm_dns_get16(bytes), .flags = cnm_dns_get16(bytes + 2), .udp_size = CNM_DNS_UDP_MIN};
	if (ret->flags & CNM_DNS_QR)
		return -1;
	if (ret->flags & CNM_DNS_OPCODE)
		return CNM_DNS_NOTIMP;
	if (cnm_dns_get16(bytes + 4) != 1)
		return CNM_DNS_FORMERR;
	at = parse_question_name(ret, bytes, len);
	if (at == 0 || len - at < 4)
		return CNM_DNS_FORMERR;
	ret->type = cnm_dns_get16(bytes + at);
	ret->class = cnm_dns_get16(bytes + at + 2);
	ret->question_len = (uint16_t)(at + 4 - CNM_DNS_HEADER);
	if (cnm_dns_get16(bytes + 6) != 0 || cnm_dns_get16(bytes + 8) != 0)
		return CNM_DNS_FORMERR; /* no query has answers */
	return parse_additional(ret, bytes, len, at + 4);
}

bool cnm_dns_is_response_to(const uint8_t *bytes, size_t len, const uint8_t *sent, size_t sent_len)
{
	struct cnm_dns_query query;
	size_t question;

	if (len < CNM_DNS_HEADER || cnm_dns_query_parse(&query, sent, sent_len) < 0 ||
	    cnm_dns_get16(bytes) != query.id)
		return false;
	if (!(bytes[2] & (CNM_DNS_QR >> 8)) || ((bytes[2] << 8) & CNM_DNS_OPCODE))
		return false;
	question = query.question_len;
	/* A server that could not read the query may leave the question out. */
	if (cnm_dns_get16(bytes + 4) == 0)
		return cnm_dns_rcode_of(bytes) != CNM_DNS_NOERROR &&
		       cnm_dns_rcode_of(bytes) != CNM_DNS_NXDOMAIN;
	return cnm_dns_get16(bytes + 4) == 1 && len >= CNM_DNS_HEADER + question &&
	       memcmp(bytes + CNM_DNS_HEADER, sent + CNM_DNS_HEADER, question) == 0;
}

enum cnm_dns_rcode cnm_dns_rcode_of(const uint8_t *bytes)
{
	return (enum cnm_dns_rcode)(bytes[3] & 0x0f);
}

bool cnm_dns_is_truncated(const uint8_t *bytes)
{
	return bytes[2] & (CNM_DNS_TC >> 8);
}

size_t cnm_dns_udp_limit(const struct cnm_dns_query *query)
{
	return query->udp_size < CNM_DNS_UDP_MAX ? query->udp_size : CNM_DNS_UDP_MAX;
}

/* Reverse names -------------------------------------------------------------------------------- */

static bool reverse4(const char *name, struct cnm_addr *ret)
{
	size_t i;

	for (i = 4; i-- > 0;) {
		unsigned value = 0, digits = 0;

		for (; *name >= '0' && *name <= '9' && digits < 3; name++, digits++)
			value = value * 10 + (unsigned)(*name - '0');
		if (digits == 0 || value > 255 || *name++ != '.' ||
		    (digits > 1 && name[-1 - (int)digits] == '0'))
			return false;
		ret->bytes[i] = (uint8_t)value;
	}
	ret->family = AF_INET;
	ret->prefix = 32;
	return strcmp(name, "in-addr.arpa") == 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool reverse6(const char *name, struct cnm_addr *ret)
{
	size_t i;

	for (i = 32; i-- > 0; name += 2) {
		int value = nibble(name[0]);

		if (value < 0 || name[1] != '.')
			return false;
		ret->bytes[i / 2] |= (uint8_t)(i % 2 ? value : value << 4);
	}
	ret->family = AF_INET6;
	ret->prefix = 128;
	return strcmp(name, "ip6.arpa") == 0;
}

bool cnm_dns_reverse_parse(const char *name, struct cnm_addr *ret)
{
	*ret = (struct cnm_addr){0};
	if (reverse4(name, ret))
		return true;
	*ret = (struct cnm_addr){0};
	if (reverse6(name, ret))
		return true;
	*ret = (struct cnm_addr){0};
	return false;
}
