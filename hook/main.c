/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry: chooses the way in, once. A CNI runtime passes its command in the environment and no arguments; everybody else
 * names a command, of which those for OCI runtimes parse their own arguments.
 */
#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/privs.h"
#include "hook/cli_commands.h"
#include "hook/cni.h"

/* Here for the list that help prints; the engine knows what to do with it. */
static const struct cnm_cli_command help = {
        .name = "help",
        .args = "[COMMAND [VERB]]",
        .summary = "Explain a command",
};

static const struct cnm_cli_command *const commands[] = {
        &cnm_cli_network,
        &cnm_cli_endpoint,
        &cnm_cli_sandbox,
        &cnm_cli_connect,
        &cnm_cli_disconnect,
        &cnm_cli_exec,
        &cnm_cli_gc,
        &cnm_cli_reconcile,
        &cnm_cli_doctor,
        &cnm_cli_agent,
        &cnm_cli_oci,
        &cnm_cli_oci_spec,
        &cnm_cli_version,
        &help,
        NULL,
};

static const struct cnm_cli_command root = {
        .name = "cnm",
        .summary = "Container networks for any OCI runtime: networks, endpoints and sandboxes, without a "
                   "daemon.",
        .verbs = commands,
};

/* Plugin types that this executable stands in for when it is called by their names. "cnm" itself is not among them: by that
 * name it is a plugin only where CNI_COMMAND says so. */
static const char *const plugin_names[] = {
        "bridge", "host-local", "portmap", "firewall", "tuning", "loopback", "bandwidth",
};

static bool is_cni(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";

	if (argc <= 1 && getenv("CNI_COMMAND"))
		return true;
	for (size_t i = 0; i < CNM_ARRAY_SIZE(plugin_names); i++) {
		if (strcmp(name, plugin_names[i]) == 0)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct cnm_error err = CNM_ERROR_INIT;

	if (!is_cni(argc, argv))
		return cnm_cli_main(&root, argc, argv);
	if (cnm_privs_sanitize_process(&err) < 0 || cnm_privs_drop(&err) < 0)
		return cnm_report_error(CNM_FORMAT_TEXT, &err);
	return cnm_cni_main(argc, argv);
}
