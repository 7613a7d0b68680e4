/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgetting tracked connections. The table is read to its end first and flows are deleted after, each by its tuple and
 * its id: a flow that came in its place meanwhile stays, unless it took the same place in memory too, which is what the
 * kernel makes ids of (nf_ct_get_id in net/netfilter/nf_conntrack_core.c).
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/conntrack_internal.h"
#include "cnm/sys/nlmsg.h"
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RECEIVE_BYTES  (32 * 1024) /* what the kernel fills at once in a dump (netlink_dump, af_netlink.c) */
#define MESSAGE_BYTES  256         /* one deletion takes at most 124 */
#define BATCH_COUNT    64 /* deletions sent at once: all may fail, and the default buffer takes the answers */
#define ANSWER_SECONDS 10
#define DUMP_RESTARTS  8

/* CTA_FILTER_F_CTA_PROTO_NUM of net/netfilter/nf_internals.h: a flag of CTA_FILTER_ORIG_FLAGS that no exported header has. */
#define FILTER_PROTO_NUM (1U << 3)

#define LIST   "list tracked connections"
#define DELETE "delete tracked connections"

struct flows {
	uint8_t family, protocol;
	cnm_conntrack_match match;
	void *arg;
	struct cnm_conntrack_flow *items;
	size_t count, room;
	bool no_memory;
};

struct conntrack {
	struct mnl_socket *nl;
	uint32_t seq;
	char buf[RECEIVE_BYTES] __attribute__((aligned(8)));
};

static void close_socket(struct conntrack *ct)
{
	if (ct->nl)
		mnl_socket_close(ct->nl);
}

/* 0 with ct->nl NULL where the kernel has no netfilter sockets at all. */
static int open_socket(struct conntrack *ct, struct cnm_error *err)
{
	struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
	int one = 1;

	ct->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!ct->nl && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return 0;
	if (!ct->nl || mnl_socket_bind(ct->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return cnm_fail_sys(err, errno, "connection tracking socket");
	mnl_socket_setsockopt(ct->nl, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(ct->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return 0;
}

static struct nlmsghdr *begin(char *at, uint16_t type, uint16_t flags, uint8_t family, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static int send_bytes(struct conntrack *ct, const void *data, size_t len, const char *what,
                      struct cnm_error *err)
{
	ssize_t n;

	do
		n = mnl_socket_sendto(ct->nl, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? cnm_fail_sys(err, errno, "%s", what) : 0;
}

/* One datagram of the kernel's (port 0), whoever else may send to ours. */
static ssize_t receive(struct conntrack *ct, const char *what, struct cnm_error *err)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {ct->buf, sizeof(ct->buf)};
	struct msghdr msg = {.msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do {
		msg.msg_namelen = sizeof(from);
		n = recvmsg(mnl_socket_get_fd(ct->nl), &msg, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n >= 0 && !(msg.msg_flags & MSG_TRUNC))
		return n;
	if (n >= 0)
		return cnm_fail_sys(err, EMSGSIZE, "%s: the kernel's answer", what);
	if (errno == EAGAIN)
		return cnm_fail(err, CNM_E_SYSTEM, "%s: no answer from the kernel in %d s", what,
		                ANSWER_SECONDS);
	return cnm_fail_sys(err, errno, "%s", what);
}

static void keep_flow(struct flows *flows, const struct cnm_conntrack_flow *flow)
{
	if (flows->count == flows->room) {
		size_t room = flows->room * 2 + 16;
		struct cnm_conntrack_flow *items = reallocarray(flows->items, room, sizeof(*items));

		if (!items) {
			flows->no_memory = true;
			return;
		}
		flows->items = items;
		flows->room = room;
	}
	flows->items[flows->count++] = *flow;
}

/* The kernel may not have filtered: it passes over what it doesn't know of a request. */
static void note_flow(const struct nlmsghdr *nlh, struct flows *flows)
{
	struct cnm_conntrack_flow flow;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return;
	cnm_conntrack_read(nlh, &flow);
	if (flow.family == flows->family && flow.protocol == flows->protocol &&
	    flow.src.family == flow.family && flow.dst.family == flow.family &&
	    flows->match(&flow, flows->arg))
		keep_flow(flows, &flow);
}

/* The errno in an error message or in the end of a dump; 0: success. */
static int read_error(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return error < 0 ? -error : 0;
}

/* Reads the whole answer, even one that is of no use any more: the next dump is refused before its end. *ret_error is what
 * the kernel said of it, EINTR when the table changed under it. */
static int receive_dump(struct conntrack *ct, struct flows *flows, int *ret_error, struct cnm_error *err)
{
	bool done = false, interrupted = false;

	while (!done) {
		ssize_t got = receive(ct, LIST, err);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)ct->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != ct->seq)
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
				*ret_error = read_error(nlh);
				done = true;
			} else {
				note_flow(nlh, flows);
			}
		}
	}
	if (interrupted && *ret_error == 0)
		*ret_error = EINTR;
	return 0;
}

/* Leaves it to the kernel (since 5.8) to pick the protocol. */
static void put_filter(struct nlmsghdr *nlh, uint8_t protocol)
{
	struct nlattr *outer = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *inner = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);

	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, protocol);
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, outer);
	outer = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, outer);
}

static int dump(struct conntrack *ct, struct flows *flows, bool filtered, int *ret_error,
                struct cnm_error *err)
{
	char message[MESSAGE_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(message, IPCTNL_MSG_CT_GET, NLM_F_DUMP, flows->family, ++ct->seq);

	if (filtered)
		put_filter(nlh, flows->protocol);
	flows->count = 0;
	if (send_bytes(ct, nlh, nlh->nlmsg_len, LIST, err) < 0)
		return -1;
	return receive_dump(ct, flows, ret_error, err);
}

/* nfnetlink answers EINVAL for a subsystem that it lacks (nfnetlink_rcv_msg in net/netfilter/nfnetlink.c). */
static bool is_refusal(int error)
{
	return error == EINVAL || error == EOPNOTSUPP;
}

/* The flows that match; none where the kernel has no such table. */
static int collect(struct conntrack *ct, struct flows *flows, struct cnm_error *err)
{
	bool filtered = true;
	unsigned restarts = 0;
	int error = 0;

	for (;;) {
		if (dump(ct, flows, filtered, &error, err) < 0)
			return -1;
		if (is_refusal(error) && filtered)
			filtered = false;
		else if (error != EINTR || restarts++ == DUMP_RESTARTS)
			break;
	}
	if (flows->no_memory)
		return cnm_fail_nomem(err);
	if (error == EINTR)
		return cnm_fail(err, CNM_E_TRY_AGAIN, LIST ": they changed during each of %d readings",
		                DUMP_RESTARTS + 1);
	return error && !is_refusal(error) ? cnm_fail_sys(err, error, LIST) : 0;
}

/* Waits for the answer to the last of the messages; those before it answer only when they failed. ENOENT: it went by itself. */
static int await_deletions(struct conntrack *ct, uint32_t first, size_t *absent, struct cnm_error *err)
{
	bool done = false;
	int failure = 0;

	while (!done) {
		ssize_t got = receive(ct, DELETE, err);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)ct->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			int error = read_error(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_seq - first > ct->seq - first)
				continue;
			if (error == ENOENT)
				(*absent)++;
			else if (!failure)
				failure = error;
			done = done || nlh->nlmsg_seq == ct->seq;
		}
	}
	return failure ? cnm_fail_sys(err, failure, DELETE) : 0;
}

static int delete_batch(struct conntrack *ct, const struct cnm_conntrack_flow *flows, size_t count,
                        size_t *absent, struct cnm_error *err)
{
	char wire[BATCH_COUNT * MESSAGE_BYTES] __attribute__((aligned(8)));
	uint32_t first = ct->seq + 1;
	size_t i, len = 0;

	for (i = 0; i < count; i++) {
		struct nlmsghdr *nlh = begin(wire + len, IPCTNL_MSG_CT_DELETE, i + 1 == count ? NLM_F_ACK : 0,
		                             flows[i].family, ++ct->seq);

		cnm_conntrack_put(nlh, &flows[i]);
		len += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	if (send_bytes(ct, wire, len, DELETE, err) < 0)
		return -1;
	return await_deletions(ct, first, absent, err);
}

static int delete_all(struct conntrack *ct, const struct flows *flows, size_t *ret_count,
                      struct cnm_error *err)
{
	size_t i, count, absent = 0;

	for (i = 0; i < flows->count; i += count) {
		count = flows->count - i < BATCH_COUNT ? flows->count - i : BATCH_COUNT;
		if (delete_batch(ct, flows->items + i, count, &absent, err) < 0)
			return -1;
	}
	*ret_count = flows->count - absent;
	return 0;
}

int cnm_conntrack_delete(uint8_t family, uint8_t protocol, cnm_conntrack_match match, void *arg,
                         size_t *ret_count, struct cnm_error *err)
{
	struct flows flows = {.family = family, .protocol = protocol, .match = match, .arg = arg};
	_cleanup_(close_socket) struct conntrack ct = {.nl = NULL};
	_cleanup_free_ struct cnm_conntrack_flow *items = NULL;
	size_t count = 0;
	int r;

	if (open_socket(&ct, err) < 0)
		return -1;
	r = ct.nl ? collect(&ct, &flows, err) : 0;
	items = flows.items;
	if (r < 0 || delete_all(&ct, &flows, &count, err) < 0)
		return -1;
	if (ret_count)
		*ret_count = count;
	return 0;
}
