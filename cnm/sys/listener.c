/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a port is in use is asked by bind, which is what another server would meet: a probe that succeeds has no listener beside it
 * (inet_csk_get_port in net/ipv4/inet_connection_sock.c), and costs least. Where it proves nothing the kernel's list of sockets is asked:
 * TCP connections of clients, and closed ones of servers without SO_REUSEADDR, refuse a bind as listeners do; and a bind below
 * ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE, which we have given up.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/listener_internal.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define PROBES_MAX 4 /* beyond, the list is faster: 0.1 ms whatever the range, a probe 0.013 ms a family */

static int open_probe(int family, uint8_t protocol)
{
	int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int one = 1, fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (protocol != IPPROTO_UDP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int bind_probe(int fd, const struct cnm_addr *host, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (host->family == AF_INET6) {
		memcpy(&in6.sin6_addr, host->bytes, 16);
		return bind(fd, (const struct sockaddr *)&in6, sizeof(in6));
	}
	memcpy(&in4.sin_addr, host->bytes, 4);
	return bind(fd, (const struct sockaddr *)&in4, sizeof(in4));
}

/* What a probe met: 0, or the errno of the socket or of the bind. Port 0 is any free one. */
static int probe(uint8_t protocol, const struct cnm_addr *host, uint16_t port)
{
	_cleanup_close_ int fd = open_probe(host->family, protocol);

	return fd < 0 || bind_probe(fd, host, port) < 0 ? errno : 0;
}

/* The host has no such address, or the kernel no such sockets. */
static bool is_impossible(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPROTONOSUPPORT ||
	       error == ESOCKTNOSUPPORT;
}

static bool has_list(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* What a refused bind means: 1 in use, 0 not, or nobody can say. */
static int judge(uint8_t protocol, const struct cnm_addr *host, uint16_t port, int error,
                 struct cnm_error *err)
{
	struct cnm_error refusal = CNM_ERROR_INIT;
	uint16_t found;
	int used;

	if (error == EADDRINUSE && protocol != IPPROTO_TCP)
		return 1;
	/* EINVAL: bind wants the interface of a link-local address. */
	if (error != EADDRINUSE && error != EACCES && error != EINVAL)
		return cnm_fail_sys(err, error, "try port %u", port);
	if (!has_list(protocol))
		return 0;
	used = cnm_listener_list(protocol, host, port, port, &found, &refusal);
	if (used >= 0)
		return used;
	if (refusal.code == CNM_E_UNSUPPORTED)
		return error == EADDRINUSE;
	return cnm_fail(err, refusal.code, "try port %u: %s", port, refusal.text);
}

static int probe_all(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                     uint16_t *ret_port, struct cnm_error *err)
{
	unsigned port;

	for (port = first; port <= last; port++) {
		int error = probe(protocol, host, (uint16_t)port);
		int used;

		if (!error)
			continue;
		if (is_impossible(error))
			return 0;
		used = judge(protocol, host, (uint16_t)port, error, err);
		if (used != 0) {
			*ret_port = (uint16_t)port;
			return used;
		}
	}
	return 0;
}

static int try_family(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                      uint16_t *ret_port, struct cnm_error *err)
{
	struct cnm_error refusal = CNM_ERROR_INIT;
	int used;

	if (last - first < PROBES_MAX || !has_list(protocol))
		return probe_all(protocol, host, first, last, ret_port, err);
	if (is_impossible(probe(protocol, host, 0)))
		return 0;
	used = cnm_listener_list(protocol, host, first, last, ret_port, &refusal);
	if (used >= 0)
		return used;
	if (refusal.code == CNM_E_UNSUPPORTED)
		return probe_all(protocol, host, first, last, ret_port, err);
	if (err)
		*err = refusal;
	return -1;
}

int cnm_port_in_use(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                    uint16_t *ret_port, struct cnm_error *err)
{
	static const struct cnm_addr any4 = {.family = AF_INET}, any6 = {.family = AF_INET6};
	int used;

	if (cnm_addr_is_set(host))
		return try_family(protocol, host, first, last, ret_port, err);
	used = try_family(protocol, &any4, first, last, ret_port, err);
	return used != 0 ? used : try_family(protocol, &any6, first, last, ret_port, err);
}
