/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket and its batches: every acknowledgement counted, every refusal told, and nothing believed
 * that is not the kernel's. */
#include "cnm/sys/rtnl.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static struct cnm_rtnl *rtnl;
static struct cnm_rtnl_batch batch;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_rtnl_open(&rtnl, &err), 0, "%s", err.text);
	cnm_rtnl_batch_init(&batch);
}

static void teardown(void)
{
	cnm_rtnl_close(rtnl);
}

/* 10.0.0.0 + n to lo, by hand. */
static void put_address(struct cnm_rtnl_batch *to, unsigned n, int tolerated)
{
	uint32_t addr = htonl(0x0a000000 + n);
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(to, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, tolerated,
	                                            "add address number %u", n);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 32;
	ifa->ifa_index = 1;
	cnm_rtnl_put(to, nlh, IFA_LOCAL, &addr, sizeof(addr));
	cnm_rtnl_batch_end(to, nlh);
}

static void add_addresses(unsigned first, unsigned count)
{
	for (unsigned n = first; n < first + count; n++) {
		put_address(&batch, n, 0);
		if (batch.count == CNM_RTNL_BATCH_COUNT || n + 1 == first + count)
			cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
	}
}

/* How many of 10.0.0.0/8 lo has, from `ip`. */
static int count_addresses(void)
{
	struct cnm_test_output output;
	int n;

	cr_assert_eq(cnm_test_shell(&output, "ip -4 -o addr show dev lo | grep -c 'inet 10\\.' || true"), 0);
	n = atoi(output.out);
	cnm_test_output_free(&output);
	return n;
}

static void put_dump(struct cnm_rtnl_batch *to)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(to, RTM_GETADDR, NLM_F_DUMP, 0, "read addresses");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	cnm_rtnl_batch_end(to, nlh);
}

/* What a dump shows to fn, and what fn does meanwhile. */
struct dump {
	struct cnm_rtnl *other; /* changes the addresses */
	int changes;            /* how often to */
	int readings_changed, last_reading;
	int seen, restarts;
	int stop_after;
};

static void change_address(struct dump *dump)
{
	struct cnm_rtnl_batch one;
	struct cnm_error error = CNM_ERROR_INIT;

	cnm_rtnl_batch_init(&one);
	put_address(&one, 0x10000u + (unsigned)dump->restarts, 0);
	cr_assert_eq(cnm_rtnl_batch_send(dump->other, &one, &error), 0, "%s", error.text);
}

static int see(const struct nlmsghdr *nlh, void *arg, struct cnm_error *error)
{
	struct dump *dump = arg;

	cr_expect_eq(nlh->nlmsg_type, RTM_NEWADDR);
	if (dump->seen++ == 0 && dump->restarts < dump->changes)
		change_address(dump);
	if (dump->seen == dump->stop_after)
		return cnm_fail(error, CNM_E_BUSY, "enough");
	return 0;
}

static void restarted(void *arg)
{
	struct dump *dump = arg;

	dump->restarts++;
	dump->seen = 0;
}

/* The descriptor of our socket: the only one of the process that the suite opened. */
static int socket_fd(void)
{
	char path[64], target[64];

	for (int fd = 255; fd > 2; fd--) {
		struct sockaddr_nl addr;
		socklen_t size = sizeof(addr);

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target)) > 0 &&
		    getsockname(fd, (struct sockaddr *)&addr, &size) == 0 && addr.nl_family == AF_NETLINK)
			return fd;
	}
	cr_assert_fail("no netlink socket");
	return -1;
}

TestSuite(rtnl, .init = setup, .fini = teardown, .timeout = 30);

Test(rtnl, close_on_exec)
{
	cr_expect_eq(fcntl(socket_fd(), F_GETFD), FD_CLOEXEC);
	cnm_rtnl_close(NULL);
}

Test(rtnl, empty_batch)
{
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, NULL, NULL, &err), -1);
	cr_expect_eq(err.code, CNM_E_INVALID);
}

Test(rtnl, full_batch)
{
	add_addresses(1, CNM_RTNL_BATCH_COUNT);
	cr_expect_eq(count_addresses(), CNM_RTNL_BATCH_COUNT);
	cr_expect_eq(batch.count, 0);
	cr_expect_eq(batch.len, 0);
}

/* The note names the request that was refused, the later ones are carried out, and the next batch starts clean. */
Test(rtnl, first_refusal_is_told)
{
	add_addresses(1, 1);
	put_address(&batch, 2, 0);
	put_address(&batch, 1, 0);
	put_address(&batch, 3, 0);
	put_address(&batch, 2, 0);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_EXISTS);
	cr_expect_eq(err.sys_errno, EEXIST);
	cr_expect_eq(strncmp(err.text, "add address number 1: File exists", 33), 0, "%s", err.text);
	cr_expect_eq(count_addresses(), 3);
	add_addresses(4, 1);
	cr_expect_eq(count_addresses(), 4);
	/* The caller need not want to know. */
	put_address(&batch, 1, 0);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, NULL), -1);
}

Test(rtnl, tolerated)
{
	add_addresses(1, 1);
	put_address(&batch, 1, EEXIST);
	put_address(&batch, 2, EEXIST);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
	cr_expect_eq(count_addresses(), 2);
	/* Only that errno, and only for that request. */
	put_address(&batch, 1, ENODEV);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	put_address(&batch, 1, EEXIST);
	put_address(&batch, 2, 0);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(strncmp(err.text, "add address number 2: ", 22), 0, "%s", err.text);
}

static void send_to_missing_link(uint16_t type)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(&batch, type, 0, 0, "poke link 4711");
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = 4711;
	cnm_rtnl_batch_end(&batch, nlh);
	cnm_error_clear(&err);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
}

Test(rtnl, codes)
{
	struct nlmsghdr *nlh;

	send_to_missing_link(RTM_DELLINK);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_str_eq(err.text, "poke link 4711: No such device");
	/* A message type that nobody handles. */
	nlh = cnm_rtnl_batch_begin(&batch, RTM_MAX, 0, 0, "ask for the moon");
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	cnm_rtnl_batch_end(&batch, nlh);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_UNSUPPORTED);
	cr_expect_eq(err.sys_errno, EOPNOTSUPP);
	cr_expect_eq(strncmp(err.text, "ask for the moon: ", 18), 0, "%s", err.text);
}

/* The kernel's words follow in brackets. */
Test(rtnl, kernel_words)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(&batch, RTM_NEWADDR, NLM_F_CREATE, 0, "add nonsense");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	uint32_t addr = htonl(0x0a000001);

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 77;
	ifa->ifa_index = 1;
	cnm_rtnl_put(&batch, nlh, IFA_LOCAL, &addr, sizeof(addr));
	cnm_rtnl_batch_end(&batch, nlh);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_SYSTEM);
	cr_expect_eq(err.sys_errno, EINVAL);
	cr_expect_str_eq(err.text, "add nonsense: Invalid argument (ipv4: Invalid prefix length)");
}

Test(rtnl, too_many_requests)
{
	for (unsigned n = 1; n <= CNM_RTNL_BATCH_COUNT + 1; n++)
		put_address(&batch, n, 0);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, CNM_E_SYSTEM);
	cr_expect_eq(count_addresses(), 0, "part of it was sent");
	/* Empty and usable again, and so it is after a query. */
	add_addresses(1, 1);
	for (unsigned n = 1; n <= 3 * CNM_RTNL_BATCH_COUNT; n++)
		put_dump(&batch);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, NULL, &(struct dump){0}, &err), -1);
	add_addresses(2, 1);
	cr_expect_eq(count_addresses(), 2);
}

Test(rtnl, too_many_bytes)
{
	static char blob[6000];
	static struct {
		struct cnm_rtnl_batch batch;
		char guard[64];
	} fenced;

	cnm_rtnl_batch_init(&fenced.batch);
	memset(fenced.guard, 0x5a, sizeof(fenced.guard));
	for (int i = 0; i < 20; i++) {
		struct nlmsghdr *nlh = cnm_rtnl_batch_begin(&fenced.batch, RTM_NEWLINK, 0, 0, "swell");
		struct nlattr *nest;

		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		for (int k = 0; k < 3; k++)
			cnm_rtnl_put(&fenced.batch, nlh, 1, blob, sizeof(blob));
		nest = cnm_rtnl_nest_begin(&fenced.batch, nlh, 2);
		for (int k = 0; k < 2000; k++)
			cnm_rtnl_put_u8(&fenced.batch, nlh, 1, 1);
		cnm_rtnl_put(&fenced.batch, nlh, 1, blob, 0);
		cr_expect_null(cnm_rtnl_nest_begin(&fenced.batch, nlh, 2));
		cnm_rtnl_nest_end(&fenced.batch, nlh, nest);
		cnm_rtnl_nest_end(&fenced.batch, nlh, NULL);
		cnm_rtnl_batch_end(&fenced.batch, nlh);
		cr_expect_leq(fenced.batch.len, CNM_RTNL_BATCH_BYTES);
	}
	for (size_t i = 0; i < sizeof(fenced.guard); i++)
		cr_assert_eq(fenced.guard[i], 0x5a);
	cr_expect(fenced.batch.overflow);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &fenced.batch, &err), -1);
	cr_expect_not(fenced.batch.overflow);
}

Test(rtnl, long_note)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(&batch, RTM_DELLINK, 0, 0, "%0500d", 7);

	cr_expect_eq(strlen(batch.notes[0].what), CNM_RTNL_WHAT_MAX - 1);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	cnm_rtnl_batch_end(&batch, nlh);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
}

/* Of 64 refusals a small buffer loses most. That is an error at once, and the socket works on. */
Test(rtnl, lost_answers)
{
	int small = 1, usual = 200000, fd = socket_fd();

	add_addresses(1, CNM_RTNL_BATCH_COUNT);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (unsigned n = 1; n <= CNM_RTNL_BATCH_COUNT; n++)
		put_address(&batch, n, 0);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.sys_errno, ENOBUFS, "%s", err.text);
	cr_expect_eq(err.code, CNM_E_SYSTEM);
	cr_expect_eq(batch.count, 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &usual, sizeof(usual)), 0);
	add_addresses(100, CNM_RTNL_BATCH_COUNT);
	cr_expect_eq(count_addresses(), 2 * CNM_RTNL_BATCH_COUNT);
}

/* Whoever holds CAP_NET_ADMIN in the namespace can send to our port. */
Test(rtnl, forged_answers)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr error;
	} forged = {.nlh = {.nlmsg_len = sizeof(forged), .nlmsg_type = NLMSG_ERROR}};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	socklen_t size = sizeof(to);
	int fd;

	cr_assert_eq(getsockname(socket_fd(), (struct sockaddr *)&to, &size), 0);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	forged.error.error = -EPERM;
	for (unsigned seq = 0; seq < 4; seq++) {
		forged.nlh.nlmsg_seq = seq;
		cr_assert_eq(sendto(fd, &forged, sizeof(forged), 0, (struct sockaddr *)&to, size),
		             (ssize_t)sizeof(forged), "%s", strerror(errno));
	}
	add_addresses(1, 2);
	cr_expect_eq(count_addresses(), 2);
	close(fd);
}

Test(rtnl, dump)
{
	struct dump dump = {0};

	add_addresses(1, 1000);
	put_dump(&batch);
	cr_assert_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), 0, "%s", err.text);
	cr_expect_eq(dump.seen, 1001, "with 127.0.0.1: %d", dump.seen);
	cr_expect_eq(dump.restarts, 0);
	cr_expect_eq(batch.count, 0);
}

Test(rtnl, dump_stopped)
{
	struct dump dump = {.stop_after = 3};

	add_addresses(1, 1000);
	put_dump(&batch);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), -1);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_expect_str_eq(err.text, "enough");
	cr_expect_eq(dump.seen, 3);
	cr_expect_eq(batch.count, 0);
	/* The rest of the dump is in nobody's way. */
	add_addresses(2000, 1);
	dump = (struct dump){0};
	put_dump(&batch);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), 0, "%s", err.text);
	cr_expect_eq(dump.seen, 1002);
}

Test(rtnl, dump_restarts_when_it_was_interrupted)
{
	struct dump dump = {.changes = 3};

	cr_assert_eq(cnm_rtnl_open(&dump.other, &err), 0, "%s", err.text);
	add_addresses(1, 1000);
	put_dump(&batch);
	cr_assert_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), 0, "%s", err.text);
	cr_expect_eq(dump.restarts, 3);
	cr_expect_eq(dump.seen, 1004, "of the last reading: %d", dump.seen);
	cnm_rtnl_close(dump.other);
}

Test(rtnl, dump_gives_up)
{
	struct dump dump = {.changes = 1000};

	cr_assert_eq(cnm_rtnl_open(&dump.other, &err), 0, "%s", err.text);
	add_addresses(1, 1000);
	put_dump(&batch);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), -1);
	cr_expect_eq(err.code, CNM_E_TRY_AGAIN);
	cr_expect_eq(strncmp(err.text, "read addresses: ", 16), 0, "%s", err.text);
	cr_expect_eq(dump.restarts, 8);
	cnm_rtnl_close(dump.other);
}

/* A dump's refusal comes in its last message, where the request was read only then. */
Test(rtnl, dump_refused)
{
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(&batch, RTM_GETADDR, NLM_F_DUMP, 0, "read addresses");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	struct dump dump = {0};

	ifa->ifa_family = AF_INET;
	ifa->ifa_index = 4711;
	cnm_rtnl_batch_end(&batch, nlh);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, restarted, &dump, &err), -1, "%d seen", dump.seen);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_eq(strncmp(err.text, "read addresses: No such device", 30), 0, "%s", err.text);
	put_dump(&batch);
	cr_expect_eq(cnm_rtnl_query(rtnl, &batch, see, NULL, &dump, &err), 0, "%s", err.text);
	cr_expect_eq(dump.seen, 1);
}
