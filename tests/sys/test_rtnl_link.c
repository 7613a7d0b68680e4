/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links as the kernel has them after our requests; `ip` says what that is. */
#include "cnm/sys/rtnl_link.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
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

static void send_ok(void)
{
	cr_assert_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), 0, "%s", err.text);
	cr_assert_eq(batch.count, 0);
}

static void send_fails(enum cnm_code code, const char *text)
{
	cnm_error_clear(&err);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(err.code, code, "%d: %s", err.code, err.text);
	cr_expect_eq(strncmp(err.text, text, strlen(text)), 0, "%s", err.text);
}

/* True when the output of a shell line has the text. */
static bool shows(const char *line, const char *text)
{
	struct cnm_test_output output;
	bool found;

	cnm_test_shell(&output, "%s", line);
	found = strstr(output.out, text) != NULL;
	if (!found)
		fprintf(stderr, "%s: no %s in: %s%s\n", line, text, output.out, output.err);
	cnm_test_output_free(&output);
	return found;
}

/* Silent, where absence is what we want. */
static bool exists(const char *name)
{
	return cnm_test_shell(NULL, "ip link show %s", name) == 0;
}

static struct cnm_link get(const char *name)
{
	struct cnm_link link;

	cr_assert_eq(cnm_link_get(rtnl, name, 0, &link, &err), 0, "%s", err.text);
	return link;
}

static void make_bridge(const char *name)
{
	struct cnm_mac none = {{0}};

	cnm_link_add_bridge(&batch, name, &none);
	send_ok();
}

static void make_veth(const char *name, const char *peer, int master)
{
	struct cnm_veth veth = {
	        .name = name, .peer_name = peer, .peer_netns_fd = -1, .master_ifindex = master};

	cnm_link_add_veth(&batch, &veth);
	send_ok();
}

/* A second namespace; we stay in ours. */
static int other_netns(void)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	cr_assert_eq(unshare(CLONE_NEWNET), 0, "%s", strerror(errno));
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(setns(own, CLONE_NEWNET), 0);
	close(own);
	return fd;
}

static bool shows_inside(int netns_fd, const char *line, const char *text)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool found;

	cr_assert_eq(setns(netns_fd, CLONE_NEWNET), 0);
	found = shows(line, text);
	cr_assert_eq(setns(own, CLONE_NEWNET), 0);
	close(own);
	return found;
}

TestSuite(rtnl_link, .init = setup, .fini = teardown, .timeout = 30);

Test(rtnl_link, add_bridge)
{
	struct cnm_mac mac = {{0x02, 0x42, 1, 2, 3, 4}};
	struct cnm_link link;

	cnm_link_add_bridge(&batch, "br0", &mac);
	send_ok();
	cr_expect(shows("ip -d -j link show br0", "\"info_kind\":\"bridge\""));
	cr_expect(shows("ip -j link show br0", "\"address\":\"02:42:01:02:03:04\""));
	link = get("br0");
	cr_expect_str_eq(link.name, "br0");
	cr_expect_str_eq(link.kind, "bridge");
	cr_expect_str_eq(link.alias, "");
	cr_expect_eq(link.mtu, 1500);
	cr_expect_eq(memcmp(&link.mac, &mac, sizeof(mac)), 0);
	cr_expect_eq(link.ifindex, (int)if_nametoindex("br0"));
	cr_expect_eq(link.master_ifindex, 0);
	cr_expect_eq(link.peer_netnsid, -1);
	cr_expect_eq(link.flags & IFF_UP, 0);
}

Test(rtnl_link, existing_is_refused)
{
	struct cnm_mac mac = {{0x02, 0x42, 1, 2, 3, 4}};
	struct cnm_link before, after;
	struct cnm_veth veth = {.name = "br0", .peer_name = "x", .peer_netns_fd = -1};

	make_bridge("br0");
	before = get("br0");
	cnm_link_add_bridge(&batch, "br0", &mac);
	send_fails(CNM_E_EXISTS, "create bridge br0: File exists");
	cr_expect_eq(err.sys_errno, EEXIST);
	cnm_link_add_veth(&batch, &veth);
	send_fails(CNM_E_EXISTS, "create link br0: File exists");
	after = get("br0");
	cr_expect_eq(memcmp(&before.mac, &after.mac, sizeof(before.mac)), 0, "the first was changed");
	cr_expect_eq(before.mtu, after.mtu);
	cr_expect_not(exists("x"));
}

Test(rtnl_link, add_veth_into_a_namespace)
{
	struct cnm_veth veth = {.name = "vethab",
	                        .mac = {{0x02, 0x42, 1, 2, 3, 4}},
	                        .peer_name = "eth0",
	                        .peer_mac = {{0x02, 0x42, 5, 6, 7, 8}},
	                        .mtu = 1380};
	struct cnm_link link;

	make_bridge("br0");
	veth.master_ifindex = (int)if_nametoindex("br0");
	veth.peer_netns_fd = other_netns();
	cnm_link_add_veth(&batch, &veth);
	send_ok();
	cr_expect(shows("ip -j link show vethab", "\"address\":\"02:42:01:02:03:04\""));
	cr_expect(shows("ip -j link show vethab", "\"master\":\"br0\""));
	cr_expect(shows("ip -j link show vethab", "\"mtu\":1380"));
	cr_expect(shows_inside(veth.peer_netns_fd, "ip -j link show eth0",
	                       "\"address\":\"02:42:05:06:07:08\""));
	cr_expect(shows_inside(veth.peer_netns_fd, "ip -j link show eth0", "\"mtu\":1380"));
	cr_expect_not(exists("eth0"));
	link = get("vethab");
	cr_expect_str_eq(link.kind, "veth");
	cr_expect_eq(link.master_ifindex, veth.master_ifindex);
	cr_expect_geq(link.peer_netnsid, 0, "the peer is elsewhere");
	cr_expect_gt(link.peer_ifindex, 0);
	close(veth.peer_netns_fd);
}

Test(rtnl_link, add_veth_here)
{
	struct cnm_link host, peer;

	make_veth("a", "b", 0);
	host = get("a");
	peer = get("b");
	cr_expect_eq(host.peer_ifindex, peer.ifindex);
	cr_expect_eq(peer.peer_ifindex, host.ifindex);
	cr_expect_eq(host.peer_netnsid, -1);
	cr_expect(cnm_mac_is_set(&host.mac));
	cr_expect_eq(host.mtu, 1500);
}

Test(rtnl_link, taken_peer_name_leaves_nothing)
{
	struct cnm_veth veth = {.name = "c", .peer_name = "b", .peer_netns_fd = -1};

	make_veth("a", "b", 0);
	cnm_link_add_veth(&batch, &veth);
	send_fails(CNM_E_EXISTS, "create link c: File exists");
	cr_expect_not(exists("c"));
}

/* Longer than any request, with a header of its own behind it. */
Test(rtnl_link, long_names_are_refused)
{
	static char name[CNM_RTNL_BATCH_BYTES * 2];
	struct cnm_veth veth = {.name = name, .peer_name = name, .peer_netns_fd = -1};
	size_t lengths[] = {16, 200, 4000, 16000, CNM_RTNL_BATCH_BYTES - 60, sizeof(name) - 1};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(name, 'x', sizeof(name));
		name[lengths[i]] = '\0';
		cnm_link_add_veth(&batch, &veth);
		send_fails(CNM_E_SYSTEM, lengths[i] < 16000 ? "create link xxx" : "");
	}
	/* Near the end of a full buffer. */
	for (size_t len = 120; len < 260; len += 4) {
		memset(name, 'x', sizeof(name));
		name[len] = '\0';
		for (size_t n = 0; n < CNM_RTNL_BATCH_COUNT; n++)
			cnm_link_add_veth(&batch, &veth);
		cr_expect_leq(batch.len, CNM_RTNL_BATCH_BYTES);
		send_fails(CNM_E_SYSTEM, "");
	}
	make_veth("a", "b", 0);
}

Test(rtnl_link, set_many)
{
	struct cnm_link_change change = {.name = "a",
	                                 .up = CNM_ON,
	                                 .mtu = 1300,
	                                 .mac = {{0x02, 0x42, 9, 9, 9, 9}},
	                                 .alias = "cnm:net/one"};
	struct cnm_link link;

	make_bridge("br0");
	make_veth("a", "b", 0);
	change.master_ifindex = (int)if_nametoindex("br0");
	cnm_link_set(&batch, &change);
	send_ok();
	cr_expect(shows("ip -j link show a", "\"UP\""));
	cr_expect(shows("ip -j link show a", "\"mtu\":1300"));
	cr_expect(shows("ip -j link show a", "\"address\":\"02:42:09:09:09:09\""));
	cr_expect(shows("ip -j link show a", "\"ifalias\":\"cnm:net/one\""));
	cr_expect(shows("ip -j link show a", "\"master\":\"br0\""));
	link = get("a");
	cr_expect_str_eq(link.alias, "cnm:net/one");
	cr_expect(link.flags & IFF_UP);
	/* Zero leaves everything; the opposite of each undoes it. */
	cnm_link_set(&batch, &(struct cnm_link_change){.ifindex = link.ifindex});
	send_ok();
	cr_expect(shows("ip -j link show a", "\"UP\""));
	cnm_link_set(&batch,
	             &(struct cnm_link_change){
	                     .ifindex = link.ifindex, .up = CNM_OFF, .master_ifindex = -1, .alias = ""});
	send_ok();
	link = get("a");
	cr_expect_eq(link.flags & IFF_UP, 0);
	cr_expect_eq(link.master_ifindex, 0);
	cr_expect_str_eq(link.alias, "");
	cr_expect_eq(link.mtu, 1300);
}

Test(rtnl_link, set_missing)
{
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "nope", .up = CNM_ON});
	send_fails(CNM_E_NOT_FOUND, "change link nope: No such device");
	cr_expect_eq(err.sys_errno, ENODEV);
	cnm_link_set(&batch, &(struct cnm_link_change){.ifindex = 4711, .up = CNM_ON});
	send_fails(CNM_E_NOT_FOUND, "change link 4711: No such device");
}

Test(rtnl_link, rename)
{
	make_veth("a", "b", 0);
	cnm_link_set(&batch, &(struct cnm_link_change){.ifindex = get("a").ifindex, .new_name = "c"});
	send_ok();
	cr_expect_not(exists("a"));
	cr_expect(exists("c"));
	/* By name, another link could be meant: refused, and nothing happens to either. */
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "c", .new_name = "b", .up = CNM_ON});
	cnm_error_clear(&err);
	cr_expect_eq(cnm_rtnl_batch_send(rtnl, &batch, &err), -1);
	cr_expect_eq(get("b").flags & IFF_UP, 0);
	cr_expect_eq(get("c").flags & IFF_UP, 0);
}

Test(rtnl_link, move)
{
	int there = other_netns();

	make_veth("a", "b", 0);
	cnm_link_set(&batch, &(struct cnm_link_change){.ifindex = get("a").ifindex,
	                                               .netns_fd = there,
	                                               .new_name = "eth7",
	                                               .no_ipv6_link_local = true,
	                                               .up = CNM_ON});
	send_ok();
	cr_expect_not(exists("a"));
	cr_expect(shows_inside(there, "ip -j link show eth7", "\"UP\""));
	cr_expect(shows_inside(there, "ip -d link show eth7", "addrgenmode none"));
	cr_expect_geq(get("b").peer_netnsid, 0);
	close(there);
}

static const char flags_shown[][24] = {"hairpin", "isolated",    "learning",
                                       "flood",   "mcast_flood", "bcast_flood"};

static void expect_port(const char *name, const char *values)
{
	char line[64], text[192];

	snprintf(line, sizeof(line), "ip -d -j link show %s", name);
	for (size_t i = 0; i < sizeof(flags_shown) / sizeof(flags_shown[0]); i++) {
		snprintf(text, sizeof(text), "\"%s\":%s", flags_shown[i],
		         values[i] == '1' ? "true" : "false");
		cr_expect(shows(line, text));
	}
}

Test(rtnl_link, port_flags)
{
	struct cnm_link_change change = {.name = "a"};

	make_bridge("br0");
	make_veth("a", "b", (int)if_nametoindex("br0"));
	expect_port("a", "001111");
	change.port.hairpin = change.port.isolated = CNM_ON;
	change.port.learning = change.port.flood = CNM_OFF;
	change.port.mcast_flood = change.port.bcast_flood = CNM_OFF;
	cnm_link_set(&batch, &change);
	send_ok();
	expect_port("a", "110000");
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "a", .port = {.hairpin = CNM_OFF}});
	send_ok();
	expect_port("a", "010000");
}

Test(rtnl_link, port_flags_with_a_new_master)
{
	struct cnm_link_change change = {.name = "a", .up = CNM_ON, .port = {.isolated = CNM_ON}};

	make_bridge("br0");
	make_veth("a", "b", 0);
	change.master_ifindex = (int)if_nametoindex("br0");
	cnm_link_set(&batch, &change);
	send_ok();
	expect_port("a", "011111");
	/* Without a master there is no port. */
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "b", .port = {.isolated = CNM_ON}});
	send_fails(CNM_E_UNSUPPORTED, "change link b: Operation not supported");
}

Test(rtnl_link, no_ipv6_link_local)
{
	make_veth("a", "b", 0);
	cnm_link_set(&batch,
	             &(struct cnm_link_change){.name = "a", .up = CNM_ON, .no_ipv6_link_local = true});
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "b", .up = CNM_ON});
	send_ok();
	cr_expect(shows("ip -d link show a", "addrgenmode none"));
	cr_expect_neq(cnm_test_shell(NULL, "ip -6 addr show dev a | grep fe80"), 0);
	cr_expect(shows("ip -6 addr show dev b", "fe80"), "the test would not see one");
}

/* Below 1280 bytes a link has no IPv6, as with ipv6.disable=1: then there is nothing to turn off. */
Test(rtnl_link, no_ipv6_link_local_without_ipv6)
{
	struct cnm_veth veth = {.name = "a", .peer_name = "b", .peer_netns_fd = -1, .mtu = 1000};

	cnm_link_add_veth(&batch, &veth);
	send_ok();
	cnm_link_set(&batch,
	             &(struct cnm_link_change){.name = "a", .up = CNM_ON, .no_ipv6_link_local = true});
	send_ok();
	cr_expect(get("a").flags & IFF_UP);
}

Test(rtnl_link, delete)
{
	make_bridge("br0");
	make_veth("a", "b", 0);
	cnm_link_delete(&batch, "a");
	cnm_link_delete_index(&batch, get("br0").ifindex);
	send_ok();
	cr_expect_not(exists("a"));
	cr_expect_not(exists("b"), "the peer goes along");
	cr_expect_not(exists("br0"));
	cnm_link_delete(&batch, "a");
	cnm_link_delete_index(&batch, 4711);
	send_ok();
	cnm_link_delete(&batch, "lo");
	send_fails(CNM_E_UNSUPPORTED, "delete link lo: Operation not supported");
	cnm_link_delete_index(&batch, 1);
	send_fails(CNM_E_UNSUPPORTED, "delete link 1: Operation not supported");
}

Test(rtnl_link, get)
{
	struct cnm_link link;

	cr_assert_eq(cnm_link_get(rtnl, NULL, 1, &link, &err), 0, "%s", err.text);
	cr_expect_str_eq(link.name, "lo");
	cr_expect(link.flags & IFF_LOOPBACK);
	cr_expect_eq(cnm_link_get(rtnl, "eth9", 0, &link, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_eq(err.sys_errno, ENODEV);
	cr_expect_str_eq(err.text, "link eth9: No such device");
	cr_expect_eq(cnm_link_get(rtnl, NULL, 4711, &link, &err), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND);
	cr_expect_str_eq(err.text, "link 4711: No such device");
}

/* A socket stays in the namespace in which it was opened. */
Test(rtnl_link, socket_stays)
{
	int there = other_netns();

	make_bridge("br0");
	cr_assert_eq(setns(there, CLONE_NEWNET), 0);
	cr_expect_eq(get("br0").kind[0], 'b');
	cr_expect_not(exists("br0"));
	close(there);
}

Test(rtnl_link, send_and_get)
{
	struct cnm_veth veth = {.name = "a", .peer_name = "b", .peer_netns_fd = -1};
	struct cnm_link link;

	cnm_link_add_veth(&batch, &veth);
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "a", .mtu = 1234, .up = CNM_ON});
	cr_assert_eq(cnm_link_batch_send_and_get(rtnl, &batch, "a", &link, &err), 0, "%s", err.text);
	cr_expect_eq(link.ifindex, (int)if_nametoindex("a"));
	cr_expect_eq(link.mtu, 1234);
	cr_expect(link.flags & IFF_UP);
	cr_expect_eq(batch.count, 0);
	/* What failed is told, not what it led to. */
	veth.name = "c";
	cnm_link_add_veth(&batch, &veth);
	cr_expect_eq(cnm_link_batch_send_and_get(rtnl, &batch, "c", &link, &err), -1);
	cr_expect_eq(err.code, CNM_E_EXISTS);
	cr_expect_eq(strncmp(err.text, "create link c: File exists", 26), 0, "%s", err.text);
	cr_expect_eq(batch.count, 0);
	/* Also where the link can be read. */
	cnm_link_set(&batch, &(struct cnm_link_change){.name = "a", .master_ifindex = 4711});
	cr_expect_eq(cnm_link_batch_send_and_get(rtnl, &batch, "a", &link, &err), -1);
	cr_expect_eq(strncmp(err.text, "change link a: ", 15), 0, "%s", err.text);
	/* A tolerated refusal is none. */
	cnm_link_delete(&batch, "nope");
	cr_expect_eq(cnm_link_batch_send_and_get(rtnl, &batch, "a", &link, &err), 0, "%s", err.text);
	cr_expect_str_eq(link.name, "a");
}

struct seen {
	int count, stop_after;
	bool lo, br0, last;
};

static int note_link(const struct cnm_link *link, void *arg, struct cnm_error *error)
{
	struct seen *seen = arg;

	seen->count++;
	seen->lo |= strcmp(link->name, "lo") == 0;
	seen->br0 |= strcmp(link->name, "br0") == 0 && strcmp(link->kind, "bridge") == 0;
	seen->last |= strcmp(link->name, "v39") == 0;
	if (seen->count == seen->stop_after)
		return cnm_fail(error, CNM_E_BUSY, "enough");
	return 0;
}

Test(rtnl_link, list)
{
	struct seen seen = {0}, stopped = {.stop_after = 2};
	char name[16], peer[16];

	make_bridge("br0");
	/* More than one datagram of answers. */
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		snprintf(peer, sizeof(peer), "p%d", i);
		make_veth(name, peer, 0);
	}
	cr_assert_eq(cnm_link_list(rtnl, note_link, &seen, &err), 0, "%s", err.text);
	cr_expect_eq(seen.count, 82);
	cr_expect(seen.lo && seen.br0 && seen.last);
	cr_expect_eq(cnm_link_list(rtnl, note_link, &stopped, &err), -1);
	cr_expect_eq(stopped.count, 2);
	cr_expect_eq(err.code, CNM_E_BUSY);
	cr_expect_str_eq(err.text, "enough");
	/* What was not read does not get into the next answer. */
	cr_expect_str_eq(get("br0").name, "br0");
}
