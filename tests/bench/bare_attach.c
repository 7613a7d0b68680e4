/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measure for an attach: a bare program that sends the same netlink messages and does nothing else. No records, no
 * locks, no checks, no firewall: what is left is the kernel's work and the start of a process.
 *
 *	bare_attach add NETNS BRIDGE NAME ADDRESS GATEWAY [ADDRESS6 GATEWAY6]
 *	bare_attach del NAME
 *
 * NAME is the host end's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEER_NAME "eth0"
#define MTU       1500

/* Messages sent together, and how many answers they bring. */
struct batch {
	char data[8192];
	size_t len;
	unsigned count;
};

static void die(const char *what)
{
	fprintf(stderr, "bare_attach: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct nlmsghdr *begin(struct batch *batch, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(batch->data + batch->len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++batch->count;
	return nlh;
}

static void end(struct batch *batch, const struct nlmsghdr *nlh)
{
	batch->len += MNL_ALIGN(nlh->nlmsg_len);
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink socket");
	return nl;
}

static void send_batch(struct mnl_socket *nl, struct batch *batch)
{
	char buf[16384];
	unsigned answers = 0;

	if (mnl_socket_sendto(nl, batch->data, batch->len) < 0)
		die("send");
	while (answers < batch->count) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		int left = (int)n;

		if (n < 0)
			die("receive");
		for (struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)buf; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *reply = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR)
				continue;
			answers++;
			errno = -reply->error;
			if (errno)
				die("kernel");
		}
	}
	batch->len = batch->count = 0;
}

/* The name's last two characters make it different from the other pairs'. */
static void put_mac(struct nlmsghdr *nlh, const char *name, uint8_t last)
{
	size_t len = strlen(name);
	const uint8_t mac[6] = {2, 0, 0, (uint8_t)name[len - 2], (uint8_t)name[len - 1], last};

	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
}

/* The pair with final names, MACs, MTU and master, the peer born in the namespace. */
static void add_pair(struct batch *batch, const char *name, int netns_fd, unsigned bridge)
{
	struct nlmsghdr *nlh = begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_MTU, MTU);
	mnl_attr_put_u32(nlh, IFLA_MASTER, bridge);
	put_mac(nlh, name, 0x10);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, PEER_NAME);
	mnl_attr_put_u32(nlh, IFLA_MTU, MTU);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	put_mac(nlh, name, 0x11);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	end(batch, nlh);
}

static void set_up(struct batch *batch, const char *name, int ifindex)
{
	struct nlmsghdr *nlh = begin(batch, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	end(batch, nlh);
}

static int family_of(const char *text, void *ret, size_t *ret_len)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	*ret_len = family == AF_INET ? 4 : 16;
	if (inet_pton(family, text, ret) != 1) {
		errno = EINVAL;
		die(text);
	}
	return family;
}

static void add_address(struct batch *batch, const char *text, int ifindex)
{
	struct nlmsghdr *nlh = begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	uint8_t addr[16];
	size_t len;

	ifa->ifa_family = (uint8_t)family_of(text, addr, &len);
	ifa->ifa_prefixlen = len == 4 ? 24 : 64;
	ifa->ifa_index = (uint32_t)ifindex;
	ifa->ifa_flags = len == 4 ? 0 : IFA_F_NODAD;
	mnl_attr_put(nlh, IFA_LOCAL, len, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, len, addr);
	end(batch, nlh);
}

static void add_default_route(struct batch *batch, const char *gateway, int ifindex)
{
	struct nlmsghdr *nlh = begin(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint8_t addr[16];
	size_t len;

	rtm->rtm_family = (uint8_t)family_of(gateway, addr, &len);
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_GATEWAY, len, addr);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)ifindex);
	end(batch, nlh);
}

static int open_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

static void add(char **argv, int argc)
{
	static struct batch batch;
	int own = open_namespace("/proc/self/ns/net"), netns = open_namespace(argv[0]);
	struct mnl_socket *host = open_socket(), *inside;

	add_pair(&batch, argv[2], netns, if_nametoindex(argv[1]));
	set_up(&batch, argv[2], 0);
	send_batch(host, &batch);

	if (setns(netns, CLONE_NEWNET) < 0)
		die("setns");
	inside = open_socket();
	int ifindex = (int)if_nametoindex(PEER_NAME);
	if (setns(own, CLONE_NEWNET) < 0)
		die("setns");
	set_up(&batch, NULL, 1);
	for (int i = 3; i + 1 < argc; i += 2)
		add_address(&batch, argv[i], ifindex);
	set_up(&batch, NULL, ifindex);
	for (int i = 3; i + 1 < argc; i += 2)
		add_default_route(&batch, argv[i + 1], ifindex);
	send_batch(inside, &batch);
	mnl_socket_close(inside);
	mnl_socket_close(host);
	close(netns);
	close(own);
}

static void del(const char *name)
{
	static struct batch batch;
	struct mnl_socket *host = open_socket();
	struct nlmsghdr *nlh = begin(&batch, RTM_DELLINK, 0);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	end(&batch, nlh);
	send_batch(host, &batch);
	mnl_socket_close(host);
}

int main(int argc, char **argv)
{
	if (argc >= 7 && strlen(argv[4]) >= 2 && strcmp(argv[1], "add") == 0) {
		add(argv + 2, argc - 2);
	} else if (argc == 3 && strcmp(argv[1], "del") == 0) {
		del(argv[2]);
	} else {
		fprintf(stderr, "usage: bare_attach add NETNS BRIDGE NAME ADDRESS GATEWAY [ADDRESS6 "
		                "GATEWAY6] | del NAME\n");
		return 2;
	}
	return 0;
}
