/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a sandbox wants of name resolution. Each value becomes a word or line of hosts or resolv.conf, so none may hold a blank. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 64
#define WORD_MAX  253 /* the longest name */

static int check_word(const char *text, const char *what, struct cnm_error *err)
{
	const char *at;

	if (!*text || strlen(text) > WORD_MAX)
		return cnm_fail(err, CNM_E_INVALID, "%s: from 1 to %d characters are allowed", what,
		                WORD_MAX);
	for (at = text; *at; at++)
		if (*at <= ' ' || *at == 0x7f || *at == '#' || *at == ';')
			return cnm_fail(err, CNM_E_INVALID,
			                "%s \"%s\": no blank, control character, '#' or ';' is allowed", what,
			                text);
	return 0;
}

static int check_server(const char *text, const char *what, struct cnm_error *err)
{
	struct cnm_addr addr;

	return cnm_addr_parse(&addr, text, err) < 0 ? cnm_wrap(err, "%s", what) : 0;
}

/* NAME:ADDRESS, where an IPv6 address has colons of its own. */
static int check_extra(const char *text, const char *what, struct cnm_error *err)
{
	const char *colon = strchr(text, ':');
	struct cnm_addr addr;

	if (check_word(text, what, err) < 0)
		return -1;
	if (!colon || colon == text)
		return cnm_fail(err, CNM_E_INVALID, "%s \"%s\": expected NAME:ADDRESS", what, text);
	return cnm_addr_parse(&addr, colon + 1, err) < 0 ? cnm_wrap(err, "%s \"%s\"", what, text) : 0;
}

static int fill(struct cnm_kvs *ret, const char *const *items, size_t count, const char *what,
                int (*check)(const char *text, const char *what, struct cnm_error *err),
                struct cnm_error *err)
{
	size_t i;

	if (count > WORDS_MAX)
		return cnm_fail(err, CNM_E_INVALID, "%s: %zu values, at most %d are allowed", what, count,
		                WORDS_MAX);
	for (i = 0; i < count; i++)
		if (check(items[i], what, err) < 0 || cnm_kvs_set(ret, items[i], "", err) < 0)
			return -1;
	return 0;
}

int cnm_sandbox_fill_dns(const struct cnm_sandbox_spec *spec, struct cnm_sandbox *sandbox,
                         struct cnm_error *err)
{
	if (fill(&sandbox->dns, spec->dns, spec->dns_count, "DNS server", check_server, err) < 0 ||
	    fill(&sandbox->dns_search, spec->dns_search, spec->dns_search_count, "DNS search domain",
	         check_word, err) < 0 ||
	    fill(&sandbox->dns_options, spec->dns_options, spec->dns_option_count, "DNS option", check_word,
	         err) < 0)
		return -1;
	return fill(&sandbox->extra_hosts, spec->extra_hosts, spec->extra_host_count, "extra host",
	            check_extra, err);
}
