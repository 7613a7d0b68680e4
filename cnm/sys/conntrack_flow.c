/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracked connection as attributes of ctnetlink, read and written. */
#include "cnm/sys/conntrack_internal.h"
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

static void read_addr(struct cnm_addr *ret, uint8_t family, const struct nlattr *attr)
{
	struct cnm_addr addr = {.family = family};

	if (mnl_attr_get_payload_len(attr) != cnm_addr_size(&addr))
		return;
	memcpy(addr.bytes, mnl_attr_get_payload(attr), cnm_addr_size(&addr));
	addr.prefix = (uint8_t)cnm_addr_bits(&addr);
	*ret = addr;
}

static uint16_t read_be16(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= sizeof(uint16_t) ? ntohs(mnl_attr_get_u16(attr)) : 0;
}

static uint32_t read_be32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

/* One direction of a flow. */
struct tuple {
	struct cnm_addr src, dst;
	uint16_t sport, dport, zone;
	uint8_t protocol;
};

static void read_ip(const struct nlattr *nest, struct tuple *tuple)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		switch (mnl_attr_get_type(attr)) {
		case CTA_IP_V4_SRC:
			read_addr(&tuple->src, AF_INET, attr);
			break;
		case CTA_IP_V4_DST:
			read_addr(&tuple->dst, AF_INET, attr);
			break;
		case CTA_IP_V6_SRC:
			read_addr(&tuple->src, AF_INET6, attr);
			break;
		case CTA_IP_V6_DST:
			read_addr(&tuple->dst, AF_INET6, attr);
			break;
		default:
			break;
		}
	}
}

static void read_proto(const struct nlattr *nest, struct tuple *tuple)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == CTA_PROTO_NUM && mnl_attr_get_payload_len(attr) >= 1)
			tuple->protocol = mnl_attr_get_u8(attr);
		else if (type == CTA_PROTO_SRC_PORT)
			tuple->sport = read_be16(attr);
		else if (type == CTA_PROTO_DST_PORT)
			tuple->dport = read_be16(attr);
	}
}

static struct tuple read_tuple(const struct nlattr *nest)
{
	struct tuple tuple = {.zone = 0};
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == CTA_TUPLE_IP)
			read_ip(attr, &tuple);
		else if (type == CTA_TUPLE_PROTO)
			read_proto(attr, &tuple);
		else if (type == CTA_TUPLE_ZONE)
			tuple.zone = read_be16(attr);
	}
	return tuple;
}

void cnm_conntrack_read(const struct nlmsghdr *nlh, struct cnm_conntrack_flow *flow)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct tuple orig = {.zone = 0}, reply = {.zone = 0};
	struct nlattr *attr;

	*flow = (struct cnm_conntrack_flow){.family = nfg->nfgen_family};
	mnl_attr_for_each(attr, nlh, sizeof(*nfg))
	{
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			orig = read_tuple(attr);
			break;
		case CTA_TUPLE_REPLY:
			reply = read_tuple(attr);
			break;
		case CTA_STATUS:
			flow->status = read_be32(attr);
			break;
		case CTA_ID:
			flow->id = read_be32(attr);
			break;
		case CTA_ZONE: /* of both directions; else a tuple has its own */
			flow->zone = read_be16(attr);
			break;
		default:
			break;
		}
	}
	flow->protocol = orig.protocol;
	flow->src = orig.src;
	flow->dst = orig.dst;
	flow->sport = orig.sport;
	flow->dport = orig.dport;
	flow->reply_src = reply.src;
	flow->reply_dst = reply.dst;
	flow->reply_sport = reply.sport;
	flow->reply_dport = reply.dport;
	if (orig.zone)
		flow->zone = orig.zone;
}

void cnm_conntrack_put(struct nlmsghdr *nlh, const struct cnm_conntrack_flow *flow)
{
	bool is_ipv4 = flow->family == AF_INET;
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	size_t size = cnm_addr_size(&flow->src);

	mnl_attr_put(nlh, is_ipv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, size, flow->src.bytes);
	mnl_attr_put(nlh, is_ipv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, size, flow->dst.bytes);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, flow->protocol);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(flow->sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(flow->dport));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, tuple);
	mnl_attr_put_u32(nlh, CTA_ID, htonl(flow->id));
	if (flow->zone)
		mnl_attr_put_u16(nlh, CTA_ZONE, htons(flow->zone));
}
