/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages, written. A record goes in whole or not at all. */
#include "cnm/base/cleanup.h"
#include "spec/dns.h"
#include "spec/dns_wire.h"
#include <string.h>

#define OPT_SIZE      11
#define NAME_POINTER  0xc000 /* RFC 1035 4.1.4 */
#define POINTER_END   0x4000
#define QUESTION_NAME (NAME_POINTER | CNM_DNS_HEADER)
#define LABEL_MAX     63
#define NAME_MAX_WIRE 255

void cnm_dns_response_begin(struct cnm_dns_response *response, uint8_t *bytes, size_t size,
                            const struct cnm_dns_query *query, const uint8_t *query_bytes)
{
	*response = (struct cnm_dns_response){.bytes = bytes, .edns = query->edns};
	response->limit = size - (query->edns ? OPT_SIZE : 0);
	memset(bytes, 0, CNM_DNS_HEADER);
	cnm_dns_put16(bytes, query->id);
	/* Opcode, RD and CD are the client's. */
	cnm_dns_put16(bytes + 2,
	              CNM_DNS_QR | CNM_DNS_RA | (query->flags & (CNM_DNS_OPCODE | CNM_DNS_RD | CNM_DNS_CD)));
	cnm_dns_put16(bytes + 4, query->question_len > 0);
	memcpy(bytes + CNM_DNS_HEADER, query_bytes + CNM_DNS_HEADER, query->question_len);
	response->len = CNM_DNS_HEADER + query->question_len;
}

static void put32(uint8_t *at, uint32_t value)
{
	cnm_dns_put16(at, (uint16_t)(value >> 16));
	cnm_dns_put16(at + 2, (uint16_t)value);
}

/* Name, type, class, time to live and length of a record; NULL where record and data have no room. */
static uint8_t *begin_record(struct cnm_dns_response *response, uint16_t name, uint16_t type, uint32_t ttl,
                             size_t data_len)
{
	uint8_t *at = response->bytes + response->len;

	if (response->len + 12 + data_len > response->limit)
		return NULL;
	cnm_dns_put16(at, name);
	cnm_dns_put16(at + 2, type);
	cnm_dns_put16(at + 4, CNM_DNS_IN);
	put32(at + 6, ttl);
	cnm_dns_put16(at + 10, (uint16_t)data_len);
	response->len += 12 + data_len;
	return at + 12;
}

static bool count_answer(struct cnm_dns_response *response, bool added)
{
	if (added)
		response->answers++;
	else
		response->truncated = true;
	return added;
}

static bool add_address(struct cnm_dns_response *response, uint16_t name, uint32_t ttl,
                        const struct cnm_addr *addr)
{
	size_t size = cnm_addr_size(addr);
	uint8_t *data = begin_record(response, name, size == 4 ? CNM_DNS_A : CNM_DNS_AAAA, ttl, size);

	if (!data)
		return false;
	memcpy(data, addr->bytes, size);
	return true;
}

bool cnm_dns_add_address(struct cnm_dns_response *response, uint32_t ttl, const struct cnm_addr *addr)
{
	return count_answer(response, add_address(response, QUESTION_NAME, ttl, addr));
}

void cnm_dns_add_target_address(struct cnm_dns_response *response, uint32_t ttl, const struct cnm_addr *addr)
{
	if (response->target && add_address(response, NAME_POINTER | response->target, ttl, addr))
		response->additional++;
}

/* The name's bytes on the wire into ret (NAME_MAX_WIRE); 0: it is no name. */
static size_t encode_name(uint8_t *ret, const char *name)
{
	size_t used = 0;

	while (*name) {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > LABEL_MAX || used + 1 + label + 1 > NAME_MAX_WIRE)
			return 0;
		ret[used++] = (uint8_t)label;
		memcpy(ret + used, name, label);
		used += label;
		name += label + (name[label] == '.');
	}
	ret[used++] = 0;
	return used;
}

bool cnm_dns_add_ptr(struct cnm_dns_response *response, uint32_t ttl, const char *name)
{
	uint8_t wire[NAME_MAX_WIRE];
	size_t len = encode_name(wire, name);
	uint8_t *data;

	if (len == 0)
		return false;
	data = begin_record(response, QUESTION_NAME, CNM_DNS_PTR, ttl, len);
	if (data)
		memcpy(data, wire, len);
	return count_answer(response, data != NULL);
}

bool cnm_dns_add_srv(struct cnm_dns_response *response, uint32_t ttl, uint16_t port, const char *target)
{
	uint8_t wire[NAME_MAX_WIRE];
	size_t len = encode_name(wire, target);
	uint8_t *data;

	if (len == 0)
		return false;
	data = begin_record(response, QUESTION_NAME, CNM_DNS_SRV, ttl, 6 + len);
	if (data) {
		put32(data, 0); /* priority and weight */
		cnm_dns_put16(data + 4, port);
		memcpy(data + 6, wire, len); /* uncompressed, as RFC 2782 asks */
		response->target =
		        data + 6 - response->bytes < POINTER_END ? (uint16_t)(data + 6 - response->bytes) : 0;
	}
	return count_answer(response, data != NULL);
}

/* RFC 6891 6.1.2: root, type, our size, extended rcode, version, flags, no options. */
static void put_opt(struct cnm_dns_response *response, enum cnm_dns_rcode rcode)
{
	uint8_t *at = response->bytes + response->len;

	memset(at, 0, OPT_SIZE);
	cnm_dns_put16(at + 1, CNM_DNS_OPT);
	cnm_dns_put16(at + 3, CNM_DNS_UDP_MAX);
	at[5] = (uint8_t)(rcode >> 4);
	response->len += OPT_SIZE;
	response->additional++;
}

size_t cnm_dns_response_end(struct cnm_dns_response *response, enum cnm_dns_rcode rcode, bool authoritative)
{
	uint8_t *bytes = response->bytes;
	uint16_t flags = cnm_dns_get16(bytes + 2) | (rcode & 0x0f);

	if (authoritative)
		flags |= CNM_DNS_AA;
	if (response->truncated)
		flags |= CNM_DNS_TC;
	if (response->edns)
		put_opt(response, rcode);
	cnm_dns_put16(bytes + 2, flags);
	cnm_dns_put16(bytes + 6, response->answers);
	cnm_dns_put16(bytes + 10, response->additional);
	return response->len;
}
