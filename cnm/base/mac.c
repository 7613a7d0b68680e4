/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC addresses as values. A MAC that is read or made here can be given to an interface: the kernel
 * refuses multicast and all-zero ones (is_valid_ether_addr).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cnm/base/addr.h"
#include "cnm/base/error.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Six pairs, with the same separator between all of them. */
static bool read_pairs(struct cnm_mac *ret, const char *text)
{
	char separator = ':';

	if (strlen(text) != CNM_MAC_TEXT_MAX - 1)
		return false;
	if (text[2] == '-')
		separator = '-';
	for (size_t i = 0; i < sizeof(ret->bytes); i++) {
		int high = hex_digit(text[3 * i]);
		int low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i > 0 && text[3 * i - 1] != separator))
			return false;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int cnm_mac_parse(struct cnm_mac *ret, const char *text, struct cnm_error *err)
{
	struct cnm_mac mac;

	if (!text || !read_pairs(&mac, text)) {
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not a MAC address (like 02:42:ac:11:00:02)",
		                text ? text : "");
	}
	if (!cnm_mac_is_set(&mac))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is the all-zero MAC address", text);
	if (mac.bytes[0] & 0x01)
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is a multicast MAC address", text);
	*ret = mac;
	return 0;
}

const char *cnm_mac_format(const struct cnm_mac *mac, char *out)
{
	const uint8_t *b = mac->bytes;

	snprintf(out, CNM_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return out;
}

bool cnm_mac_is_set(const struct cnm_mac *mac)
{
	static const struct cnm_mac zero;

	return memcmp(mac->bytes, zero.bytes, sizeof(zero.bytes)) != 0;
}

int cnm_mac_random(struct cnm_mac *ret, struct cnm_error *err)
{
	struct cnm_mac mac;
	ssize_t n;

	/* So few bytes come whole or not at all: getrandom(2). */
	do {
		n = getrandom(mac.bytes, sizeof(mac.bytes), 0);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(mac.bytes))
		return cnm_fail_sys(err, n < 0 ? errno : EIO, "cannot get random bytes for a MAC address");
	mac.bytes[0] = (uint8_t)((mac.bytes[0] & ~0x01) | 0x02);
	*ret = mac;
	return 0;
}
