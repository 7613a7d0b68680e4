/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netfilter socket, and transactions on it. The kernel takes a batch as one: when any message of it fails, none
 * has an effect (nfnetlink_rcv_batch in net/netfilter/nfnetlink.c), and every failure is reported.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include "cnm/sys/nlmsg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_SECONDS    10
#define ANSWER_BYTES      1024 /* one in a socket's buffer, with what the kernel keeps beside it */
#define SMALL_BATCH_COUNT 64   /* the default buffers take these */
#define SMALL_BATCH_BYTES (64 * 1024)

int cnm_nft_open(struct cnm_nft **ret, struct cnm_error *err)
{
	struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
	struct cnm_nft *nft = malloc(sizeof(*nft));
	int one = 1;

	if (!nft)
		return cnm_fail_nomem(err);
	nft->seq = 0;
	nft->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->nl) {
		cnm_fail_sys(err, errno, "netfilter socket");
		cnm_nft_close(nft);
		return -1;
	}
	mnl_socket_setsockopt(nft->nl, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(nft->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	*ret = nft;
	return 0;
}

void cnm_nft_close(struct cnm_nft *nft)
{
	if (!nft)
		return;
	if (nft->nl)
		mnl_socket_close(nft->nl);
	free(nft);
}

void cnm_nft_closep(struct cnm_nft **nft)
{
	cnm_nft_close(*nft);
}

/* The kernel wants the whole transaction in one datagram, and refuses what is longer than the send buffer. */
static void widen_for_sending(struct cnm_nft *nft, size_t len)
{
	int want = (int)len * 2;

	setsockopt(mnl_socket_get_fd(nft->nl), SOL_SOCKET, SO_SNDBUFFORCE, &want, sizeof(want));
}

/* Each message may fail, and its answer waits until all are done; an answer that finds no room is lost. */
static void widen_for_answers(struct cnm_nft *nft, size_t count)
{
	int want = (int)count * ANSWER_BYTES;

	setsockopt(mnl_socket_get_fd(nft->nl), SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want));
}

int cnm_nft_send(struct cnm_nft *nft, const void *data, size_t len, const char *what, struct cnm_error *err)
{
	ssize_t n;

	if (len > SMALL_BATCH_BYTES)
		widen_for_sending(nft, len);
	do
		n = mnl_socket_sendto(nft->nl, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? cnm_fail_sys(err, errno, "%s", what) : 0;
}

ssize_t cnm_nft_receive(struct cnm_nft *nft, const char *what, struct cnm_error *err)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(nft->nl, nft->buf, sizeof(nft->buf));
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN)
		return cnm_fail(err, CNM_E_SYSTEM, "%s: no answer from the kernel in %d s", what,
		                ANSWER_SECONDS);
	return cnm_fail_sys(err, errno, "%s", what);
}

/* The error of one message, by its note. The verb decides what EEXIST and ENOENT mean to the caller. */
static int fail_message(const struct cnm_nft_note *note, int error, struct cnm_error *err)
{
	static const char *const verbs[] = {"add an element to", "add an element to", "delete an element of"};

	cnm_fail_sys(err, error, "%s set %s of table %s " CNM_NFT_TABLE, verbs[note->verb], note->set,
	             cnm_nft_family_name(note->family));
	if (error == EEXIST || error == ENOTEMPTY) /* the same key, or a range that overlaps */
		err->code = CNM_E_EXISTS;
	else if (error == ENOENT)
		err->code = CNM_E_NOT_FOUND;
	return -1;
}

/* True when this was the last answer that will come. */
static bool take_answer(const struct nlmsghdr *nlh, const struct cnm_nft_batch *batch, uint32_t first,
                        struct cnm_error *err)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	uint32_t index = nlh->nlmsg_seq - first;

	if (nlh->nlmsg_type != NLMSG_ERROR || index >= batch->count ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return false;
	if (error->error != 0 && err->code == CNM_OK) {
		if (error->error == -ERESTART)
			cnm_fail(err, CNM_E_TRY_AGAIN,
			         "commit to table " CNM_NFT_TABLE ": the ruleset was changed meanwhile");
		else if (index == 0)
			cnm_fail_sys(err, cnm_nlmsg_errno(error->error), "commit to table " CNM_NFT_TABLE);
		else
			fail_message(&batch->notes[index], cnm_nlmsg_errno(error->error), err);
	}
	return index == 0 ? error->error != 0 : index == batch->count - 1;
}

static int await_answers(struct cnm_nft *nft, const struct cnm_nft_batch *batch, uint32_t first,
                         struct cnm_error *err)
{
	struct cnm_error refusal = CNM_ERROR_INIT;
	bool done = false;

	while (!done) {
		ssize_t got = cnm_nft_receive(nft, "nftables transaction", err);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)nft->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			done = take_answer(nlh, batch, first, &refusal) || done;
	}
	if (refusal.code == CNM_OK)
		return 0;
	*err = refusal;
	return -1;
}

/* Numbers the messages, and asks for an answer to the last: it comes after everything that failed before it. */
static void number(struct cnm_nft_batch *batch, uint32_t first)
{
	struct nlmsghdr *nlh = NULL;
	char *at = batch->data;
	size_t i;

	for (i = 0; i < batch->count; i++) {
		nlh = (struct nlmsghdr *)(void *)at;
		nlh->nlmsg_seq = first + (uint32_t)i;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	if (nlh)
		nlh->nlmsg_flags |= NLM_F_ACK;
}

/* The frame that begins the batch, with the state that it expects; how many bytes. */
static size_t put_begin(const struct cnm_nft_batch *batch, char *wire)
{
	struct nlmsghdr *begin = (struct nlmsghdr *)(void *)wire;

	memcpy(wire, batch->data,
	       NLMSG_ALIGN(((const struct nlmsghdr *)(const void *)batch->data)->nlmsg_len));
	if (batch->expects)
		mnl_attr_put_u32(begin, NFNL_BATCH_GENID, htonl(batch->generation));
	return NLMSG_ALIGN(begin->nlmsg_len);
}

int cnm_nft_commit(struct cnm_nft *nft, struct cnm_nft_batch *batch, struct cnm_error *err)
{
	_cleanup_free_ char *wire = NULL;
	uint32_t first = nft->seq + 1;
	struct nlmsghdr *end;
	size_t begin, at;

	if (cnm_nft_batch_is_empty(batch))
		return 0;
	wire = malloc(batch->len + MNL_ATTR_HDRLEN + sizeof(uint32_t) +
	              NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	if (!wire)
		return cnm_fail_nomem(err);
	if (batch->count > SMALL_BATCH_COUNT)
		widen_for_answers(nft, batch->count);
	number(batch, first);
	at = put_begin(batch, wire);
	begin = NLMSG_ALIGN(((const struct nlmsghdr *)(const void *)batch->data)->nlmsg_len);
	memcpy(wire + at, batch->data + begin, batch->len - begin);
	at += batch->len - begin;
	end = nftnl_batch_end(wire + at, first + (uint32_t)batch->count);
	nft->seq = end->nlmsg_seq;
	if (cnm_nft_send(nft, wire, at + NLMSG_ALIGN(end->nlmsg_len), "nftables transaction", err) < 0)
		return -1;
	return await_answers(nft, batch, first, err);
}
