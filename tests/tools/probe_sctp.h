/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCTP packets, as far as an INIT and its answer (RFC 9260): kernels without SCTP sockets translate the protocol all the same. */
#ifndef CNM_TESTS_TOOLS_PROBE_SCTP_H
#define CNM_TESTS_TOOLS_PROBE_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCTP_PACKET_MAX 512
#define SCTP_TEXT_MAX   256

enum { SCTP_INIT = 1, SCTP_INIT_ACK = 2 };

/* An INIT or INIT ACK. The text travels in a State Cookie parameter. */
struct sctp_message {
	uint16_t sport, dport;
	uint32_t vtag; /* 0 in an INIT, else the tag of the receiver */
	uint8_t type;
	uint32_t tag;
	char text[SCTP_TEXT_MAX];
};

/* Returns the length of the packet, checksum included. */
size_t sctp_build(const struct sctp_message *message, uint8_t out[SCTP_PACKET_MAX]);
/* False when it is cut off, has a wrong checksum or carries something else. */
bool sctp_parse(const uint8_t *packet, size_t len, struct sctp_message *ret);

#endif
