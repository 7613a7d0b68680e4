/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plugins: found, activated once for each socket that they listen on, and remembered in STATE/plugins/NAME.json. The calls
 * of an activation come in the order in which Docker Engine makes them.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "drivers/remote.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FOLDER     "plugins"
#define RECORD_MAX 16384

void cnm_remote_plugins_free(struct cnm_remote_plugin *plugins)
{
	while (plugins) {
		struct cnm_remote_plugin *next = plugins->next;

		cnm_plugin_address_free(&plugins->address);
		free(plugins);
		plugins = next;
	}
}

static const char *file_of(const char *name, char ret[CNM_NAME_MAX + 8])
{
	snprintf(ret, CNM_NAME_MAX + 8, "%.*s.json", CNM_NAME_MAX, name);
	return ret;
}

bool cnm_remote_plugin_is_known(struct cnm_controller *controller, const char *name)
{
	char path[CNM_NAME_MAX + 32];

	snprintf(path, sizeof(path), FOLDER "/%.*s.json", CNM_NAME_MAX, name);
	return faccessat(controller->store->state_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is not readable is asked for again. */
static void load(struct cnm_controller *controller, const char *name, struct cnm_plugin_record *ret)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(RECORD_MAX);
	struct cnm_error ignored = CNM_ERROR_INIT;
	char file[CNM_NAME_MAX + 8];
	_cleanup_close_ int fd = cnm_dir_open_at(controller->store->state_fd, FOLDER, false, &ignored);

	*ret = (struct cnm_plugin_record){0};
	if (fd < 0 || cnm_file_read_at(fd, file_of(name, file), RECORD_MAX, &text, &ignored) < 0)
		return;
	if (cnm_plugin_record_decode(ret, cnm_buf_text(&text), text.len, &ignored) < 0)
		*ret = (struct cnm_plugin_record){0};
}

static int save(struct cnm_controller *controller, const struct cnm_remote_plugin *plugin,
                struct cnm_error *err)
{
	_cleanup_free_ char *text = cnm_plugin_record_encode(&plugin->record, err);
	_cleanup_close_ int fd = cnm_dir_open_at(controller->store->state_fd, FOLDER, true, err);
	char file[CNM_NAME_MAX + 8];

	if (!text || fd < 0)
		return -1;
	return cnm_file_write_at(fd, file_of(plugin->name, file), text, strlen(text), false, false, err);
}

static int ask_network(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                       struct cnm_error *err)
{
	_cleanup_json_ json_object *reply = NULL;

	if (cnm_remote_call(controller, plugin, "NetworkDriver.GetCapabilities", NULL, CNM_REMOTE_ASK, &reply,
	                    NULL, err) < 0)
		return -1;
	if (cnm_plugin_network_capabilities(reply, &plugin->record.network, err) < 0)
		return cnm_wrap(err, "plugin %s: NetworkDriver.GetCapabilities", plugin->name);
	return 0;
}

static int ask_ipam(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                    struct cnm_error *err)
{
	_cleanup_json_ json_object *reply = NULL, *spaces = NULL;
	struct cnm_plugin_record *record = &plugin->record;
	const char *local, *global;

	if (cnm_remote_call(controller, plugin, "IpamDriver.GetCapabilities", NULL, CNM_REMOTE_OPTIONAL,
	                    &reply, NULL, err) < 0)
		return -1;
	if (cnm_plugin_ipam_capabilities(reply, &record->ipam, err) < 0)
		return cnm_wrap(err, "plugin %s: IpamDriver.GetCapabilities", plugin->name);
	if (cnm_remote_call(controller, plugin, "IpamDriver.GetDefaultAddressSpaces", NULL, CNM_REMOTE_ASK,
	                    &spaces, NULL, err) < 0)
		return -1;
	if (cnm_plugin_address_spaces(spaces, &local, &global, err) < 0)
		return cnm_wrap(err, "plugin %s: IpamDriver.GetDefaultAddressSpaces", plugin->name);
	snprintf(record->local_space, sizeof(record->local_space), "%s", local);
	snprintf(record->global_space, sizeof(record->global_space), "%s", global);
	return 0;
}

static int activate(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                    struct cnm_error *err)
{
	_cleanup_json_ json_object *reply = NULL;

	if (cnm_remote_call(controller, plugin, "Plugin.Activate", NULL, CNM_REMOTE_ASK, &reply, NULL, err) <
	    0)
		return -1;
	if (cnm_plugin_activation(reply, &plugin->record.implements, err) < 0)
		return cnm_wrap(err, "plugin %s: Plugin.Activate", plugin->name);
	if (plugin->record.implements.network && ask_network(controller, plugin, err) < 0)
		return -1;
	return plugin->record.implements.ipam ? ask_ipam(controller, plugin, err) : 0;
}

/* Says whether the plugin can know of it now: what it answers is not our affair, and no verb fails for it. */
static bool tell_discovery(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                           const char *call, const char *node)
{
	enum cnm_remote_outcome outcome = CNM_REMOTE_NOT_HEARD;
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_free_ char *body = cnm_plugin_node(node, true, &ignored);

	if (body)
		cnm_remote_call(controller, plugin, call, body, CNM_REMOTE_OPTIONAL, NULL, &outcome,
		                &ignored);
	return outcome != CNM_REMOTE_NOT_HEARD;
}

/* A plugin that reaches other hosts is told the address of this one, as Docker tells it of nodes: when it is new, and when the address
 * changes. */
static bool tell_node(struct cnm_controller *controller, struct cnm_remote_plugin *plugin)
{
	const char *node = cnm_remote_node();

	if (!plugin->record.implements.network || !plugin->record.network.connectivity_global ||
	    strcmp(plugin->record.node, node) == 0)
		return false;
	if (plugin->record.node[0] &&
	    !tell_discovery(controller, plugin, "NetworkDriver.DiscoverDelete", plugin->record.node))
		return false;
	if (*node && !tell_discovery(controller, plugin, "NetworkDriver.DiscoverNew", node))
		node = "";
	snprintf(plugin->record.node, sizeof(plugin->record.node), "%s", node);
	return true;
}

static int open_plugin(struct cnm_controller *controller, struct cnm_remote_plugin *plugin,
                       struct cnm_error *err)
{
	char identity[128] = "";
	bool is_new;

	if (cnm_remote_find(plugin->name, &plugin->address, identity, err) < 0)
		return -1;
	load(controller, plugin->name, &plugin->record);
	is_new = strcmp(plugin->record.identity, identity) != 0;
	/* The file is of this boot: without one, it is the plugin's first use in it. */
	if (!plugin->record.identity[0])
		cnm_remote_held_to_owed(controller, plugin->name);
	if (is_new) {
		plugin->record = (struct cnm_plugin_record){0};
		if (activate(controller, plugin, err) < 0)
			return -1;
		snprintf(plugin->record.identity, sizeof(plugin->record.identity), "%s", identity);
		if (plugin->record.implements.ipam && plugin->record.ipam.requires_replay)
			cnm_remote_replay(controller, plugin);
	}
	if (tell_node(controller, plugin) || is_new)
		return save(controller, plugin, err);
	return 0;
}

static struct cnm_remote_plugin *find_open(const struct cnm_remote *remote, const char *name)
{
	struct cnm_remote_plugin *at = remote->plugins;

	while (at && strcmp(at->name, name) != 0)
		at = at->next;
	return at;
}

static int open_new(struct cnm_controller *controller, struct cnm_remote *remote, const char *name,
                    struct cnm_remote_plugin **ret, struct cnm_error *err)
{
	struct cnm_remote_plugin *plugin = calloc(1, sizeof(*plugin));

	if (!plugin)
		return cnm_fail_nomem(err);
	snprintf(plugin->name, sizeof(plugin->name), "%s", name);
	if (open_plugin(controller, plugin, err) < 0) {
		cnm_remote_plugins_free(plugin);
		return err->code == CNM_E_NOT_FOUND ? cnm_wrap(err, "plugin %s", name) : -1;
	}
	plugin->next = remote->plugins;
	remote->plugins = plugin;
	*ret = plugin;
	return 0;
}

int cnm_remote_plugin_get(struct cnm_controller *controller, const char *name, enum cnm_remote_kind kind,
                          struct cnm_remote_plugin **ret, struct cnm_error *err)
{
	struct cnm_remote *remote = cnm_remote_of(controller, err);
	struct cnm_remote_plugin *plugin = remote ? find_open(remote, name) : NULL;

	if (!remote || (!plugin && open_new(controller, remote, name, &plugin, err) < 0))
		return -1;
	if (kind != CNM_REMOTE_ANY &&
	    !(kind == CNM_REMOTE_IPAM ? plugin->record.implements.ipam : plugin->record.implements.network))
		return cnm_fail(err, CNM_E_UNSUPPORTED, "plugin %s is no %s driver", name,
		                kind == CNM_REMOTE_IPAM ? "IPAM" : "network");
	*ret = plugin;
	return 0;
}
