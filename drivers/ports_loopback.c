/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published ports by way of 127.0.0.1 and ::1. The answer comes in by the bridge with a loopback address as its destination, once it is translated
 * back. IPv4 lets that pass with route_localnet; IPv6 asks for a local route by that link (rt6_need_strict in net/ipv6/route.c). Where br_netfilter
 * translates IPv6 back before ip6_rcv sees it, ip6_rcv drops it: there ::1 is left untranslated, so that clients are refused at
 * once and go on to 127.0.0.1.
 */
#include "drivers/ports_loopback.h"
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include "cnm/sys/sysctl.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LOOPBACK_METRIC 2048 /* behind the one of lo */

static int allow_ipv4(const char *bridge, struct cnm_error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/route_localnet", bridge);
	return cnm_sysctl_write_if_present(path, "1", err);
}

/* 1, 0, or -1 on error: what cannot be read now does not say that there is no br_netfilter. */
static int bridges_are_filtered(struct cnm_error *err)
{
	char value[16];

	if (cnm_sysctl_read("net/bridge/bridge-nf-call-ip6tables", value, sizeof(value), err) == 0)
		return strcmp(value, "0") != 0;
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}

static void refusal_elem(struct cnm_nft_elem *elem)
{
	*elem = (struct cnm_nft_elem){.set = "no_loopback"};
	cnm_nft_key_u8(&elem->key, NFPROTO_IPV6);
}

static int refuse_ipv6(const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch,
                       struct cnm_error *err)
{
	struct cnm_nft_elem elem;
	char text[CNM_PORT_TEXT_MAX];
	size_t i;

	for (i = 0; i < endpoint->port_count; i++)
		if (endpoint->ports[i].host.family == AF_INET6 &&
		    cnm_addr_is_loopback(&endpoint->ports[i].host))
			return cnm_fail(
			        err, CNM_E_UNSUPPORTED,
			        "port %s: with net.bridge.bridge-nf-call-ip6tables = 1 the kernel drops the "
			        "answers to ::1",
			        cnm_port_format(&endpoint->ports[i], text));
	refusal_elem(&elem);
	return cnm_nft_add(batch, &elem, false, err);
}

static int allow_ipv6(struct cnm_controller *controller, const char *bridge, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_route route = {
	        .dst = {.family = AF_INET6, .prefix = 128, .bytes = {[15] = 1}},
	        .table = RT_TABLE_LOCAL,
	        .type = RTN_LOCAL,
	};
	struct cnm_rtnl_batch batch;
	struct cnm_link link;

	if (!rtnl || cnm_link_get(rtnl, bridge, 0, &link, err) < 0)
		return -1;
	route.ifindex = link.ifindex;
	/* Routes to one address differ by their metric: each bridge has its own. */
	route.metric = LOOPBACK_METRIC + (uint32_t)link.ifindex;
	cnm_rtnl_batch_init(&batch);
	cnm_route_add(&batch, &route, true);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

/* Whether the endpoint has ports that are translated in the family. */
static bool translates(const struct cnm_ports_policy *policy, const struct cnm_endpoint *endpoint, int family)
{
	enum cnm_gateway_mode mode = family == AF_INET ? policy->mode4 : policy->mode6;

	return policy->bridge && endpoint->port_count > 0 && cnm_endpoint_address_of(endpoint, family) &&
	       mode != CNM_GATEWAY_ROUTED;
}

int cnm_ports_allow_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                             const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch,
                             struct cnm_error *err)
{
	int filtered;

	if (translates(policy, endpoint, AF_INET) && allow_ipv4(policy->bridge, err) < 0)
		return -1;
	if (!translates(policy, endpoint, AF_INET6))
		return 0;
	filtered = bridges_are_filtered(err);
	if (filtered != 0)
		return filtered < 0 ? -1 : refuse_ipv6(endpoint, batch, err);
	return allow_ipv6(controller, policy->bridge, err);
}

/* 1 it is set, 0 not, -1 error. */
static int ipv4_is_allowed(const char *bridge, struct cnm_error *err)
{
	char path[128], value[16];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/route_localnet", bridge);
	return cnm_sysctl_read(path, value, sizeof(value), err) < 0 ? -1 : value[0] == '1';
}

int cnm_ports_repair_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                              const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err)
{
	if (translates(policy, endpoint, AF_INET)) {
		int allowed = ipv4_is_allowed(policy->bridge, err);

		if (allowed < 0 || (!allowed && allow_ipv4(policy->bridge, err) < 0))
			return -1;
		*count += !allowed;
	}
	/* The route goes with the bridge, as the setting above does; added again it is no error. */
	if (translates(policy, endpoint, AF_INET6)) {
		int filtered = bridges_are_filtered(err);

		return filtered != 0 ? (filtered < 0 ? -1 : 0) : allow_ipv6(controller, policy->bridge, err);
	}
	return 0;
}

/* 1: ::1 is refused where it has to be and nowhere else, or that is no matter for this endpoint; 0: not. */
static int is_right(struct cnm_nft *nft, const struct cnm_ports_policy *policy,
                    const struct cnm_endpoint *endpoint, bool filtered, struct cnm_error *err)
{
	struct cnm_nft_elem elem;
	int refused;

	if (!translates(policy, endpoint, AF_INET6))
		return 1;
	refusal_elem(&elem);
	refused = cnm_nft_has(nft, &elem, err);
	return refused < 0 ? -1 : (refused == 1) == filtered;
}

int cnm_ports_check_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                             const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	int right, filtered;

	if (translates(policy, endpoint, AF_INET)) {
		int allowed = ipv4_is_allowed(policy->bridge, err);

		if (allowed <= 0)
			return allowed < 0 ? -1
			                   : cnm_fail(err, CNM_E_CONFLICT,
			                              "127.0.0.1 does not reach published ports: "
			                              "net.ipv4.conf.%s.route_localnet is off",
			                              policy->bridge);
	}
	filtered = nft ? bridges_are_filtered(err) : -1;
	right = filtered >= 0 ? is_right(nft, policy, endpoint, filtered, err) : -1;
	if (right != 0)
		return right < 0 ? -1 : 0;
	return cnm_fail(err, CNM_E_CONFLICT,
	                "set no_loopback of table inet " CNM_NFT_TABLE
	                " does not agree with net.bridge.bridge-nf-call-ip6tables");
}

int cnm_ports_restore_loopback(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                               const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	int filtered = nft ? bridges_are_filtered(err) : -1;
	int right = filtered >= 0 ? is_right(nft, policy, endpoint, filtered, err) : -1;
	struct cnm_nft_elem elem;

	if (right != 0)
		return right < 0 ? -1 : 0;
	refusal_elem(&elem);
	if (cnm_nft_batch_new(&batch, err) < 0 ||
	    (filtered ? cnm_nft_add(batch, &elem, false, err) : cnm_nft_delete(batch, &elem, err)) < 0)
		return -1;
	(*count)++;
	if (cnm_nft_commit(nft, batch, err) < 0) {
		/* Another controller was quicker. */
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err);
	}
	if (filtered || allow_ipv6(controller, policy->bridge, err) == 0)
		return 0;
	/* A bridge that was deleted is made again later. */
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	return 0;
}
