/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks on a parent: what is chosen and checked before anything is made, and how it stands in the record. */
#include "drivers/parent.h"
#include "cnm/base/cleanup.h"
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#define VLAN_LAST 4094 /* IEEE 802.1Q, table 9-2: 0 and 4095 are no VLANs */

int cnm_parent_parse_vlan(const char *name, char base[IF_NAMESIZE], uint16_t *ret_id, struct cnm_error *err)
{
	const char *dot = strchr(name, '.'), *digits = dot ? dot + 1 : "";
	size_t len = strlen(digits);
	unsigned long id;

	*base = '\0';
	*ret_id = 0;
	if (!dot || dot == name || len == 0 || strspn(digits, "0123456789") != len)
		return 0;
	id = strtoul(digits, NULL, 10);
	if (digits[0] == '0' || id > VLAN_LAST)
		return cnm_fail(err, CNM_E_INVALID, "parent %s: \"%s\" is not a VLAN id from 1 to %d", name,
		                digits, VLAN_LAST);
	snprintf(base, IF_NAMESIZE, "%.*s", (int)(dot - name), name);
	*ret_id = (uint16_t)id;
	return 1;
}

int cnm_parent_check_link(const struct cnm_link *link, struct cnm_error *err)
{
	static const char *const takers[] = {"bridge", "bond", "team", "openvswitch"};
	size_t i;

	if (link->flags & IFF_LOOPBACK)
		return cnm_fail(err, CNM_E_INVALID, "parent %s: a loopback interface carries no other links",
		                link->name);
	if (link->hw_type != ARPHRD_ETHER)
		return cnm_fail(err, CNM_E_INVALID, "parent %s: it is no Ethernet interface", link->name);
	for (i = 0; i < CNM_ARRAY_SIZE(takers); i++)
		if (strcmp(link->master_kind, takers[i]) == 0)
			return cnm_fail(err, CNM_E_INVALID,
			                "parent %s: it is a port of a %s, which takes all that it receives",
			                link->name, takers[i]);
	return 0;
}

int cnm_parent_check_kernel(struct cnm_rtnl *rtnl, const char *driver, enum cnm_child_kind kind,
                            struct cnm_error *err)
{
	static const char *const symbols[] = {
	        [CNM_CHILD_MACVLAN] = "CONFIG_MACVLAN",
	        [CNM_CHILD_IPVLAN] = "CONFIG_IPVLAN",
	        [CNM_CHILD_VLAN] = "CONFIG_VLAN_8021Q",
	};
	int known = cnm_child_is_known(rtnl, kind, err);

	if (known != 0)
		return known < 0 ? -1 : 0;
	return cnm_fail(err, CNM_E_UNSUPPORTED, "driver %s: this kernel has no %s (%s)", driver,
	                cnm_child_kind_name(kind), symbols[kind]);
}

/* A parent that somebody else made or will make, or VLAN links that we would make on one. */
static int check_named(struct cnm_rtnl *rtnl, const struct cnm_network *network, const char *name,
                       struct cnm_link *link, struct cnm_error *err)
{
	char base[IF_NAMESIZE];
	uint16_t id;
	int is_vlan;

	if (cnm_link_get(rtnl, name, 0, link, err) == 0)
		return cnm_parent_check_link(link, err);
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	is_vlan = cnm_parent_parse_vlan(name, base, &id, err);
	if (is_vlan < 0)
		return -1;
	if (!is_vlan)
		return cnm_fail(err, CNM_E_NOT_FOUND, "parent %s: there is no such interface", name);
	if (cnm_link_get(rtnl, base, 0, link, err) < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_NOT_FOUND, "parent %s: there is no interface %s", name,
		                          base)
		               : -1;
	if (link->flags & IFF_LOOPBACK || link->hw_type != ARPHRD_ETHER)
		return cnm_parent_check_link(link, err);
	return cnm_parent_check_kernel(rtnl, network->driver, CNM_CHILD_VLAN, err);
}

static int check_mtu(const struct cnm_network *network, const struct cnm_link *link, struct cnm_error *err)
{
	unsigned long mtu = cnm_options_uint(&network->options, CNM_PARENT_MTU, 0);

	if (mtu > link->mtu)
		return cnm_fail(err, CNM_E_INVALID,
		                "option " CNM_PARENT_MTU ": %lu is more than %u of parent %s", mtu, link->mtu,
		                link->name);
	return 0;
}

static int set_uint(struct cnm_kvs *state, const char *key, unsigned long value, struct cnm_error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", value);
	return value ? cnm_kvs_set(state, key, text, err) : 0;
}

static int save_want(struct cnm_kvs *state, const struct cnm_parent_want *want, struct cnm_error *err)
{
	if (cnm_kvs_set(state, "kind", cnm_child_kind_name(want->kind), err) < 0 ||
	    cnm_kvs_set(state, "words", want->words, err) < 0 ||
	    set_uint(state, "mode", want->mode, err) < 0 || set_uint(state, "flags", want->flags, err) < 0 ||
	    set_uint(state, "queue", want->bc_queue_len, err) < 0 ||
	    set_uint(state, "single", want->single, err) < 0 ||
	    set_uint(state, "shares_mac", want->shares_mac, err) < 0)
		return -1;
	return set_uint(state, "device_gateway", want->device_gateway, err);
}

/* Without a parent: one end of a pair of our own. What it carries leads nowhere else, so the network is internal. */
static int choose_pair(struct cnm_network *network, const struct cnm_parent_want *want, struct cnm_error *err)
{
	char near[IF_NAMESIZE], far[IF_NAMESIZE];

	if (want->needs_parent)
		return cnm_fail(err, CNM_E_INVALID, "driver %s: option " CNM_PARENT_NAME " is missing",
		                network->driver);
	snprintf(near, sizeof(near), "d%c-%.12s", *cnm_child_kind_name(want->kind), network->id);
	snprintf(far, sizeof(far), "dp-%.12s", network->id);
	network->internal = true;
	if (cnm_kvs_set(&network->driver_state, "parent", near, err) < 0)
		return -1;
	return cnm_kvs_set(&network->driver_state, "far_end", far, err);
}

static int choose_parent(struct cnm_rtnl *rtnl, struct cnm_network *network,
                         const struct cnm_parent_want *want, struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&network->options, CNM_PARENT_NAME);
	struct cnm_link link;

	if (!name)
		return choose_pair(network, want, err);
	if (check_named(rtnl, network, name, &link, err) < 0 || check_mtu(network, &link, err) < 0)
		return -1;
	return cnm_kvs_set(&network->driver_state, "parent", name, err);
}

int cnm_parent_prepare(struct cnm_controller *controller, struct cnm_network *network,
                       const struct cnm_parent_want *want, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_parent parent;

	if (!rtnl || cnm_parent_check_kernel(rtnl, network->driver, want->kind, err) < 0 ||
	    choose_parent(rtnl, network, want, err) < 0 || save_want(&network->driver_state, want, err) < 0 ||
	    set_uint(&network->driver_state, "mtu", cnm_options_uint(&network->options, CNM_PARENT_MTU, 0),
	             err) < 0 ||
	    cnm_parent_settings(network, &parent, err) < 0)
		return -1;
	return cnm_parent_check_others(controller, network, &parent, err);
}

static bool read_kind(const char *name, enum cnm_child_kind *ret)
{
	static const enum cnm_child_kind kinds[] = {CNM_CHILD_MACVLAN, CNM_CHILD_IPVLAN, CNM_CHILD_VLAN};
	size_t i;

	for (i = 0; name && i < CNM_ARRAY_SIZE(kinds); i++)
		if (strcmp(name, cnm_child_kind_name(kinds[i])) == 0) {
			*ret = kinds[i];
			return true;
		}
	return false;
}

int cnm_parent_settings(const struct cnm_network *network, struct cnm_parent *ret, struct cnm_error *err)
{
	const struct cnm_kvs *state = &network->driver_state;
	const char *name = cnm_kvs_get(state, "parent"), *far_end = cnm_kvs_get(state, "far_end");
	const char *words = cnm_kvs_get(state, "words");
	struct cnm_error no_vlan = CNM_ERROR_INIT;

	memset(ret, 0, sizeof(*ret));
	if (!name || cnm_ifname_check(name, err) < 0 ||
	    !read_kind(cnm_kvs_get(state, "kind"), &ret->want.kind))
		return cnm_fail(err, CNM_E_STORE, "network %s: the record names no parent", network->name);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (far_end)
		snprintf(ret->far_end, sizeof(ret->far_end), "%s", far_end);
	else
		cnm_parent_parse_vlan(name, ret->base, &ret->vlan_id, &no_vlan);
	ret->mtu = (unsigned)cnm_options_uint(state, "mtu", 0);
	ret->want.mode = (uint32_t)cnm_options_uint(state, "mode", 0);
	ret->want.flags = (uint16_t)cnm_options_uint(state, "flags", 0);
	ret->want.bc_queue_len = (uint32_t)cnm_options_uint(state, "queue", 0);
	ret->want.single = cnm_options_uint(state, "single", 0) != 0;
	ret->want.shares_mac = cnm_options_uint(state, "shares_mac", 0) != 0;
	ret->want.device_gateway = cnm_options_uint(state, "device_gateway", 0) != 0;
	ret->want.words = words ? words : "";
	return 0;
}

bool cnm_parent_shares_mac(const struct cnm_network *network)
{
	return cnm_options_uint(&network->driver_state, "shares_mac", 0) != 0;
}
