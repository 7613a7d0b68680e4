/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects repeated options and hands them to the library in its own shapes. */
#include "hook/cli_options.h"
#include "hook/ports_view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"

int cnm_cli_list_add(struct cnm_cli_list *list, const char *text, struct cnm_error *err)
{
	const char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return cnm_fail_nomem(err);
	items[list->count++] = text;
	list->items = items;
	return 0;
}

void cnm_cli_list_free(struct cnm_cli_list *list)
{
	free(list->items);
	*list = (struct cnm_cli_list){0};
}

int cnm_cli_options_view(struct cnm_options *ret, const struct cnm_kvs *kvs, struct cnm_error *err)
{
	struct cnm_option *items = NULL;

	if (kvs->count > 0) {
		items = calloc(kvs->count, sizeof(*items));
		if (!items)
			return cnm_fail_nomem(err);
	}
	for (size_t i = 0; i < kvs->count; i++)
		items[i] = (struct cnm_option){.key = kvs->items[i].key, .value = kvs->items[i].value};
	*ret = (struct cnm_options){.items = items, .count = kvs->count};
	return 0;
}

int cnm_cli_kvs_add(struct cnm_kvs *kvs, const char *option, const char *text, struct cnm_error *err)
{
	const char *value = strchr(text, '=');
	_cleanup_free_ char *key = strndup(text, value ? (size_t)(value - text) : strlen(text));
	const char *known;

	if (!key)
		return cnm_fail_nomem(err);
	known = cnm_kvs_get(kvs, key);
	if (known && strcmp(known, value ? value + 1 : "") != 0)
		return cnm_fail(err, CNM_E_INVALID, "%s: %s is given twice, as \"%s\" and as \"%s\"", option,
		                key, known, value ? value + 1 : "");
	if (cnm_kvs_set_text(kvs, text, err) < 0)
		return cnm_wrap(err, "%s", option);
	return 0;
}

/* Both families go the same way later; that each option holds its own catches a swapped pair. */
static int join_addresses(struct cnm_cli_list *ret, const struct cnm_cli_list *texts, int family,
                          struct cnm_error *err)
{
	const char *option = family == AF_INET ? "--ip" : "--ip6";

	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->items[i];
		struct cnm_addr addr = {0};
		bool has_prefix = strchr(text, '/') != NULL;

		if ((has_prefix ? cnm_addr_parse_cidr(&addr, text, err) : cnm_addr_parse(&addr, text, err)) <
		    0)
			return cnm_wrap(err, "%s", option);
		if (addr.family != family)
			return cnm_fail(err, CNM_E_INVALID, "%s: %s is not an IPv%c address", option, text,
			                family == AF_INET ? '4' : '6');
		if (cnm_cli_list_add(ret, text, err) < 0)
			return -1;
	}
	return 0;
}

error_t cnm_cli_endpoint_option(int key, const char *arg, struct cnm_cli_endpoint_args *args,
                                struct cnm_error *err)
{
	switch (key) {
	case CNM_CLI_KEY_IP:
		return cnm_cli_list_add(&args->ip, arg, err);
	case CNM_CLI_KEY_IP6:
		return cnm_cli_list_add(&args->ip6, arg, err);
	case CNM_CLI_KEY_MAC:
		args->mac = arg;
		return 0;
	case CNM_CLI_KEY_ALIAS:
		return cnm_cli_list_add(&args->aliases, arg, err);
	case CNM_CLI_KEY_SYSCTL:
		if (!strchr(arg, '='))
			return cnm_fail(err, CNM_E_INVALID, "--sysctl %s: expected KEY=VALUE", arg);
		return cnm_cli_kvs_add(&args->sysctls, "--sysctl", arg, err);
	case 'p':
		return cnm_port_args_add(&args->ports, arg, err);
	case 'o':
		return cnm_cli_kvs_add(&args->options, "-o", arg, err);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cnm_cli_endpoint_spec(struct cnm_cli_endpoint_args *args, const char *name, struct cnm_endpoint_spec *ret,
                          struct cnm_error *err)
{
	if (join_addresses(&args->addresses, &args->ip, AF_INET, err) < 0 ||
	    join_addresses(&args->addresses, &args->ip6, AF_INET6, err) < 0 ||
	    cnm_ports_view(&args->ports_view, &args->ports, err) < 0 ||
	    cnm_cli_options_view(&args->options_view, &args->options, err) < 0 ||
	    cnm_cli_options_view(&args->sysctls_view, &args->sysctls, err) < 0)
		return -1;
	*ret = (struct cnm_endpoint_spec){
	        .name = name,
	        .addresses = args->addresses.items,
	        .address_count = args->addresses.count,
	        .mac = args->mac,
	        .aliases = args->aliases.items,
	        .alias_count = args->aliases.count,
	        .options = args->options_view,
	        .sysctls = args->sysctls_view,
	        .ports = args->ports_view,
	        .port_count = args->ports.count,
	};
	return 0;
}

void cnm_cli_options_view_free(struct cnm_options *view)
{
	free((void *)(uintptr_t)view->items);
}

void cnm_cli_endpoint_args_free(struct cnm_cli_endpoint_args *args)
{
	cnm_port_args_free(&args->ports);
	free(args->ports_view);
	cnm_cli_list_free(&args->ip);
	cnm_cli_list_free(&args->ip6);
	cnm_cli_list_free(&args->addresses);
	cnm_cli_list_free(&args->aliases);
	cnm_kvs_free(&args->options);
	cnm_kvs_free(&args->sysctls);
	cnm_cli_options_view_free(&args->options_view);
	cnm_cli_options_view_free(&args->sysctls_view);
}
