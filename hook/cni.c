/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CNI plugin: command from the environment, configuration from stdin, result or error object to stdout, which nothing else
 * is written to. What a command does is the plugin type's.
 */
#include "hook/cni.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cni_plugin.h"
#include "hook/report.h"
#include <stdio.h>
#include <string.h>

/* A personality of another name is a file hook/cni_NAME.c and a line here. */
static const struct cnm_cni_plugin *const plugins[] = {
        &cnm_cni_plugin_bridge,    &cnm_cni_plugin_host_local, &cnm_cni_plugin_cnm,
        &cnm_cni_plugin_firewall,  &cnm_cni_plugin_portmap,    &cnm_cni_plugin_tuning,
        &cnm_cni_plugin_bandwidth, &cnm_cni_plugin_loopback,   &cnm_cni_plugin_macvlan,
        &cnm_cni_plugin_ipvlan,    &cnm_cni_plugin_vlan,
};

struct reply {
	json_object *result; /* NULL: the command prints nothing */
	enum cnm_cni_version version;
};

const char *cnm_cni_plugin_name(size_t i)
{
	return i < CNM_ARRAY_SIZE(plugins) ? plugins[i]->name : NULL;
}

const struct cnm_cni_plugin *cnm_cni_plugin_find(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0 ? argv0 : "";
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(plugins); i++)
		if (strcmp(plugins[i]->name, name) == 0)
			return plugins[i];
	return &cnm_cni_plugin_cnm;
}

/*
 * What the reference prints when nothing tells it what to do (pkg/skel in its library). Programs read this line, and decide by the reference's
 * version what they may ask for (nerdctl wants a firewall of 1.1.0 for ingressPolicy, and warns below 1.7.1): under its names we say whose
 * configuration we serve. What follows the plus sign takes no part in a comparison (semver.org, item 10).
 */
#define REFERENCE_VERSION "1.7.1"
static int print_banner(const struct cnm_cni_plugin *plugin)
{
	bool own = plugin == &cnm_cni_plugin_cnm;

	fprintf(stderr, "CNI %s plugin v%s%s\nCNI protocol versions supported: %s\n", plugin->name,
	        own ? "" : REFERENCE_VERSION "+cnm.", CNM_VERSION, cnm_cni_versions_text());
	return CNM_EXIT_OK;
}

static int print(json_object *obj, struct cnm_error *err)
{
	const char *line = cnm_json_line(obj, err);

	if (!line)
		return -1;
	if (printf("%s\n", line) < 0 || fflush(stdout) != 0)
		return cnm_fail(err, CNM_E_SYSTEM, "cannot write to standard output");
	return 0;
}

static int print_error(const struct cnm_cni_error *error, enum cnm_cni_version version)
{
	_cleanup_json_ json_object *obj = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (cnm_cni_error_build(&obj, cnm_cni_version_name(version), error, &ignored) < 0 ||
	    print(obj, &ignored) < 0)
		fprintf(stderr, "cnm: %s\n", error->msg);
	return CNM_EXIT_ERROR;
}

static int read_stdin(struct cnm_buf *text, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_buf_read_fd(text, STDIN_FILENO, "the network configuration", &plain) == 0)
		return 0;
	cnm_cni_fail_from(err, CNM_CNI_E_DECODE, &plain);
	if (plain.code == CNM_E_SYSTEM)
		err->code = CNM_CNI_E_IO;
	return -1;
}

static int answer_version(const struct cnm_buf *text, struct reply *reply, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_version_reply(&reply->result, cnm_buf_text(text), text->len, &plain) < 0)
		return cnm_cni_fail_from(err, CNM_CNI_E_DECODE, &plain);
	return 0;
}

/* A result that cannot be delivered is a failed ADD, of which nothing may stay. */
static int deliver(const struct cnm_cni_plugin *plugin, const struct cnm_cni_call *call, struct reply *reply,
                   struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_cni_error ignored = CNM_CNI_ERROR_INIT;

	if (print(reply->result, &plain) == 0)
		return 0;
	plugin->del(call, &ignored);
	return cnm_cni_fail_from(err, CNM_CNI_E_IO, &plain);
}

static int dispatch(const struct cnm_cni_plugin *plugin, const struct cnm_cni_call *call, struct reply *reply,
                    struct cnm_cni_error *err)
{
	switch (call->env->command) {
	case CNM_CNI_ADD:
		return plugin->add(call, &reply->result, err) < 0 ? -1 : deliver(plugin, call, reply, err);
	case CNM_CNI_DEL:
		return plugin->del(call, err);
	case CNM_CNI_CHECK:
		return plugin->check(call, err);
	case CNM_CNI_STATUS:
		return plugin->status ? plugin->status(call, err) : 0;
	case CNM_CNI_GC:
		return plugin->gc ? plugin->gc(call, err) : 0;
	case CNM_CNI_VERSION:
		break;
	}
	return 0;
}

static int run(const struct cnm_cni_plugin *plugin, const struct cnm_cni_env *env, const struct cnm_buf *text,
               struct reply *reply, struct cnm_cni_error *err)
{
	struct cnm_settings settings = {
	        .root = getenv("CNM_ROOT"), .state = getenv("CNM_STATE"), .leaves_waiting = true};
	_cleanup_cni_config_ struct cnm_cni_config config = {0};
	struct cnm_cni_call call = {.env = env, .config = &config};
	struct cnm_error plain = CNM_ERROR_INIT;
	int r = cnm_cni_config_parse(&config, env->command, cnm_buf_text(text), text->len, err);

	reply->version = config.version;
	if (r < 0)
		return -1;
	if (cnm_controller_open(&call.controller, &settings, &plain) < 0)
		return cnm_cni_fail_model(err, &call, &plain);
	if (cnm_controller_add_builtin_drivers(call.controller, &plain) < 0)
		r = cnm_cni_fail_model(err, &call, &plain);
	else
		r = dispatch(plugin, &call, reply, err);
	cnm_controller_close(call.controller);
	return r;
}

/* The caller's, where the configuration says so: an error that comes before the configuration is looked at speaks it too. */
static enum cnm_cni_version version_of(const struct cnm_buf *text)
{
	_cleanup_json_ json_object *config = NULL;
	enum cnm_cni_version version = CNM_CNI_NEWEST;
	struct cnm_error ignored = CNM_ERROR_INIT;
	const char *name = NULL;

	if (cnm_json_parse_object(&config, cnm_buf_text(text), text->len, "", &ignored) < 0 ||
	    cnm_json_get_string(config, "cniVersion", &name, &ignored) < 0 || !name ||
	    !cnm_cni_version_parse(&version, name))
		return CNM_CNI_NEWEST;
	return version;
}

static int serve(const struct cnm_cni_plugin *plugin, const struct cnm_cni_env_strings *strings,
                 struct reply *reply, struct cnm_cni_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_JSON_MAX);
	_cleanup_cni_env_ struct cnm_cni_env env = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	struct cnm_cni_error unread = CNM_CNI_ERROR_INIT;
	int r = read_stdin(&text, &unread);

	if (cnm_cni_env_parse(&env, strings, err) < 0) {
		reply->version = version_of(&text);
		return -1;
	}
	if (r < 0) {
		*err = unread;
		return -1;
	}
	if (env.command != CNM_CNI_VERSION)
		return run(plugin, &env, &text, reply, err);
	if (answer_version(&text, reply, err) < 0)
		return -1;
	return print(reply->result, &plain) < 0 ? cnm_cni_fail_from(err, CNM_CNI_E_IO, &plain) : 0;
}

int cnm_cni_main(int argc, char **argv)
{
	const struct cnm_cni_plugin *plugin = cnm_cni_plugin_find(argc > 0 ? argv[0] : NULL);
	struct cnm_cni_env_strings strings = {
	        .command = getenv("CNI_COMMAND"),
	        .container = getenv("CNI_CONTAINERID"),
	        .netns = getenv("CNI_NETNS"),
	        .ifname = getenv("CNI_IFNAME"),
	        .args = getenv("CNI_ARGS"),
	        .path = getenv("CNI_PATH"),
	        .netns_override = getenv("CNI_NETNS_OVERRIDE"),
	};
	struct reply reply = {.version = CNM_CNI_NEWEST};
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	int r;

	if (!strings.command || !strings.command[0])
		return print_banner(plugin);
	r = serve(plugin, &strings, &reply, &err);
	json_object_put(reply.result);
	return r < 0 ? print_error(&err, reply.version) : CNM_EXIT_OK;
}
