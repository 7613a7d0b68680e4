/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the reference's bridge plugin. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_plugin.h"
#include "spec/grammar.h"
#include <limits.h>
#include <string.h>

#define VLAN_LAST 4094

/* {minID, maxID} or {id}; all three give two ranges in the reference, which we refuse as a slip. */
static int read_vlans(struct cnm_cni_vlans *ret, json_object *obj, struct cnm_error *err)
{
	int first = 0, last = 0, id = 0;

	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "expected an object");
	if (cnm_caseless_get_int(obj, "minID", 1, VLAN_LAST, &first, err) < 0 ||
	    cnm_caseless_get_int(obj, "maxID", 1, VLAN_LAST, &last, err) < 0 ||
	    cnm_caseless_get_int(obj, "id", 1, VLAN_LAST, &id, err) < 0)
		return -1;
	if (id && !first && !last)
		first = last = id;
	else if (id || !first || !last)
		return cnm_fail(err, CNM_E_INVALID, "expected \"id\", or \"minID\" and \"maxID\"");
	if (first > last)
		return cnm_fail(err, CNM_E_INVALID, "minID %d is after maxID %d", first, last);
	*ret = (struct cnm_cni_vlans){.first = (uint16_t)first, .last = (uint16_t)last};
	return 0;
}

static int read_trunk(struct cnm_cni_bridge *bridge, json_object *root, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_caseless_get_array(root, "vlanTrunk", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	bridge->trunk = calloc(count, sizeof(*bridge->trunk));
	if (!bridge->trunk)
		return cnm_fail_nomem(err);
	bridge->trunk_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_vlans(&bridge->trunk[i], json_object_array_get_idx(array, i), err) < 0)
			return cnm_wrap(err, "vlanTrunk[%zu]", i);
	}
	return 0;
}

static int read_switches(struct cnm_cni_bridge *bridge, json_object *root, struct cnm_error *err)
{
	const struct {
		const char *key;
		bool *value;
	} rows[] = {
	        {"isGateway", &bridge->is_gateway},
	        {"isDefaultGateway", &bridge->is_default_gateway},
	        {"forceAddress", &bridge->force_address},
	        {"ipMasq", &bridge->ip_masq},
	        {"hairpinMode", &bridge->hairpin},
	        {"promiscMode", &bridge->promisc},
	        {"preserveDefaultVlan", &bridge->preserve_default_vlan},
	        {"macspoofchk", &bridge->mac_spoof_check},
	        {"enabledad", &bridge->enable_dad},
	        {"disableContainerInterface", &bridge->disable_container_interface},
	        {"portIsolation", &bridge->port_isolation},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		if (cnm_caseless_get_bool(root, rows[i].key, rows[i].value, err) < 0)
			return -1;
	}
	bridge->is_gateway |= bridge->is_default_gateway;
	return 0;
}

static int read_names(struct cnm_cni_bridge *bridge, json_object *root, struct cnm_error *err)
{
	const char *name = NULL, *backend = NULL;

	if (cnm_caseless_get_string(root, "bridge", &name, err) < 0 ||
	    cnm_caseless_get_string(root, "ipMasqBackend", &backend, err) < 0)
		return -1;
	if (name && *name)
		bridge->bridge = name;
	if (!cnm_grammar_is_ifname(bridge->bridge)) {
		return cnm_fail(err, CNM_E_INVALID, "key \"bridge\": \"%s\" is not an interface name",
		                bridge->bridge);
	}
	if (!backend || *backend == '\0')
		return 0;
	if (strcmp(backend, "iptables") != 0 && strcmp(backend, "nftables") != 0)
		return cnm_fail(err, CNM_E_INVALID, "key \"ipMasqBackend\": unknown value \"%s\"", backend);
	bridge->ip_masq_backend = backend;
	return 0;
}

/* The combinations that the reference refuses too. */
static int check(const struct cnm_cni_bridge *bridge, const struct cnm_cni_config *config,
                 struct cnm_error *err)
{
	if (bridge->hairpin && bridge->promisc)
		return cnm_fail(err, CNM_E_INVALID, "hairpinMode and promiscMode exclude each other");
	if (bridge->disable_container_interface && *config->ipam_type)
		return cnm_fail(err, CNM_E_INVALID, "disableContainerInterface and ipam exclude each other");
	return 0;
}

int cnm_cni_bridge_parse(struct cnm_cni_bridge *ret, const struct cnm_cni_config *config,
                         struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	json_object *root = config->root;

	*ret = (struct cnm_cni_bridge){.bridge = "cni0", .preserve_default_vlan = true};
	if (read_names(ret, root, &plain) == 0 && read_switches(ret, root, &plain) == 0 &&
	    cnm_caseless_get_int(root, "mtu", 0, INT_MAX, &ret->mtu, &plain) == 0 &&
	    cnm_caseless_get_int(root, "vlan", 0, VLAN_LAST, &ret->vlan, &plain) == 0 &&
	    read_trunk(ret, root, &plain) == 0 && check(ret, config, &plain) == 0)
		return 0;
	cnm_cni_bridge_free(ret);
	cnm_wrap(&plain, "network %s: plugin bridge", config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}

void cnm_cni_bridge_free(struct cnm_cni_bridge *bridge)
{
	if (!bridge)
		return;
	free(TAKE_PTR(bridge->trunk));
	bridge->trunk_count = 0;
}
