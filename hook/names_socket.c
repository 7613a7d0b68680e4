/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of a network, a pair on each gateway that the host has, and queries by UDP. Queries are received first, then the store's changes are taken in, then
 * answers are made: a record that was written before a query was sent counts for its answer.
 */
#include "cnm/base/cleanup.h"
#include "cnm/served.h"
#include "hook/names.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PORT       53
#define BACKLOG    64
#define RECEIVE    (1024 * 1024)
#define RETRY_MS   2000
#define ROUNDS_MAX 8 /* then others have their turn */

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78 /* linux/in6.h, which does not go with netinet/in.h */
#endif

socklen_t names_sockaddr_make(union names_sockaddr *ret, const struct cnm_addr *addr, uint16_t port)
{
	memset(ret, 0, sizeof(*ret));
	if (addr->family == AF_INET) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(port);
		memcpy(&ret->in.sin_addr, addr->bytes, 4);
		return sizeof(ret->in);
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(port);
	memcpy(&ret->in6.sin6_addr, addr->bytes, 16);
	return sizeof(ret->in6);
}

struct cnm_addr names_sockaddr_addr(const union names_sockaddr *from)
{
	struct cnm_addr addr = {0};

	if (from->sa.sa_family == AF_INET) {
		addr = (struct cnm_addr){.family = AF_INET, .prefix = 32};
		memcpy(addr.bytes, &from->in.sin_addr, 4);
	} else if (from->sa.sa_family == AF_INET6) {
		addr = (struct cnm_addr){.family = AF_INET6, .prefix = 128};
		memcpy(addr.bytes, &from->in6.sin6_addr, 16);
	}
	return addr;
}

bool names_listener_asker(struct names_asker *ret, const struct names_listener *listener,
                          const struct cnm_addr *source)
{
	if (listener->network)
		return names_asker_find(ret, listener->network, source);
	/* Whoever asks there is the container. It has an endpoint, else it would not be. */
	*ret = (struct names_asker){.network = listener->container->endpoints->network,
	                            .container = listener->container};
	return true;
}

struct cnm_addr names_listener_client(const struct names_listener *listener, const union names_sockaddr *peer)
{
	if (listener->container && listener->container->endpoints->addr_count > 0)
		return listener->container->endpoints->addrs[0];
	return names_sockaddr_addr(peer);
}

/* Queries by UDP ------------------------------------------------------------------------------- */

struct batch {
	struct mmsghdr received[NAMES_BATCH], sent[NAMES_BATCH];
	struct iovec received_iov[NAMES_BATCH], sent_iov[NAMES_BATCH];
	union names_sockaddr from[NAMES_BATCH];
	unsigned sent_count;
};

static int receive(struct names *names, int fd, struct batch *batch)
{
	unsigned i;

	memset(batch->received, 0, sizeof(batch->received));
	memset(batch->sent, 0, sizeof(batch->sent));
	batch->sent_count = 0;
	for (i = 0; i < NAMES_BATCH; i++) {
		batch->received_iov[i] = (struct iovec){names->received[i], NAMES_QUERY_MAX};
		batch->received[i].msg_hdr = (struct msghdr){.msg_name = &batch->from[i],
		                                             .msg_namelen = sizeof(batch->from[i]),
		                                             .msg_iov = &batch->received_iov[i],
		                                             .msg_iovlen = 1};
	}
	return recvmmsg(fd, batch->received, NAMES_BATCH, MSG_DONTWAIT, NULL);
}

static void answer_one(struct names_listener *listener, struct batch *batch, unsigned i)
{
	struct names *names = listener->names;
	struct cnm_addr source = names_sockaddr_addr(&batch->from[i]);
	const struct msghdr *header = &batch->received[i].msg_hdr;
	uint8_t *response = names->responses[batch->sent_count];
	size_t len = batch->received[i].msg_len, response_len = 0;
	struct names_asker asker;

	if (header->msg_flags & MSG_TRUNC || !names_listener_asker(&asker, listener, &source))
		return;
	switch (names_answer(names, &asker, names->received[i], len, response, CNM_DNS_UDP_MAX, false,
	                     &response_len)) {
	case NAMES_FORWARD: {
		struct names_origin origin = {
		        .listener = listener, .client = batch->from[i], .client_len = header->msg_namelen};

		names_forward(names, &asker, &origin, names->received[i], len);
		break;
	}
	case NAMES_ANSWERED:
		batch->sent_iov[batch->sent_count] = (struct iovec){response, response_len};
		batch->sent[batch->sent_count].msg_hdr =
		        (struct msghdr){.msg_name = &batch->from[i],
		                        .msg_namelen = header->msg_namelen,
		                        .msg_iov = &batch->sent_iov[batch->sent_count],
		                        .msg_iovlen = 1};
		batch->sent_count++;
		break;
	case NAMES_IGNORED:
		break;
	}
}

static void send_all(int fd, struct batch *batch)
{
	unsigned done = 0;

	while (done < batch->sent_count) {
		int sent = sendmmsg(fd, batch->sent + done, batch->sent_count - done, MSG_DONTWAIT);

		if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
			return; /* lost, as datagrams may be */
		done += sent > 0 ? (unsigned)sent
		                 : 1; /* one client whom we cannot reach is no other's trouble */
	}
}

static void on_udp(struct cnm_loop_source *source, uint32_t events)
{
	struct names_listener *listener = CNM_CONTAINER_OF(source, struct names_listener, source);
	struct names *names = listener->names;
	struct batch batch;
	unsigned round;

	for (round = 0; round < ROUNDS_MAX; round++) {
		int count = receive(names, source->fd, &batch), i;

		if (count <= 0)
			return;
		names_store_drain(names);
		if (!source->added)
			return; /* the network is gone */
		for (i = 0; i < count; i++)
			answer_one(listener, &batch, (unsigned)i);
		send_all(source->fd, &batch);
		if (count < NAMES_BATCH)
			return;
	}
}

/* Listeners ------------------------------------------------------------------------------------ */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Bound before the address is there: a bridge that is made again takes its address, and the socket with it. */
static int open_socket(const struct cnm_addr *addr, bool tcp, struct cnm_error *err)
{
	bool ipv6 = addr->family == AF_INET6;
	_cleanup_close_ int fd =
	        socket(addr->family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	union names_sockaddr where;
	socklen_t len = names_sockaddr_make(&where, addr, PORT);
	char text[CNM_ADDR_TEXT_MAX];

	if (fd < 0 || (ipv6 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0) ||
	    set_int(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_FREEBIND : IP_FREEBIND, 1) < 0 ||
	    (tcp && set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0) || bind(fd, &where.sa, len) < 0 ||
	    (tcp && listen(fd, BACKLOG) < 0))
		return cnm_fail_sys(err, errno, "%s port %d/%s", cnm_addr_format(addr, text), PORT,
		                    tcp ? "tcp" : "udp");
	if (!tcp)
		set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE);
	return TAKE_FD(fd);
}

/* Takes the socket, opened. */
static int add_listener(struct names *names, struct names_listener **list, int fd, bool tcp,
                        struct cnm_error *err)
{
	struct names_listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		close(fd);
		return cnm_fail_nomem(err);
	}
	listener->names = names;
	listener->tcp = tcp;
	listener->source = (struct cnm_loop_source){.fd = fd, .fn = tcp ? names_tcp_accept : on_udp};
	listener->next = *list;
	*list = listener;
	return cnm_loop_add(names->loop, &listener->source, EPOLLIN, err);
}

static int add_network_listener(struct names_network *network, const struct cnm_addr *addr, bool tcp,
                                struct cnm_error *err)
{
	int fd = open_socket(addr, tcp, err);

	if (fd < 0 || add_listener(network->names, &network->listeners, fd, tcp, err) < 0)
		return -1;
	network->listeners->network = network;
	return 0;
}

/* The struct stays until the loop's next round: somebody on the stack may hold it. */
void names_listeners_close(struct names *names, struct names_listener **list)
{
	struct names_listener *listener;

	while ((listener = *list)) {
		names_forward_cancel_listener(names, listener);
		names_stream_cancel_listener(names, listener);
		cnm_loop_remove(names->loop, &listener->source);
		cnm_closep(&listener->source.fd);
		*list = listener->next;
		listener->next = names->closed;
		names->closed = listener;
		cnm_loop_timer_set(names->loop, &names->reap, 0);
	}
}

static int open_listeners(struct names_network *network, struct cnm_error *err)
{
	struct cnm_controller *controller = network->names->agent->controller;
	_cleanup_network_ struct cnm_network *record = NULL;
	size_t i;

	if (cnm_store_network_load(controller->store, network->name, &record, err) < 0)
		return -1;
	network->server_count =
	        cnm_network_name_servers(controller, record, network->servers, NAMES_SERVERS_MAX);
	for (i = 0; i < network->server_count; i++)
		if (add_network_listener(network, &network->servers[i], false, err) < 0 ||
		    add_network_listener(network, &network->servers[i], true, err) < 0)
			return -1;
	if (network->server_count == 0)
		return 0;
	network->served_fd = cnm_network_serve(controller->store, network->name, err);
	return network->served_fd < 0 ? -1 : 0;
}

static void on_retry(struct cnm_loop_timer *timer)
{
	names_network_serve(CNM_CONTAINER_OF(timer, struct names_network, retry));
}

void names_network_serve(struct names_network *network)
{
	struct cnm_error err = CNM_ERROR_INIT;

	if (open_listeners(network, &err) == 0) {
		if (network->complained)
			cnm_agent_log("network %s: answers names now", network->name);
		network->complained = false;
		if (network->served_fd >= 0)
			cnm_files_tell_readers(network->names->agent->controller, network->name, NULL, NULL,
			                       NULL);
		return;
	}
	names_listeners_close(network->names, &network->listeners);
	network->server_count = 0;
	if (err.code == CNM_E_NOT_FOUND)
		return; /* it is being deleted */
	if (!network->complained)
		cnm_agent_log("network %s: answers no names: %s", network->name, err.text);
	network->complained = true;
	network->retry.fn = on_retry;
	cnm_loop_timer_set(network->names->loop, &network->retry, RETRY_MS);
}

void names_network_unserve(struct names_network *network)
{
	cnm_loop_timer_cancel(network->names->loop, &network->retry);
	names_listeners_close(network->names, &network->listeners);
	network->server_count = 0;
	if (network->served_fd < 0)
		return;
	cnm_closep(&network->served_fd);
	network->served_fd = -1;
	cnm_files_tell_readers(network->names->agent->controller, network->name, NULL, NULL, NULL);
}

/* Inside of a container ------------------------------------------------------------------------ */

static int open_inside(const struct cnm_endpoint *record, int sockets[2], struct cnm_error *err)
{
	_cleanup_close_ int own = cnm_netns_open_own(err);
	struct cnm_netns_id id;
	_cleanup_close_ int inside = own < 0 ? -1 : cnm_netns_open(record->key, false, &id, err);
	struct cnm_addr addr;

	if (inside < 0 || cnm_addr_parse(&addr, CNM_DNS_LOOPBACK, err) < 0)
		return -1;
	if (!cnm_netns_id_equal(&id, &record->netns))
		return cnm_fail(err, CNM_E_NETNS, "%s is another namespace by now", record->key);
	if (cnm_netns_enter(inside, err) < 0)
		return -1;
	sockets[0] = open_socket(&addr, false, err);
	sockets[1] = sockets[0] < 0 ? -1 : open_socket(&addr, true, err);
	cnm_netns_return(own);
	if (sockets[1] >= 0)
		return 0;
	cnm_closep(&sockets[0]);
	return -1;
}

void names_container_serve(struct names *names, struct names_container *container,
                           const struct cnm_endpoint *record)
{
	struct cnm_error err = CNM_ERROR_INIT;
	int sockets[2], tcp;

	if (container->listeners)
		return;
	if (open_inside(record, sockets, &err) < 0) {
		cnm_agent_log("container %s: answers no names on " CNM_DNS_LOOPBACK ": %s", container->id,
		              err.text);
		return;
	}
	for (tcp = 0; tcp < 2; tcp++) {
		if (add_listener(names, &container->listeners, sockets[tcp], tcp, &err) < 0)
			cnm_agent_log("container %s: %s", container->id, err.text);
		else
			container->listeners->container = container;
	}
}
