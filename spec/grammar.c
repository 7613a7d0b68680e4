/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grammars of names; ASCII only, whatever the locale. */
#include "spec/grammar.h"
#include "cnm/base/addr.h"
#include "cnm/base/error.h"
#include "cnm/base/utf8.h"
#include <net/if.h>
#include <string.h>

#define HOSTNAME_MAX 253 /* of a domain name in text form (RFC 1035, section 2.3.4) */

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_inner(char c)
{
	return is_alnum(c) || c == '_' || c == '.' || c == '-';
}

static bool rest_is_inner(const char *text)
{
	while (*text && is_inner(*text))
		text++;
	return *text == '\0';
}

bool cnm_grammar_is_name(const char *text)
{
	return is_alnum(text[0]) && rest_is_inner(text + 1);
}

bool cnm_grammar_is_hostname(const char *text)
{
	return (is_alnum(text[0]) || text[0] == '_') && rest_is_inner(text + 1) &&
	       strlen(text) <= HOSTNAME_MAX;
}

bool cnm_grammar_is_ifname(const char *text)
{
	size_t len = strnlen(text, IF_NAMESIZE);

	if (len == 0 || len >= IF_NAMESIZE || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (size_t i = 0, n; i < len; i += n) {
		n = cnm_utf8_length(text + i, len - i);
		if (n == 0 || (unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr("/:%", text[i]))
			return false;
	}
	return true;
}

bool cnm_grammar_is_address(const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_addr addr;

	return strchr(text, '/') ? cnm_addr_parse_cidr(&addr, text, &err) == 0
	                         : cnm_addr_parse(&addr, text, &err) == 0;
}

int cnm_addresses_check(const struct cnm_strings *texts, const char *what, struct cnm_error *err)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (!cnm_grammar_is_address(texts->items[i]))
			return cnm_fail(err, CNM_E_INVALID, "%s: \"%s\" is not an address", what,
			                texts->items[i]);
	}
	return 0;
}
