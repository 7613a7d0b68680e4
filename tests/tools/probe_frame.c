/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as a container's root can make them: sent from one interface, looked for at another. Each is followed by a frame that is known to
 * pass, which comes behind it: so what has not come by then was dropped, and nobody waits.
 */
#include "tests/tools/probe.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRAME_MAX 1514
#define WAIT_MS   3000
#define TAG_BYTES 4 /* the kernel takes a VLAN tag out of what it hands to a socket */

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

static int append(struct frame *frame, const void *bytes, size_t len)
{
	if (frame->len + len > sizeof(frame->bytes))
		return -1;
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
	return 0;
}

static int append_hex(struct frame *frame, const char *text)
{
	for (; *text; text += 2) {
		unsigned value;
		uint8_t byte;

		if (sscanf(text, "%2x", &value) != 1 || !text[1])
			return -1;
		byte = (uint8_t)value;
		if (append(frame, &byte, 1) < 0)
			return -1;
	}
	return 0;
}

/* A word is a MAC address, an IP address, or bytes in hexadecimal. */
static int append_word(struct frame *frame, const char *word)
{
	uint8_t addr[16];
	struct ether_addr mac;

	if (strchr(word, '.'))
		return inet_pton(AF_INET, word, addr) == 1 ? append(frame, addr, 4) : -1;
	if (strchr(word, ':') && inet_pton(AF_INET6, word, addr) == 1)
		return append(frame, addr, 16);
	if (strchr(word, ':'))
		return ether_aton_r(word, &mac) ? append(frame, &mac, 6) : -1;
	return append_hex(frame, word);
}

/* The sum over an IPv4 header without options, where none is given (RFC 791); a receiver asks for it. */
static void fill_checksum(struct frame *frame)
{
	uint8_t *header = frame->bytes + ETH_HLEN;
	uint32_t sum = 0;
	size_t i;

	if (frame->len < ETH_HLEN + 20 || frame->bytes[12] != 8 || frame->bytes[13] != 0 || header[10] ||
	    header[11])
		return;
	for (i = 0; i < 20; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	header[10] = (uint8_t)(~sum >> 8);
	header[11] = (uint8_t)~sum;
}

static int parse(char *words, struct frame *ret)
{
	char *word, *rest;

	ret->len = 0;
	for (word = strtok_r(words, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		if (append_word(ret, word) < 0)
			return -1;
	fill_checksum(ret);
	return ret->len < ETH_HLEN ? -1 : 0;
}

/* A raw socket on an interface in a namespace that has a name. */
static int open_interface(const char *netns, const char *ifname)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	char path[256];
	int ns, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		return -1;
	close(ns);
	addr.sll_ifindex = (int)if_nametoindex(ifname);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	return fd;
}

static int equal(const struct frame *frame, const uint8_t *got, size_t len)
{
	const size_t macs = 2 * ETH_ALEN;

	if (len == frame->len)
		return memcmp(got, frame->bytes, len) == 0;
	return len + TAG_BYTES == frame->len && memcmp(got, frame->bytes, macs) == 0 &&
	       memcmp(got + macs, frame->bytes + macs + TAG_BYTES, len - macs) == 0;
}

/* 1 it passed, 0 it was dropped, -1 the frame behind it did not come. */
static int passes(int from, int to, const struct frame *frame, const struct frame *behind)
{
	struct pollfd pollfd = {.fd = to, .events = POLLIN};
	uint8_t got[2 * FRAME_MAX];
	int seen = 0;

	if (send(from, frame->bytes, frame->len, 0) < 0 || send(from, behind->bytes, behind->len, 0) < 0)
		return -1;
	while (poll(&pollfd, 1, WAIT_MS) > 0) {
		ssize_t n = recv(to, got, sizeof(got), 0);

		if (n <= 0)
			continue;
		if (equal(frame, got, (size_t)n))
			seen = 1;
		if (equal(behind, got, (size_t)n))
			return seen;
	}
	return -1;
}

/* pass|drop NAME|WORDS */
static int try_line(int from, int to, char *line, const struct frame *behind)
{
	char *name = strchr(line, ' '), *words = name ? strchr(name, '|') : NULL;
	struct frame frame;
	int wanted, passed;

	if (!words)
		return probe_fail(line);
	*name++ = '\0';
	*words++ = '\0';
	wanted = strcmp(line, "pass") == 0;
	if (parse(words, &frame) < 0)
		return probe_fail(name);
	passed = passes(from, to, &frame, behind);
	if (passed == wanted)
		return 0;
	printf("%s: %s\n", name,
	       passed < 0 ? "the frame behind it did not come" : (passed ? "it passed" : "it was dropped"));
	return 1;
}

int probe_frames(char **args)
{
	struct frame behind;
	char line[4096];
	cpu_set_t one;
	int from = open_interface(args[0], args[1]), to = open_interface(args[2], args[3]), status = 0;

	/* On one processor frames keep their order. */
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	if (from < 0 || to < 0 || sched_setaffinity(0, sizeof(one), &one) < 0)
		return probe_fail("frames");
	if (!fgets(line, sizeof(line), stdin) || parse(line, &behind) < 0)
		return probe_fail("the frame behind");
	while (fgets(line, sizeof(line), stdin)) {
		int r = try_line(from, to, line, &behind);

		status = r > status ? r : status;
	}
	return status;
}
