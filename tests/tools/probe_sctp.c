/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCTP packets: INIT and INIT ACK, with their checksum. */
#include "tests/tools/probe_sctp.h"
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#define HEADER        12 /* ports, verification tag, checksum */
#define CHUNK_HEADER  4
#define INIT_FIELDS   16
#define PARAMETERS    (HEADER + CHUNK_HEADER + INIT_FIELDS)
#define PARAM_HEADER  4
#define STATE_COOKIE  7
#define ANY_TSN       1
#define WINDOW        65536
#define CRC32C_MIRROR 0x82f63b78u /* the polynomial of Castagnoli, bits reversed (RFC 9260, appendix A) */

static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? CRC32C_MIRROR : 0);
	}
	return ~crc;
}

static void put16(uint8_t *at, size_t value)
{
	uint16_t big = htobe16((uint16_t)value);

	memcpy(at, &big, sizeof(big));
}

static void put32(uint8_t *at, uint32_t value)
{
	uint32_t big = htobe32(value);

	memcpy(at, &big, sizeof(big));
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The checksum is the one field that is sent lowest byte first. */
static uint32_t checksum(const uint8_t *packet, size_t len)
{
	uint8_t copy[SCTP_PACKET_MAX];

	memcpy(copy, packet, len);
	memset(copy + 8, 0, 4);
	return htole32(crc32c(copy, len));
}

size_t sctp_build(const struct sctp_message *message, uint8_t out[SCTP_PACKET_MAX])
{
	size_t text = strnlen(message->text, SCTP_TEXT_MAX);
	size_t chunk = CHUNK_HEADER + INIT_FIELDS + (text ? PARAM_HEADER + text : 0);
	size_t len = HEADER + (chunk + 3) / 4 * 4;
	uint32_t crc;

	memset(out, 0, SCTP_PACKET_MAX);
	put16(out, message->sport);
	put16(out + 2, message->dport);
	put32(out + 4, message->vtag);
	out[HEADER] = message->type;
	put16(out + HEADER + 2, chunk);
	put32(out + HEADER + 4, message->tag);
	put32(out + HEADER + 8, WINDOW);
	put16(out + HEADER + 12, 1);
	put16(out + HEADER + 14, 1);
	put32(out + HEADER + 16, ANY_TSN);
	if (text) {
		put16(out + PARAMETERS, STATE_COOKIE);
		put16(out + PARAMETERS + 2, PARAM_HEADER + text);
		memcpy(out + PARAMETERS + PARAM_HEADER, message->text, text);
	}
	crc = checksum(out, len);
	memcpy(out + 8, &crc, sizeof(crc));
	return len;
}

bool sctp_parse(const uint8_t *packet, size_t len, struct sctp_message *ret)
{
	uint32_t crc;
	size_t text = 0;

	if (len < PARAMETERS || len > SCTP_PACKET_MAX)
		return false;
	memcpy(&crc, packet + 8, sizeof(crc));
	if (crc != checksum(packet, len))
		return false;
	*ret = (struct sctp_message){
	        .sport = get16(packet),
	        .dport = get16(packet + 2),
	        .vtag = get32(packet + 4),
	        .type = packet[HEADER],
	        .tag = get32(packet + HEADER + 4),
	};
	if (len > PARAMETERS + PARAM_HEADER && get16(packet + PARAMETERS) == STATE_COOKIE)
		text = get16(packet + PARAMETERS + 2);
	if (text > PARAM_HEADER && PARAMETERS + text <= len && text - PARAM_HEADER < SCTP_TEXT_MAX)
		memcpy(ret->text, packet + PARAMETERS + PARAM_HEADER, text - PARAM_HEADER);
	return ret->type == SCTP_INIT || ret->type == SCTP_INIT_ACK;
}
