/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `names NAMESPACE SERVER`: asks a name server from inside of a namespace, one question for each line "NAME TYPE[/tcp] ..." of standard input, and prints for each
 * "NAME TYPE[/tcp] RCODE [TC] DATA...", the data sorted. Messages are made and read by the C library, which has no code in common with ours.
 */
#include "tests/tools/probe.h"
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <resolv.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 65535
#define DATA_MAX    128
#define RETRIES     5 /* of a datagram that was lost */

static const struct {
	const char *name;
	int type;
} types[] = {{"A", ns_t_a},     {"AAAA", ns_t_aaaa}, {"PTR", ns_t_ptr}, {"SRV", ns_t_srv}, {"MX", ns_t_mx},
             {"TXT", ns_t_txt}, {"ANY", ns_t_any},   {"NS", ns_t_ns},   {"SOA", ns_t_soa}, {"CAA", 257}};

static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

static int type_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].name) == len && strncmp(types[i].name, name, len) == 0)
			return types[i].type;
	return -1;
}

static int wait_readable(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, ms);
}

/* Length of the response, 0: there was none. */
static size_t ask_udp(int fd, const struct probe_question *question, const uint8_t *query, size_t len,
                      uint8_t *ret)
{
	for (int i = 0; i < RETRIES; i++) {
		ssize_t got;

		send(fd, query, len, 0);
		if (wait_readable(fd, question->wait_ms) <= 0)
			continue;
		got = recv(fd, ret, MESSAGE_MAX, 0);
		if (got >= NS_HFIXEDSZ && memcmp(ret, query, 2) == 0)
			return (size_t)got;
	}
	return 0;
}

static size_t ask_tcp(int fd, const struct probe_question *question, const uint8_t *query, size_t len,
                      uint8_t *ret)
{
	uint8_t frame[2 + NS_PACKETSZ] = {(uint8_t)(len >> 8), (uint8_t)len};
	size_t have = 0, want = 2;

	memcpy(frame + 2, query, len);
	if (send(fd, frame, len + 2, MSG_NOSIGNAL) < 0)
		return 0;
	while (have < want) {
		uint8_t *at = have < 2 ? frame + have : ret + have - 2;
		ssize_t got;

		if (wait_readable(fd, question->wait_ms * RETRIES) <= 0)
			return 0;
		got = recv(fd, at, want - have, 0);
		if (got <= 0)
			return 0;
		have += (size_t)got;
		if (have == 2)
			want = 2U + (size_t)(frame[0] << 8 | frame[1]);
	}
	return have - 2;
}

static void describe(const ns_msg *message, const ns_rr *rr, char *ret, size_t size)
{
	const uint8_t *data = ns_rr_rdata(*rr);
	char name[NS_MAXDNAME] = "?";
	size_t skip = ns_rr_type(*rr) == ns_t_srv ? 6 : 0;

	if (ns_rr_type(*rr) == ns_t_a && ns_rr_rdlen(*rr) == 4) {
		inet_ntop(AF_INET, data, ret, (socklen_t)size);
	} else if (ns_rr_type(*rr) == ns_t_aaaa && ns_rr_rdlen(*rr) == 16) {
		inet_ntop(AF_INET6, data, ret, (socklen_t)size);
	} else {
		ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + skip, name,
		                   sizeof(name));
		if (skip)
			snprintf(ret, size, "%d:%.*s", ns_get16(data + 4), (int)size - 8, name);
		else
			snprintf(ret, size, "%.*s", (int)size - 1, name);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void print_response(const uint8_t *response, size_t len)
{
	static char data[DATA_MAX][PROBE_TEXT_MAX];
	ns_msg message;
	size_t count = 0;

	if (len == 0 || ns_initparse(response, (int)len, &message) < 0) {
		fputs(len ? " unreadable" : " none", stdout);
		return;
	}
	printf(" %s", rcodes[ns_msg_getflag(message, ns_f_rcode) % 6]);
	if (ns_msg_getflag(message, ns_f_tc))
		fputs(" TC", stdout);
	for (int i = 0; i < ns_msg_count(message, ns_s_an) && count < DATA_MAX; i++) {
		ns_rr rr;

		if (ns_parserr(&message, ns_s_an, i, &rr) < 0)
			fputs(" unreadable", stdout);
		else
			describe(&message, &rr, data[count++], sizeof(data[0]));
	}
	qsort(data, count, sizeof(data[0]), compare);
	for (size_t i = 0; i < count; i++)
		printf(" %s", data[i]);
}

static int ask(const struct probe_question *question, const char *name, int type, int tcp)
{
	static uint8_t response[MESSAGE_MAX];
	uint8_t query[NS_PACKETSZ];
	size_t got = 0;
	int fd, len;

	len = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, sizeof(query));
	if (len < 0)
		return probe_fail(name);
	fd = socket(question->server.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return probe_fail("socket");
	if (connect(fd, (const struct sockaddr *)&question->server, question->server_len) == 0)
		got = (tcp ? ask_tcp : ask_udp)(fd, question, query, (size_t)len, response);
	close(fd);
	print_response(response, got);
	return 0;
}

int probe_names(const char *netns, const struct probe_question *question)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC), status = 0;
	char line[1024];

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return probe_fail(netns);
	close(fd);
	while (status == 0 && fgets(line, sizeof(line), stdin)) {
		char *rest = NULL, *name = strtok_r(line, " \n", &rest), *type = strtok_r(NULL, " \n", &rest);
		const char *tcp = type ? strchr(type, '/') : NULL;
		int number = type ? type_of(type, tcp ? (size_t)(tcp - type) : strlen(type)) : -1;

		if (number < 0) {
			errno = EINVAL;
			return probe_fail("a question is NAME TYPE[/tcp]");
		}
		printf("%s %s", name, type);
		status = ask(question, name, number, tcp != NULL);
		putchar('\n');
	}
	return status;
}
