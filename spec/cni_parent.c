/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the reference plugins whose links stand on a master: macvlan, ipvlan, vlan. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_plugin.h"
#include "spec/grammar.h"
#include <limits.h>
#include <string.h>

#define VLAN_LAST 4094

static const char *const macvlan_modes[] = {"bridge", "private", "vepa", "passthru", NULL};
static const char *const ipvlan_modes[] = {"l2", "l3", "l3s", NULL};

/* The first word is the default. */
static int read_mode(struct cnm_cni_parent *parent, json_object *root, const char *const *words,
                     struct cnm_error *err)
{
	const char *text = NULL;
	size_t i;

	if (cnm_caseless_get_string(root, "mode", &text, err) < 0)
		return -1;
	parent->mode = words[0];
	if (!text || !*text)
		return 0;
	for (i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			parent->mode = words[i];
			return 0;
		}
	return cnm_fail(err, CNM_E_INVALID, "key \"mode\": unknown value \"%s\"", text);
}

static int read_common(struct cnm_cni_parent *parent, json_object *root, struct cnm_error *err)
{
	if (cnm_caseless_get_string(root, "master", &parent->master, err) < 0 ||
	    cnm_caseless_get_int(root, "mtu", 0, INT_MAX, &parent->mtu, err) < 0 ||
	    cnm_caseless_get_bool(root, "linkInContainer", &parent->link_in_container, err) < 0)
		return -1;
	if (parent->master && !*parent->master)
		parent->master = NULL;
	if (parent->master && !cnm_grammar_is_ifname(parent->master))
		return cnm_fail(err, CNM_E_INVALID, "key \"master\": \"%s\" is not an interface name",
		                parent->master);
	return 0;
}

static int read_macvlan(struct cnm_cni_parent *parent, json_object *root, struct cnm_error *err)
{
	if (read_mode(parent, root, macvlan_modes, err) < 0 ||
	    cnm_caseless_get_string(root, "mac", &parent->mac, err) < 0 ||
	    cnm_caseless_get_int64(root, "bcqueuelen", 0, UINT32_MAX, &parent->bc_queue_len, err) < 0)
		return -1;
	if (parent->mac && !*parent->mac)
		parent->mac = NULL;
	return 0;
}

static int read_vlan(struct cnm_cni_parent *parent, json_object *root, struct cnm_error *err)
{
	if (cnm_caseless_get_int(root, "vlanId", 1, VLAN_LAST, &parent->vlan_id, err) < 0)
		return -1;
	if (!parent->master || !parent->vlan_id)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\" is missing",
		                parent->master ? "vlanId" : "master");
	return 0;
}

int cnm_cni_parent_parse(struct cnm_cni_parent *ret, enum cnm_cni_parent_type type,
                         const struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	static const char *const names[] = {
	        [CNM_CNI_MACVLAN] = "macvlan", [CNM_CNI_IPVLAN] = "ipvlan", [CNM_CNI_VLAN] = "vlan"};
	struct cnm_error plain = CNM_ERROR_INIT;
	json_object *root = config->root;

	*ret = (struct cnm_cni_parent){0};
	if (read_common(ret, root, &plain) == 0 &&
	    (type == CNM_CNI_MACVLAN  ? read_macvlan(ret, root, &plain)
	     : type == CNM_CNI_IPVLAN ? read_mode(ret, root, ipvlan_modes, &plain)
	                              : read_vlan(ret, root, &plain)) == 0)
		return 0;
	cnm_wrap(&plain, "network %s: plugin %s", config->name, names[type]);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}
