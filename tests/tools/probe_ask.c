/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The asking end of the probe. No answer is an answer too: exit status 1. */
#include "tests/tools/probe.h"
#include "tests/tools/probe_sctp.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { NO_ANSWER = 1 };

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* False when the time is over. */
static int wait_for(int fd, short events, long until)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	long left = until - now_ms();

	return left > 0 && poll(&pollfd, 1, (int)left) > 0;
}

static uint16_t random16(void)
{
	uint16_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint16_t)getpid();
	return number;
}

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
	/* In both families at the same place. */
	((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

/* A connected socket, or for TCP one that is connecting. -1 with errno. */
static int open_socket(const struct probe_question *question)
{
	struct sockaddr_storage server = question->server, client = {.ss_family = server.ss_family};
	int type = question->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, on = 1;
	int fd = socket(server.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	set_port(&server, question->port);
	set_port(&client, question->source_port);
	if (question->source_port && bind(fd, (const struct sockaddr *)&client, question->server_len) < 0) {
		close(fd);
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&server, question->server_len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static int print(char *text, ssize_t len)
{
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len <= 0)
		return NO_ANSWER;
	printf("%.*s\n", (int)len, text);
	fflush(stdout);
	return 0;
}

/* The server speaks first. */
static int ask_tcp(int fd, long until)
{
	char text[PROBE_TEXT_MAX];
	ssize_t got;

	if (!wait_for(fd, POLLOUT, until) || !wait_for(fd, POLLIN, until))
		return NO_ANSWER;
	got = recv(fd, text, sizeof(text), 0);
	return print(text, got);
}

static int ask_udp(int fd, long until)
{
	char text[PROBE_TEXT_MAX];

	if (send(fd, "?", 1, 0) < 0 || !wait_for(fd, POLLIN, until))
		return NO_ANSWER;
	return print(text, recv(fd, text, sizeof(text), 0));
}

/* Raw sockets get everybody's packets: those of another conversation are passed over. */
static int wait_init_ack(int fd, const struct sctp_message *init, int family, long until)
{
	struct sctp_message ack;
	uint8_t packet[2048];

	while (wait_for(fd, POLLIN, until)) {
		ssize_t got = recv(fd, packet, sizeof(packet), 0);
		size_t skip = got > 0 && family == AF_INET ? (packet[0] & 15) * 4u : 0;

		if (got < 0 && errno != EAGAIN)
			return NO_ANSWER;
		if (got > (ssize_t)skip && sctp_parse(packet + skip, (size_t)got - skip, &ack) &&
		    ack.type == SCTP_INIT_ACK && ack.sport == init->dport && ack.dport == init->sport &&
		    ack.vtag == init->tag)
			return print(ack.text, (ssize_t)strlen(ack.text));
	}
	return NO_ANSWER;
}

static int ask_sctp(const struct probe_question *question, long until)
{
	int family = question->server.ss_family, status = NO_ANSWER;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_SCTP);
	struct sctp_message init = {.dport = question->port, .type = SCTP_INIT};
	uint8_t packet[SCTP_PACKET_MAX];

	if (fd < 0)
		return probe_fail("socket");
	init.sport = question->source_port ? question->source_port : (uint16_t)(random16() | 0x8000);
	init.tag = (uint32_t)random16() << 8 | 1;
	if (connect(fd, (const struct sockaddr *)&question->server, question->server_len) == 0 &&
	    send(fd, packet, sctp_build(&init, packet), 0) > 0)
		status = wait_init_ack(fd, &init, family, until);
	close(fd);
	return status;
}

int probe_ask(const struct probe_question *question)
{
	long until = now_ms() + question->wait_ms;
	int fd, status;

	if (question->protocol == IPPROTO_SCTP)
		return ask_sctp(question, until);
	fd = open_socket(question);
	if (fd < 0)
		return NO_ANSWER;
	status = question->protocol == IPPROTO_TCP ? ask_tcp(fd, until) : ask_udp(fd, until);
	close(fd);
	return status;
}

int probe_hold(const struct probe_question *question)
{
	char text[PROBE_TEXT_MAX];
	int fd = open_socket(question);

	if (fd < 0)
		return probe_fail("socket");
	for (;;) {
		long until = now_ms() + question->wait_ms;

		/* What an ICMP error leaves behind does not end the flow. */
		while (send(fd, "?", 1, 0) < 0 && errno == ECONNREFUSED)
			continue;
		while (wait_for(fd, POLLIN, until)) {
			ssize_t got = recv(fd, text, sizeof(text), 0);

			if (got > 0 && print(text, got) != 0)
				return probe_fail("write");
		}
	}
}
