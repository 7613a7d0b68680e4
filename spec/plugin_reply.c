/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of plugins: activation and capabilities, networks, addresses. */
#include "spec/plugin_reply.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include <string.h>
#include <sys/socket.h>

#define POOL_ID_MAX 4096 /* it stands in records, once for each address */

static bool is_null(const char *text, size_t len)
{
	static const char word[] = "null", blanks[] = " \t\r\n";

	while (len > 0 && text[0] && strchr(blanks, text[0])) {
		text++;
		len--;
	}
	return len >= strlen(word) && strncmp(text, word, strlen(word)) == 0 &&
	       cnm_text_is_blank(text + strlen(word), len - strlen(word));
}

int cnm_plugin_reply_parse(json_object **ret, const char *text, size_t len, struct cnm_error *err)
{
	/* `null` is what Go's encoder makes of a nil answer, and its decoder leaves all members as they are for it. */
	if (cnm_text_is_blank(text, len) || is_null(text, len)) {
		*ret = json_object_new_object();
		return *ret ? 0 : cnm_fail_nomem(err);
	}
	return cnm_json_parse_object(ret, text, len, "the answer", err);
}

/* A plugin that puts something else than text there has something to say, too. */
static const char *refusal_of(json_object *obj, const char *key)
{
	json_object *value = cnm_json_get_caseless(obj, key);
	const char *text = value ? json_object_get_string(value) : NULL;

	return text && *text ? text : NULL;
}

const char *cnm_plugin_refusal(json_object *reply)
{
	const char *text = refusal_of(reply, "Err");

	return text ? text : refusal_of(reply, "Error");
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

/* The address of an interface, and none that no interface can have. */
static int get_address(json_object *obj, const char *key, int family, struct cnm_addr *ret,
                       struct cnm_error *err)
{
	static const uint8_t broadcast[] = {255, 255, 255, 255};
	char text[CNM_ADDR_TEXT_MAX];

	if (get_cidr(obj, key, family, ret, err) < 0)
		return -1;
	if (cnm_addr_is_set(ret) &&
	    (cnm_addr_is_unspecified(ret) || cnm_addr_is_loopback(ret) || cnm_addr_is_multicast(ret) ||
	     (ret->family == AF_INET && memcmp(ret->bytes, broadcast, sizeof(broadcast)) == 0)))
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": no interface can have the address %s", key,
		                cnm_addr_format_cidr(ret, text));
	return 0;
}

int cnm_plugin_interface(json_object *reply, struct cnm_plugin_interface *ret, struct cnm_error *err)
{
	json_object *interface = NULL;
	const char *mac = NULL;

	*ret = (struct cnm_plugin_interface){0};
	if (cnm_caseless_get_object(reply, "Interface", &interface, err) < 0 ||
	    get_address(interface, "Address", AF_INET, &ret->address, err) < 0 ||
	    get_address(interface, "AddressIPv6", AF_INET6, &ret->address6, err) < 0 ||
	    cnm_caseless_get_string(interface, "MacAddress", &mac, err) < 0)
		return -1;
	return mac && *mac ? cnm_mac_parse(&ret->mac, mac, err) : 0;
}

int cnm_plugin_pool_reply(json_object *reply, struct cnm_plugin_pool_reply *ret, struct cnm_error *err)
{
	json_object *data = NULL;
	const char *id = NULL;

	*ret = (struct cnm_plugin_pool_reply){0};
	if (cnm_caseless_get_string(reply, "PoolID", &id, err) < 0)
		return -1;
	if (id && strlen(id) > POOL_ID_MAX)
		return cnm_fail(err, CNM_E_INVALID, "a \"PoolID\" of %zu bytes, at most %d are allowed",
		                strlen(id), POOL_ID_MAX);
	ret->id = id;
	if (get_cidr(reply, "Pool", 0, &ret->pool, err) < 0 ||
	    cnm_caseless_get_object(reply, "Data", &data, err) < 0 ||
	    get_cidr(data, "com.docker.network.gateway", ret->pool.family, &ret->gateway, err) < 0)
		return -1;
	if (!ret->id || !*ret->id || !cnm_addr_is_set(&ret->pool))
		return cnm_fail(err, CNM_E_INVALID, "no \"PoolID\" and \"Pool\"");
	ret->pool = cnm_addr_network(&ret->pool);
	return 0;
}

int cnm_plugin_address_reply(json_object *reply, struct cnm_addr *ret, struct cnm_error *err)
{
	*ret = (struct cnm_addr){0};
	if (get_address(reply, "Address", 0, ret, err) < 0)
		return -1;
	return cnm_addr_is_set(ret) ? 0 : cnm_fail(err, CNM_E_INVALID, "no \"Address\"");
}
