/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock that says that an agent answers, and the word with the agent. */
#include "cnm/served.h"
#include "cnm/base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SERVED  "served"
#define WAIT_MS 1000

static int open_lock(struct cnm_store *store, const char *network, int flags)
{
	char path[CNM_NAME_MAX + sizeof("/" SERVED)];

	snprintf(path, sizeof(path), "%.*s/" SERVED, CNM_NAME_MAX, network);
	return openat(store->live_fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

/* Of an open file, not of a process: fcntl's other locks go when any descriptor of the file is closed. */
static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

bool cnm_network_is_served(struct cnm_store *store, const char *network)
{
	_cleanup_close_ int fd = open_lock(store, network, 0);
	struct flock lock = whole_file();

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int cnm_network_serve(struct cnm_store *store, const char *network, struct cnm_error *err)
{
	_cleanup_close_ int fd = open_lock(store, network, O_CREAT);
	struct flock lock = whole_file();

	if (fd < 0)
		return cnm_fail_sys(err, errno, "network %s: " SERVED, network);
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return cnm_fail(err, CNM_E_BUSY, "network %s: another agent answers its names",
			                network);
		return cnm_fail_sys(err, errno, "network %s: " SERVED, network);
	}
	return TAKE_FD(fd);
}

size_t cnm_network_name_servers(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_addr *ret, size_t max)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const struct cnm_driver *driver = cnm_controller_driver(controller, network->driver, &ignored);
	size_t i, count = 0;

	if (!driver || !driver->has_gateway)
		return 0;
	for (i = 0; i < network->pool_count && count < max; i++)
		if (driver->has_gateway(network, &network->pools[i]))
			ret[count++] = network->pools[i].gateway;
	return count;
}

bool cnm_network_wants_loopback(const struct cnm_network *network)
{
	const char *where = cnm_kvs_get(&network->options, CNM_NETWORK_DNS);

	return where && strcmp(where, "loopback") == 0;
}

static void wait_for(int fd)
{
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	char byte = 0;

	if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1)
		poll(&answer, 1, WAIT_MS);
}

void cnm_agent_sync(struct cnm_store *store)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = WAIT_MS / 1000};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return;
	/* The path of the state directory may be longer than such an address. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" CNM_AGENT_SOCKET, store->state_fd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		wait_for(fd);
}
