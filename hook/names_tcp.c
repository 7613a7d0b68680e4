/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries by TCP: for responses that a datagram cannot hold. A connection has one query under way at a time, a few seconds for each, and a buffer no
 * greater than what it does (RFC 7766 lets a server set such limits).
 */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define IDLE_MS    5000  /* for a query to come in whole, and for a response to be taken */
#define FORWARD_MS 10000 /* the longest that forwarding takes, and some */

struct names_stream {
	struct names_stream *before, *after;
	struct names *names;
	struct names_listener *listener;
	struct names_client *client;
	union names_sockaddr peer;
	struct cnm_loop_source source;
	struct cnm_loop_timer timer;
	bool waiting; /* for a forwarded query's response */
	bool ended;   /* to be freed by who is on the stack */
	bool busy;
	uint8_t *out; /* length and response, of which `sent` bytes are gone */
	size_t out_len, sent;
	size_t in_len;
	uint8_t in[2 + NAMES_QUERY_MAX];
};

static void stream_free(struct names_stream *stream)
{
	struct names *names = stream->names;

	if (stream->busy) {
		stream->ended = true;
		return;
	}
	names_forward_cancel_stream(names, stream);
	cnm_loop_remove(names->loop, &stream->source);
	cnm_loop_timer_cancel(names->loop, &stream->timer);
	cnm_closep(&stream->source.fd);
	*(stream->before ? &stream->before->after : &names->streams) = stream->after;
	if (stream->after)
		stream->after->before = stream->before;
	names->stream_count--;
	names_client_give(names, stream->client, offsetof(struct names_client, streams));
	free(stream->out);
	free(stream);
}

static void on_late(struct cnm_loop_timer *timer)
{
	stream_free(CNM_CONTAINER_OF(timer, struct names_stream, timer));
}

/* What is to be waited for, and how long. */
static void rearm(struct names_stream *stream, bool again)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	uint32_t events = stream->out ? EPOLLOUT : stream->waiting ? 0 : EPOLLIN;

	if (cnm_loop_add(stream->names->loop, &stream->source, events, &ignored) < 0) {
		stream_free(stream);
		return;
	}
	/* A byte now and then gains no time. */
	if (again)
		cnm_loop_timer_set(stream->names->loop, &stream->timer,
		                   stream->waiting ? FORWARD_MS : IDLE_MS);
}

/* 1: all is out, 0: later, -1: the connection is of no use. */
static int flush(struct names_stream *stream)
{
	ssize_t sent = send(stream->source.fd, stream->out + stream->sent, stream->out_len - stream->sent,
	                    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	stream->sent += (size_t)sent;
	if (stream->sent < stream->out_len)
		return 0;
	free(stream->out);
	stream->out = NULL;
	return 1;
}

static bool put_out(struct names_stream *stream, const uint8_t *bytes, size_t len)
{
	stream->out = len > 0 && len <= CNM_DNS_TCP_MAX ? malloc(len + 2) : NULL;
	if (!stream->out)
		return false;
	cnm_dns_put16(stream->out, (uint16_t)len);
	memcpy(stream->out + 2, bytes, len);
	stream->out_len = len + 2;
	stream->sent = 0;
	return true;
}

/* false: the connection is to be ended. */
static bool answer(struct names_stream *stream, size_t len)
{
	struct names *names = stream->names;
	struct cnm_addr source = names_sockaddr_addr(&stream->peer);
	struct names_asker asker;
	size_t response_len = 0;

	names_store_drain(names);
	if (stream->ended || !names_listener_asker(&asker, stream->listener, &source))
		return false;
	switch (names_answer(names, &asker, stream->in + 2, len, names->relay, CNM_DNS_TCP_MAX, true,
	                     &response_len)) {
	case NAMES_FORWARD: {
		struct names_origin origin = {
		        .listener = stream->listener, .client = stream->peer, .stream = stream};

		stream->waiting = true;
		names_forward(names, &asker, &origin, stream->in + 2, len);
		return !stream->ended;
	}
	case NAMES_ANSWERED:
		return put_out(stream, names->relay, response_len);
	case NAMES_IGNORED:
		break;
	}
	return false;
}

/* Works off what has come in. false: ended. */
static bool work(struct names_stream *stream, bool *progress)
{
	while (!stream->waiting) {
		size_t len = stream->in_len >= 2 ? cnm_dns_get16(stream->in) : 0;

		if (stream->out) {
			int r = flush(stream);

			if (r <= 0)
				return r == 0;
			*progress = true;
			continue;
		}
		if (stream->in_len < 2)
			return true;
		if (len < CNM_DNS_HEADER || len > NAMES_QUERY_MAX)
			return false;
		if (stream->in_len < len + 2)
			return true;
		if (!answer(stream, len))
			return false;
		*progress = true;
		stream->in_len -= len + 2;
		memmove(stream->in, stream->in + len + 2, stream->in_len);
	}
	return true;
}

static void go_on(struct names_stream *stream)
{
	bool progress = false, alive;

	stream->busy = true;
	alive = work(stream, &progress);
	stream->busy = false;
	if (alive && !stream->ended)
		rearm(stream, progress);
	else
		stream_free(stream);
}

static void on_stream(struct cnm_loop_source *source, uint32_t events)
{
	struct names_stream *stream = CNM_CONTAINER_OF(source, struct names_stream, source);

	if (events & EPOLLIN && !stream->out && !stream->waiting) {
		ssize_t got = recv(source->fd, stream->in + stream->in_len,
		                   sizeof(stream->in) - stream->in_len, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
			stream_free(stream);
			return;
		}
		stream->in_len += got > 0 ? (size_t)got : 0;
	} else if (events & (EPOLLERR | EPOLLHUP)) {
		stream_free(stream);
		return;
	}
	go_on(stream);
}

void names_stream_respond(struct names_stream *stream, const uint8_t *bytes, size_t len)
{
	stream->waiting = false;
	if (!put_out(stream, bytes, len))
		stream->ended = true;
	if (!stream->busy) {
		if (stream->ended)
			stream_free(stream);
		else
			go_on(stream);
	}
}

static void add_stream(struct names_listener *listener, int fd, const union names_sockaddr *peer)
{
	struct names *names = listener->names;
	struct cnm_addr source = names_listener_client(listener, peer);
	struct names_client *client =
	        names_client_take(names, &source, offsetof(struct names_client, streams), names->stream_count,
	                          NAMES_STREAMS_MAX);
	struct names_stream *stream = client ? calloc(1, sizeof(*stream)) : NULL;

	if (!stream) {
		if (client)
			names_client_give(names, client, offsetof(struct names_client, streams));
		close(fd);
		return;
	}
	stream->names = names;
	stream->listener = listener;
	stream->client = client;
	stream->peer = *peer;
	stream->source = (struct cnm_loop_source){.fd = fd, .fn = on_stream};
	stream->timer.fn = on_late;
	stream->after = names->streams;
	if (stream->after)
		stream->after->before = stream;
	names->streams = stream;
	names->stream_count++;
	rearm(stream, true);
}

void names_tcp_accept(struct cnm_loop_source *source, uint32_t events)
{
	struct names_listener *listener = CNM_CONTAINER_OF(source, struct names_listener, source);
	union names_sockaddr peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(source->fd, &peer.sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		add_stream(listener, fd, &peer);
}

void names_stream_cancel_listener(struct names *names, const struct names_listener *listener)
{
	struct names_stream *stream, *next;

	for (stream = names->streams; stream; stream = next) {
		next = stream->after;
		if (stream->listener == listener)
			stream_free(stream);
	}
}
