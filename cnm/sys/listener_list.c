/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list of sockets, by NETLINK_SOCK_DIAG (net/ipv4/inet_diag.c): one question for a whole range of ports, which it
 * compares itself. It needs no capability, and takes no port while it asks.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/listener_internal.h"
#include "cnm/sys/nlmsg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RECEIVE_BYTES  (32 * 1024) /* what the kernel fills at once in a dump (netlink_dump, af_netlink.c) */
#define MESSAGE_BYTES  256
#define ANSWER_SECONDS 10

struct search {
	const struct cnm_addr *host;
	uint16_t first, last;
	unsigned found; /* the lowest port; 0: none */
};

struct diag {
	struct mnl_socket *nl;
	uint32_t seq;
	char buf[RECEIVE_BYTES] __attribute__((aligned(8)));
};

static void close_socket(struct diag *diag)
{
	if (diag->nl)
		mnl_socket_close(diag->nl);
}

static int fail_missing(struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_UNSUPPORTED, "list sockets: this kernel cannot (inet_diag)");
}

static int open_socket(struct diag *diag, struct cnm_error *err)
{
	struct timeval timeout = {.tv_sec = ANSWER_SECONDS};

	diag->nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!diag->nl && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return fail_missing(err);
	if (!diag->nl || mnl_socket_bind(diag->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return cnm_fail_sys(err, errno, "list sockets");
	setsockopt(mnl_socket_get_fd(diag->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return 0;
}

/*
 * first <= local port <= last, as a program of inet_diag_bc_run: each comparison is followed by an operation that holds its port;
 * "yes" and "no" are steps in bytes. To step onto the end accepts, to step behind it by 4 rejects.
 */
static void put_ports(struct nlmsghdr *nlh, uint16_t first, uint16_t last)
{
	const uint16_t pair = 2 * sizeof(struct inet_diag_bc_op);
	const struct inet_diag_bc_op program[] = {
	        {INET_DIAG_BC_S_GE, (unsigned char)pair, (uint16_t)(2 * pair + 4)},
	        {INET_DIAG_BC_NOP, 0, first},
	        {INET_DIAG_BC_S_LE, (unsigned char)pair, (uint16_t)(pair + 4)},
	        {INET_DIAG_BC_NOP, 0, last},
	};

	mnl_attr_put(nlh, INET_DIAG_REQ_BYTECODE, sizeof(program), program);
}

static int ask(struct diag *diag, uint8_t family, uint8_t protocol, const struct search *search,
               struct cnm_error *err)
{
	char message[MESSAGE_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct inet_diag_req_v2 *request;
	ssize_t n;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++diag->seq;
	request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = protocol;
	request->idiag_states = protocol == IPPROTO_TCP ? 1U << TCP_LISTEN : UINT32_MAX;
	put_ports(nlh, search->first, search->last);
	do
		n = mnl_socket_sendto(diag->nl, nlh, nlh->nlmsg_len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? cnm_fail_sys(err, errno, "list sockets") : 0;
}

/* False for a socket at :: that takes IPv4 as well. The kernel tells of sockets that listen or are not connected, which those at :: are. */
static bool is_ipv6_only(const struct nlmsghdr *nlh)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct inet_diag_msg))
	{
		if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY && mnl_attr_get_payload_len(attr) >= 1)
			return mnl_attr_get_u8(attr) != 0;
	}
	return false;
}

/* The address of the host's family at which the socket takes traffic; false when there is none. */
static bool read_source(const struct nlmsghdr *nlh, uint8_t family, struct cnm_addr *ret)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct in6_addr in6;

	memcpy(&in6, msg->id.idiag_src, sizeof(in6));
	*ret = (struct cnm_addr){.family = family};
	if (msg->idiag_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6)) {
		memcpy(ret->bytes, &in6.s6_addr[12], 4);
		return family == AF_INET;
	}
	if (msg->idiag_family == family) {
		memcpy(ret->bytes, msg->id.idiag_src, cnm_addr_size(ret));
		return true;
	}
	if (msg->idiag_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_UNSPECIFIED(&in6) && !is_ipv6_only(nlh);
}

static void note_socket(const struct nlmsghdr *nlh, struct search *search)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct cnm_addr source;
	uint16_t port;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return;
	port = ntohs(msg->id.idiag_sport);
	if (port < search->first || port > search->last || (search->found && search->found <= port) ||
	    !read_source(nlh, search->host->family, &source))
		return;
	if (cnm_addr_is_unspecified(search->host) || cnm_addr_is_unspecified(&source) ||
	    cnm_addr_equal(search->host, &source))
		search->found = port;
}

static int read_error(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return error < 0 ? -error : 0;
}

/* One datagram of the kernel's (port 0), whoever else may send to ours. */
static ssize_t receive(struct diag *diag, struct cnm_error *err)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {diag->buf, sizeof(diag->buf)};
	struct msghdr msg = {.msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do {
		msg.msg_namelen = sizeof(from);
		n = recvmsg(mnl_socket_get_fd(diag->nl), &msg, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n >= 0 && !(msg.msg_flags & MSG_TRUNC))
		return n;
	return cnm_fail_sys(err, n >= 0 ? EMSGSIZE : errno, "list sockets");
}

static int take_dump(struct diag *diag, struct search *search, struct cnm_error *err)
{
	for (;;) {
		ssize_t got = receive(diag, err);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)diag->buf;
		int left = (int)got, error;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != diag->seq)
				continue;
			if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR) {
				note_socket(nlh, search);
				continue;
			}
			error = read_error(nlh);
			/* The module of the family or of the protocol is missing. */
			if (error == ENOENT || error == EINVAL || error == EOPNOTSUPP)
				return fail_missing(err);
			return error ? cnm_fail_sys(err, error, "list sockets") : 0;
		}
	}
}

int cnm_listener_list(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                      uint16_t *ret_port, struct cnm_error *err)
{
	struct search search = {.host = host, .first = first, .last = last};
	_cleanup_(close_socket) struct diag diag = {.nl = NULL};

	if (open_socket(&diag, err) < 0)
		return -1;
	if (host->family == AF_INET &&
	    (ask(&diag, AF_INET, protocol, &search, err) < 0 || take_dump(&diag, &search, err) < 0))
		return -1;
	/* Sockets of IPv6 may take IPv4. */
	if (ask(&diag, AF_INET6, protocol, &search, err) < 0 || take_dump(&diag, &search, err) < 0)
		return -1;
	if (!search.found)
		return 0;
	*ret_port = (uint16_t)search.found;
	return 1;
}
