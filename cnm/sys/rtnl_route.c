/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes: add, replace, delete, list. */
#include "cnm/sys/rtnl_route.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* To delete, RT_SCOPE_NOWHERE matches every scope (fib_table_delete in net/ipv4/fib_trie.c). */
static uint8_t scope_of(const struct cnm_route *route, uint16_t type)
{
	if (route->scope)
		return route->scope;
	if (type == RTM_DELROUTE)
		return RT_SCOPE_NOWHERE;
	return cnm_addr_is_set(&route->gateway) || route->dst.family == AF_INET6 ? RT_SCOPE_UNIVERSE
	                                                                         : RT_SCOPE_LINK;
}

static void put_metrics(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_route *route)
{
	struct nlattr *nest;

	if (!route->mtu && !route->advmss)
		return;
	nest = cnm_rtnl_nest_begin(batch, nlh, RTA_METRICS);
	if (route->mtu)
		cnm_rtnl_put_u32(batch, nlh, RTAX_MTU, route->mtu);
	if (route->advmss)
		cnm_rtnl_put_u32(batch, nlh, RTAX_ADVMSS, route->advmss);
	cnm_rtnl_nest_end(batch, nlh, nest);
}

static void put_route(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, const struct cnm_route *route)
{
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint32_t table = route->table ? route->table : RT_TABLE_MAIN;

	rtm->rtm_family = route->dst.family;
	rtm->rtm_dst_len = route->dst.prefix;
	rtm->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = route->protocol ? route->protocol : RTPROT_STATIC;
	rtm->rtm_scope = scope_of(route, nlh->nlmsg_type);
	rtm->rtm_type = route->type ? route->type : RTN_UNICAST;
	rtm->rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
	if (route->dst.prefix > 0)
		cnm_rtnl_put(batch, nlh, RTA_DST, route->dst.bytes, cnm_addr_size(&route->dst));
	if (cnm_addr_is_set(&route->gateway))
		cnm_rtnl_put(batch, nlh, RTA_GATEWAY, route->gateway.bytes, cnm_addr_size(&route->gateway));
	if (route->ifindex > 0)
		cnm_rtnl_put_u32(batch, nlh, RTA_OIF, (uint32_t)route->ifindex);
	if (route->metric)
		cnm_rtnl_put_u32(batch, nlh, RTA_PRIORITY, route->metric);
	if (table >= 256)
		cnm_rtnl_put_u32(batch, nlh, RTA_TABLE, table);
	put_metrics(batch, nlh, route);
	cnm_rtnl_batch_end(batch, nlh);
}

static void add(struct cnm_rtnl_batch *batch, const struct cnm_route *route, const char *verb, uint16_t flags,
                int tolerated)
{
	char dst[CNM_ADDR_TEXT_MAX], gateway[CNM_ADDR_TEXT_MAX];
	uint16_t type = strcmp(verb, "delete") == 0 ? RTM_DELROUTE : RTM_NEWROUTE;

	put_route(batch,
	          cnm_rtnl_batch_begin(batch, type, flags, tolerated, "%s route %s via %s", verb,
	                               cnm_addr_format_cidr(&route->dst, dst),
	                               cnm_addr_is_set(&route->gateway)
	                                       ? cnm_addr_format(&route->gateway, gateway)
	                                       : "the link"),
	          route);
}

void cnm_route_add(struct cnm_rtnl_batch *batch, const struct cnm_route *route, bool tolerate_existing)
{
	add(batch, route, "add", NLM_F_CREATE | NLM_F_EXCL, tolerate_existing ? EEXIST : 0);
}

void cnm_route_replace(struct cnm_rtnl_batch *batch, const struct cnm_route *route)
{
	add(batch, route, "replace", NLM_F_CREATE | NLM_F_REPLACE, 0);
}

void cnm_route_delete(struct cnm_rtnl_batch *batch, const struct cnm_route *route)
{
	add(batch, route, "delete", 0, ESRCH);
}

struct list {
	cnm_route_fn fn;
	void *arg;
};

static void read_addr(struct cnm_addr *ret, uint8_t family, const struct nlattr *attr)
{
	struct cnm_addr addr = {.family = family};

	if (mnl_attr_get_payload_len(attr) != cnm_addr_size(&addr))
		return;
	addr.prefix = (uint8_t)cnm_addr_bits(&addr);
	memcpy(addr.bytes, mnl_attr_get_payload(attr), cnm_addr_size(&addr));
	*ret = addr;
}

static uint32_t read_u32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;
}

static void read_metrics(struct cnm_route *route, const struct nlattr *metrics)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, metrics)
	{
		if (mnl_attr_get_type(attr) == RTAX_MTU)
			route->mtu = read_u32(attr);
		else if (mnl_attr_get_type(attr) == RTAX_ADVMSS)
			route->advmss = read_u32(attr);
	}
}

static void read_attr(struct cnm_route *route, uint8_t family, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		read_addr(&route->dst, family, attr);
		break;
	case RTA_GATEWAY:
		read_addr(&route->gateway, family, attr);
		break;
	case RTA_OIF:
		route->ifindex = (int)read_u32(attr);
		break;
	case RTA_PRIORITY:
		route->metric = read_u32(attr);
		break;
	case RTA_TABLE:
		route->table = read_u32(attr);
		break;
	case RTA_METRICS:
		read_metrics(route, attr);
		break;
	default:
		break;
	}
}

static int list_route(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct list *list = arg;
	struct cnm_route route = {0};
	struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (rtm->rtm_flags & RTM_F_CLONED) || rtm->rtm_type != RTN_UNICAST ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6))
		return 0;
	route.dst.family = rtm->rtm_family;
	route.table = rtm->rtm_table;
	route.protocol = rtm->rtm_protocol;
	route.type = rtm->rtm_type;
	route.scope = rtm->rtm_scope;
	route.onlink = rtm->rtm_flags & RTNH_F_ONLINK;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) read_attr(&route, rtm->rtm_family, attr);
	route.dst.prefix = rtm->rtm_dst_len;
	return route.table == RT_TABLE_MAIN && route.dst.prefix <= cnm_addr_bits(&route.dst)
	               ? list->fn(&route, list->arg, err)
	               : 0;
}

int cnm_route_list(struct cnm_rtnl *rtnl, cnm_route_fn fn, void *arg, struct cnm_error *err)
{
	struct list list = {fn, arg};
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;

	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETROUTE, NLM_F_DUMP, 0, "list routes");
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg));
	cnm_rtnl_batch_end(&batch, nlh);
	return cnm_rtnl_query(rtnl, &batch, list_route, NULL, &list, err);
}

static int note_local(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*rtm))
		*(bool *)arg = rtm->rtm_type == RTN_LOCAL;
	return 0;
}

/* What the answer is where a route says "no": ENETUNREACH (none, or throw), EHOSTUNREACH (unreachable), EINVAL (blackhole), EACCES
 * (prohibit), as fib_props in net/ipv4/fib_semantics.c has them. */
static bool is_no_route(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EINVAL || error == EACCES;
}

int cnm_addr_is_local(struct cnm_rtnl *rtnl, const struct cnm_addr *addr, struct cnm_error *err)
{
	struct cnm_error error = CNM_ERROR_INIT;
	char text[CNM_ADDR_TEXT_MAX];
	struct cnm_rtnl_batch batch;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	bool local = false;

	if (!cnm_addr_is_set(addr))
		return 0;
	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETROUTE, 0, 0, "look up the route to %s",
	                           cnm_addr_format(addr, text));
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = addr->family;
	rtm->rtm_dst_len = (uint8_t)cnm_addr_bits(addr);
	cnm_rtnl_put(&batch, nlh, RTA_DST, addr->bytes, cnm_addr_size(addr));
	cnm_rtnl_batch_end(&batch, nlh);
	if (cnm_rtnl_query(rtnl, &batch, note_local, NULL, &local, &error) == 0)
		return local;
	if (is_no_route(error.sys_errno))
		return 0;
	if (err)
		*err = error;
	return -1;
}
