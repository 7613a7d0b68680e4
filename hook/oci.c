/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OCI hook. The stage comes from the arguments, never from `status` in the state, about which runtimes disagree. Stages may be repeated
 * and come in any order: attaching what is attached and releasing what is released are successes.
 */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/model.h"
#include "hook/cli_commands.h"
#include "hook/cli_dns.h"
#include "hook/oci_networks.h"
#include "spec/oci_state.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATE_MAX (1024 * 1024)

enum stage { STAGE_NONE, STAGE_ATTACH, STAGE_RELEASE };

static enum stage parse_stage(const char *text)
{
	if (strcmp(text, "prestart") == 0 || strcmp(text, "createRuntime") == 0)
		return STAGE_ATTACH;
	return strcmp(text, "poststop") == 0 ? STAGE_RELEASE : STAGE_NONE;
}

struct oci {
	const char *files_mirror;
	struct cnm_attach_list networks;
	struct cnm_port_args ports;
	struct cnm_cli_dns_args dns;
	struct cnm_error
	        err; /* of a network or port: not the usage is wrong, the container's configuration is */
};

enum { KEY_NETWORK = CNM_CLI_KEY_VERB, KEY_FILES };

static const struct argp_option options[] = {
        {"network", KEY_NETWORK, "NAME[:OPTION,...]", 0,
         "Attach to this network (repeat); options: ip, ip6, mac, ifname, alias, gw-priority. Without any: "
         "the annotation cnm.networks",
         0},
        {"publish", 'p', "[HOSTIP:]HOSTPORT:PORT[/PROTOCOL]", 0,
         "Publish a port, or FIRST-LAST, of the first network on the host (repeat)", 0},
        {"files", KEY_FILES, "DIR", 0, "The bundle mounts hosts and resolv.conf from here: keep them current",
         0},
        CNM_CLI_DNS_OPTIONS,
        {0},
};

static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct oci *oci = input;

	switch (key) {
	case KEY_NETWORK:
		if (oci->err.code == CNM_OK)
			cnm_attach_list_add(&oci->networks, arg, &oci->err);
		return 0;
	case 'p':
		if (oci->err.code == CNM_OK)
			cnm_port_args_add(&oci->ports, arg, &oci->err);
		return 0;
	case KEY_FILES:
		oci->files_mirror = arg;
		return 0;
	default:
		return cnm_cli_dns_option(key, arg, &oci->dns, err);
	}
}

static int check(const struct cnm_cli *cli, const void *input, struct cnm_error *err)
{
	if (parse_stage(cli->args[0]) != STAGE_NONE)
		return 0;
	return cnm_fail(err, CNM_E_INVALID, "\"%s\" is none of prestart, createRuntime, poststop",
	                cli->args[0]);
}

static void input_free(void *input)
{
	struct oci *oci = input;

	cnm_attach_list_free(&oci->networks);
	cnm_port_args_free(&oci->ports);
	cnm_cli_dns_args_free(&oci->dns);
}

static int attach(struct cnm_controller *controller, const struct oci *oci, const struct cnm_oci_state *state,
                  struct cnm_error *err)
{
	_cleanup_attach_list_ struct cnm_attach_list annotated = {0};
	const struct cnm_attach_list *networks = &oci->networks;
	struct cnm_oci_container container = {
	        .state = state, .files_mirror = oci->files_mirror, .ports = &oci->ports, .dns = &oci->dns};
	const char *text = cnm_oci_state_annotation(state, CNM_ANNOTATION_NETWORKS);

	if (networks->count == 0) {
		if (!text)
			return cnm_fail(err, CNM_E_INVALID,
			                "container %s: neither --network nor annotation %s names a network",
			                state->id, CNM_ANNOTATION_NETWORKS);
		if (cnm_attach_list_parse(&annotated, text, err) < 0)
			return cnm_wrap(err, "container %s, annotation %s", state->id,
			                CNM_ANNOTATION_NETWORKS);
		networks = &annotated;
		container.annotated = true;
	}
	return cnm_oci_attach(controller, &container, networks, err);
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct oci *oci = input;
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(STATE_MAX);
	_cleanup_oci_state_ struct cnm_oci_state state = {0};

	if (oci->err.code != CNM_OK) {
		/* A runtime that blocks writing the state would not see that we failed. */
		cnm_buf_read_fd(&text, STDIN_FILENO, "the container state", err);
		*err = oci->err;
		return -1;
	}
	if (cnm_buf_read_fd(&text, STDIN_FILENO, "the container state", err) < 0 ||
	    cnm_oci_state_parse(&state, cnm_buf_text(&text), text.len, err) < 0 ||
	    !cnm_cli_controller(cli, err))
		return -1;
	return parse_stage(cli->args[0]) == STAGE_ATTACH
	               ? attach(cli->controller, oci, &state, err)
	               : cnm_container_stopped(cli->controller, state.id, err);
}

const struct cnm_cli_command cnm_cli_oci = {
        .name = "oci",
        .args = "prestart|createRuntime|poststop",
        .summary = "Serve an OCI runtime's hook; the container's state is on stdin",
        .min_args = 1,
        .max_args = 1,
        .options = options,
        .option = option,
        .check = check,
        .input_size = sizeof(struct oci),
        .input_free = input_free,
        .reads_stdin = true,
        .run = run,
};
