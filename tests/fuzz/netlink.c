/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink replies. The sockets are real; what is sent on them goes nowhere, and what comes is the input: its first byte chooses the question, then
 * datagrams follow, each with its length in two bytes. Sequence numbers are made to fit, since nothing else would be looked at. libnftnl ends its
 * process at an attribute of a wrong length ("kernel ABI is broken"), which is no finding of ours.
 */
#include "cnm/base/error.h"
#include "cnm/sys/conntrack.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/nft_gate.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include "tests/fuzz/fuzz.h"
#include <dlfcn.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DATAGRAMS_MAX 64

static const uint8_t *input;
static size_t input_left;
static uint32_t last_seq;
static unsigned datagrams;
static jmp_buf way_out; /* of libnftnl's exit */
static bool is_running;

void exit(int status)
{
	void (*end)(int) = NULL;
	void *symbol = dlsym(RTLD_NEXT, "exit");

	if (is_running)
		longjmp(way_out, 1);
	memcpy(&end, &symbol, sizeof(symbol));
	end(status);
	__builtin_unreachable();
}

static void note_seq(const void *data, size_t size)
{
	struct nlmsghdr header;
	size_t at = 0;

	while (size - at >= sizeof(header)) {
		memcpy(&header, (const char *)data + at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size - at)
			return;
		last_seq = header.nlmsg_seq;
		at += NLMSG_ALIGN(header.nlmsg_len);
		if (at > size)
			return;
	}
}

/* These stand for libc's in this program, for libmnl too. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	size_t i, total = 0;

	for (i = 0; i < message->msg_iovlen; i++) {
		note_seq(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
		total += message->msg_iov[i].iov_len;
	}
	return (ssize_t)total;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t to_len)
{
	note_seq(data, size);
	return (ssize_t)size;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	note_seq(data, size);
	return (ssize_t)size;
}

static void fit_seq(char *data, size_t size)
{
	struct nlmsghdr header;
	size_t at = 0;

	while (at < size && size - at >= sizeof(header)) {
		memcpy(&header, data + at, sizeof(header));
		header.nlmsg_seq = last_seq;
		header.nlmsg_pid = 0;
		memcpy(data + at, &header, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size - at)
			return;
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
}

static ssize_t next_datagram(void *out, size_t room)
{
	size_t size;

	if (input_left < 2 || ++datagrams > DATAGRAMS_MAX) {
		errno = EAGAIN;
		return -1;
	}
	size = (size_t)input[0] | (size_t)input[1] << 8;
	input += 2;
	input_left -= 2;
	if (size > input_left)
		size = input_left;
	if (size > room)
		size = room;
	memcpy(out, input, size);
	input += size;
	input_left -= size;
	fit_seq(out, size);
	return (ssize_t)size;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl from = {.nl_family = AF_NETLINK};

	if (message->msg_name && message->msg_namelen >= sizeof(from))
		memcpy(message->msg_name, &from, sizeof(from));
	message->msg_namelen = sizeof(from);
	message->msg_flags = 0;
	return next_datagram(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
}

ssize_t recv(int fd, void *out, size_t room, int flags)
{
	errno = EAGAIN;
	return -1;
}

static int take_link(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	FUZZ_ASSERT(memchr(link->name, '\0', sizeof(link->name)) &&
	            memchr(link->kind, '\0', sizeof(link->kind)) &&
	            memchr(link->alias, '\0', sizeof(link->alias)));
	return 0;
}

static int take_addr(const struct cnm_ifaddr *addr, void *arg, struct cnm_error *err)
{
	FUZZ_ASSERT(addr->addr.prefix <= 128);
	return 0;
}

static int take_route(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	FUZZ_ASSERT(route->dst.prefix <= 128);
	return 0;
}

static int take_element(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	FUZZ_ASSERT(found->key.len <= CNM_NFT_KEY_MAX &&
	            memchr(found->comment, '\0', sizeof(found->comment)));
	return 0;
}

static void take_rule(const char *chain, void *arg)
{
	FUZZ_ASSERT(chain);
}

static bool match_flow(const struct cnm_conntrack_flow *flow, void *arg)
{
	return true;
}

static void ask_routes(unsigned question)
{
	static struct cnm_rtnl *rtnl; /* for good, as below: an exit leaves the stack without cleanup */
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_link link;

	FUZZ_ASSERT(rtnl || cnm_rtnl_open(&rtnl, &err) == 0);
	if (question == 0)
		cnm_link_list(rtnl, take_link, NULL, &err);
	else if (question == 1)
		cnm_link_get(rtnl, "eth0", 0, &link, &err);
	else if (question == 2)
		cnm_ifaddr_list(rtnl, 0, take_addr, NULL, &err);
	else
		cnm_route_list(rtnl, take_route, NULL, &err);
}

static void ask_firewall(unsigned question)
{
	static const struct cnm_gate gate = {.nfproto = NFPROTO_IPV4, .table = "filter", .chain = "FORWARD"};
	struct cnm_nft_elem elem = {.set = "claims", .concat = true};
	static struct cnm_nft *nft;
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_nft_found found;
	struct cnm_gate *gates = NULL;
	size_t count;

	FUZZ_ASSERT(nft || cnm_nft_open(&nft, &err) == 0);
	cnm_nft_key_u8(&elem.key, 6);
	if (question == 0) {
		cnm_nft_list(nft, "claims", take_element, NULL, &err);
	} else if (question == 1) {
		cnm_nft_get(nft, &elem, &found, &err);
	} else if (question == 2) {
		if (cnm_gates_find(nft, &gates, &count, &err) == 0)
			free(gates);
	} else if (question == 3) {
		cnm_gate_has(nft, &gate, "cnm ", NULL, 0, true, &err);
	} else {
		cnm_nft_rules_list(nft, NFPROTO_INET, take_rule, NULL, &err);
	}
}

void fuzz_netlink(const uint8_t *data, size_t size)
{
	struct cnm_error err = CNM_ERROR_INIT;
	unsigned question;

	if (size == 0)
		return;
	input = data + 1;
	input_left = size - 1;
	datagrams = 0;
	question = data[0] % 10;
	if (setjmp(way_out)) {
		is_running = false;
		return;
	}
	is_running = true;
	if (question < 4)
		ask_routes(question);
	else if (question < 9)
		ask_firewall(question - 4);
	else
		cnm_conntrack_delete(AF_INET, IPPROTO_UDP, match_flow, NULL, NULL, &err);
	is_running = false;
}
