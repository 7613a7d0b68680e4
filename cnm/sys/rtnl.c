/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An rtnetlink socket, and sending batches on it. Requests of a batch carry consecutive sequence numbers, so
 * an answer's number tells which request it belongs to, and one of an earlier batch is passed over.
 */
#include "cnm/sys/rtnl.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/netns.h"
#include "cnm/sys/nlmsg.h"
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#define RECEIVE_BYTES                                                                                        \
	(32 * 1024) /* what the kernel fills at once in a dump (netlink_dump in net/netlink/af_netlink.c) */
#define ANSWER_SECONDS 10
#define DUMP_RESTARTS  8

struct cnm_rtnl {
	struct mnl_socket *nl;
	uint32_t seq;
	bool strict; /* dumps are filtered by the kernel, where it can (NETLINK_GET_STRICT_CHK, Linux 4.20) */
	char buf[RECEIVE_BYTES] __attribute__((aligned(8)));
};

int cnm_rtnl_open(struct cnm_rtnl **ret, struct cnm_error *err)
{
	struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
	struct cnm_rtnl *rtnl = malloc(sizeof(*rtnl));
	int one = 1;

	if (!rtnl)
		return cnm_fail_nomem(err);
	rtnl->seq = 0;
	rtnl->strict = false;
	rtnl->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!rtnl->nl) {
		cnm_fail_sys(err, errno, "netlink socket");
		cnm_rtnl_close(rtnl);
		return -1;
	}
	/* Its port number comes with the first message (netlink_autobind in net/netlink/af_netlink.c). An old kernel gives errors no text. */
	mnl_socket_setsockopt(rtnl->nl, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(rtnl->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	*ret = rtnl;
	return 0;
}

int cnm_rtnl_open_in(struct cnm_rtnl **ret, int netns_fd, struct cnm_error *err)
{
	_cleanup_close_ int own = cnm_netns_open_own(err);
	int r;

	if (own < 0 || cnm_netns_enter(netns_fd, err) < 0)
		return -1;
	r = cnm_rtnl_open(ret, err);
	cnm_netns_return(own);
	return r;
}

void cnm_rtnl_close(struct cnm_rtnl *rtnl)
{
	if (!rtnl)
		return;
	if (rtnl->nl)
		mnl_socket_close(rtnl->nl);
	free(rtnl);
}

void cnm_rtnl_closep(struct cnm_rtnl **rtnl)
{
	cnm_rtnl_close(*rtnl);
}

/* The kernel's text among the attributes of an error message or of the end of a dump, which follow `offset` bytes
 * of payload; or NULL (Documentation/userspace-api/netlink/intro.rst). */
static const char *find_words(const struct nlmsghdr *nlh, size_t offset)
{
	struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	mnl_attr_for_each(attr, nlh, offset)
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return NULL;
}

/* Behind the error comes our request, the whole of it where the kernel did not cap it. */
static const char *error_words(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*error);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > sizeof(error->msg))
		offset += error->msg.nlmsg_len - sizeof(error->msg);
	return find_words(nlh, offset);
}

static int fail_request(int error, const char *what, const char *words, struct cnm_error *err)
{
	cnm_fail_sys(err, error, "%s", what);
	if (words)
		cnm_fail(err, err->code, "%s (%s)", err->text, words);
	err->sys_errno = error;
	switch (error) {
	case EEXIST:
		err->code = CNM_E_EXISTS;
		break;
	case ENODEV:
	case ESRCH:
		err->code = CNM_E_NOT_FOUND;
		break;
	case EOPNOTSUPP:
		err->code = CNM_E_UNSUPPORTED;
		break;
	default:
		break;
	}
	return -1;
}

/* After an overrun the kernel drops every answer until the queue has been read empty (NETLINK_S_CONGESTED in
 * net/netlink/af_netlink.c). */
static void drain(struct cnm_rtnl *rtnl)
{
	while (recv(mnl_socket_get_fd(rtnl->nl), rtnl->buf, sizeof(rtnl->buf), MSG_DONTWAIT) >= 0 ||
	       errno == EINTR)
		;
}

/* One datagram of the kernel's. Inside a container's namespace others may hold CAP_NET_ADMIN and send to our
 * port as well; only the kernel has port 0. */
static ssize_t receive(struct cnm_rtnl *rtnl, const char *what, struct cnm_error *err)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {rtnl->buf, sizeof(rtnl->buf)};
	struct msghdr msg = {.msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do {
		msg.msg_namelen = sizeof(from);
		n = recvmsg(mnl_socket_get_fd(rtnl->nl), &msg, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n >= 0 && !(msg.msg_flags & MSG_TRUNC))
		return n;
	if (n >= 0)
		return cnm_fail_sys(err, EMSGSIZE, "%s: the kernel's answer", what);
	if (errno == ENOBUFS) {
		drain(rtnl);
		return cnm_fail_sys(err, ENOBUFS, "%s: answers of the kernel were lost", what);
	}
	if (errno == EAGAIN) {
		cnm_fail(err, CNM_E_SYSTEM, "%s: no answer from the kernel in %d s", what, ANSWER_SECONDS);
		if (err)
			err->sys_errno = ETIMEDOUT;
		return -1;
	}
	return cnm_fail_sys(err, errno, "%s", what);
}

static int send_batch(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, uint32_t *ret_first,
                      struct cnm_error *err)
{
	char *at = batch->data, *end = batch->data + batch->len;
	uint32_t seq = rtnl->seq + 1;
	ssize_t n;

	*ret_first = seq;
	while (at < end) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)at;

		nlh->nlmsg_seq = seq++;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
		/* They are done in their order, and an error is answered unasked (netlink_rcv_skb): the last answer speaks for all. */
		if (at < end)
			nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	}
	rtnl->seq = seq - 1;
	do
		n = mnl_socket_sendto(rtnl->nl, batch->data, batch->len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? cnm_fail_sys(err, errno, "%s", batch->notes[0].what) : 0;
}

/* One acknowledgement; true: it is the last request's. The first refusal goes to err. */
static bool take_ack(const struct nlmsghdr *nlh, const struct cnm_rtnl_batch *batch, uint32_t first,
                     struct cnm_error *err)
{
	uint32_t index = nlh->nlmsg_seq - first;
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR || index >= batch->count ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return false;
	if (error->error != 0 && cnm_nlmsg_errno(error->error) != batch->notes[index].tolerated &&
	    err->code == CNM_OK)
		fail_request(cnm_nlmsg_errno(error->error), batch->notes[index].what, error_words(nlh), err);
	return index == batch->count - 1;
}

static int give_error(const struct cnm_error *from, struct cnm_error *err)
{
	if (err)
		*err = *from;
	return -1;
}

static int send_and_wait(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct cnm_error *err)
{
	struct cnm_error first_error = CNM_ERROR_INIT;
	bool done = false;
	uint32_t first;

	if (send_batch(rtnl, batch, &first, err) < 0)
		return -1;
	while (!done) {
		ssize_t got = receive(rtnl, batch->notes[0].what, err);
		int left = (int)got;
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)rtnl->buf;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			done |= take_ack(nlh, batch, first, &first_error);
	}
	return first_error.code == CNM_OK ? 0 : give_error(&first_error, err);
}

int cnm_rtnl_batch_send(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct cnm_error *err)
{
	int r = 0;

	if (batch->overflow)
		r = cnm_fail(err, CNM_E_SYSTEM, "netlink batch: too many requests");
	else if (batch->count > 0)
		r = send_and_wait(rtnl, batch, err);
	cnm_rtnl_batch_init(batch);
	return r;
}

/* One query and what came of it. `error` is the first refusal, or that of fn; it stops the calls of fn. */
struct query {
	const struct cnm_rtnl_batch *batch;
	cnm_rtnl_fn fn;
	void *arg;
	uint32_t first, last; /* sequence numbers */
	bool dump, interrupted, stopped, done;
	struct cnm_error error;
};

static void take_refusal(const struct nlmsghdr *nlh, struct query *query)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return;
	if (nlh->nlmsg_seq == query->last && error->error != 0)
		query->done = true;
	if (error->error == -EINTR && query->dump)
		query->interrupted = true;
	else
		take_ack(nlh, query->batch, query->first, &query->error);
}

/* A dump that failed half-way says so at its end (netlink_dump_done in net/netlink/af_netlink.c). */
static void take_end(const struct nlmsghdr *nlh, struct query *query)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	if (error == -EINTR)
		query->interrupted = true;
	else if (error < 0 && query->error.code == CNM_OK)
		fail_request(-error, query->batch->notes[query->batch->count - 1].what,
		             find_words(nlh, sizeof(error)), &query->error);
	query->done = true;
}

static void take_reply(const struct nlmsghdr *nlh, struct query *query)
{
	if (nlh->nlmsg_seq - query->first > query->last - query->first)
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		take_refusal(nlh, query);
		return;
	}
	if (nlh->nlmsg_seq != query->last)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		query->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		take_end(nlh, query);
		return;
	}
	if (!query->dump)
		query->done = true;
	if (query->error.code == CNM_OK && !query->stopped)
		query->stopped = query->fn(nlh, query->arg, &query->error) < 0;
}

/* Reads to the end even when fn has had enough, so that the socket can be used again. */
static int query_once(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct query *query,
                      struct cnm_error *err)
{
	if (send_batch(rtnl, batch, &query->first, err) < 0)
		return -1;
	query->last = rtnl->seq;
	while (!query->done) {
		ssize_t got = receive(rtnl, batch->notes[batch->count - 1].what, err);
		int left = (int)got;
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)rtnl->buf;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_reply(nlh, query);
	}
	return query->stopped || query->error.code != CNM_OK ? give_error(&query->error, err) : 0;
}

static struct nlmsghdr *last_request(struct cnm_rtnl_batch *batch)
{
	struct nlmsghdr *last = NULL;
	char *at = batch->data;

	while (at < batch->data + batch->len) {
		last = (struct nlmsghdr *)(void *)at;
		at += NLMSG_ALIGN(last->nlmsg_len);
	}
	return last;
}

static int run_query(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, cnm_rtnl_fn fn,
                     cnm_rtnl_restart_fn restart, void *arg, struct cnm_error *err)
{
	struct nlmsghdr *last = last_request(batch);

	int one = 1;

	if (batch->overflow)
		return cnm_fail(err, CNM_E_SYSTEM, "netlink batch: too many requests");
	if (!last)
		return cnm_fail(err, CNM_E_INVALID, "netlink query: no request");
	/* The reply is the acknowledgement. */
	last->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	if (!rtnl->strict && (last->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		mnl_socket_setsockopt(rtnl->nl, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
		rtnl->strict = true;
	}
	for (unsigned i = 0; i <= DUMP_RESTARTS; i++) {
		struct query once = {
		        .batch = batch,
		        .fn = fn,
		        .arg = arg,
		        .dump = (last->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
		        .error = CNM_ERROR_INIT,
		};

		if (i > 0 && restart)
			restart(arg);
		if (query_once(rtnl, batch, &once, err) < 0)
			return -1;
		if (!once.interrupted)
			return 0;
	}
	return cnm_fail(err, CNM_E_TRY_AGAIN, "%s: it changed during each of %d readings",
	                batch->notes[batch->count - 1].what, DUMP_RESTARTS + 1);
}

int cnm_rtnl_query(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, cnm_rtnl_fn fn,
                   cnm_rtnl_restart_fn restart, void *arg, struct cnm_error *err)
{
	int r = run_query(rtnl, batch, fn, restart, arg, err);

	cnm_rtnl_batch_init(batch);
	return r;
}
