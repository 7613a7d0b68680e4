/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A published port as people write it. */
#include "spec/port_arg.h"
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include <stdio.h>
#include <string.h>

/* Digits up to `stop`; 0 when it is no port. */
static uint16_t parse_number(const char *text, const char *stop)
{
	unsigned value = 0;
	const char *at;

	if (stop == text || stop - text > 5)
		return 0;
	for (at = text; at < stop; at++) {
		if (*at < '0' || *at > '9')
			return 0;
		value = value * 10 + (unsigned)(*at - '0');
	}
	return value > UINT16_MAX ? 0 : (uint16_t)value;
}

static int parse_range(const char *text, uint16_t *first, uint16_t *last, struct cnm_error *err)
{
	const char *end = text + strlen(text), *dash = strchr(text, '-');

	*first = parse_number(text, dash ? dash : end);
	*last = dash ? parse_number(dash + 1, end) : *first;
	if (!*first || !*last)
		return cnm_fail(err, CNM_E_INVALID,
		                "\"%s\" is not a port from 1 to 65535, or a range of them", text);
	if (*last < *first)
		return cnm_fail(err, CNM_E_INVALID, "range %s ends before it begins", text);
	return 0;
}

static int cut_protocol(struct cnm_port_arg *ret, char *text, struct cnm_error *err)
{
	static const char *const known[] = {"tcp", "udp", "sctp"};
	char *slash = strchr(text, '/');
	size_t i;

	snprintf(ret->protocol, sizeof(ret->protocol), "tcp");
	if (!slash)
		return 0;
	*slash = '\0';
	for (i = 0; i < CNM_ARRAY_SIZE(known); i++) {
		if (strcasecmp(slash + 1, known[i]) == 0) {
			snprintf(ret->protocol, sizeof(ret->protocol), "%s", known[i]);
			return 0;
		}
	}
	return cnm_fail(err, CNM_E_INVALID, "protocol \"%s\" is not tcp, udp or sctp", slash + 1);
}

/* The host's address, in its canonical form, off the front; *rest is what follows. */
static int cut_host(struct cnm_port_arg *ret, char *text, char **rest, struct cnm_error *err)
{
	char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
	struct cnm_addr addr;

	*rest = text;
	if (text[0] == '[') {
		if (!end || end[1] != ':')
			return cnm_fail(err, CNM_E_INVALID, "no \"]:\" behind the address");
		*end = '\0';
		text++;
		*rest = end + 2;
	} else if (end && strchr(end + 1, ':')) {
		*end = '\0';
		*rest = end + 1;
	} else {
		return 0;
	}
	if (text[0] == '\0')
		return cnm_fail(err, CNM_E_INVALID, "no address before the first colon");
	if (cnm_addr_parse(&addr, text, err) < 0)
		return -1;
	cnm_addr_format(&addr, ret->host_ip);
	return 0;
}

static int parse_ports(struct cnm_port_arg *ret, char *text, struct cnm_error *err)
{
	char *colon = strchr(text, ':');
	uint16_t first = 0, last = 0;

	if (colon)
		*colon = '\0';
	if (parse_range(colon ? colon + 1 : text, &ret->port, &ret->port_end, err) < 0)
		return -1;
	if (!colon || colon == text || strcmp(text, "0") == 0)
		return 0; /* a free one is chosen */
	if (parse_range(text, &first, &last, err) < 0)
		return -1;
	if (last - first != ret->port_end - ret->port)
		return cnm_fail(err, CNM_E_INVALID, "%d ports of the host for %d of the container",
		                last - first + 1, ret->port_end - ret->port + 1);
	ret->host_port = first;
	return 0;
}

int cnm_port_arg_parse(struct cnm_port_arg *ret, const char *text, struct cnm_error *err)
{
	char copy[160], *rest = copy;

	*ret = (struct cnm_port_arg){.host_port = 0};
	if (strlen(text) >= sizeof(copy))
		return cnm_fail(err, CNM_E_INVALID, "published port \"%.32s...\" is too long", text);
	memcpy(copy, text, strlen(text) + 1);
	if (cut_protocol(ret, copy, err) < 0 || cut_host(ret, copy, &rest, err) < 0 ||
	    parse_ports(ret, rest, err) < 0)
		return cnm_wrap(err, "published port \"%s\"", text);
	return 0;
}

int cnm_port_args_append(struct cnm_port_args *args, const struct cnm_port_arg *arg, struct cnm_error *err)
{
	struct cnm_port_arg *items = reallocarray(args->items, args->count + 1, sizeof(*items));

	if (!items)
		return cnm_fail_nomem(err);
	args->items = items;
	items[args->count++] = *arg;
	return 0;
}

int cnm_port_args_add(struct cnm_port_args *args, const char *text, struct cnm_error *err)
{
	struct cnm_port_arg arg;

	if (cnm_port_arg_parse(&arg, text, err) < 0)
		return -1;
	return cnm_port_args_append(args, &arg, err);
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

int cnm_port_args_parse(struct cnm_port_args *args, const char *text, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(text);
	size_t had = args->count;
	char *next = copy;

	if (!copy)
		return cnm_fail_nomem(err);
	while (next) {
		if (cnm_port_args_add(args, trim(strsep(&next, ",")), err) < 0) {
			args->count = had;
			return -1;
		}
	}
	return 0;
}

void cnm_port_args_free(struct cnm_port_args *args)
{
	free(args->items);
	*args = (struct cnm_port_args){0};
}
