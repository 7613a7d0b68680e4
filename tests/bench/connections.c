/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times TCP connections from a namespace to a published port of a host, in turns between several hosts (each a namespace of its own).
 * Prints medians, and their ratio to the first.
 *
 *	connections ROUNDS NAME CLIENT-NETNS ADDRESS PORT SERVER-NETNS SERVER-PORT [NAME ...]...
 */
#include "tests/bench/timing.h"
#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>

#define PATHS_MAX 8
#define FIELDS    6

struct path {
	const char *name;
	int client_netns, listener;
	struct sockaddr_in server;
	double ms[ROUNDS_MAX];
};

static int open_netns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path, 0);
	return fd;
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		fail("setns", 0);
}

/* We listen ourselves, and accept behind the measurement: a server that is woken by the connection may run before its client goes on, or not,
 * as the scheduler likes, and that is as long as the connection itself. */
static int listen_in(const char *netns, int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd;

	enter(open_netns(netns));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 128) < 0)
		fail(netns, 0);
	return fd;
}

static double connect_once(const struct path *path)
{
	struct linger reset = {.l_onoff = 1}; /* no TIME_WAIT: the next one finds the same state */
	double start, took;
	int fd, taken;

	enter(path->client_netns);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	start = now_ms();
	if (fd < 0 || connect(fd, (const struct sockaddr *)&path->server, sizeof(path->server)) < 0)
		fail(path->name, 0);
	took = now_ms() - start;
	taken = accept4(path->listener, NULL, NULL, SOCK_CLOEXEC);
	if (taken < 0)
		fail(path->name, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	close(taken);
	return took;
}

int main(int argc, char **argv)
{
	static struct path paths[PATHS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 0, count = (argc - 2) / FIELDS;
	double first;

	if (rounds < 1 || rounds > ROUNDS_MAX || count < 1 || count > PATHS_MAX || (argc - 2) % FIELDS != 0) {
		fputs("usage: connections ROUNDS NAME CLIENT-NETNS ADDRESS PORT SERVER-NETNS "
		      "SERVER-PORT...\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		char **args = argv + 2 + i * FIELDS;

		paths[i].listener = listen_in(args[4], atoi(args[5]));
		paths[i].name = args[0];
		paths[i].client_netns = open_netns(args[1]);
		paths[i].server.sin_family = AF_INET;
		paths[i].server.sin_port = htons((uint16_t)atoi(args[3]));
		if (inet_pton(AF_INET, args[2], &paths[i].server.sin_addr) != 1)
			fail(args[2], 0);
	}
	/* The first ones warm up. Each round begins with another, so that none is always behind the same. */
	for (int r = -100; r < rounds; r++) {
		for (int i = 0; i < count; i++) {
			struct path *path = &paths[(i + r + 100) % count];

			path->ms[r < 0 ? 0 : r] = connect_once(path);
		}
	}
	first = median(paths[0].ms, rounds);
	printf("%-26s %10s %8s   (median of %d)\n", "connection", "us", "ratio", rounds);
	for (int i = 0; i < count; i++) {
		double took = median(paths[i].ms, rounds);

		printf("%-26s %10.1f %8.2f\n", paths[i].name, took * 1000, took / first);
	}
	return 0;
}
