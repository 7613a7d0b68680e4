/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name settings on the command line. */
#include "hook/cli_dns.h"

error_t cnm_cli_dns_option(int key, const char *arg, struct cnm_cli_dns_args *args, struct cnm_error *err)
{
	switch (key) {
	case CNM_CLI_KEY_DNS:
		return cnm_cli_list_add(&args->dns, arg, err);
	case CNM_CLI_KEY_DNS_SEARCH:
		return cnm_cli_list_add(&args->search, arg, err);
	case CNM_CLI_KEY_DNS_OPTION:
		return cnm_cli_list_add(&args->options, arg, err);
	case CNM_CLI_KEY_ADD_HOST:
		return cnm_cli_list_add(&args->hosts, arg, err);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void cnm_cli_dns_spec(const struct cnm_cli_dns_args *args, struct cnm_sandbox_spec *ret)
{
	ret->dns = args->dns.items;
	ret->dns_count = args->dns.count;
	ret->dns_search = args->search.items;
	ret->dns_search_count = args->search.count;
	ret->dns_options = args->options.items;
	ret->dns_option_count = args->options.count;
	ret->extra_hosts = args->hosts.items;
	ret->extra_host_count = args->hosts.count;
}

void cnm_cli_dns_args_free(struct cnm_cli_dns_args *args)
{
	cnm_cli_list_free(&args->dns);
	cnm_cli_list_free(&args->search);
	cnm_cli_list_free(&args->options);
	cnm_cli_list_free(&args->hosts);
}
