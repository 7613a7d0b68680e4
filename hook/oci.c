/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OCI hook. The stage comes from the arguments, never from `status` in the state, about which runtimes disagree. Stages may be repeated
 * and come in any order: attaching what is attached and releasing what is released are successes.
 */
#include "hook/oci.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/model.h"
#include "hook/oci_networks.h"
#include "hook/report.h"
#include "spec/oci_state.h"
#include <argp.h>
#include <stdio.h>
#include <string.h>

#define STATE_MAX (1024 * 1024)

enum stage { STAGE_NONE, STAGE_ATTACH, STAGE_RELEASE };

struct oci {
	enum stage stage;
	const char *root, *state;
	const char *files_mirror;
	struct cnm_attach_list networks;
	struct cnm_port_args ports;
	struct cnm_error err; /* of the arguments */
};

enum { KEY_NETWORK = 0x100, KEY_ROOT, KEY_STATE, KEY_FILES };

static const struct argp_option options[] = {
        {"network", KEY_NETWORK, "NAME[:OPTION,...]", 0,
         "Attach to this network (repeat); options: ip, ip6, mac, ifname, alias, gw-priority. Without any: "
         "the "
         "annotation cnm.networks says",
         0},
        {"publish", 'p', "[HOSTIP:]HOSTPORT:PORT[/PROTOCOL]", 0,
         "Publish a port, or FIRST-LAST, of the first network on the host (repeat)", 0},
        {"files", KEY_FILES, "DIR", 0, "The bundle mounts hosts and resolv.conf from here: keep them current",
         0},
        {"root", KEY_ROOT, "DIR", 0, "Durable records (" CNM_DEFAULT_ROOT ")", 1},
        {"state", KEY_STATE, "DIR", 0, "Live records (" CNM_DEFAULT_STATE ")", 1},
        {0},
};

static enum stage parse_stage(const char *text)
{
	if (strcmp(text, "prestart") == 0 || strcmp(text, "createRuntime") == 0)
		return STAGE_ATTACH;
	return strcmp(text, "poststop") == 0 ? STAGE_RELEASE : STAGE_NONE;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct oci *oci = state->input;

	switch (key) {
	case KEY_NETWORK:
		if (oci->err.code == CNM_OK)
			cnm_attach_list_add(&oci->networks, arg, &oci->err);
		return 0;
	case 'p':
		if (oci->err.code == CNM_OK)
			cnm_port_args_add(&oci->ports, arg, &oci->err);
		return 0;
	case KEY_ROOT:
		oci->root = arg;
		return 0;
	case KEY_STATE:
		oci->state = arg;
		return 0;
	case KEY_FILES:
		oci->files_mirror = arg;
		return 0;
	case ARGP_KEY_ARG:
		oci->stage = state->arg_num == 0 ? parse_stage(arg) : STAGE_NONE;
		if (oci->stage == STAGE_NONE)
			argp_error(state, "\"%s\" is none of prestart, createRuntime, poststop", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which stage? prestart, createRuntime or poststop");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "prestart|createRuntime|poststop",
        .doc = "Serve an OCI runtime's hook; the container's state is on stdin.",
};

static int attach(struct cnm_controller *controller, const struct oci *oci, const struct cnm_oci_state *state,
                  struct cnm_error *err)
{
	_cleanup_attach_list_ struct cnm_attach_list annotated = {0};
	const struct cnm_attach_list *networks = &oci->networks;
	struct cnm_oci_container container = {
	        .state = state, .files_mirror = oci->files_mirror, .ports = &oci->ports};
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

static int serve(const struct oci *oci, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(STATE_MAX);
	_cleanup_oci_state_ struct cnm_oci_state state = {0};
	struct cnm_settings settings = {.root = oci->root, .state = oci->state};
	struct cnm_controller *controller = NULL;
	int r;

	if (oci->err.code != CNM_OK) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		/* A runtime that blocks writing the state would not see that we failed. */
		cnm_buf_read_fd(&text, STDIN_FILENO, "the container state", &ignored);
		*err = oci->err;
		return -1;
	}
	if (cnm_buf_read_fd(&text, STDIN_FILENO, "the container state", err) < 0 ||
	    cnm_oci_state_parse(&state, cnm_buf_text(&text), text.len, err) < 0 ||
	    cnm_controller_open(&controller, &settings, err) < 0)
		return -1;
	r = cnm_controller_add_builtin_drivers(controller, err);
	if (r == 0)
		r = oci->stage == STAGE_ATTACH ? attach(controller, oci, &state, err)
		                               : cnm_container_stopped(controller, state.id, err);
	cnm_controller_close(controller);
	return r;
}

int cnm_oci_main(int argc, char **argv)
{
	struct oci oci = {.root = getenv("CNM_ROOT"), .state = getenv("CNM_STATE")};
	struct cnm_error err = CNM_ERROR_INIT;
	int r;

	argp_err_exit_status = CNM_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &oci);
	r = serve(&oci, &err);
	cnm_attach_list_free(&oci.networks);
	cnm_port_args_free(&oci.ports);
	return r < 0 ? cnm_report_error(CNM_FORMAT_TEXT, &err) : CNM_EXIT_OK;
}
