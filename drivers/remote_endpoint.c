/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint at a plugin. How far it was asked stands in the record before each call, so that a leave tells exactly what is to be taken
 * back: a call that was refused, or never sent, left nothing there.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>

/* One question about an endpoint. */
struct question {
	struct cnm_controller *controller;
	struct cnm_remote_plugin *plugin;
	struct cnm_endpoint *endpoint;
};

static const char *asked_of(const struct cnm_endpoint *endpoint)
{
	const char *asked = cnm_kvs_get(&endpoint->driver_state, CNM_REMOTE_ASKED);

	return asked ? asked : "";
}

static int note(const struct question *q, const char *asked, struct cnm_error *err)
{
	if (cnm_kvs_set(&q->endpoint->driver_state, CNM_REMOTE_ASKED, asked, err) < 0)
		return -1;
	return cnm_outside_note(q->controller, q->endpoint, err);
}

/* Asks; what is known to have had no effect is not taken back. */
static int ask(const struct question *q, const char *call, char *body, const char *asked, json_object **ret,
               struct cnm_error *err)
{
	_cleanup_free_ char *before = strdup(asked_of(q->endpoint));
	struct cnm_error ignored = CNM_ERROR_INIT;
	enum cnm_remote_outcome outcome;

	if (!before || !body || note(q, asked, err) < 0) {
		free(body);
		if (!before)
			return cnm_fail_nomem(err);
		cnm_kvs_set(&q->endpoint->driver_state, CNM_REMOTE_ASKED, before, &ignored);
		return -1;
	}
	if (cnm_remote_ask(q->controller, q->plugin, call, body, ret, &outcome, err) == 0)
		return 0;
	if (outcome == CNM_REMOTE_REFUSED || outcome == CNM_REMOTE_NOT_HEARD)
		note(q, before, &ignored);
	return -1;
}

static const char *plugin_of(const struct cnm_endpoint *endpoint)
{
	return cnm_kvs_get(&endpoint->driver_state, "driver");
}

static const char *owed_key(const char *kind, const char *id, char ret[CNM_OWED_KEY_MAX])
{
	snprintf(ret, CNM_OWED_KEY_MAX, "%s%.*s", kind, CNM_ID_LEN, id);
	return ret;
}

static char *ids_body(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	const char *network = cnm_kvs_get(&endpoint->driver_state, CNM_REMOTE_NETWORK_ID);

	return cnm_plugin_endpoint_body(network ? network : "", endpoint->id, err);
}

/* Everything that takes back what was asked so far. count 0: nothing. */
static int fill_leave(struct cnm_owed *owed, const struct cnm_endpoint *endpoint, const char *asked,
                      struct cnm_error *err)
{
	const char *external = cnm_kvs_get(&endpoint->driver_state, CNM_OUTSIDE_EXTERNAL);

	if (!*asked)
		return 0;
	if (external && strcmp(external, "true") == 0 &&
	    cnm_owed_add(owed, "NetworkDriver.RevokeExternalConnectivity", ids_body(endpoint, err), err) < 0)
		return -1;
	if (strcmp(asked, "join") == 0 &&
	    cnm_owed_add(owed, "NetworkDriver.Leave", ids_body(endpoint, err), err) < 0)
		return -1;
	if (cnm_owed_add(owed, "NetworkDriver.DeleteEndpoint", ids_body(endpoint, err), err) < 0)
		return -1;
	return cnm_remote_owed_about(owed, endpoint->network, "", endpoint->name, endpoint->id, err);
}

/* The boot takes the record away, and the plugin may keep what it has: that stands where a boot does not reach it. */
static int hold(const struct question *q, const char *asked, struct cnm_error *err)
{
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];

	if (fill_leave(&owed, q->endpoint, asked, err) < 0)
		return -1;
	return cnm_remote_hold(q->controller, q->plugin->name,
	                       owed_key(CNM_OWED_ENDPOINT, q->endpoint->id, key), &owed, err);
}

static int create(const struct question *q, struct cnm_error *err)
{
	_cleanup_remote_body_ struct cnm_remote_body body = {0};
	_cleanup_json_ json_object *reply = NULL;
	struct cnm_plugin_interface chosen;

	if (cnm_remote_body_fill(&body, q->endpoint, err) < 0 || hold(q, "join", err) < 0 ||
	    ask(q, "NetworkDriver.CreateEndpoint", cnm_plugin_create_endpoint(&body.wire, err), "create",
	        &reply, err) < 0)
		return -1;
	if (cnm_plugin_interface(reply, &chosen, err) < 0 ||
	    cnm_remote_apply_interface(q->endpoint, &chosen, err) < 0)
		return cnm_wrap(err, "plugin %s: NetworkDriver.CreateEndpoint", q->plugin->name);
	return 0;
}

static int join(const struct question *q, char ret_prefix[IF_NAMESIZE], struct cnm_error *err)
{
	_cleanup_remote_body_ struct cnm_remote_body body = {0};
	_cleanup_json_ json_object *reply = NULL;
	struct cnm_plugin_joined joined;

	if (cnm_remote_body_fill(&body, q->endpoint, err) < 0 ||
	    ask(q, "NetworkDriver.Join", cnm_plugin_join(&body.wire, err), "join", &reply, err) < 0)
		return -1;
	if (cnm_plugin_joined(reply, &joined, err) < 0 ||
	    cnm_remote_apply_joined(q->endpoint, &joined, err) < 0)
		return cnm_wrap(err, "plugin %s: NetworkDriver.Join", q->plugin->name);
	snprintf(ret_prefix, IF_NAMESIZE, "%s", joined.dst_prefix ? joined.dst_prefix : "");
	return cnm_outside_note(q->controller, q->endpoint, err);
}

int cnm_remote_ask_join(struct cnm_controller *controller, const struct cnm_network *network,
                        struct cnm_endpoint *endpoint, char ret_prefix[IF_NAMESIZE], struct cnm_error *err)
{
	struct question q = {.controller = controller, .endpoint = endpoint};

	if (cnm_remote_plugin_get(controller, network->driver, CNM_REMOTE_NETWORK, &q.plugin, err) < 0 ||
	    create(&q, err) < 0)
		return -1;
	return join(&q, ret_prefix, err);
}

int cnm_remote_ask_external(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_remote_body_ struct cnm_remote_body body = {0};
	_cleanup_free_ char *text = NULL;
	struct cnm_remote_plugin *plugin;

	if (cnm_remote_plugin_get(controller, network->driver, CNM_REMOTE_NETWORK, &plugin, err) < 0 ||
	    cnm_remote_body_fill(&body, endpoint, err) < 0)
		return -1;
	text = cnm_plugin_program_external(&body.wire, err);
	if (!text)
		return -1;
	/* Older plugins do not know the call: Docker goes on without it too. */
	return cnm_remote_call(controller, plugin, "NetworkDriver.ProgramExternalConnectivity", text,
	                       CNM_REMOTE_OPTIONAL, NULL, NULL, err);
}

int cnm_remote_tell_external(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, bool on,
                             struct cnm_error *err)
{
	_cleanup_remote_body_ struct cnm_remote_body body = {0};
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];
	char *text;

	if (cnm_remote_body_fill(&body, endpoint, err) < 0 ||
	    cnm_remote_owed_about(&owed, endpoint->network, "", endpoint->name, endpoint->id, err) < 0)
		return -1;
	text = on ? cnm_plugin_program_external(&body.wire, err) : ids_body(endpoint, err);
	if (cnm_owed_add(&owed,
	                 on ? "NetworkDriver.ProgramExternalConnectivity"
	                    : "NetworkDriver.RevokeExternalConnectivity",
	                 text, err) < 0)
		return -1;
	return cnm_remote_owe(controller, plugin_of(endpoint), owed_key(CNM_OWED_EXTERNAL, endpoint->id, key),
	                      &owed, err);
}

static int owe_leave(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                     struct cnm_error *err)
{
	_cleanup_owed_ struct cnm_owed owed = {0};
	char key[CNM_OWED_KEY_MAX];

	if (fill_leave(&owed, endpoint, asked_of(endpoint), err) < 0)
		return -1;
	if (owed.count == 0) {
		cnm_remote_let_go(controller, plugin_of(endpoint),
		                  owed_key(CNM_OWED_ENDPOINT, endpoint->id, key));
		return 0;
	}
	/* Whoever still asks about it knows best what is to be taken back. */
	cnm_asking_process(controller, endpoint, &owed.pid, &owed.start_time);
	return cnm_remote_owe(controller, plugin_of(endpoint), owed_key(CNM_OWED_ENDPOINT, endpoint->id, key),
	                      &owed, err);
}

int cnm_remote_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	if (cnm_remote_link_leave(controller, endpoint, netns_fd, err) < 0)
		return -1;
	return owe_leave(controller, endpoint, err);
}

int cnm_remote_ask_info(struct cnm_controller *controller, const struct cnm_network *network,
                        const struct cnm_endpoint *endpoint, char **ret, struct cnm_error *err)
{
	_cleanup_free_ char *body = ids_body(endpoint, err);
	_cleanup_json_ json_object *reply = NULL;
	struct cnm_remote_plugin *plugin;
	json_object *value;

	if (!body ||
	    cnm_remote_plugin_get(controller, network->driver, CNM_REMOTE_NETWORK, &plugin, err) < 0 ||
	    cnm_remote_call(controller, plugin, "NetworkDriver.EndpointOperInfo", body, CNM_REMOTE_ASK,
	                    &reply, NULL, err) < 0)
		return -1;
	value = cnm_json_get_caseless(reply, "Value");
	*ret = strdup(value && json_object_is_type(value, json_type_object)
	                      ? json_object_to_json_string(value)
	                      : "{}");
	return *ret ? 0 : cnm_fail_nomem(err);
}
