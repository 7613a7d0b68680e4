/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grammar of names and making of ids. What passes here is safe as one component of a path and as a netlink attribute. */
#include "cnm/names.h"
#include "cnm/base/error.h"
#include "cnm/base/utf8.h"
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* No locale: ctype.h's functions ask it. */
static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int check_name(const char *name, size_t max, const char *what, struct cnm_error *err)
{
	size_t len = strlen(name), i;

	if (len == 0)
		return cnm_fail(err, CNM_E_INVALID, "%s is empty", what);
	if (len > max)
		return cnm_fail(err, CNM_E_INVALID, "%s '%.32s...': %zu characters, at most %zu are allowed",
		                what, name, len, max);
	if (!is_alnum(name[0]))
		return cnm_fail(err, CNM_E_INVALID, "%s '%s' must begin with a letter or a digit", what,
		                name);
	for (i = 1; i < len; i++)
		if (!is_alnum(name[i]) && !strchr("_.-", name[i]))
			return cnm_fail(err, CNM_E_INVALID,
			                "%s '%s': only letters, digits, '_', '.' and '-' are allowed", what,
			                name);
	return 0;
}

int cnm_name_check(const char *name, const char *what, struct cnm_error *err)
{
	return check_name(name, CNM_NAME_MAX, what, err);
}

int cnm_container_check(const char *id, struct cnm_error *err)
{
	return check_name(id, CNM_CONTAINER_MAX, "container id", err);
}

int cnm_ifname_check(const char *name, struct cnm_error *err)
{
	size_t len = strlen(name), i, n;

	if (len == 0)
		return cnm_fail(err, CNM_E_INVALID, "interface name is empty");
	if (len >= IF_NAMESIZE)
		return cnm_fail(err, CNM_E_INVALID,
		                "interface name '%.32s': %zu bytes, at most %d are allowed", name, len,
		                IF_NAMESIZE - 1);
	/* The kernel's folders of settings for every interface (net/ipv4/conf). */
	if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return cnm_fail(err, CNM_E_INVALID, "interface name '%s' is reserved by the kernel", name);
	/* The store's files that begin with a dot are temporary ones. */
	if (name[0] == '.')
		return cnm_fail(err, CNM_E_INVALID, "interface name '%s' must not begin with a dot", name);
	for (i = 0; i < len; i += n) {
		unsigned char c = (unsigned char)name[i];

		n = cnm_utf8_length(name + i, len - i);
		/* The kernel's isspace goes by bytes and Latin-1: 0xa0 is a blank to it, wherever it stands. */
		if (n == 0 || c <= ' ' || c == 0x7f || strchr("/:%", name[i]) || memchr(name + i, 0xa0, n))
			return cnm_fail(
			        err, CNM_E_INVALID,
			        "interface name '%s': no '/', ':', '%%', blank or control character is "
			        "allowed",
			        name);
	}
	return 0;
}

int cnm_key_check(const char *key, struct cnm_error *err)
{
	const char *at = strchr(key, '@');
	char container[CNM_CONTAINER_MAX + 1];

	if (!at)
		return cnm_name_check(key, "endpoint name", err);
	if (at - key > CNM_CONTAINER_MAX)
		return cnm_fail(err, CNM_E_INVALID, "endpoint name '%.32s...' is too long", key);
	memcpy(container, key, (size_t)(at - key));
	container[at - key] = '\0';
	if (cnm_container_check(container, err) < 0 || cnm_ifname_check(at + 1, err) < 0)
		return cnm_wrap(err, "endpoint name");
	return 0;
}

bool cnm_id_is_prefix(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");

	return len > 0 && len <= CNM_ID_LEN && text[len] == '\0';
}

int cnm_id_make(char ret[CNM_ID_LEN + 1], struct cnm_error *err)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[CNM_ID_LEN / 2];
	size_t i;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return cnm_fail_sys(err, errno, "cannot make an id");
	for (i = 0; i < sizeof(bytes); i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[CNM_ID_LEN] = '\0';
	return 0;
}

void cnm_time_format(uint64_t now, char ret[32])
{
	/* Without gmtime, which reads /etc/localtime first. Days to a date: years begin in March, so that leap days end one; eras of 400 years. */
	uint64_t days = now / 86400 + 719468, second = now % 86400;
	unsigned day = (unsigned)(days % 146097),
	         year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned of_year = day - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
	unsigned month = march < 10 ? march + 3 : march - 9;

	snprintf(ret, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	         (unsigned)(days / 146097) * 400 + year + (month <= 2), month,
	         of_year - (153 * march + 2) / 5 + 1, (unsigned)(second / 3600), (unsigned)(second / 60 % 60),
	         (unsigned)(second % 60));
}

void cnm_time_now(char ret[32])
{
	cnm_time_format((uint64_t)time(NULL), ret);
}
