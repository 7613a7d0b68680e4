/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking beside published UDP ports. */
#include "drivers/ports_flows.h"
#include "cnm/base/cleanup.h"
#include "cnm/sys/conntrack.h"
#include "cnm/sys/rtnl_route.h"
#include "drivers/ports_elements.h"
#include <netinet/in.h>

/* The question for each flow, and what answers it. */
struct question {
	const struct cnm_port_target *target;
	struct cnm_rtnl *rtnl;
	bool published;
};

static bool goes_to_port(const struct question *question, const struct cnm_conntrack_flow *flow)
{
	const struct cnm_port *port = question->target->port;
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (flow->dport < port->first || flow->dport > port->last)
		return false;
	if (cnm_port_has_host(port))
		return cnm_addr_equal(&flow->dst, &port->host);
	/* Traffic in transit to the same port of some other host is none of ours. */
	return cnm_addr_is_local(question->rtnl, &flow->dst, &ignored) == 1;
}

static bool is_stale(const struct cnm_conntrack_flow *flow, void *arg)
{
	const struct question *question = arg;
	bool is_ours = cnm_addr_equal(&flow->reply_src, question->target->addr);

	return is_ours != question->published && goes_to_port(question, flow);
}

static int forget(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct question *question = arg;

	if (target->port->protocol != IPPROTO_UDP || target->routed)
		return 0;
	question->target = target;
	return cnm_conntrack_delete(target->addr->family, IPPROTO_UDP, is_stale, question, NULL, err);
}

static bool has_udp(const struct cnm_endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < endpoint->port_count; i++)
		if (endpoint->ports[i].protocol == IPPROTO_UDP)
			return true;
	return false;
}

int cnm_ports_forget_flows(const struct cnm_endpoint *endpoint, bool published, struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct question question = {.published = published};

	if (!has_udp(endpoint))
		return 0;
	if (cnm_rtnl_open(&rtnl, err) < 0)
		return -1;
	question.rtnl = rtnl;
	return cnm_ports_each(endpoint, NULL, forget, &question, err);
}
