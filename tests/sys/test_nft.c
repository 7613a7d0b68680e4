/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements of sets and maps as the kernel has them after our transactions; `nft` says what that is. */
#include "cnm/sys/nft.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cnm/base/error.h"
#include "tests/support/support.h"

static const char table[] = "table inet cnm {\n"
                            "	set names { type ifname; }\n"
                            "	set pairs { type ifname . ifname; }\n"
                            "	set subnets { type ipv4_addr; flags interval; }\n"
                            "	set subnets6 { type ipv6_addr; flags interval; }\n"
                            "	set ports { type inet_proto . inet_service; flags interval; }\n"
                            "	set families { type nf_proto; }\n"
                            "	map owners { type inet_service : ipv4_addr; }\n"
                            "	map verdicts { type ifname : verdict; }\n"
                            "	chain there { }\n"
                            "}\n";

static struct cnm_nft *nft;
static struct cnm_nft_batch *batch;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_open(&nft, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_run(table, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_batch_new(&batch, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_nft_batch_freep(&batch);
	cnm_nft_close(nft);
}

/* Commits and begins anew. */
static int commit(void)
{
	int r;

	cnm_error_clear(&err);
	r = cnm_nft_commit(nft, batch, &err);
	cnm_nft_batch_freep(&batch);
	batch = NULL;
	cr_assert_eq(cnm_nft_batch_new(&batch, &(struct cnm_error)CNM_ERROR_INIT), 0);
	return r;
}

static void add(const struct cnm_nft_elem *elem, bool exclusive)
{
	cr_assert_eq(cnm_nft_add(batch, elem, exclusive, &err), 0, "%s", err.text);
}

static void add_now(const struct cnm_nft_elem *elem)
{
	add(elem, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
}

static void take(const struct cnm_nft_elem *elem)
{
	cr_assert_eq(cnm_nft_delete(batch, elem, &err), 0, "%s", err.text);
}

static void expect_refused(enum cnm_code code, int sys_errno, const char *set)
{
	cr_expect_eq(commit(), -1);
	cr_expect_eq(err.code, code, "%d: %s", err.code, err.text);
	cr_expect_eq(err.sys_errno, sys_errno, "%s", err.text);
	cr_expect_not_null(strstr(err.text, set), "%s", err.text);
}

/* The elements in `nft -j list`, as one line without blanks; "" where the set has none. */
static const char *shown(const char *kind, const char *set)
{
	static char text[4096];
	struct cnm_test_output output;
	const char *at;
	size_t n = 0;

	cr_assert_eq(cnm_test_shell(&output, "nft -j list %s inet cnm %s", kind, set), 0, "%s", output.err);
	at = strstr(output.out, "\"elem\": ");
	for (at = at ? at + 8 : ""; *at && n + 1 < sizeof(text); at++)
		if (*at != ' ' && *at != '\n')
			text[n++] = *at;
	text[n] = '\0';
	/* Up to the end of the set: "}}]}". */
	if (n >= 4)
		text[n - 4] = '\0';
	cnm_test_output_free(&output);
	return text;
}

static struct cnm_nft_elem named(const char *ifname)
{
	struct cnm_nft_elem elem = {.set = "names"};

	cnm_nft_key_ifname(&elem.key, ifname);
	return elem;
}

static void put_addr(struct cnm_nft_key *key, int family, const char *text)
{
	uint8_t bytes[16];

	cr_assert_eq(inet_pton(family, text, bytes), 1);
	cnm_nft_key_bytes(key, bytes, family == AF_INET ? 4 : 16);
}

static struct cnm_nft_elem subnet(const char *first, const char *last)
{
	int family = strchr(first, ':') ? AF_INET6 : AF_INET;
	struct cnm_nft_elem elem = {.set = family == AF_INET ? "subnets" : "subnets6"};

	put_addr(&elem.key, family, first);
	put_addr(&elem.end, family, last);
	return elem;
}

static struct cnm_nft_elem ports(uint8_t proto, uint16_t first, uint16_t last)
{
	struct cnm_nft_elem elem = {.set = "ports", .concat = true};

	cnm_nft_key_u8(&elem.key, proto);
	cnm_nft_key_be16(&elem.key, first);
	if (last == 0)
		return elem;
	cnm_nft_key_u8(&elem.end, proto);
	cnm_nft_key_be16(&elem.end, last);
	return elem;
}

static struct cnm_nft_elem owner(uint16_t port, const char *addr)
{
	struct cnm_nft_elem elem = {.set = "owners"};

	cnm_nft_key_be16(&elem.key, port);
	put_addr(&elem.data, AF_INET, addr);
	return elem;
}

static struct cnm_nft_elem verdict(const char *ifname, const char *chain)
{
	struct cnm_nft_elem elem = {.set = "verdicts", .verdict_chain = chain};

	cnm_nft_key_ifname(&elem.key, ifname);
	return elem;
}

TestSuite(nft, .init = setup, .fini = teardown, .timeout = 30);

Test(nft, keys)
{
	struct cnm_nft_key key = CNM_NFT_KEY_INIT;

	cnm_nft_key_u8(&key, 6);
	cnm_nft_key_be16(&key, 0x1234);
	cnm_nft_key_ifname(&key, "eth0");
	cr_expect_eq(key.len, 24);
	cr_expect_eq(memcmp(key.bytes, "\6\0\0\0\x12\x34\0\0eth0\0\0\0\0\0\0\0\0\0\0\0\0", 24), 0);
}

Test(nft, add_and_delete)
{
	struct cnm_nft_elem a = named("br-a"), b = named("br-b");

	cr_expect(cnm_nft_batch_is_empty(batch));
	cr_expect_eq(commit(), 0, "nothing to do: %s", err.text);
	add(&a, false);
	cr_expect_not(cnm_nft_batch_is_empty(batch));
	add(&b, true);
	cr_expect_str_eq(shown("set", "names"), "", "before the commit");
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "names"), "[\"br-a\",\"br-b\"]");
	take(&a);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "names"), "[\"br-b\"]");
}

/* A name as long as the kernel allows, and a longer one cut to it. */
Test(nft, long_names)
{
	struct cnm_nft_elem longest = named("abcdefghijklmno"), longer = named("abcdefghijklmnopq");

	add_now(&longest);
	cr_expect_str_eq(shown("set", "names"), "[\"abcdefghijklmno\"]");
	cr_expect_eq(cnm_nft_has(nft, &longer, &err), 1);
}

Test(nft, concatenated_key)
{
	struct cnm_nft_elem elem = {.set = "pairs"};

	cnm_nft_key_ifname(&elem.key, "br-a");
	cnm_nft_key_ifname(&elem.key, "br-b");
	add_now(&elem);
	cr_expect_str_eq(shown("set", "pairs"), "[{\"concat\":[\"br-a\",\"br-b\"]}]");
	cr_expect_eq(cnm_nft_has(nft, &elem, &err), 1);
}

/* A sole field shorter than four bytes. */
Test(nft, short_key)
{
	struct cnm_nft_elem elem = {.set = "families"};

	cnm_nft_key_u8(&elem.key, 2);
	add_now(&elem);
	cr_expect_str_eq(shown("set", "families"), "[\"ipv4\"]");
	cr_expect_eq(cnm_nft_has(nft, &elem, &err), 1);
	take(&elem);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "families"), "");
}

Test(nft, exclusive)
{
	struct cnm_nft_elem a = named("br-a");

	add_now(&a);
	add(&a, true);
	expect_refused(CNM_E_EXISTS, EEXIST, "names");
	add(&a, false);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "names"), "[\"br-a\"]");
	/* Twice in one transaction. */
	a = named("br-c");
	add(&a, true);
	add(&a, true);
	expect_refused(CNM_E_EXISTS, EEXIST, "names");
	cr_expect_eq(cnm_nft_has(nft, &a, &err), 0);
}

/* Who publishes a port first keeps it. */
Test(nft, exclusive_in_a_map)
{
	struct cnm_nft_elem first = owner(8080, "10.0.0.2"), second = owner(8080, "10.0.0.3");

	add_now(&first);
	add(&second, true);
	expect_refused(CNM_E_EXISTS, EEXIST, "owners");
	add(&first, true);
	expect_refused(CNM_E_EXISTS, EEXIST, "owners");
	/* Without `exclusive` too, as the data differ. */
	add(&second, false);
	expect_refused(CNM_E_EXISTS, EEXIST, "owners");
	add(&first, false);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("map", "owners"), "[[8080,\"10.0.0.2\"]]");
	cr_expect_eq(cnm_nft_has(nft, &second, &err), 1, "the key decides");
	take(&first);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("map", "owners"), "");
}

Test(nft, missing)
{
	struct cnm_nft_elem a = named("br-a"), nowhere = named("br-a");

	take(&a);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "names");
	nowhere.set = "nosuchset";
	add(&nowhere, false);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "nosuchset");
	take(&nowhere);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "nosuchset");
	cr_assert_eq(cnm_test_shell(NULL, "nft delete table inet cnm"), 0);
	add(&a, false);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "names");
}

Test(nft, all_or_nothing)
{
	struct cnm_nft_elem a = named("br-a"), b = named("br-b"), c = named("br-c"),
	                    port = owner(80, "10.0.0.2");

	add_now(&a);
	add(&b, true);
	take(&a);
	add(&port, true);
	take(&c);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "names");
	cr_expect_str_eq(shown("set", "names"), "[\"br-a\"]");
	cr_expect_str_eq(shown("map", "owners"), "");
	/* The failure is first, in the middle, or at the end: one error, and the next transaction goes well. */
	for (int at = 0; at < 3; at++) {
		if (at == 0)
			take(&c);
		add(&b, true);
		if (at == 1)
			take(&c);
		add(&port, true);
		if (at == 2)
			take(&c);
		expect_refused(CNM_E_NOT_FOUND, ENOENT, "names");
		cr_expect_str_eq(shown("set", "names"), "[\"br-a\"]");
	}
	add(&b, true);
	take(&a);
	add(&port, true);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "names"), "[\"br-b\"]");
	cr_expect_str_eq(shown("map", "owners"), "[[80,\"10.0.0.2\"]]");
}

Test(nft, has)
{
	struct cnm_nft_elem a = named("br-a"), b = named("br-b"), nowhere = named("br-a");

	add_now(&a);
	cr_expect_eq(cnm_nft_has(nft, &a, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &b, &err), 0);
	nowhere.set = "nosuchset";
	cr_expect_eq(cnm_nft_has(nft, &nowhere, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_test_shell(NULL, "nft add element inet cnm names '{ \"br-b\" }'"), 0);
	cr_expect_eq(cnm_nft_has(nft, &b, &err), 1);
	cr_assert_eq(cnm_test_shell(NULL, "nft delete table inet cnm"), 0);
	cr_expect_eq(cnm_nft_has(nft, &a, &err), 0, "%s", err.text);
}

Test(nft, intervals)
{
	struct cnm_nft_elem one = subnet("10.1.0.0", "10.1.255.255"), two = subnet("10.2.0.0", "10.2.0.255"),
	                    six = subnet("fd00::", "fd00::ffff:ffff:ffff:ffff");

	add(&one, true);
	add(&two, true);
	add(&six, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "subnets"), "[{\"prefix\":{\"addr\":\"10.1.0.0\",\"len\":16}},"
	                                          "{\"prefix\":{\"addr\":\"10.2.0.0\",\"len\":24}}]");
	cr_expect_str_eq(shown("set", "subnets6"), "[{\"prefix\":{\"addr\":\"fd00::\",\"len\":64}}]");
	cr_expect_eq(cnm_nft_has(nft, &one, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &six, &err), 1);
	add(&one, true);
	expect_refused(CNM_E_EXISTS, EEXIST, "subnets");
	add(&one, false);
	cr_expect_eq(commit(), 0, "%s", err.text);
	take(&one);
	take(&six);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "subnets"), "[{\"prefix\":{\"addr\":\"10.2.0.0\",\"len\":24}}]");
	cr_expect_str_eq(shown("set", "subnets6"), "");
	cr_expect_eq(cnm_nft_has(nft, &one, &err), 0);
}

/* Neighbours share a border: the end of the one is the beginning of the other. */
Test(nft, adjacent_intervals)
{
	struct cnm_nft_elem low = subnet("10.0.0.0", "10.0.0.255"), high = subnet("10.0.1.0", "10.0.1.255");

	add_now(&low);
	add_now(&high);
	cr_expect_eq(cnm_nft_has(nft, &low, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &high, &err), 1);
	take(&low);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "subnets"), "[{\"prefix\":{\"addr\":\"10.0.1.0\",\"len\":24}}]");
	add_now(&low);
	take(&high);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "subnets"), "[{\"prefix\":{\"addr\":\"10.0.0.0\",\"len\":24}}]");
}

/* After the last value there is none. */
Test(nft, open_ended_interval)
{
	struct cnm_nft_elem last = subnet("240.0.0.0", "255.255.255.255");

	add_now(&last);
	cr_expect_str_eq(shown("set", "subnets"), "[{\"prefix\":{\"addr\":\"240.0.0.0\",\"len\":4}}]");
	cr_expect_eq(cnm_nft_has(nft, &last, &err), 1);
	take(&last);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "subnets"), "");
}

Test(nft, concatenation_with_intervals)
{
	struct cnm_nft_elem range = ports(6, 8000, 8010), one = ports(17, 53, 0),
	                    other = ports(17, 8000, 8010);

	add(&range, true);
	add(&one, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_not_null(strstr(shown("set", "ports"), "{\"concat\":[\"tcp\",{\"range\":[8000,8010]}]}"),
	                   "%s", shown("set", "ports"));
	cr_expect_not_null(strstr(shown("set", "ports"), "{\"concat\":[\"udp\",53]}"), "%s",
	                   shown("set", "ports"));
	cr_expect_eq(cnm_nft_has(nft, &range, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &one, &err), 1);
	cr_expect_eq(cnm_nft_has(nft, &other, &err), 0);
	/* One that overlaps is somebody else's. */
	struct cnm_nft_elem overlap = ports(6, 8005, 8020);

	add(&overlap, true);
	cr_expect_eq(commit(), -1);
	cr_expect_not_null(strstr(err.text, "ports"), "%s", err.text);
	take(&range);
	take(&one);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("set", "ports"), "");
}

Test(nft, verdict_map)
{
	struct cnm_nft_elem jump = verdict("br-a", "there"), accept = verdict("br-b", "accept"),
	                    drop = verdict("br-c", "drop"), nowhere = verdict("br-d", "nochain");

	add_now(&jump);
	cr_expect_str_eq(shown("map", "verdicts"), "[[\"br-a\",{\"goto\":{\"target\":\"there\"}}]]");
	add(&accept, true);
	add(&drop, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_not_null(strstr(shown("map", "verdicts"), "[\"br-b\",{\"accept\":null}]"));
	cr_expect_not_null(strstr(shown("map", "verdicts"), "[\"br-c\",{\"drop\":null}]"));
	add(&nowhere, true);
	expect_refused(CNM_E_NOT_FOUND, ENOENT, "verdicts");
	take(&jump);
	take(&accept);
	take(&drop);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_str_eq(shown("map", "verdicts"), "");
}

#define FOUND_MAX 8

struct seen {
	int count, stop_after;
	struct cnm_nft_found found[FOUND_MAX];
};

static int note(const struct cnm_nft_found *found, void *arg, struct cnm_error *error)
{
	struct seen *seen = arg;

	if (seen->count < FOUND_MAX)
		seen->found[seen->count] = *found;
	seen->count++;
	return seen->count == seen->stop_after ? cnm_fail(error, CNM_E_BUSY, "enough") : 0;
}

static struct seen list(const char *set)
{
	struct seen seen = {0};

	cr_assert_eq(cnm_nft_list(nft, set, note, &seen, &err), 0, "%s", err.text);
	return seen;
}

Test(nft, list_with_comments)
{
	struct cnm_nft_elem one = owner(80, "10.0.0.2"), two = owner(443, "10.0.0.3");
	char longest[200];
	struct seen seen;
	int first;

	memset(longest, 'x', sizeof(longest));
	longest[128] = '\0';
	one.comment = "cnm:net/\xc3\xa9ndpoint one";
	two.comment = longest;
	add(&one, true);
	add(&two, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_not_null(strstr(shown("map", "owners"), "\"comment\":\"cnm:net/\xc3\xa9ndpointone\""), "%s",
	                   shown("map", "owners"));
	seen = list("owners");
	cr_assert_eq(seen.count, 2);
	first = memcmp(seen.found[0].key.bytes, "\0\x50", 2) == 0 ? 0 : 1;
	cr_expect_eq(memcmp(seen.found[first].key.bytes, "\0\x50", 2), 0);
	cr_expect_eq(memcmp(seen.found[first].data.bytes, "\x0a\0\0\2", 4), 0);
	cr_expect_eq(seen.found[first].data.len, 4);
	cr_expect_str_eq(seen.found[first].comment, one.comment);
	cr_expect_eq(seen.found[first].end.len, 0);
	cr_expect_not(seen.found[first].interval_end);
	cr_expect_eq(memcmp(seen.found[1 - first].key.bytes, "\1\xbb", 2), 0);
	cr_expect_str_eq(seen.found[1 - first].comment, longest);
}

Test(nft, list_intervals)
{
	struct cnm_nft_elem net = subnet("10.1.0.0", "10.1.255.255"), range = ports(6, 8000, 8010);
	int begins = 0, ends = 0;
	struct seen seen;

	add(&net, true);
	add(&range, true);
	cr_assert_eq(commit(), 0, "%s", err.text);
	seen = list("subnets");
	cr_assert_leq(seen.count, FOUND_MAX);
	for (int i = 0; i < seen.count; i++) {
		const struct cnm_nft_found *found = &seen.found[i];

		begins += !found->interval_end && memcmp(found->key.bytes, "\x0a\1\0\0", 4) == 0;
		ends += found->interval_end && memcmp(found->key.bytes, "\x0a\2\0\0", 4) == 0;
	}
	cr_expect_eq(begins, 1);
	cr_expect_eq(ends, 1);
	seen = list("ports");
	cr_assert_eq(seen.count, 1);
	cr_expect_eq(memcmp(seen.found[0].key.bytes, range.key.bytes, range.key.len), 0);
	cr_expect_eq(seen.found[0].end.len, range.end.len);
	cr_expect_eq(memcmp(seen.found[0].end.bytes, range.end.bytes, range.end.len), 0);
}

Test(nft, list_many)
{
	struct seen stopped = {.stop_after = 3};

	cr_expect_eq(list("owners").count, 0);
	for (uint16_t port = 1; port <= 3000; port++) {
		struct cnm_nft_elem elem = owner(port, "10.0.0.2");

		elem.comment = "one of many";
		add(&elem, true);
	}
	cr_assert_eq(commit(), 0, "%s", err.text);
	cr_expect_eq(list("owners").count, 3000);
	cr_expect_eq(cnm_nft_list(nft, "owners", note, &stopped, &err), -1);
	cr_expect_eq(stopped.count, 3);
	cr_expect_eq(err.code, CNM_E_BUSY);
	/* And of 3001 the last is wrong. */
	for (uint16_t port = 4000; port <= 7000; port++) {
		struct cnm_nft_elem elem = owner(port == 7000 ? 1 : port, "10.0.0.2");

		add(&elem, true);
	}
	expect_refused(CNM_E_EXISTS, EEXIST, "owners");
	cr_expect_eq(list("owners").count, 3000);
}

/* More failures than the socket's buffer takes answers: an error all the same, and the socket works on. */
Test(nft, many_failures)
{
	struct cnm_nft_elem a = named("br-a");

	for (uint16_t port = 1; port <= 3000; port++) {
		struct cnm_nft_elem elem = owner(port, "10.0.0.2");

		take(&elem);
	}
	cr_expect_eq(commit(), -1);
	cr_expect_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
	add(&a, true);
	cr_expect_eq(commit(), 0, "%s", err.text);
	cr_expect_eq(cnm_nft_has(nft, &a, &err), 1, "%s", err.text);
}

Test(nft, list_of_nothing)
{
	cr_expect_eq(list("names").count, 0);
	cr_expect_eq(list("nosuchset").count, 0);
}

Test(nft, table_exists)
{
	cr_expect_eq(cnm_nft_table_exists(nft, &err), 1);
	cr_assert_eq(cnm_test_shell(NULL, "nft delete table inet cnm; nft add table ip cnm"), 0);
	cr_expect_eq(cnm_nft_table_exists(nft, &err), 0, "another family's");
	cr_assert_eq(cnm_nft_run("add table inet cnm", &err), 0, "%s", err.text);
	cr_expect_eq(cnm_nft_table_exists(nft, &err), 1);
}

Test(nft, run_refused)
{
	cr_expect_eq(cnm_nft_run("add table inet other\nadd nonsense", &err), -1);
	cr_expect_neq(err.text[0], '\0');
	cr_expect_null(strchr(err.text, '\n'));
	cr_expect_neq(cnm_test_shell(NULL, "nft list table inet other"), 0, "part of it was carried out");
	cr_expect_eq(cnm_nft_run("create table inet cnm", &err), -1);
	cr_expect_eq(err.code, CNM_E_EXISTS, "%s", err.text);
}
