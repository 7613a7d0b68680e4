/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runtimes and people send: states, configurations, results, environments, arguments. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/attach_arg.h"
#include "spec/cni_config.h"
#include "spec/cni_env.h"
#include "spec/cni_ipam.h"
#include "spec/cni_network.h"
#include "spec/cni_plugin.h"
#include "spec/cni_result.h"
#include "spec/oci_state.h"
#include "spec/port_arg.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

/* What is accepted and printed again is accepted again. */
void fuzz_json(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_object *first = NULL, *second = NULL;
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cnm_error err = CNM_ERROR_INIT;
	const char *printed;

	if (cnm_json_parse(&first, text, size, "input", &err) < 0) {
		FUZZ_ASSERT(err.code != CNM_OK && err.text[0]);
		return;
	}
	printed = json_object_to_json_string(first);
	FUZZ_ASSERT(cnm_json_parse(&second, printed, strlen(printed), "printed", &err) == 0);
}

void fuzz_oci_state(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cnm_oci_state state;
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_oci_state_parse(&state, text, size, &err) < 0)
		return;
	FUZZ_ASSERT(state.id && state.id[0] && state.pid >= 0);
	cnm_oci_state_annotation(&state, CNM_ANNOTATION_NETWORKS);
	cnm_oci_state_free(&state);
}

static void read_plugins(const struct cnm_cni_config *config)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_network network;
	struct cnm_cni_ipam ipam;
	struct cnm_cni_bridge bridge;
	struct cnm_cni_portmap portmap;
	struct cnm_cni_firewall firewall;
	struct cnm_cni_tuning tuning;
	struct cnm_cni_bandwidth bandwidth;

	if (cnm_cni_network_parse(&network, config, &err) == 0)
		cnm_cni_network_free(&network);
	if (cnm_cni_ipam_parse(&ipam, config, &err) == 0)
		cnm_cni_ipam_free(&ipam);
	if (cnm_cni_bridge_parse(&bridge, config, &err) == 0)
		cnm_cni_bridge_free(&bridge);
	if (cnm_cni_portmap_parse(&portmap, config, &err) == 0)
		cnm_cni_portmap_free(&portmap);
	cnm_cni_firewall_parse(&firewall, config, &err);
	if (cnm_cni_tuning_parse(&tuning, config, &err) == 0)
		cnm_cni_tuning_free(&tuning);
	cnm_cni_bandwidth_of_config(&bandwidth, config, &err);
}

/* The first byte chooses the command. */
void fuzz_cni_config(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = size ? fuzz_text(data + 1, size - 1) : NULL;
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_config config;

	if (!text)
		return;
	if (cnm_cni_config_parse(&config, (enum cnm_cni_command)(data[0] % CNM_CNI_COMMAND_COUNT), text,
	                         size - 1, &err) < 0) {
		FUZZ_ASSERT(err.code != 0 && err.msg[0]);
		return;
	}
	read_plugins(&config);
	cnm_cni_config_free(&config);
}

/* The first byte chooses the version. What was parsed can be built, and that parsed again. */
void fuzz_cni_result(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = size ? fuzz_text(data + 1, size - 1) : NULL;
	_cleanup_json_ json_object *root = NULL, *built = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cni_result result, again;
	enum cnm_cni_version version;

	if (!text || cnm_json_parse_object(&root, text, size - 1, "result", &err) < 0)
		return;
	version = (enum cnm_cni_version)(data[0] % CNM_CNI_VERSION_COUNT);
	if (cnm_cni_result_parse(&result, root, version, &err) < 0)
		return;
	if (cnm_cni_result_build(&built, &result, version, &err) == 0 &&
	    cnm_cni_result_parse(&again, built, version, &err) == 0) {
		FUZZ_ASSERT(again.ip_count <= result.ip_count && again.route_count <= result.route_count);
		cnm_cni_result_free(&again);
	}
	cnm_cni_result_free(&result);
}

/* Lines: the command, container, namespace, interface, arguments. */
void fuzz_cni_env(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	char *lines[5] = {NULL}, *at = text;
	struct cnm_cni_env_strings strings;
	struct cnm_cni_env env;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(lines); i++)
		lines[i] = at ? strsep(&at, "\n") : NULL;
	strings = (struct cnm_cni_env_strings){.command = lines[0],
	                                       .container = lines[1],
	                                       .netns = lines[2],
	                                       .ifname = lines[3],
	                                       .args = lines[4]};
	if (cnm_cni_env_parse(&env, &strings, &err) == 0) {
		FUZZ_ASSERT(!env.container || !strchr(env.container, '/'));
		FUZZ_ASSERT(!env.ifname || strlen(env.ifname) < 16);
		cnm_cni_env_free(&env);
	}
}

void fuzz_arguments(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cnm_attach_list attachments = {0};
	struct cnm_port_args ports = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cnm_attach_list_add(&attachments, text, &err);
	cnm_attach_list_parse(&attachments, text, &err);
	cnm_attach_list_free(&attachments);
	cnm_port_args_add(&ports, text, &err);
	cnm_port_args_parse(&ports, text, &err);
	cnm_port_args_free(&ports);
}
