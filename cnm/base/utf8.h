/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where one UTF-8 character ends. A header of its own because error texts (which must stay valid when
 * they quote hostile input) and JSON need the same answer.
 */
#ifndef CNM_BASE_UTF8_H
#define CNM_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character at s[0..len): 1 to 4, or 0 when it is malformed or cut off. Overlong forms,
 * surrogates and values past U+10FFFF are malformed (RFC 3629, section 4). */
static inline size_t cnm_utf8_length(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (len < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

#endif
