/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of plugins: activation and capabilities, networks, addresses. */
#include "spec/plugin_reply.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include <string.h>
#include <sys/socket.h>

int cnm_plugin_reply_parse(json_object **ret, const char *text, size_t len, struct cnm_error *err)
{
	if (cnm_text_is_blank(text, len)) {
		*ret = json_object_new_object();
		return *ret ? 0 : cnm_fail_nomem(err);
	}
	return cnm_json_parse_object(ret, text, len, "the answer", err);
}

static const char *text_member(json_object *obj, const char *key)
{
	json_object *value = cnm_json_get_caseless(obj, key);
	const char *text =
	        value && json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return text && *text ? text : NULL;
}

const char *cnm_plugin_refusal(json_object *reply)
{
	const char *text = text_member(reply, "Err");

	return text ? text : text_member(reply, "Error");
}

int cnm_plugin_activation(json_object *reply, struct cnm_plugin_implements *ret, struct cnm_error *err)
{
	_cleanup_strings_ struct cnm_strings names = {0};

	if (cnm_caseless_get_strings(reply, "Implements", &names, err) < 0)
		return -1;
	ret->network = cnm_strings_contain(&names, "NetworkDriver");
	ret->ipam = cnm_strings_contain(&names, "IpamDriver");
	return 0;
}

static int get_scope(json_object *reply, const char *key, bool *global, struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(reply, key, &text, err) < 0)
		return -1;
	if (!text || !*text)
		return 0;
	*global = strcmp(text, "global") == 0;
	if (!*global && strcmp(text, "local") != 0)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": \"%s\" is neither local nor global", key,
		                text);
	return 1;
}

int cnm_plugin_network_capabilities(json_object *reply, struct cnm_plugin_capabilities *ret,
                                    struct cnm_error *err)
{
	int has = get_scope(reply, "Scope", &ret->global, err);

	if (has < 0)
		return -1;
	if (has == 0)
		return cnm_fail(err, CNM_E_INVALID, "no \"Scope\"");
	ret->connectivity_global = ret->global;
	return get_scope(reply, "ConnectivityScope", &ret->connectivity_global, err) < 0 ? -1 : 0;
}

int cnm_plugin_ipam_capabilities(json_object *reply, struct cnm_plugin_ipam_capabilities *ret,
                                 struct cnm_error *err)
{
	*ret = (struct cnm_plugin_ipam_capabilities){0};
	if (cnm_caseless_get_bool(reply, "RequiresMACAddress", &ret->requires_mac, err) < 0)
		return -1;
	return cnm_caseless_get_bool(reply, "RequiresRequestReplay", &ret->requires_replay, err);
}

int cnm_plugin_address_spaces(json_object *reply, const char **ret_local, const char **ret_global,
                              struct cnm_error *err)
{
	*ret_local = *ret_global = "";
	if (cnm_caseless_get_string(reply, "LocalDefaultAddressSpace", ret_local, err) < 0)
		return -1;
	return cnm_caseless_get_string(reply, "GlobalDefaultAddressSpace", ret_global, err);
}

/* An address in CIDR form where one is given. */
static int get_cidr(json_object *obj, const char *key, int family, struct cnm_addr *ret,
                    struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(obj, key, &text, err) < 0)
		return -1;
	if (!text || !*text)
		return 0;
	if (cnm_addr_parse_cidr(ret, text, err) < 0)
		return cnm_wrap(err, "key \"%s\"", key);
	if (family && ret->family != family)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": %s is of the other family", key, text);
	return 0;
}

int cnm_plugin_interface(json_object *reply, struct cnm_plugin_interface *ret, struct cnm_error *err)
{
	json_object *interface = NULL;
	const char *mac = NULL;

	*ret = (struct cnm_plugin_interface){0};
	if (cnm_caseless_get_object(reply, "Interface", &interface, err) < 0 ||
	    get_cidr(interface, "Address", AF_INET, &ret->address, err) < 0 ||
	    get_cidr(interface, "AddressIPv6", AF_INET6, &ret->address6, err) < 0 ||
	    cnm_caseless_get_string(interface, "MacAddress", &mac, err) < 0)
		return -1;
	return mac && *mac ? cnm_mac_parse(&ret->mac, mac, err) : 0;
}

int cnm_plugin_pool_reply(json_object *reply, struct cnm_plugin_pool_reply *ret, struct cnm_error *err)
{
	json_object *data = NULL;

	*ret = (struct cnm_plugin_pool_reply){0};
	if (cnm_caseless_get_string(reply, "PoolID", &ret->id, err) < 0 ||
	    get_cidr(reply, "Pool", 0, &ret->pool, err) < 0 ||
	    cnm_caseless_get_object(reply, "Data", &data, err) < 0 ||
	    get_cidr(data, "com.docker.network.gateway", 0, &ret->gateway, err) < 0)
		return -1;
	if (!ret->id || !*ret->id || !cnm_addr_is_set(&ret->pool))
		return cnm_fail(err, CNM_E_INVALID, "no \"PoolID\" and \"Pool\"");
	ret->pool = cnm_addr_network(&ret->pool);
	return 0;
}

int cnm_plugin_address_reply(json_object *reply, struct cnm_addr *ret, struct cnm_error *err)
{
	*ret = (struct cnm_addr){0};
	if (get_cidr(reply, "Address", 0, ret, err) < 0)
		return -1;
	return cnm_addr_is_set(ret) ? 0 : cnm_fail(err, CNM_E_INVALID, "no \"Address\"");
}
