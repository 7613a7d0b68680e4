/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CNI_ARGS: "K=V;K=V", split as the reference's pkg/types splits it. */
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "spec/cni_env.h"
#include "spec/grammar.h"
#include <string.h>
#include <strings.h>

static int fail_arg(struct cnm_error *err, const char *key, const char *value, const char *what)
{
	return cnm_fail(err, CNM_E_INVALID, "%s=%s: %s", key, value, what);
}

/* The static plugin reads several addresses separated by commas; the others one. */
static int set_addresses(struct cnm_strings *list, const char *key, const char *value, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(value);
	char *next = copy, *item;

	if (!copy)
		return cnm_fail_nomem(err);
	cnm_strings_free(list);
	if (*value == '\0')
		return 0;
	while ((item = strsep(&next, ","))) {
		if (!cnm_grammar_is_address(item))
			return fail_arg(err, key, value, "not an address");
		if (cnm_strings_add(list, item, err) < 0)
			return -1;
	}
	return 0;
}

static int set_mac(struct cnm_cni_args *args, const char *key, const char *value, struct cnm_error *err)
{
	struct cnm_mac mac;
	char text[CNM_MAC_TEXT_MAX];

	free(TAKE_PTR(args->mac));
	if (*value == '\0')
		return 0;
	if (cnm_mac_parse(&mac, value, err) < 0)
		return cnm_wrap(err, "%s", key);
	args->mac = strdup(cnm_mac_format(&mac, text));
	return args->mac ? 0 : cnm_fail_nomem(err);
}

static int read_flag(bool *ret, const char *key, const char *value, struct cnm_error *err)
{
	if (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0)
		*ret = true;
	else if (strcmp(value, "0") == 0 || strcasecmp(value, "false") == 0)
		*ret = false;
	else
		return fail_arg(err, key, value, "expected 1, true, 0 or false");
	return 0;
}

struct pair_state {
	bool ignore_unknown;
	char unknown[64]; /* the first unknown key */
};

static int read_pair(struct cnm_cni_args *args, struct pair_state *state, char *pair, struct cnm_error *err)
{
	char *value = strchr(pair, '=');

	if (!value || value == pair || strchr(value + 1, '='))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\": expected KEY=VALUE", pair);
	*value++ = '\0';
	if (strcmp(pair, "IgnoreUnknown") == 0)
		return read_flag(&state->ignore_unknown, pair, value, err);
	if (strcmp(pair, "IP") == 0)
		return set_addresses(&args->ips, pair, value, err);
	if (strcmp(pair, "GATEWAY") == 0)
		return set_addresses(&args->gateways, pair, value, err);
	if (strcmp(pair, "MAC") == 0)
		return set_mac(args, pair, value, err);
	if (strncmp(pair, "K8S_", 4) == 0)
		return cnm_kvs_set(&args->k8s, pair, value, err);
	if (!*state->unknown)
		strncpy(state->unknown, pair, sizeof(state->unknown) - 1);
	return 0;
}

static int read_pairs(struct cnm_cni_args *args, const char *text, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(text);
	struct pair_state state = {0};
	char *next = copy, *pair;

	if (!copy)
		return cnm_fail_nomem(err);
	while ((pair = strsep(&next, ";"))) {
		if (read_pair(args, &state, pair, err) < 0)
			return -1;
	}
	/* Only now: IgnoreUnknown may stand behind what it excuses. */
	if (*state.unknown && !state.ignore_unknown)
		return cnm_fail(err, CNM_E_INVALID, "unknown key \"%s\" (and no IgnoreUnknown=1)",
		                state.unknown);
	return 0;
}

int cnm_cni_args_parse(struct cnm_cni_args *ret, const char *text, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_args){0};
	if (!text || *text == '\0' || read_pairs(ret, text, &plain) == 0)
		return 0;
	cnm_cni_args_free(ret);
	cnm_wrap(&plain, "CNI_ARGS");
	return cnm_cni_fail_from(err, CNM_CNI_E_ENVIRONMENT, &plain);
}

void cnm_cni_args_free(struct cnm_cni_args *args)
{
	if (!args)
		return;
	cnm_strings_free(&args->ips);
	cnm_strings_free(&args->gateways);
	free(args->mac);
	cnm_kvs_free(&args->k8s);
	*args = (struct cnm_cni_args){0};
}
