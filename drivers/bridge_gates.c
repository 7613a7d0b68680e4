/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge network beside firewalls of others (docs/firewall.md): where a chain of theirs closes forwarding to whatever they do not name, rules for this
 * network's bridge go into it. They bound nothing, table inet cnm does; and they open nothing but the way between the bridge and the outside, the
 * bridge and itself, and to what is published: to bridges and containers of others their own rules decide.
 */
#include "cnm/base/cleanup.h"
#include "cnm/sys/iptables_legacy.h"
#include "cnm/sys/nft_gate.h"
#include "drivers/bridge.h"
#include "drivers/uplinks.h"
#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RULES_MAX (4 + CNM_UPLINKS_MAX)
#define OWNER_MAX (sizeof("cnm 0123456789ab "))

/* A network's rules, as far as they are the same for all its gates. */
struct plan {
	char owner[OWNER_MAX];
	struct cnm_gate_rule rules[RULES_MAX];
	size_t count;
};

static void put(struct plan *plan, const struct cnm_network *network, const char *in, const char *out,
                enum cnm_gate_state state, const char *what)
{
	struct cnm_gate_rule *rule = &plan->rules[plan->count++];

	*rule = (struct cnm_gate_rule){.state = state};
	snprintf(rule->in, sizeof(rule->in), "%s", in);
	snprintf(rule->out, sizeof(rule->out), "%s", out);
	snprintf(rule->comment, sizeof(rule->comment), "cnm %.12s %.64s: %s", network->id, network->name,
	         what);
}

static bool is_open(const struct cnm_bridge *bridge, uint8_t nfproto)
{
	bool open4 = bridge->mode4 == CNM_GATEWAY_ROUTED || bridge->mode4 == CNM_GATEWAY_NAT_UNPROTECTED;
	bool open6 = bridge->mode6 == CNM_GATEWAY_ROUTED || bridge->mode6 == CNM_GATEWAY_NAT_UNPROTECTED;

	return (nfproto != NFPROTO_IPV6 && open4) || (nfproto != NFPROTO_IPV4 && open6);
}

static bool forwards(const struct cnm_network *network, const struct cnm_bridge *bridge, uint8_t nfproto)
{
	return (nfproto != NFPROTO_IPV6 && cnm_bridge_forwards(network, bridge, AF_INET)) ||
	       (nfproto != NFPROTO_IPV4 && cnm_bridge_forwards(network, bridge, AF_INET6));
}

static bool concerns(const struct cnm_network *network, uint8_t nfproto)
{
	int family = nfproto == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (nfproto == NFPROTO_INET || network->pools[i].subnet.family == family)
			return true;
	return false;
}

/* uplinks NULL: the rules that do not depend on them, which come first. */
static void make_plan(const struct cnm_network *network, const struct cnm_bridge *bridge, uint8_t nfproto,
                      const struct cnm_uplinks *uplinks, struct plan *ret)
{
	char what[64];
	size_t i;

	snprintf(ret->owner, sizeof(ret->owner), "cnm %.12s ", network->id);
	ret->count = 0;
	if (bridge->keeps_firewall || !concerns(network, nfproto))
		return;
	/* With br_netfilter what stays on the bridge is forwarded too. */
	put(ret, network, bridge->name, bridge->name, CNM_GATE_ANY, "inside");
	if (bridge->lan || !forwards(network, bridge, nfproto))
		return;
	put(ret, network, bridge->name, "", CNM_GATE_ANSWERS, "its answers");
	put(ret, network, "", bridge->name, CNM_GATE_ANSWERS, "answers to it");
	if (is_open(bridge, nfproto))
		put(ret, network, "", bridge->name, CNM_GATE_ANY, "its open ports");
	else
		put(ret, network, "", bridge->name, CNM_GATE_TRANSLATED, "its published ports");
	for (i = 0; uplinks && i < uplinks->count; i++) {
		snprintf(what, sizeof(what), "to the outside by %s", uplinks->names[i]);
		put(ret, network, bridge->name, uplinks->names[i], CNM_GATE_ANY, what);
	}
}

struct gates {
	struct cnm_gate *items;
	size_t count;
};

static void free_gates(struct gates *gates)
{
	free(gates->items);
}

int cnm_bridge_gates_open(struct cnm_controller *controller, const struct cnm_network *network,
                          const struct cnm_bridge *bridge, struct cnm_error *err)
{
	_cleanup_(free_gates) struct gates gates = {0};
	_cleanup_free_ struct cnm_uplinks *uplinks = malloc(sizeof(*uplinks));
	_cleanup_free_ struct plan *plan = malloc(sizeof(*plan));
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t i;

	if (!nft || cnm_gates_find(nft, &gates.items, &gates.count, err) < 0)
		return -1;
	if (gates.count == 0)
		return 0;
	if (!uplinks || !plan)
		return cnm_fail_nomem(err);
	if (cnm_uplinks_find(controller, NULL, uplinks, err) < 0)
		return -1;
	for (i = 0; i < gates.count; i++) {
		make_plan(network, bridge, gates.items[i].nfproto, uplinks, plan);
		if (cnm_gate_set(nft, &gates.items[i], plan->owner, plan->rules, plan->count, err) == 0)
			continue;
		/* A table that its owner keeps to itself; the check says so. */
		if (err->sys_errno != EPERM)
			return -1;
		cnm_error_clear(err);
	}
	return 0;
}

int cnm_bridge_gates_close(struct cnm_controller *controller, const struct cnm_network *network,
                           struct cnm_error *err)
{
	_cleanup_(free_gates) struct gates gates = {0};
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	char owner[OWNER_MAX];
	size_t i;

	snprintf(owner, sizeof(owner), "cnm %.12s ", network->id);
	if (!nft || cnm_gates_find(nft, &gates.items, &gates.count, err) < 0)
		return -1;
	for (i = 0; i < gates.count; i++) {
		if (cnm_gate_set(nft, &gates.items[i], owner, NULL, 0, err) == 0)
			continue;
		if (err->sys_errno != EPERM)
			return -1;
		cnm_error_clear(err);
	}
	return 0;
}

/* The first gate that lacks something: 1 there is none, 0 it is in *ret. */
static int find_closed(struct cnm_controller *controller, const struct cnm_network *network,
                       const struct cnm_bridge *bridge, const struct cnm_uplinks *uplinks,
                       struct cnm_gate *ret, struct cnm_error *err)
{
	_cleanup_(free_gates) struct gates gates = {0};
	_cleanup_free_ struct plan *plan = malloc(sizeof(*plan));
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t i;

	if (!plan)
		return cnm_fail_nomem(err);
	if (!nft || cnm_gates_find(nft, &gates.items, &gates.count, err) < 0)
		return -1;
	for (i = 0; i < gates.count; i++) {
		int has;

		make_plan(network, bridge, gates.items[i].nfproto, uplinks, plan);
		has = cnm_gate_has(nft, &gates.items[i], plan->owner, plan->rules, plan->count,
		                   uplinks != NULL, err);
		*ret = gates.items[i];
		if (has != 1)
			return has;
	}
	return 1;
}

int cnm_bridge_gates_are_open(struct cnm_controller *controller, const struct cnm_network *network,
                              const struct cnm_bridge *bridge, struct cnm_error *err)
{
	struct cnm_gate closed;

	/* The uplinks are left to the check: a host may have thousands of links. */
	return bridge->keeps_firewall ? 1 : find_closed(controller, network, bridge, NULL, &closed, err);
}

static int check_legacy(const struct cnm_network *network, const struct cnm_bridge *bridge, int family,
                        struct cnm_error *err)
{
	bool is_ipv4 = family == AF_INET;
	int closes = cnm_bridge_forwards(network, bridge, family)
	                     ? cnm_iptables_legacy_closes(family, bridge->name, err)
	                     : 0;

	if (closes <= 0)
		return closes;
	return cnm_fail(err, CNM_E_CONFLICT,
	                "%s closes its chain FORWARD, and accepts nothing by bridge %s: the admin opens it, "
	                "see docs/firewall.md",
	                is_ipv4 ? "iptables-legacy" : "ip6tables-legacy", bridge->name);
}

int cnm_bridge_gates_check(struct cnm_controller *controller, const struct cnm_network *network,
                           const struct cnm_bridge *bridge, struct cnm_error *err)
{
	_cleanup_free_ struct cnm_uplinks *uplinks = malloc(sizeof(*uplinks));
	struct cnm_gate closed;
	int open;

	if (bridge->keeps_firewall)
		return 0;
	if (!uplinks)
		return cnm_fail_nomem(err);
	if (cnm_uplinks_find(controller, NULL, uplinks, err) < 0)
		return -1;
	open = find_closed(controller, network, bridge, uplinks, &closed, err);
	if (open < 0)
		return -1;
	if (!open)
		return cnm_fail(
		        err, CNM_E_CONFLICT,
		        "chain %s of table %s is closed, and lacks the rules for bridge %s or has old ones",
		        closed.chain, closed.table, bridge->name);
	return check_legacy(network, bridge, AF_INET, err) < 0 ? -1
	                                                       : check_legacy(network, bridge, AF_INET6, err);
}
