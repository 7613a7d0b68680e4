/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bridge driver's options, and what it chooses for a network before anything is made. */
#include "cnm/base/cleanup.h"
#include "cnm/base/list.h"
#include "cnm/served.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include "drivers/bridge.h"
#include "drivers/options.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define DEFAULT_MTU  1500
#define MIN_MTU      68   /* RFC 791 */
#define MIN_MTU_IPV6 1280 /* RFC 8200, section 5 */
#define MAX_MTU      65535

static const struct cnm_option_rule rules[] = {
        {CNM_BRIDGE_NAME, "name", CNM_OPTION_IFNAME, 0, 0, NULL},
        {CNM_BRIDGE_ICC, "icc", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_MASQUERADE, "masquerade", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_INHIBIT_IPV4, "inhibit_ipv4", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_MTU, "mtu", CNM_OPTION_UINT, MIN_MTU, MAX_MTU, NULL},
        {CNM_BRIDGE_IFPREFIX, "ifprefix", CNM_OPTION_IFNAME, 0, 0, NULL},
        {CNM_BRIDGE_HAIRPIN, "hairpin", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_MODE4, "gateway_mode_ipv4", CNM_OPTION_WORD, 0, 0, "nat nat-unprotected routed isolated"},
        {CNM_BRIDGE_MODE6, "gateway_mode_ipv6", CNM_OPTION_WORD, 0, 0, "nat nat-unprotected routed isolated"},
        {CNM_BRIDGE_ANTI_SPOOF, "anti_spoof", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_ANTI_SPOOF, "anti-spoof", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_BINDING, "host_binding", CNM_OPTION_ADDRESS, 0, 0, NULL},
        {CNM_BRIDGE_INHIBIT_IPV6, "inhibit_ipv6", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_PROMISC, "promisc", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_MAC_CHECK, "mac_check", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_BRIDGE_OTHERS, "other_addresses", CNM_OPTION_WORD, 0, 0, "keep refuse replace"},
        {CNM_BRIDGE_FIREWALL, "foreign_firewall", CNM_OPTION_WORD, 0, 0, "open keep"},
        {CNM_BRIDGE_OPEN, "open", CNM_OPTION_BOOL, 0, 0, NULL},
        {CNM_NETWORK_DNS, "dns", CNM_OPTION_WORD, 0, 0, "gateway loopback"},
        {"cnm.allow", "allow", CNM_OPTION_WORDS, 0, 0, "ip mac ports"},
};

static int uplink_mtu(struct cnm_controller *controller, unsigned *ret, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_link link;
	int ifindex;

	*ret = DEFAULT_MTU;
	if (!rtnl || cnm_route_uplink(rtnl, &ifindex, err) < 0)
		return -1;
	if (!ifindex)
		return 0;
	if (cnm_link_get(rtnl, NULL, ifindex, &link, err) < 0)
		return -1;
	*ret = link.mtu;
	return 0;
}

static int choose_mtu(struct cnm_controller *controller, struct cnm_network *network, struct cnm_error *err)
{
	unsigned mtu = (unsigned)cnm_options_uint(&network->options, CNM_BRIDGE_MTU, 0);
	char text[16];

	if (!mtu && uplink_mtu(controller, &mtu, err) < 0)
		return -1;
	if (network->ipv6 && mtu < MIN_MTU_IPV6)
		return cnm_fail(err, CNM_E_INVALID, "MTU %u is below %u, the least for IPv6", mtu,
		                MIN_MTU_IPV6);
	snprintf(text, sizeof(text), "%u", mtu);
	return cnm_kvs_set(&network->driver_state, "mtu", text, err);
}

/* No two networks share a bridge. */
static int check_bridge_is_free(struct cnm_controller *controller, const struct cnm_network *network,
                                const char *name, struct cnm_error *err)
{
	struct cnm_network **others = NULL;
	size_t count = 0, i;
	int r = 0;

	if (cnm_network_list(controller, &others, &count, err) < 0)
		return -1;
	for (i = 0; i < count && r == 0; i++) {
		const char *theirs = cnm_kvs_get(&others[i]->driver_state, "bridge");

		if (theirs && strcmp(theirs, name) == 0 && strcmp(others[i]->name, network->name) != 0)
			r = cnm_fail(err, CNM_E_EXISTS, "bridge %s belongs to network %s", name,
			             others[i]->name);
	}
	cnm_network_list_free(others, count);
	return r;
}

static int choose_bridge(struct cnm_controller *controller, struct cnm_network *network,
                         struct cnm_error *err)
{
	const char *wanted = cnm_kvs_get(&network->options, CNM_BRIDGE_NAME);
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_error missing = CNM_ERROR_INIT;
	char name[IF_NAMESIZE], text[CNM_MAC_TEXT_MAX];
	struct cnm_link link;
	struct cnm_mac mac;

	if (!rtnl)
		return -1;
	if (wanted)
		snprintf(name, sizeof(name), "%s", wanted);
	else
		snprintf(name, sizeof(name), "br-%.12s", network->id);
	if (check_bridge_is_free(controller, network, name, err) < 0)
		return -1;
	if (cnm_link_get(rtnl, name, 0, &link, &missing) == 0 && strcmp(link.kind, "bridge") != 0)
		return cnm_fail(err, CNM_E_EXISTS, "link %s exists and is no bridge", name);
	if (cnm_mac_random(&mac, err) < 0 || cnm_kvs_set(&network->driver_state, "bridge", name, err) < 0)
		return -1;
	if (cnm_kvs_set(&network->driver_state, "mac", cnm_mac_format(&mac, text), err) < 0)
		return -1;
	return cnm_bridge_look_at_host(controller, network, name, err) < 0
	               ? -1
	               : cnm_bridge_look_at_bridge(controller, network, name, err);
}

static enum cnm_gateway_mode gateway_mode(const struct cnm_kvs *options, const char *name)
{
	static const char *const words[] = {
	        [CNM_GATEWAY_NAT] = "nat",
	        [CNM_GATEWAY_NAT_UNPROTECTED] = "nat-unprotected",
	        [CNM_GATEWAY_ROUTED] = "routed",
	        [CNM_GATEWAY_ISOLATED] = "isolated",
	};
	const char *word = cnm_kvs_get(options, name);
	size_t i;

	for (i = 0; word && i < CNM_ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum cnm_gateway_mode)i;
	return CNM_GATEWAY_NAT;
}

/* As Docker has it: without a gateway address a network that reaches out makes no sense. */
static int check_modes(const struct cnm_network *network, struct cnm_error *err)
{
	static const char *const names[] = {CNM_BRIDGE_MODE4, CNM_BRIDGE_MODE6};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(names); i++)
		if (!network->internal && gateway_mode(&network->options, names[i]) == CNM_GATEWAY_ISOLATED)
			return cnm_fail(err, CNM_E_INVALID, "option %s: isolated is for internal networks",
			                names[i]);
	return 0;
}

int cnm_bridge_network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                               struct cnm_error *err)
{
	if (cnm_options_normalise(&network->options, rules, CNM_ARRAY_SIZE(rules), err) < 0)
		return -1;
	if (check_modes(network, err) < 0 || choose_mtu(controller, network, err) < 0)
		return -1;
	return choose_bridge(controller, network, err);
}

static enum cnm_bridge_others others(const struct cnm_kvs *options)
{
	const char *word = cnm_kvs_get(options, CNM_BRIDGE_OTHERS);

	if (!word || strcmp(word, "keep") == 0)
		return CNM_OTHERS_KEEP;
	return strcmp(word, "replace") == 0 ? CNM_OTHERS_REPLACE : CNM_OTHERS_REFUSE;
}

static bool keeps_firewall(const struct cnm_kvs *options)
{
	const char *word = cnm_kvs_get(options, CNM_BRIDGE_FIREWALL);

	return word && strcmp(word, "keep") == 0;
}

int cnm_bridge_settings(const struct cnm_network *network, struct cnm_bridge *ret, struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&network->driver_state, "bridge");
	const char *mac = cnm_kvs_get(&network->driver_state, "mac");
	const char *ingress = cnm_kvs_get(&network->driver_state, CNM_BRIDGE_INGRESS);
	const struct cnm_kvs *options = &network->options;

	memset(ret, 0, sizeof(*ret));
	if (!name || !mac || cnm_ifname_check(name, err) < 0 || cnm_mac_parse(&ret->mac, mac, err) < 0)
		return cnm_fail(err, CNM_E_STORE, "network %s: the record names no bridge", network->name);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->mtu = (unsigned)cnm_options_uint(&network->driver_state, "mtu", DEFAULT_MTU);
	ret->icc = cnm_options_bool(options, CNM_BRIDGE_ICC, true) &&
	           !(ingress && strcmp(ingress, CNM_BRIDGE_INGRESS_ISOLATED) == 0);
	ret->open = cnm_options_bool(options, CNM_BRIDGE_OPEN, false);
	ret->closed = ingress != NULL;
	ret->lan = cnm_options_bool(&network->driver_state, CNM_BRIDGE_LAN, false);
	/* A LAN's other hosts keep their addresses unless somebody says so. */
	ret->masquerade = cnm_options_bool(options, CNM_BRIDGE_MASQUERADE, !ret->lan);
	ret->inhibit_ipv4 = cnm_options_bool(options, CNM_BRIDGE_INHIBIT_IPV4, false);
	ret->inhibit_ipv6 = cnm_options_bool(options, CNM_BRIDGE_INHIBIT_IPV6, false);
	ret->hairpin = cnm_options_bool(options, CNM_BRIDGE_HAIRPIN, true);
	ret->promisc = cnm_options_bool(options, CNM_BRIDGE_PROMISC, false);
	ret->anti_spoof = cnm_options_bool(options, CNM_BRIDGE_ANTI_SPOOF, false);
	ret->mac_check = ret->anti_spoof || cnm_options_bool(options, CNM_BRIDGE_MAC_CHECK, false);
	ret->others = others(options);
	ret->keeps_firewall = keeps_firewall(options);
	ret->internal = network->internal;
	ret->mode4 = gateway_mode(options, CNM_BRIDGE_MODE4);
	ret->mode6 = gateway_mode(options, CNM_BRIDGE_MODE6);
	ret->ipv6 = network->ipv6;
	return 0;
}
