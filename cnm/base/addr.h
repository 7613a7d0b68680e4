/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as values: an IPv4 or IPv6 address with a prefix length, and a MAC address. Bytes are in
 * network order. A zeroed struct cnm_addr is "no address".
 */
#ifndef CNM_BASE_ADDR_H
#define CNM_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;

struct cnm_addr {
	uint8_t family; /* AF_INET, AF_INET6, or 0 for none */
	uint8_t prefix; /* bits */
	uint8_t bytes[16];
};

struct cnm_mac {
	uint8_t bytes[6];
};

#define CNM_ADDR_TEXT_MAX 64 /* "addr/prefix" and NUL fit */
#define CNM_MAC_TEXT_MAX  18

size_t cnm_addr_size(const struct cnm_addr *addr);   /* 4 or 16; 0 for none */
unsigned cnm_addr_bits(const struct cnm_addr *addr); /* 32 or 128; 0 for none */
bool cnm_addr_is_set(const struct cnm_addr *addr);

/* "10.0.0.1", "fd00::1"; the prefix becomes 32 or 128. CNM_E_INVALID names the text. No zone, no
 * leading zeros, nothing around it. */
int cnm_addr_parse(struct cnm_addr *ret, const char *text, struct cnm_error *err);
/* "10.0.0.1/24": prefix required. Host bits are kept. */
int cnm_addr_parse_cidr(struct cnm_addr *ret, const char *text, struct cnm_error *err);
/* A subnet: as above, and host bits must be zero (the error says what the subnet would be). */
int cnm_addr_parse_subnet(struct cnm_addr *ret, const char *text, struct cnm_error *err);

/* Both return `out`, which holds at least CNM_ADDR_TEXT_MAX bytes. "" for none. */
const char *cnm_addr_format(const struct cnm_addr *addr, char *out);      /* 10.0.0.1 */
const char *cnm_addr_format_cidr(const struct cnm_addr *addr, char *out); /* 10.0.0.1/24 */

/* Family and address bytes; the prefix does not count. Total order: IPv4 first, then by bytes. */
int cnm_addr_compare(const struct cnm_addr *a, const struct cnm_addr *b);
bool cnm_addr_equal(const struct cnm_addr *a, const struct cnm_addr *b);
bool cnm_addr_contains(const struct cnm_addr *subnet, const struct cnm_addr *addr);
bool cnm_addr_overlap(const struct cnm_addr *a, const struct cnm_addr *b);
struct cnm_addr cnm_addr_network(const struct cnm_addr *addr); /* host bits cleared */
struct cnm_addr cnm_addr_last(const struct cnm_addr *subnet);  /* host bits set */
/* addr + n, or - n, wrapping inside the family; prefix kept. */
struct cnm_addr cnm_addr_add(const struct cnm_addr *addr, int64_t n);
/* b - a, saturated to UINT64_MAX; a <= b, same family. */
uint64_t cnm_addr_distance(const struct cnm_addr *a, const struct cnm_addr *b);
bool cnm_addr_is_loopback(const struct cnm_addr *addr);
bool cnm_addr_is_multicast(const struct cnm_addr *addr);
bool cnm_addr_is_unspecified(const struct cnm_addr *addr);
bool cnm_addr_is_link_local(const struct cnm_addr *addr);

/* "02:42:ac:11:00:02" (or '-' between); multicast and all-zero are CNM_E_INVALID. */
int cnm_mac_parse(struct cnm_mac *ret, const char *text, struct cnm_error *err);
const char *cnm_mac_format(const struct cnm_mac *mac, char *out); /* out: CNM_MAC_TEXT_MAX */
bool cnm_mac_is_set(const struct cnm_mac *mac);
/* Random, locally administered, unicast. */
int cnm_mac_random(struct cnm_mac *ret, struct cnm_error *err);

#endif
