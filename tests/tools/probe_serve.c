/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answering end of the probe: one process, any number of ports. */
#include "tests/tools/probe.h"
#include "tests/tools/probe_sctp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOCKETS_MAX 1000
#define BACKLOG     128

struct service {
	uint8_t protocol;
	uint16_t first, last; /* sctp: a raw socket has all ports of a family */
};

struct server {
	const char *name;
	struct pollfd fds[SOCKETS_MAX];
	struct service services[SOCKETS_MAX];
	nfds_t count;
};

static int add(struct server *server, int fd, uint8_t protocol, uint16_t first, uint16_t last)
{
	if (fd < 0 || server->count == SOCKETS_MAX)
		return -1;
	server->fds[server->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	server->services[server->count++] = (struct service){protocol, first, last};
	return 0;
}

/* A socket for both families. */
static int open_port(uint8_t protocol, uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is_tcp = protocol == IPPROTO_TCP;
	int off = 0, on = 1;
	int fd = socket(AF_INET6, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (is_tcp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0 &&
	    (!is_tcp || listen(fd, BACKLOG) == 0))
		return fd;
	close(fd);
	return -1;
}

static int add_service(struct server *server, uint8_t protocol, uint16_t first, uint16_t last)
{
	unsigned port;

	if (protocol == IPPROTO_SCTP) {
		if (add(server, socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP), protocol, first,
		        last) < 0)
			return -1;
		return add(server, socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP), protocol, first,
		           last);
	}
	for (port = first; port <= last; port++)
		if (add(server, open_port(protocol, (uint16_t)port), protocol, (uint16_t)port, 0) < 0)
			return -1;
	return 0;
}

/* An IPv4 client of a socket for both families has an IPv4 address. */
static void describe(const struct server *server, const struct sockaddr_storage *client, uint16_t client_port,
                     uint16_t port, char out[PROBE_TEXT_MAX])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)client;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)client;
	char text[INET6_ADDRSTRLEN] = "";

	if (client->ss_family == AF_INET)
		inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text));
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], text, sizeof(text));
	else
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	snprintf(out, PROBE_TEXT_MAX, "%s %u %u%s%s", text, client_port, port, server->name ? " " : "",
	         server->name ? server->name : "");
}

static void answer_tcp(const struct server *server, int fd, uint16_t port)
{
	struct sockaddr_storage client;
	socklen_t len = sizeof(client);
	int connection = accept4(fd, (struct sockaddr *)&client, &len, SOCK_CLOEXEC);
	char text[PROBE_TEXT_MAX];

	if (connection < 0)
		return;
	describe(server, &client, ntohs(((struct sockaddr_in6 *)&client)->sin6_port), port, text);
	dprintf(connection, "%s\n", text);
	close(connection);
}

static void answer_udp(const struct server *server, int fd, uint16_t port)
{
	struct sockaddr_storage client;
	socklen_t len = sizeof(client);
	char text[PROBE_TEXT_MAX];

	if (recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&client, &len) < 0)
		return;
	describe(server, &client, ntohs(((struct sockaddr_in6 *)&client)->sin6_port), port, text);
	sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&client, len);
}

static void answer_sctp(const struct server *server, int fd, const struct service *service)
{
	struct sockaddr_storage client;
	socklen_t len = sizeof(client);
	uint8_t packet[2048];
	ssize_t got = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&client, &len);
	/* A raw IPv4 socket gives the IP header too. */
	size_t skip = got > 0 && client.ss_family == AF_INET ? (packet[0] & 15) * 4u : 0;
	struct sctp_message init, ack;

	if (got <= (ssize_t)skip || !sctp_parse(packet + skip, (size_t)got - skip, &init) ||
	    init.type != SCTP_INIT || init.dport < service->first || init.dport > service->last)
		return;
	ack = (struct sctp_message){init.dport, init.sport, init.tag, SCTP_INIT_ACK, init.tag + 1, ""};
	describe(server, &client, init.sport, init.dport, ack.text);
	sendto(fd, packet, sctp_build(&ack, packet), 0, (const struct sockaddr *)&client, len);
}

static void answer(const struct server *server, nfds_t i)
{
	const struct service *service = &server->services[i];
	int fd = server->fds[i].fd;

	if (service->protocol == IPPROTO_TCP)
		answer_tcp(server, fd, service->first);
	else if (service->protocol == IPPROTO_UDP)
		answer_udp(server, fd, service->first);
	else
		answer_sctp(server, fd, service);
}

int probe_serve(char **args, const char *name, int background)
{
	static struct server server;
	uint16_t first, last;
	nfds_t i;

	server.name = name;
	for (; *args; args += 2) {
		if (!probe_protocol(args[0]) || probe_range(args[1], &first, &last) < 0) {
			errno = EINVAL;
			return probe_fail(args[1]);
		}
		if (add_service(&server, probe_protocol(args[0]), first, last) < 0)
			return probe_fail(args[1]);
	}
	if (background && daemon(0, 0) < 0)
		return probe_fail("daemon");
	while (poll(server.fds, server.count, -1) > 0 || errno == EINTR)
		for (i = 0; i < server.count; i++)
			if (server.fds[i].revents)
				answer(&server, i);
	return probe_fail("poll");
}
