/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an endpoint joins, as far as the command line can say it. */
#include "hook/cli_join.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

int cnm_cli_number(const char *text, long min, long max, const char *what, long *ret, struct cnm_error *err)
{
	char *end = NULL;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || isspace((unsigned char)text[0]))
		return cnm_fail(err, CNM_E_INVALID, "%s: \"%s\" is not a number", what, text);
	if (errno == ERANGE || value < min || value > max)
		return cnm_fail(err, CNM_E_INVALID, "%s: %s is not between %ld and %ld", what, text, min,
		                max);
	*ret = value;
	return 0;
}

static error_t set_priority(struct cnm_join_spec *join, const char *text, struct cnm_error *err)
{
	long value;

	if (cnm_cli_number(text, INT_MIN, INT_MAX, "--gw-priority", &value, err) < 0)
		return -1;
	join->gateway_priority = (int)value;
	return 0;
}

error_t cnm_cli_join_option(int key, const char *arg, struct cnm_cli_join_args *args, struct cnm_error *err)
{
	switch (key) {
	case CNM_CLI_KEY_IFNAME:
		args->join.ifname = arg;
		return 0;
	case CNM_CLI_KEY_GW_PRIORITY:
		return set_priority(&args->join, arg, err);
	case CNM_CLI_KEY_NETNS:
		args->netns_path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}
