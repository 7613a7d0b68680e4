/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses as values. Reading is stricter than inet_pton of some C libraries, since one address
 * must have one meaning for us, for the kernel and for every other program that reads our records.
 */
#include "cnm/base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/error.h"

size_t cnm_addr_size(const struct cnm_addr *addr)
{
	switch (addr->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

unsigned cnm_addr_bits(const struct cnm_addr *addr)
{
	return (unsigned)cnm_addr_size(addr) * 8;
}

bool cnm_addr_is_set(const struct cnm_addr *addr)
{
	return cnm_addr_size(addr) > 0;
}

/* Dotted quads have one spelling. A C library may read "010" as octal or let it pass: writing the
 * address again and comparing tells. */
static bool read_ipv4(struct cnm_addr *ret, const char *text)
{
	struct cnm_addr addr = {.family = AF_INET, .prefix = 32};
	char again[INET_ADDRSTRLEN];

	if (inet_pton(AF_INET, text, addr.bytes) != 1)
		return false;
	if (!inet_ntop(AF_INET, addr.bytes, again, sizeof(again)) || strcmp(again, text) != 0)
		return false;
	*ret = addr;
	return true;
}

static bool read_ipv6(struct cnm_addr *ret, const char *text)
{
	struct cnm_addr addr = {.family = AF_INET6, .prefix = 128};
	const char *quad = strchr(text, '.') ? strrchr(text, ':') : NULL;
	struct cnm_addr ignored;

	if (text[strspn(text, "0123456789abcdefABCDEF:.")] != '\0')
		return false;
	if (inet_pton(AF_INET6, text, addr.bytes) != 1)
		return false;
	if (quad && !read_ipv4(&ignored, quad + 1))
		return false;
	*ret = addr;
	return true;
}

/* ::ffff:0:0/96 (RFC 4291, section 2.5.5.2): an IPv4 address under a second name. */
static bool is_ipv4_mapped(const struct cnm_addr *addr)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return addr->family == AF_INET6 && memcmp(addr->bytes, head, sizeof(head)) == 0;
}

int cnm_addr_parse(struct cnm_addr *ret, const char *text, struct cnm_error *err)
{
	struct cnm_addr addr;

	if (!text)
		text = "";
	if (!read_ipv4(&addr, text) && !read_ipv6(&addr, text))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not an IP address", text);
	if (is_ipv4_mapped(&addr)) {
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is an IPv4 address in IPv6 form (%u.%u.%u.%u?)",
		                text, addr.bytes[12], addr.bytes[13], addr.bytes[14], addr.bytes[15]);
	}
	*ret = addr;
	return 0;
}

/* One to three digits without leading zero, at most `bits`; -1 otherwise. */
static int read_prefix(const char *text, unsigned bits)
{
	size_t len = strspn(text, "0123456789");
	unsigned value = 0;

	if (len == 0 || len > 3 || text[len] != '\0' || (len > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	return value <= bits ? (int)value : -1;
}

int cnm_addr_parse_cidr(struct cnm_addr *ret, const char *text, struct cnm_error *err)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char host[INET6_ADDRSTRLEN];
	struct cnm_addr addr;
	size_t len;
	int prefix;

	if (!text || !*text)
		return cnm_fail(err, CNM_E_INVALID, "\"\" is not an IP address with a prefix length");
	if (!slash) {
		if (cnm_addr_parse(&addr, text, err) < 0)
			return -1;
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" has no prefix length (%s/BITS)", text, text);
	}
	len = (size_t)(slash - text);
	if (len >= sizeof(host))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not an IP address with a prefix length", text);
	memcpy(host, text, len);
	host[len] = '\0';
	if (cnm_addr_parse(&addr, host, err) < 0)
		return cnm_wrap(err, "\"%s\"", text);
	prefix = read_prefix(slash + 1, cnm_addr_bits(&addr));
	if (prefix < 0) {
		return cnm_fail(err, CNM_E_INVALID, "\"%s\": the prefix length is not a number from 0 to %u",
		                text, cnm_addr_bits(&addr));
	}
	addr.prefix = (uint8_t)prefix;
	*ret = addr;
	return 0;
}

int cnm_addr_parse_subnet(struct cnm_addr *ret, const char *text, struct cnm_error *err)
{
	char hint[CNM_ADDR_TEXT_MAX];
	struct cnm_addr addr, network;

	if (cnm_addr_parse_cidr(&addr, text, err) < 0)
		return -1;
	network = cnm_addr_network(&addr);
	if (!cnm_addr_equal(&addr, &network)) {
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not a subnet: host bits are set (%s?)", text,
		                cnm_addr_format_cidr(&network, hint));
	}
	*ret = addr;
	return 0;
}

const char *cnm_addr_format(const struct cnm_addr *addr, char *out)
{
	if (!cnm_addr_is_set(addr) || !inet_ntop(addr->family, addr->bytes, out, CNM_ADDR_TEXT_MAX))
		out[0] = '\0';
	return out;
}

const char *cnm_addr_format_cidr(const struct cnm_addr *addr, char *out)
{
	size_t len = strlen(cnm_addr_format(addr, out));

	if (len > 0)
		snprintf(out + len, CNM_ADDR_TEXT_MAX - len, "/%u", addr->prefix);
	return out;
}

int cnm_addr_compare(const struct cnm_addr *a, const struct cnm_addr *b)
{
	/* AF_INET is less than AF_INET6. */
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, cnm_addr_size(a));
}

bool cnm_addr_equal(const struct cnm_addr *a, const struct cnm_addr *b)
{
	return cnm_addr_compare(a, b) == 0;
}

/* The bits of byte i that belong to the network part. */
static uint8_t network_mask(unsigned prefix, size_t i)
{
	unsigned before = (unsigned)i * 8;

	if (prefix >= before + 8)
		return 0xff;
	return prefix <= before ? 0 : (uint8_t)(0xff00 >> (prefix - before));
}

/* Both set, of one family, and equal in their first `prefix` bits. */
static bool same_network(const struct cnm_addr *a, const struct cnm_addr *b, unsigned prefix)
{
	if (a->family != b->family || !cnm_addr_is_set(a))
		return false;
	for (size_t i = 0; i < cnm_addr_size(a); i++) {
		if ((a->bytes[i] ^ b->bytes[i]) & network_mask(prefix, i))
			return false;
	}
	return true;
}

bool cnm_addr_contains(const struct cnm_addr *subnet, const struct cnm_addr *addr)
{
	return same_network(subnet, addr, subnet->prefix);
}

bool cnm_addr_overlap(const struct cnm_addr *a, const struct cnm_addr *b)
{
	return same_network(a, b, a->prefix < b->prefix ? a->prefix : b->prefix);
}

struct cnm_addr cnm_addr_network(const struct cnm_addr *addr)
{
	struct cnm_addr network = *addr;

	for (size_t i = 0; i < cnm_addr_size(addr); i++)
		network.bytes[i] &= network_mask(addr->prefix, i);
	return network;
}

struct cnm_addr cnm_addr_last(const struct cnm_addr *subnet)
{
	struct cnm_addr last = *subnet;

	for (size_t i = 0; i < cnm_addr_size(subnet); i++)
		last.bytes[i] |= (uint8_t)~network_mask(subnet->prefix, i);
	return last;
}

struct cnm_addr cnm_addr_add(const struct cnm_addr *addr, int64_t n)
{
	struct cnm_addr sum = *addr;
	size_t size = cnm_addr_size(addr);
	unsigned carry = 0;

	/* n as a two's complement number of the address's width, least significant byte first. */
	for (size_t k = 0; k < size; k++) {
		unsigned digit = k < 8 ? ((uint64_t)n >> (8 * k)) & 0xff : n < 0 ? 0xff : 0;

		carry += addr->bytes[size - 1 - k] + digit;
		sum.bytes[size - 1 - k] = (uint8_t)carry;
		carry >>= 8;
	}
	return sum;
}

uint64_t cnm_addr_distance(const struct cnm_addr *a, const struct cnm_addr *b)
{
	size_t size = cnm_addr_size(a);
	uint64_t distance = 0;
	bool past = false;
	int borrow = 0;

	if (cnm_addr_compare(a, b) >= 0 || a->family != b->family)
		return 0;
	for (size_t k = 0; k < size; k++) {
		int digit = b->bytes[size - 1 - k] - a->bytes[size - 1 - k] - borrow;

		borrow = digit < 0;
		if (k < 8)
			distance |= (uint64_t)(uint8_t)digit << (8 * k);
		else if ((uint8_t)digit != 0)
			past = true;
	}
	return past ? UINT64_MAX : distance;
}

bool cnm_addr_is_loopback(const struct cnm_addr *addr)
{
	static const struct cnm_addr one = {.family = AF_INET6, .bytes = {[15] = 1}};

	return (addr->family == AF_INET && addr->bytes[0] == 127) || cnm_addr_equal(addr, &one);
}

bool cnm_addr_is_multicast(const struct cnm_addr *addr)
{
	return (addr->family == AF_INET && (addr->bytes[0] & 0xf0) == 0xe0) ||
	       (addr->family == AF_INET6 && addr->bytes[0] == 0xff);
}

bool cnm_addr_is_unspecified(const struct cnm_addr *addr)
{
	static const uint8_t zero[16];

	return cnm_addr_is_set(addr) && memcmp(addr->bytes, zero, cnm_addr_size(addr)) == 0;
}

bool cnm_addr_is_link_local(const struct cnm_addr *addr)
{
	return (addr->family == AF_INET && addr->bytes[0] == 169 && addr->bytes[1] == 254) ||
	       (addr->family == AF_INET6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80);
}
