/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Docker Engine would send: which members, of which types, no more and no less; and a recorded conversation, request for request. */
#include "cnm/base/cleanup.h"
#include "tests/support/plugin.h"
#include "tests/support/support.h"
#include <ctype.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Members with one letter for their type: s text, b true or false, i number, o object, a array, n object or null. "?" before: may be absent. */
static const struct {
	const char *call;
	const char *members;
} shapes[] = {
        {"Plugin.Activate", NULL},
        {"NetworkDriver.GetCapabilities", NULL},
        {"IpamDriver.GetCapabilities", NULL},
        {"IpamDriver.GetDefaultAddressSpaces", NULL},
        {"NetworkDriver.CreateNetwork", "sNetworkID oOptions aIPv4Data aIPv6Data"},
        {"NetworkDriver.DeleteNetwork", "sNetworkID"},
        {"NetworkDriver.CreateEndpoint", "sNetworkID sEndpointID oInterface oOptions"},
        {"NetworkDriver.DeleteEndpoint", "sNetworkID sEndpointID"},
        {"NetworkDriver.EndpointOperInfo", "sNetworkID sEndpointID"},
        {"NetworkDriver.Join", "sNetworkID sEndpointID sSandboxKey oOptions"},
        {"NetworkDriver.Leave", "sNetworkID sEndpointID"},
        {"NetworkDriver.ProgramExternalConnectivity", "sNetworkID sEndpointID oOptions"},
        {"NetworkDriver.RevokeExternalConnectivity", "sNetworkID sEndpointID"},
        {"NetworkDriver.DiscoverNew", "iDiscoveryType oDiscoveryData"},
        {"NetworkDriver.DiscoverDelete", "iDiscoveryType oDiscoveryData"},
        {"IpamDriver.RequestPool", "sAddressSpace sPool sSubPool oOptions bV6"},
        {"IpamDriver.ReleasePool", "sPoolID"},
        {"IpamDriver.RequestAddress", "sPoolID sAddress nOptions"},
        {"IpamDriver.ReleaseAddress", "sPoolID sAddress"},
};

static bool complain(struct cnm_test_plugin *plugin, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static bool complain(struct cnm_test_plugin *plugin, const char *format, ...)
{
	va_list args;

	if (plugin->book->complaint[0])
		return false;
	va_start(args, format);
	vsnprintf(plugin->book->complaint, sizeof(plugin->book->complaint), format, args);
	va_end(args);
	return false;
}

static bool type_fits(char letter, json_object *value)
{
	static const char letters[] = "sbioa";
	static const json_type types[] = {json_type_string, json_type_boolean, json_type_int,
	                                  json_type_object, json_type_array};
	const char *at = strchr(letters, letter);

	if (letter == 'n')
		return !value ||
		       (json_object_is_type(value, json_type_object) && json_object_object_length(value) > 0);
	return at && json_object_is_type(value, types[at - letters]);
}

/* The object has exactly these members. */
static bool shape_fits(struct cnm_test_plugin *plugin, const char *what, json_object *obj,
                       const char *members)
{
	int count = 0;

	for (const char *at = members; *at; at += strspn(at, " ")) {
		bool optional = *at == '?';
		char letter = at[optional], key[64];
		json_object *value = NULL;
		size_t len;

		at += optional + 1;
		len = strcspn(at, " ");
		snprintf(key, sizeof(key), "%.*s", (int)len, at);
		at += len;
		if (!json_object_object_get_ex(obj, key, &value)) {
			if (optional)
				continue;
			return complain(plugin, "%s: no %s", what, key);
		}
		if (!type_fits(letter, value))
			return complain(plugin, "%s: %s is %s", what, key, json_object_to_json_string(value));
		count++;
	}
	if (json_object_object_length(obj) != count)
		return complain(plugin, "%s: too much in %s", what, json_object_to_json_string(obj));
	return true;
}

static bool is_id(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool ids_fit(struct cnm_test_plugin *plugin, const char *call, json_object *request)
{
	static const char *const keys[] = {"NetworkID", "EndpointID"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(keys); i++) {
		json_object *value = NULL;

		if (json_object_object_get_ex(request, keys[i], &value) &&
		    !is_id(json_object_get_string(value)))
			return complain(plugin, "%s: %s is no id", call, keys[i]);
	}
	return true;
}

static bool pools_fit(struct cnm_test_plugin *plugin, const char *call, json_object *request, const char *key)
{
	json_object *pools = NULL;
	size_t i;

	json_object_object_get_ex(request, key, &pools);
	for (i = 0; pools && i < json_object_array_length(pools); i++)
		if (!shape_fits(plugin, call, json_object_array_get_idx(pools, i),
		                "sAddressSpace sPool ?sGateway ?oAuxAddresses"))
			return false;
	return true;
}

static bool inner_fits(struct cnm_test_plugin *plugin, const char *call, json_object *request)
{
	json_object *options = NULL, *interface = NULL, *data = NULL;

	json_object_object_get_ex(request, "Options", &options);
	json_object_object_get_ex(request, "Interface", &interface);
	json_object_object_get_ex(request, "DiscoveryData", &data);
	if (data && !shape_fits(plugin, call, data, "sAddress sBindAddress bSelf"))
		return false;
	if (interface && !shape_fits(plugin, call, interface, "sAddress sAddressIPv6 sMacAddress"))
		return false;
	if (strcmp(call, "NetworkDriver.CreateNetwork") == 0)
		return shape_fits(plugin, call, options,
		                  "bcom.docker.network.enable_ipv6 ocom.docker.network.generic "
		                  "?bcom.docker.network.internal") &&
		       pools_fit(plugin, call, request, "IPv4Data") &&
		       pools_fit(plugin, call, request, "IPv6Data");
	if (strncmp(call, "NetworkDriver.", 14) == 0 && options)
		return shape_fits(plugin, call, options,
		                  "acom.docker.network.endpoint.exposedports acom.docker.network.portmap "
		                  "?stest.option");
	return true;
}

/* Headers of Docker's client, but for its name. */
static bool head_fits(struct cnm_test_plugin *plugin, const char *call, const char *head)
{
	if (!strstr(head, "\r\nAccept: application/vnd.docker.plugins.v1.2+json\r\n") ||
	    !strstr(head, "\r\nHost:\r\n") || strstr(head, "Content-Type") || strstr(head, "Expect"))
		return complain(plugin, "%s: headers %s", call, head);
	return true;
}

bool cnm_test_plugin_would_be_sent(struct cnm_test_plugin *plugin, const char *call, const char *head,
                                   json_object *request)
{
	size_t i;

	if (!head_fits(plugin, call, head))
		return false;
	for (i = 0; i < CNM_ARRAY_SIZE(shapes); i++) {
		if (strcmp(shapes[i].call, call) != 0)
			continue;
		if (!shapes[i].members)
			return request ? complain(plugin, "%s: it has a body", call) : true;
		if (!request)
			return complain(plugin, "%s: no body", call);
		return shape_fits(plugin, call, request, shapes[i].members) &&
		       ids_fit(plugin, call, request) && inner_fits(plugin, call, request);
	}
	return complain(plugin, "%s: Docker has no such call", call);
}

/* The recorded request with our ids in place of Docker's: each stands for the same thing throughout. */
static void put_ids(json_object *recorded, json_object *request)
{
	static const char *const keys[] = {"NetworkID", "EndpointID", "SandboxKey"};
	static char bound[CNM_ARRAY_SIZE(keys)][4096];
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(keys); i++) {
		json_object *value = NULL;

		if (!json_object_object_get_ex(recorded, keys[i], &value))
			continue;
		if (!bound[i][0] && json_object_object_get_ex(request, keys[i], &value))
			snprintf(bound[i], sizeof(bound[i]), "%s", json_object_get_string(value));
		json_object_object_add(recorded, keys[i], json_object_new_string(bound[i]));
	}
}

/* Line n of the recording. */
static json_object *recorded_line(const char *path, unsigned n)
{
	_cleanup_free_ char *text = cnm_test_file_read(path);
	char *line = text, *end;

	while (line && n-- > 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	return json_tokener_parse(line);
}

json_object *cnm_test_plugin_play(struct cnm_test_plugin *plugin, const char *call, json_object *request)
{
	json_object *line = recorded_line(plugin->script, plugin->book->call_count - 1), *recorded = NULL,
	            *response = NULL, *path = NULL;

	json_object_object_get_ex(line, "path", &path);
	if (!path || strcmp(json_object_get_string(path) + 1, call) != 0) {
		complain(plugin, "%s comes where Docker sends %s", call,
		         path ? json_object_get_string(path) : "nothing");
		json_object_put(line);
		return NULL;
	}
	json_object_object_get_ex(line, "request", &recorded);
	json_object_object_get_ex(line, "response", &response);
	if (recorded)
		put_ids(recorded, request);
	if (!json_object_equal(recorded, request)) {
		complain(plugin, "%s: %s where Docker sends %.200s", call,
		         json_object_to_json_string(request), json_object_to_json_string(recorded));
		json_object_put(line);
		return NULL;
	}
	json_object_get(response);
	json_object_put(line);
	return response;
}
