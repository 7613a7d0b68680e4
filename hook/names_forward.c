/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are not ours: the query goes as it is, under another identifier and from a port of its own, to one server after the other, and what comes
 * back goes to the client as it is. A response counts only from the server that was asked, with that identifier and question.
 */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define SERVER_MS 2000
#define DNS_PORT  53

struct names_forward {
	struct names_forward *before, *after;
	struct names *names;
	struct names_origin origin;
	struct names_client *client;
	struct cnm_addr servers[NAMES_SERVERS_MAX];
	size_t server_count, server;
	struct cnm_loop_source source; /* the socket to the server */
	struct cnm_loop_timer timer;
	uint16_t client_id;
	uint8_t *reply; /* TCP: what has come of length and message */
	size_t reply_len;
	bool asked; /* TCP: the query is on its way */
	size_t len;
	uint8_t query[];
};

static void try_server(struct names_forward *forward);

static void close_server(struct names_forward *forward)
{
	cnm_loop_remove(forward->names->loop, &forward->source);
	cnm_closep(&forward->source.fd);
	forward->source.fd = -1;
	free(forward->reply);
	forward->reply = NULL;
	forward->reply_len = 0;
	forward->asked = false;
}

static void forward_free(struct names_forward *forward)
{
	struct names *names = forward->names;

	close_server(forward);
	cnm_loop_timer_cancel(names->loop, &forward->timer);
	*(forward->before ? &forward->before->after : &names->forwards) = forward->after;
	if (forward->after)
		forward->after->before = forward->before;
	names->forward_count--;
	names_client_give(names, forward->client, offsetof(struct names_client, forwards));
	free(forward);
}

static void respond(const struct names_origin *origin, const uint8_t *bytes, size_t len)
{
	if (origin->stream)
		names_stream_respond(origin->stream, bytes, len);
	else if (len > 0)
		sendto(origin->listener->source.fd, bytes, len, MSG_DONTWAIT, &origin->client.sa,
		       origin->client_len);
}

static void refuse(const struct names_origin *origin, const uint8_t *query, size_t len)
{
	uint8_t response[CNM_DNS_UDP_MIN];

	respond(origin, response, names_refuse(query, len, response, CNM_DNS_SERVFAIL));
}

/* The last word: a server's, or that there is none. */
static void finish(struct names_forward *forward, uint8_t *bytes, size_t len)
{
	struct names_origin origin = forward->origin;
	uint8_t query[NAMES_QUERY_MAX];
	size_t query_len = forward->len;

	cnm_dns_put16(bytes ? bytes : forward->query, forward->client_id);
	memcpy(query, forward->query, query_len);
	/* First: the end of the connection would give it up too. */
	forward_free(forward);
	if (bytes)
		respond(&origin, bytes, len);
	else
		refuse(&origin, query, query_len);
}

static void next_server(struct names_forward *forward)
{
	close_server(forward);
	forward->server++;
	try_server(forward);
}

static void on_timeout(struct cnm_loop_timer *timer)
{
	next_server(CNM_CONTAINER_OF(timer, struct names_forward, timer));
}

/* A server that cannot or will not is not the last word while there is another. */
static bool is_final(const struct names_forward *forward, const uint8_t *bytes)
{
	enum cnm_dns_rcode rcode = cnm_dns_rcode_of(bytes);

	return (rcode != CNM_DNS_SERVFAIL && rcode != CNM_DNS_REFUSED) ||
	       forward->server + 1 >= forward->server_count;
}

static void take_reply(struct names_forward *forward, uint8_t *bytes, size_t len)
{
	if (is_final(forward, bytes))
		finish(forward, bytes, len);
	else
		next_server(forward);
}

/* UDP ------------------------------------------------------------------------------------------ */

static void on_udp_reply(struct cnm_loop_source *source, uint32_t events)
{
	struct names_forward *forward = CNM_CONTAINER_OF(source, struct names_forward, source);
	uint8_t *relay = forward->names->relay;
	ssize_t len = recv(source->fd, relay, CNM_DNS_TCP_MAX, MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0) {
		next_server(forward); /* nobody listens there */
		return;
	}
	/* Anything else is somebody else's guess: the real one may still come. */
	if (cnm_dns_is_response_to(relay, (size_t)len, forward->query, forward->len))
		take_reply(forward, relay, (size_t)len);
}

static bool ask_udp(struct names_forward *forward)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	forward->source.fn = on_udp_reply;
	return cnm_loop_add(forward->names->loop, &forward->source, EPOLLIN, &ignored) == 0 &&
	       send(forward->source.fd, forward->query, forward->len, MSG_DONTWAIT) == (ssize_t)forward->len;
}

/* TCP ------------------------------------------------------------------------------------------ */

static bool send_tcp(struct names_forward *forward)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	uint8_t length[2];
	struct iovec parts[] = {{length, sizeof(length)}, {forward->query, forward->len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	cnm_dns_put16(length, (uint16_t)forward->len);
	forward->asked = true;
	forward->reply = malloc(2 + CNM_DNS_TCP_MAX);
	return forward->reply &&
	       sendmsg(forward->source.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	               (ssize_t)(forward->len + sizeof(length)) &&
	       cnm_loop_add(forward->names->loop, &forward->source, EPOLLIN, &ignored) == 0;
}

static void on_tcp(struct cnm_loop_source *source, uint32_t events)
{
	struct names_forward *forward = CNM_CONTAINER_OF(source, struct names_forward, source);
	size_t want;
	ssize_t got;

	if (!forward->asked) {
		if (!(events & EPOLLOUT) || events & (EPOLLERR | EPOLLHUP) || !send_tcp(forward))
			next_server(forward);
		return;
	}
	want = forward->reply_len < 2 ? 2 : 2U + cnm_dns_get16(forward->reply);
	got = recv(source->fd, forward->reply + forward->reply_len, want - forward->reply_len, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		next_server(forward);
		return;
	}
	forward->reply_len += (size_t)got;
	if (forward->reply_len < 2 || forward->reply_len < 2U + cnm_dns_get16(forward->reply))
		return;
	if (!cnm_dns_is_response_to(forward->reply + 2, forward->reply_len - 2, forward->query,
	                            forward->len)) {
		next_server(forward);
		return;
	}
	memcpy(forward->names->relay, forward->reply + 2, forward->reply_len - 2);
	take_reply(forward, forward->names->relay, forward->reply_len - 2);
}

static bool ask_tcp(struct names_forward *forward)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	forward->source.fn = on_tcp;
	return cnm_loop_add(forward->names->loop, &forward->source, EPOLLOUT, &ignored) == 0;
}

/* Asking --------------------------------------------------------------------------------------- */

/* A socket of its own each time: the kernel picks its port at random, and only the server's datagrams come in. */
static bool open_server(struct names_forward *forward)
{
	const struct cnm_addr *addr = &forward->servers[forward->server];
	bool tcp = forward->origin.stream != NULL;
	union names_sockaddr where;
	socklen_t len = names_sockaddr_make(&where, addr, DNS_PORT);
	uint16_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return false;
	cnm_dns_put16(forward->query, id);
	forward->source.fd =
	        socket(addr->family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (forward->source.fd < 0 ||
	    (connect(forward->source.fd, &where.sa, len) < 0 && errno != EINPROGRESS))
		return false;
	return tcp ? ask_tcp(forward) : ask_udp(forward);
}

static void try_server(struct names_forward *forward)
{
	for (; forward->server < forward->server_count; forward->server++) {
		if (open_server(forward)) {
			cnm_loop_timer_set(forward->names->loop, &forward->timer, SERVER_MS);
			return;
		}
		close_server(forward);
	}
	finish(forward, NULL, 0);
}

static size_t choose_servers(struct names *names, const struct names_asker *asker,
                             struct cnm_addr ret[NAMES_SERVERS_MAX])
{
	if (!asker->container || asker->container->server_count == 0)
		return names_upstream_get(names, ret);
	memcpy(ret, asker->container->servers, sizeof(asker->container->servers));
	return asker->container->server_count;
}

void names_forward(struct names *names, const struct names_asker *asker, const struct names_origin *origin,
                   const uint8_t *query, size_t len)
{
	struct cnm_addr source = names_listener_client(origin->listener, &origin->client);
	struct names_client *client =
	        names_client_take(names, &source, offsetof(struct names_client, forwards),
	                          names->forward_count, NAMES_FORWARD_MAX);
	struct names_forward *forward = client ? calloc(1, sizeof(*forward) + len) : NULL;

	if (!forward) {
		if (client)
			names_client_give(names, client, offsetof(struct names_client, forwards));
		refuse(origin, query, len);
		return;
	}
	forward->names = names;
	forward->origin = *origin;
	forward->client = client;
	forward->source.fd = -1;
	forward->timer.fn = on_timeout;
	forward->server_count = choose_servers(names, asker, forward->servers);
	forward->client_id = cnm_dns_get16(query);
	forward->len = len;
	memcpy(forward->query, query, len);
	forward->after = names->forwards;
	if (forward->after)
		forward->after->before = forward;
	names->forwards = forward;
	names->forward_count++;
	try_server(forward);
}

void names_forward_cancel_listener(struct names *names, const struct names_listener *listener)
{
	struct names_forward *forward, *next;

	for (forward = names->forwards; forward; forward = next) {
		next = forward->after;
		if (forward->origin.listener == listener)
			forward_free(forward);
	}
}

void names_forward_cancel_stream(struct names *names, const struct names_stream *stream)
{
	struct names_forward *forward, *next;

	for (forward = names->forwards; forward; forward = next) {
		next = forward->after;
		if (forward->origin.stream == stream)
			forward_free(forward);
	}
}
