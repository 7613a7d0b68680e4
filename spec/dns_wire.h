/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits of the header's second word (RFC 1035 4.1.1), for the two files that read and write messages. */
#ifndef CNM_SPEC_DNS_WIRE_H
#define CNM_SPEC_DNS_WIRE_H

#define CNM_DNS_QR     0x8000
#define CNM_DNS_OPCODE 0x7800
#define CNM_DNS_AA     0x0400
#define CNM_DNS_TC     0x0200
#define CNM_DNS_RD     0x0100
#define CNM_DNS_RA     0x0080
#define CNM_DNS_CD     0x0010

#endif
