/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm connect` and `cnm disconnect`: endpoint and join in one step, and back. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/cli_dns.h"
#include "hook/cli_join.h"
#include "hook/cli_model.h"
#include "hook/cli_options.h"
#include "hook/describe.h"

/* connect --------------------------------------------------------------------------------------- */

struct connect {
	struct cnm_cli_endpoint_args endpoint;
	struct cnm_cli_join_args join;
	struct cnm_cli_dns_args dns;
};

static const struct argp_option connect_options[] = {
        CNM_CLI_ENDPOINT_OPTIONS,
        CNM_CLI_JOIN_OPTIONS,
        CNM_CLI_DNS_OPTIONS,
        {0},
};

static error_t connect_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct connect *args = input;
	error_t result = cnm_cli_join_option(key, arg, &args->join, err);

	if (result == ARGP_ERR_UNKNOWN)
		result = cnm_cli_dns_option(key, arg, &args->dns, err);
	return result == ARGP_ERR_UNKNOWN ? cnm_cli_endpoint_option(key, arg, &args->endpoint, err) : result;
}

static void connect_free(void *input)
{
	struct connect *args = input;

	cnm_cli_endpoint_args_free(&args->endpoint);
	cnm_cli_dns_args_free(&args->dns);
}

/* The settings are the sandbox's, not the endpoint's: only who makes it may say them. */
static int add_dns(const struct connect *args, const struct cnm_sandbox *known, struct cnm_sandbox_spec *ret,
                   struct cnm_error *err)
{
	const struct cnm_cli_dns_args *dns = &args->dns;

	if (known && (dns->dns.count || dns->search.count || dns->options.count || dns->hosts.count))
		return cnm_fail(
		        err, CNM_E_INVALID,
		        "sandbox %s: it is there, with name settings of its own: --dns and the like go "
		        "with --netns or `cnm sandbox create`",
		        known->id);
	cnm_cli_dns_spec(dns, ret);
	return 0;
}

static int connect_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	struct connect *args = input;
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_sandbox_ struct cnm_sandbox *known = NULL;
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	_cleanup_json_ json_object *doc = NULL;
	struct cnm_sandbox_spec sandbox;
	struct cnm_endpoint_spec spec;

	if (cnm_cli_endpoint_spec(&args->endpoint, NULL, &spec, err) < 0 ||
	    cnm_cli_network_find(cli, cli->args[0], &network, err) < 0 ||
	    cnm_cli_sandbox_spec(cli, cli->args[1], args->join.netns_path, &known, &sandbox, err) < 0 ||
	    add_dns(args, known, &sandbox, err) < 0 ||
	    cnm_connect(cli->controller, network, &sandbox, &spec, &args->join.join, CNM_CONNECT_NEW,
	                &endpoint, err) < 0)
		return -1;
	if (cli->format == CNM_FORMAT_TEXT)
		return 0;
	doc = cnm_describe_endpoint(endpoint, err);
	return cnm_cli_print(doc, err);
}

const struct cnm_cli_command cnm_cli_connect = {
        .name = "connect",
        .args = "NETWORK SANDBOX",
        .summary = "Connect a sandbox to a network",
        .min_args = 2,
        .max_args = 2,
        .options = connect_options,
        .option = connect_option,
        .input_size = sizeof(struct connect),
        .input_free = connect_free,
        .run = connect_run,
};

/* disconnect ------------------------------------------------------------------------------------ */

struct disconnect {
	const char *ifname;
};

static const struct argp_option disconnect_options[] = {
        {"ifname", CNM_CLI_KEY_IFNAME, "NAME", 0,
         "Only this interface; else all that the sandbox has on the network", 0},
        {0},
};

static error_t disconnect_option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct disconnect *args = input;

	if (key != CNM_CLI_KEY_IFNAME)
		return ARGP_ERR_UNKNOWN;
	args->ifname = arg;
	return 0;
}

/* The library finds attachments by what their records say: exact names, also of a network or a sandbox that is lost. What is
 * known is looked up first, so that ids and prefixes work here as everywhere. */
static int resolve(struct cnm_cli *cli, struct cnm_network **network, struct cnm_sandbox **sandbox,
                   struct cnm_error *err)
{
	if (cnm_cli_network_find(cli, cli->args[0], network, err) < 0 && err->code != CNM_E_NOT_FOUND)
		return -1;
	if (cnm_cli_sandbox_find(cli, cli->args[1], sandbox, err) < 0 && err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

static int disconnect_run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct disconnect *args = input;
	_cleanup_network_ struct cnm_network *network = NULL;
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	const char *network_name, *container;
	size_t released = 0;

	if (!cnm_cli_controller(cli, err) || resolve(cli, &network, &sandbox, err) < 0)
		return -1;
	network_name = network ? network->name : cli->args[0];
	container = sandbox ? sandbox->id : cli->args[1];
	if (cnm_disconnect(cli->controller, network_name, container, args->ifname, &released, err) < 0)
		return -1;
	if (released > 0)
		return 0;
	return cnm_fail(err, CNM_E_NOT_FOUND, "network %s: sandbox %s is not connected%s%s", network_name,
	                container, args->ifname ? " by interface " : "", args->ifname ? args->ifname : "");
}

const struct cnm_cli_command cnm_cli_disconnect = {
        .name = "disconnect",
        .args = "NETWORK SANDBOX",
        .summary = "Disconnect a sandbox from a network",
        .min_args = 2,
        .max_args = 2,
        .options = disconnect_options,
        .option = disconnect_option,
        .input_size = sizeof(struct disconnect),
        .run = disconnect_run,
};
