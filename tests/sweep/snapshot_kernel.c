/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links, addresses and routes of the host, the container and the bystander; the firewall; tracked connections. Read with code of its own:
 * what is under test does not judge itself.
 */
#include "tests/sweep/snapshot.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (64 * 1024)

struct place {
	struct lines *lines;
	const char *where;
	int fd;
	struct {
		int ifindex;
		char name[IF_NAMESIZE];
	} links[64];
	size_t link_count;
};

static const char *name_of(const struct place *place, unsigned ifindex)
{
	size_t i;

	for (i = 0; i < place->link_count; i++)
		if (place->links[i].ifindex == (int)ifindex)
			return place->links[i].name;
	return "-";
}

static void note_name(struct place *place, int ifindex, const char *name)
{
	if (place->link_count == sizeof(place->links) / sizeof(*place->links))
		die("too many links in %s", place->where);
	place->links[place->link_count].ifindex = ifindex;
	snprintf(place->links[place->link_count++].name, IF_NAMESIZE, "%s", name);
}

static int take_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **table = data;

	if (mnl_attr_get_type(attr) < 64)
		table[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static const char *text_of(const struct nlattr *attr, int family, char *out)
{
	out[0] = '\0';
	if (attr)
		inet_ntop(family, mnl_attr_get_payload(attr), out, INET6_ADDRSTRLEN);
	return attr ? out : "-";
}

static unsigned number_of(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u32(attr) : 0;
}

static int add_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[64] = {0};
	struct place *place = data;
	char mac[32] = "";
	size_t i;

	mnl_attr_parse(nlh, sizeof(*info), take_attr, attrs);
	note_name(place, info->ifi_index, mnl_attr_get_str(attrs[IFLA_IFNAME]));
	for (i = 0; attrs[IFLA_ADDRESS] && i < mnl_attr_get_payload_len(attrs[IFLA_ADDRESS]) && i < 6; i++)
		sprintf(mac + 3 * i,
		        "%02x:", ((unsigned char *)mnl_attr_get_payload(attrs[IFLA_ADDRESS]))[i]);
	if (mac[0])
		mac[strlen(mac) - 1] = '\0';
	lines_add(place->lines, "link %s %s %s mtu %u master %s alias %s%s", place->where,
	          mnl_attr_get_str(attrs[IFLA_IFNAME]), mac, number_of(attrs[IFLA_MTU]),
	          attrs[IFLA_MASTER] ? "yes" : "no",
	          attrs[IFLA_IFALIAS] ? mnl_attr_get_str(attrs[IFLA_IFALIAS]) : "",
	          info->ifi_flags & IFF_UP ? " up" : "");
	return MNL_CB_OK;
}

/* Link-local addresses come with a bridge's first carrier and stay: the kernel's own doing. */
static bool is_link_local(const char *text)
{
	return strncmp(text, "fe80:", 5) == 0 || strncmp(text, "ff00:", 5) == 0;
}

static int add_address(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[64] = {0};
	struct place *place = data;
	char text[INET6_ADDRSTRLEN];

	mnl_attr_parse(nlh, sizeof(*info), take_attr, attrs);
	text_of(attrs[IFA_ADDRESS], info->ifa_family, text);
	if (!is_link_local(text))
		lines_add(place->lines, "address %s %s %s/%u", place->where, name_of(place, info->ifa_index),
		          text, info->ifa_prefixlen);
	return MNL_CB_OK;
}

static int add_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[64] = {0};
	struct place *place = data;
	char dst[INET6_ADDRSTRLEN], gateway[INET6_ADDRSTRLEN];

	mnl_attr_parse(nlh, sizeof(*info), take_attr, attrs);
	text_of(attrs[RTA_DST], info->rtm_family, dst);
	/* Anycast ones follow from forwarding, and go a moment later. */
	if (is_link_local(dst) || info->rtm_type == RTN_ANYCAST || (info->rtm_flags & RTM_F_CLONED))
		return MNL_CB_OK;
	lines_add(place->lines, "route %s %s/%u via %s dev %s table %u type %u", place->where, dst,
	          info->rtm_dst_len, text_of(attrs[RTA_GATEWAY], info->rtm_family, gateway),
	          name_of(place, number_of(attrs[RTA_OIF])), number_of(attrs[RTA_TABLE]), info->rtm_type);
	return MNL_CB_OK;
}

/* 1: again, something changed meanwhile. */
static int dump(int fd, struct nlmsghdr *request, mnl_cb_t fn, void *arg)
{
	static char buffer[BUFFER];
	int r = MNL_CB_OK;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		die("netlink dump: %s", strerror(errno));
	while (r > MNL_CB_STOP) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n < 0)
			die("netlink dump: %s", strerror(errno));
		r = mnl_cb_run(buffer, (size_t)n, 1, 0, fn, arg);
	}
	if (r < 0 && errno != EINTR)
		die("netlink dump: %s", strerror(errno));
	return r < 0;
}

static void dump_routes(struct place *place, int type, size_t size, unsigned char family, mnl_cb_t fn)
{
	char buffer[256];
	struct nlmsghdr *nlh;
	size_t had = place->lines->count;

	for (;;) {
		nlh = mnl_nlmsg_put_header(buffer);
		nlh->nlmsg_type = (uint16_t)type;
		/* All these headers begin with the family. */
		*(unsigned char *)mnl_nlmsg_put_extra_header(nlh, size) = family;
		if (!dump(place->fd, nlh, fn, place))
			return;
		place->lines->count = had;
		if (type == RTM_GETLINK)
			place->link_count = 0;
	}
}

static void add_place(struct lines *lines, const char *where, int fd)
{
	struct place place = {.lines = lines, .where = where, .fd = fd};

	if (fd < 0)
		return;
	dump_routes(&place, RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC, add_link);
	dump_routes(&place, RTM_GETADDR, sizeof(struct ifaddrmsg), AF_UNSPEC, add_address);
	dump_routes(&place, RTM_GETROUTE, sizeof(struct rtmsg), AF_INET, add_route);
	dump_routes(&place, RTM_GETROUTE, sizeof(struct rtmsg), AF_INET6, add_route);
}

static int take_nested(const struct nlattr *attr, const struct nlattr **table)
{
	return attr ? mnl_attr_parse_nested(attr, take_attr, table) : MNL_CB_OK;
}

static int add_flow(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[64] = {0}, *tuple[64] = {0}, *ip[64] = {0}, *proto[64] = {0};
	bool v6 = header->nfgen_family == AF_INET6;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	mnl_attr_parse(nlh, sizeof(*header), take_attr, attrs);
	take_nested(attrs[CTA_TUPLE_ORIG], tuple);
	take_nested(tuple[CTA_TUPLE_IP], ip);
	take_nested(tuple[CTA_TUPLE_PROTO], proto);
	/* The kernel's own membership reports have no port. */
	if (!proto[CTA_PROTO_DST_PORT])
		return MNL_CB_OK;
	lines_add(data, "tracked connection, protocol %u from %s to %s port %u",
	          proto[CTA_PROTO_NUM] ? mnl_attr_get_u8(proto[CTA_PROTO_NUM]) : 0,
	          text_of(ip[v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], header->nfgen_family, from),
	          text_of(ip[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], header->nfgen_family, to),
	          ntohs(mnl_attr_get_u16(proto[CTA_PROTO_DST_PORT])));
	return MNL_CB_OK;
}

static void add_flows(struct lines *lines)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	char buffer[256];
	struct nlmsghdr *nlh;
	size_t had = lines->count;

	if (fd < 0)
		die("nfnetlink: %s", strerror(errno));
	do {
		lines->count = had;
		nlh = mnl_nlmsg_put_header(buffer);
		nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	} while (dump(fd, nlh, add_flow, lines));
	close(fd);
}

static struct nft_ctx *firewall(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		die("no libnftables");
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_STATELESS);
	return nft;
}

/* Line by line with the set that it stands in. Elements are sorted by libnftables, one a line here. */
static void add_firewall(struct lines *lines)
{
	struct nft_ctx *nft = firewall();
	char *text, *line, *save = NULL, block[128] = "";

	if (nft_run_cmd_from_buffer(nft, "list ruleset") != 0)
		die("nft: %s", nft_ctx_get_error_buffer(nft));
	text = strdup(nft_ctx_get_output_buffer(nft));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '\t' && line[1] != '\t')
			snprintf(block, sizeof(block), "%s", line + 1);
		/* Whether ::1 can be translated is a fact of the host, noted with the first port. */
		if (strstr(block, "set no_loopback"))
			continue;
		lines_add(lines, "firewall %s: %s", block, line);
	}
	free(text);
	nft_ctx_free(nft);
}

void firewall_flush(void)
{
	struct nft_ctx *nft = firewall();

	if (nft_run_cmd_from_buffer(nft, "flush ruleset") != 0)
		die("nft: %s", nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
}

void snapshot_kernel(struct lines *lines, enum snapshot_mode mode)
{
	add_place(lines, "host", world.host_netlink);
	add_place(lines, "container", world.container_netlink);
	add_place(lines, "bystander", world.bystander_netlink);
	add_flows(lines);
	add_firewall(lines);
}
