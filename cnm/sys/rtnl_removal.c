/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cnm/sys/rtnl_removal.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nlmsg.h"
#include "cnm/sys/rtnl_link.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS     10000
#define REPORT_FD   3
#define EVENT_BYTES 8192

static void close_monitor(struct mnl_socket **monitor)
{
	if (*monitor)
		mnl_socket_close(*monitor);
}

int cnm_link_remove(struct cnm_rtnl *rtnl, const char *name, struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_delete(&batch, name);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

/* The child. Locks and pipes of the caller must not live as long as the wait does: every descriptor is closed before the request is sent. */
static void remove_and_report(const char *name, int report_fd)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	int result = 0;

	if (dup2(report_fd, REPORT_FD) < 0 || fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (close_range(REPORT_FD + 1, ~0U, 0) < 0 || setsid() < 0)
		return;
	if (cnm_rtnl_open(&rtnl, &err) < 0 || cnm_link_remove(rtnl, name, &err) < 0)
		result = err.sys_errno ? err.sys_errno : EIO;
	if (write(REPORT_FD, &result, sizeof(result)) < 0)
		return; /* nobody waits any more */
}

/* 1: among the waiting events is the link's removal; 0: not, -1: events were lost. */
static int read_events(struct mnl_socket *monitor, int ifindex)
{
	char buf[EVENT_BYTES] __attribute__((aligned(8)));
	struct sockaddr_nl from = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {
	        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t got;

	while ((got = recvmsg(mnl_socket_get_fd(monitor), &msg, MSG_DONTWAIT)) >= 0) {
		const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)buf;
		int left = (int)got;

		for (; from.nl_pid == 0 && cnm_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left)) {
			const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(at);

			/* A bridge announces in its own family that its port left. */
			if (at->nlmsg_type == RTM_DELLINK && ifi->ifi_family == AF_UNSPEC &&
			    ifi->ifi_index == ifindex)
				return 1;
		}
		msg.msg_namelen = sizeof(from);
	}
	return errno == ENOBUFS ? -1 : 0;
}

/* 0: gone; 1: the child says nothing, -1: the kernel refused. */
static int read_report(int report_fd, const char *name, struct cnm_error *err)
{
	int result;

	if (read(report_fd, &result, sizeof(result)) != (ssize_t)sizeof(result))
		return 1;
	return result ? cnm_fail_sys(err, result, "delete link %s", name) : 0;
}

/* The same. */
static int wait_for(struct mnl_socket *monitor, int ifindex, int report_fd, const char *name,
                    struct cnm_error *err)
{
	struct pollfd fds[] = {{.fd = report_fd, .events = POLLIN},
	                       {.fd = mnl_socket_get_fd(monitor), .events = POLLIN}};

	for (;;) {
		int ready = poll(fds, CNM_ARRAY_SIZE(fds), WAIT_MS), seen;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return 1;
		if (fds[0].revents)
			return read_report(report_fd, name, err);
		seen = read_events(monitor, ifindex);
		if (seen > 0)
			return 0;
		if (seen < 0)
			fds[1].fd = -1;
	}
}

static struct mnl_socket *open_monitor(void)
{
	struct mnl_socket *monitor = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (monitor && mnl_socket_bind(monitor, RTMGRP_LINK, MNL_SOCKET_AUTOPID) == 0)
		return monitor;
	close_monitor(&monitor);
	return NULL;
}

int cnm_link_remove_announced(struct cnm_rtnl *rtnl, const char *name, struct cnm_error *err)
{
	_cleanup_(close_monitor) struct mnl_socket *monitor = open_monitor();
	_cleanup_close_ int report_fd = -1;
	int fds[2], gone;
	struct cnm_link link;
	pid_t child;

	if (cnm_link_get(rtnl, name, 0, &link, err) < 0)
		return err->code == CNM_E_NOT_FOUND ? (cnm_error_clear(err), 0) : -1;
	if (!monitor || pipe2(fds, O_CLOEXEC) < 0)
		return cnm_link_remove(rtnl, name, err);
	report_fd = fds[0];
	child = fork();
	if (child == 0) {
		remove_and_report(name, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	gone = child < 0 ? 1 : wait_for(monitor, link.ifindex, report_fd, name, err);
	return gone > 0 ? cnm_link_remove(rtnl, name, err) : gone;
}
