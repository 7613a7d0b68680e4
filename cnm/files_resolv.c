/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sandbox's resolv.conf. Where an agent answers names it leads there, and the agent forwards to the servers that the sandbox asked for, or to the
 * host's. Where none does, it has those servers itself, without those on the host's loopback, which a sandbox cannot reach.
 */
#include "cnm/base/cleanup.h"
#include "cnm/files.h"
#include "cnm/served.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SERVED_HEAD "# Names are answered by cnm agent\n"
#define SERVERS_MAX 3 /* MAXNS of resolv.h: what C libraries ask */
#define HOST_MAX    (64 * 1024)

/* What Docker falls back to. A sandbox without any would ask its own loopback. */
static const char *const public4[] = {"8.8.8.8", "8.8.4.4"};
static const char *const public6[] = {"2001:4860:4860::8888", "2001:4860:4860::8844"};

/* systemd-resolved keeps the real servers beside its stub on 127.0.0.53. */
static const char *const host_paths[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

static bool has_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 &&
	       (line[len] == ' ' || line[len] == '\t' || line[len] == '\n' || !line[len]);
}

static bool is_loopback_server(const char *line)
{
	const char *at = line + strlen("nameserver");

	at += strspn(at, " \t");
	return strncmp(at, "127.", 4) == 0 || strncmp(at, "::1", 3) == 0;
}

/* What of the host's file the sandbox's own settings, or an agent, stand in for. */
struct replaced {
	bool servers, search, options;
};

/* The other lines of the host's file. Returns how many servers are among them. */
static unsigned copy_lines(struct cnm_buf *buf, const char *text, const struct replaced *replaced)
{
	unsigned servers = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool server = has_key(text, "nameserver");

		if (server ? !replaced->servers && !is_loopback_server(text)
		           : !(replaced->search && (has_key(text, "search") || has_key(text, "domain"))) &&
		                     !(replaced->options && has_key(text, "options"))) {
			cnm_buf_append(buf, text, len);
			cnm_buf_puts(buf, "\n");
			servers += server;
		}
		text += len + (text[len] == '\n');
	}
	return servers;
}

/* true: there was a file. */
static bool copy_host(struct cnm_buf *buf, const struct replaced *replaced)
{
	bool found = false;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(host_paths); i++) {
		_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(HOST_MAX);
		_cleanup_(cnm_buf_free) struct cnm_buf lines = CNM_BUF_INIT(HOST_MAX);
		_cleanup_close_ int fd = open(host_paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		struct cnm_error ignored = CNM_ERROR_INIT;
		unsigned servers;

		if (fd < 0 || cnm_buf_read_fd(&text, fd, host_paths[i], &ignored) < 0)
			continue;
		servers = copy_lines(&lines, cnm_buf_text(&text), replaced);
		if (servers == 0 && !replaced->servers && i + 1 < CNM_ARRAY_SIZE(host_paths) &&
		    access(host_paths[i + 1], R_OK) == 0)
			continue; /* only stubs: the next file has what they ask */
		cnm_buf_puts(buf, cnm_buf_text(&lines));
		if (servers > 0 || replaced->servers)
			return true;
		found = cnm_buf_text(&text)[0] != '\0';
	}
	return !found;
}

static void put_list(struct cnm_buf *buf, const char *key, const struct cnm_kvs *words)
{
	size_t i;

	if (words->count == 0)
		return;
	cnm_buf_puts(buf, key);
	for (i = 0; i < words->count; i++)
		cnm_buf_printf(buf, " %s", words->items[i].key);
	cnm_buf_puts(buf, "\n");
}

static bool wants_no_search(const struct cnm_kvs *search)
{
	return search->count == 1 && strcmp(search->items[0].key, ".") == 0; /* docker run(1) */
}

static bool has_family(const struct cnm_endpoint *const *endpoints, size_t count, int family)
{
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < endpoints[i]->addr_count; j++)
			if (endpoints[i]->addrs[j].addr.family == family)
				return true;
	return false;
}

static void put_public(struct cnm_buf *buf, const struct cnm_endpoint *const *endpoints, size_t count)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(public4); i++)
		cnm_buf_printf(buf, "nameserver %s\n", public4[i]);
	for (i = 0; i < CNM_ARRAY_SIZE(public6) && has_family(endpoints, count, AF_INET6); i++)
		cnm_buf_printf(buf, "nameserver %s\n", public6[i]);
}

/* 1: one of the networks, whose names an agent answers, has that option; -1 error. */
static int wants_loopback(struct cnm_peers *peers, const struct cnm_endpoint *const *endpoints, size_t count,
                          struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct cnm_peers_network *network;

		if (cnm_peers_get(peers, endpoints[i]->network, &network, err) < 0)
			return -1;
		if (network->served && network->network && cnm_network_wants_loopback(network->network))
			return 1;
	}
	return 0;
}

/* The servers of the agent, IPv4 first. Each answers for all networks of the sandbox: more than one is for when a network is left. */
static int find_served(struct cnm_peers *peers, const struct cnm_endpoint *const *endpoints, size_t count,
                       struct cnm_addr *ret, size_t *found, struct cnm_error *err)
{
	struct cnm_addr addrs[SERVERS_MAX];
	size_t i, j;
	int round, loopback;

	*found = 0;
	loopback = wants_loopback(peers, endpoints, count, err);
	if (loopback < 0)
		return -1;
	if (loopback) {
		*found = 1;
		return cnm_addr_parse(&ret[0], CNM_DNS_LOOPBACK, err);
	}
	for (round = 0; round < 2; round++) {
		for (i = 0; i < count; i++) {
			const struct cnm_peers_network *network;
			size_t servers;

			if (cnm_peers_get(peers, endpoints[i]->network, &network, err) < 0)
				return -1;
			if (!network->served || !network->network)
				continue;
			servers = cnm_network_name_servers(peers->controller, network->network, addrs,
			                                   SERVERS_MAX);
			for (j = 0; j < servers && *found < SERVERS_MAX; j++)
				if (addrs[j].family == (round ? AF_INET6 : AF_INET))
					ret[(*found)++] = addrs[j];
		}
	}
	return 0;
}

static void put_servers(struct cnm_buf *buf, const struct cnm_addr *addrs, size_t count)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		cnm_buf_printf(buf, "nameserver %s\n", cnm_addr_format(&addrs[i], text));
}

/* A name without a dot is one of ours, and asked as it is before search domains are tried (as Docker sets it), unless somebody set it. */
static void put_ndots(struct cnm_buf *buf)
{
	if (!strstr(cnm_buf_text(buf), "ndots:"))
		cnm_buf_puts(buf, "options ndots:0\n");
}

bool cnm_resolv_is_served(const char *text)
{
	return strncmp(text, SERVED_HEAD, strlen(SERVED_HEAD)) == 0;
}

int cnm_resolv_build(struct cnm_peers *peers, const struct cnm_sandbox *sandbox,
                     const struct cnm_endpoint *const *endpoints, size_t count, struct cnm_buf *ret,
                     bool *served, struct cnm_error *err)
{
	struct cnm_addr addrs[SERVERS_MAX];
	struct replaced replaced = {.search = sandbox->dns_search.count > 0,
	                            .options = sandbox->dns_options.count > 0};
	bool enough;
	size_t found, i;

	if (find_served(peers, endpoints, count, addrs, &found, err) < 0)
		return -1;
	*served = found > 0;
	replaced.servers = *served || sandbox->dns.count > 0;
	if (*served)
		cnm_buf_puts(ret, SERVED_HEAD);
	enough = copy_host(ret, &replaced);
	put_servers(ret, addrs, found);
	for (i = 0; !*served && i < sandbox->dns.count; i++)
		cnm_buf_printf(ret, "nameserver %s\n", sandbox->dns.items[i].key);
	if (!enough && !replaced.servers)
		put_public(ret, endpoints, count);
	if (!wants_no_search(&sandbox->dns_search))
		put_list(ret, "search", &sandbox->dns_search);
	put_list(ret, "options", &sandbox->dns_options);
	if (*served)
		put_ndots(ret);
	return 0;
}
