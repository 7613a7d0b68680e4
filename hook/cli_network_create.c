/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm network create`: everything that can be said about a network when it is made. */
#include "cnm/base/cleanup.h"
#include "cnm/base/list.h"
#include "hook/cli_commands.h"
#include "hook/cli_model.h"
#include "hook/cli_options.h"
#include "hook/cli_pools.h"

enum {
	KEY_SUBNET = CNM_CLI_KEY_VERB,
	KEY_IP_RANGE,
	KEY_GATEWAY,
	KEY_AUX_ADDRESS,
	KEY_IPV6,
	KEY_INTERNAL,
	KEY_LABEL,
	KEY_IPAM_DRIVER,
	KEY_IPAM_OPT,
};

struct create {
	const char *driver;
	const char *ipam_driver;
	struct cnm_cli_pools_args pools;
	struct cnm_kvs options;
	struct cnm_kvs labels;
	struct cnm_kvs ipam_options;
	bool ipv6;
	bool internal;
};

static const struct argp_option options[] = {
        {"driver", 'd', "DRIVER", 0, "bridge (the default), macvlan, ipvlan, vlan, host, null, or a plugin",
         1},
        {"opt", 'o', "KEY=VALUE", 0, "Option of the driver (repeat)", 1},
        {"label", KEY_LABEL, "KEY=VALUE", 0, "Note for people and programs (repeat)", 1},
        {"internal", KEY_INTERNAL, NULL, 0, "Reach nothing outside, and be reached from nowhere outside", 1},
        {"ipv6", KEY_IPV6, NULL, 0, "IPv6 too; a subnet is chosen unless one is given", 2},
        {"subnet", KEY_SUBNET, "CIDR", 0, "Subnet (repeat); else one is chosen", 2},
        {"ip-range", KEY_IP_RANGE, "RANGE", 0,
         "Give endpoints only addresses of RANGE: CIDR or FIRST-LAST, in a subnet (repeat)", 2},
        {"gateway", KEY_GATEWAY, "ADDRESS", 0,
         "Gateway of the subnet that it lies in (repeat); else the first address", 2},
        {"aux-address", KEY_AUX_ADDRESS, "NAME=ADDRESS", 0, "Never give this address to an endpoint (repeat)",
         2},
        {"ipam-driver", KEY_IPAM_DRIVER, "NAME", 0, "Who gives addresses: default, null, or a plugin", 2},
        {"ipam-opt", KEY_IPAM_OPT, "KEY=VALUE", 0, "Option of the IPAM driver (repeat)", 2},
        {0},
};

static error_t pool_option(int key, char *arg, struct cnm_cli_pools_args *pools, struct cnm_error *err)
{
	switch (key) {
	case KEY_SUBNET:
		return cnm_cli_list_add(&pools->subnets, arg, err);
	case KEY_IP_RANGE:
		return cnm_cli_list_add(&pools->ranges, arg, err);
	case KEY_GATEWAY:
		return cnm_cli_list_add(&pools->gateways, arg, err);
	case KEY_AUX_ADDRESS:
		return cnm_cli_list_add(&pools->aux, arg, err);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct create *create = input;

	switch (key) {
	case 'd':
		create->driver = arg;
		return 0;
	case 'o':
		return cnm_cli_kvs_add(&create->options, "-o", arg, err);
	case KEY_LABEL:
		return cnm_cli_kvs_add(&create->labels, "--label", arg, err);
	case KEY_INTERNAL:
		create->internal = true;
		return 0;
	case KEY_IPV6:
		create->ipv6 = true;
		return 0;
	case KEY_IPAM_DRIVER:
		create->ipam_driver = arg;
		return 0;
	case KEY_IPAM_OPT:
		return cnm_cli_kvs_add(&create->ipam_options, "--ipam-opt", arg, err);
	default:
		return pool_option(key, arg, &create->pools, err);
	}
}

static void input_free(void *input)
{
	struct create *create = input;

	cnm_cli_pools_args_free(&create->pools);
	cnm_kvs_free(&create->options);
	cnm_kvs_free(&create->labels);
	cnm_kvs_free(&create->ipam_options);
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct create *create = input;
	_cleanup_pools_ struct cnm_cli_pools pools = {0};
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_options_view_ struct cnm_options driver_view = {0};
	_cleanup_options_view_ struct cnm_options labels_view = {0};
	_cleanup_options_view_ struct cnm_options ipam_view = {0};
	struct cnm_error undo_err = CNM_ERROR_INIT;
	struct cnm_network_spec spec;

	if (cnm_cli_pools_make(&pools, &create->pools, err) < 0 ||
	    cnm_cli_options_view(&driver_view, &create->options, err) < 0 ||
	    cnm_cli_options_view(&labels_view, &create->labels, err) < 0 ||
	    cnm_cli_options_view(&ipam_view, &create->ipam_options, err) < 0 || !cnm_cli_controller(cli, err))
		return -1;
	spec = (struct cnm_network_spec){
	        .name = cli->args[0],
	        .driver = create->driver,
	        .ipam_driver = create->ipam_driver,
	        .ipam_options = ipam_view,
	        .pools = pools.specs,
	        .pool_count = pools.count,
	        .ipv6 = create->ipv6,
	        .internal = create->internal,
	        .options = driver_view,
	        .labels = labels_view,
	};
	if (cnm_network_create(cli->controller, &spec, &network, err) < 0)
		return -1;
	if (cnm_cli_answer(cli, "Id", network->id, err) == 0 && cnm_cli_flush(err) == 0)
		return 0;
	cnm_network_delete(cli->controller, network, &undo_err);
	return cnm_wrap(err, "network %s", network->name);
}

const struct cnm_cli_command cnm_cli_network_create = {
        .name = "create",
        .args = "NAME",
        .summary = "Make a network; prints its id",
        .min_args = 1,
        .max_args = 1,
        .options = options,
        .option = option,
        .input_size = sizeof(struct create),
        .input_free = input_free,
        .run = run,
};
