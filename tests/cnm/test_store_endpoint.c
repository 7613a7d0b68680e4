/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints and addresses in the store: the joining form is the truth, and an address has one owner. */
#include "cnm/base/cleanup.h"
#include "cnm/store.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct cnm_test_roots roots;
static struct cnm_store *store;
static struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
static struct cnm_error err;

static void setup(void)
{
	struct cnm_network network = {.name = "web", .id = ID, .driver = "null"};

	cnm_test_roots_make(&roots);
	cr_assert_eq(cnm_store_open(&store, roots.root, roots.state, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_network_create(store, "web", &net, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_network_save(&net, &network, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_store_network_close(&net);
	cnm_store_close(store);
	cnm_test_roots_remove(&roots);
}

TestSuite(store_endpoint, .init = setup, .fini = teardown, .timeout = 30);

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cnm_error_clear(&err);
}

static void save(const char *name, const char *created, bool joining)
{
	struct cnm_endpoint endpoint = {.id = ID, .network = "web", .joining = joining};

	snprintf(endpoint.name, sizeof(endpoint.name), "%s", name);
	snprintf(endpoint.created, sizeof(endpoint.created), "%s", created);
	cr_assert_eq(cnm_store_endpoint_save(&net, &endpoint, &err), 0, "%s", err.text);
}

static struct cnm_endpoint *load(const char *name)
{
	struct cnm_endpoint *endpoint = NULL;

	cr_assert_eq(cnm_store_endpoint_load(&net, name, &endpoint, &err), 0, "%s", err.text);
	return endpoint;
}

static bool has_file(const char *name)
{
	return faccessat(net.endpoints_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(net.endpoints_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s: %s", name, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

Test(store_endpoint, complete_endpoint_is_loaded_as_saved)
{
	save("c1@eth0", "then", false);
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = load("c1@eth0");
	cr_assert_str_eq(endpoint->created, "then");
	cr_assert_not(endpoint->joining);
	cr_assert(has_file("c1@eth0.json"));
	cr_assert_not(has_file("c1@eth0.joining"));
}

Test(store_endpoint, joining_form_is_preferred_to_the_complete_one)
{
	save("db", "reserved", false);
	save("db", "joining", true);
	cr_assert(has_file("db.json") && has_file("db.joining"));
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = load("db");
	cr_assert_str_eq(endpoint->created, "joining");
	cr_assert(endpoint->joining);
}

Test(store_endpoint, completion_replaces_the_reserved_form)
{
	save("db", "reserved", false);
	save("db", "joining", true);
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = load("db"), *after = NULL;
	cr_assert_eq(cnm_store_endpoint_complete(&net, endpoint, &err), 0, "%s", err.text);
	cr_assert_not(endpoint->joining);
	cr_assert_not(has_file("db.joining"));
	after = load("db");
	cr_assert_str_eq(after->created, "joining");
	cr_assert_not(after->joining);
}

Test(store_endpoint, completion_of_what_is_not_joining_fails)
{
	struct cnm_endpoint endpoint = {.name = "db", .id = ID, .network = "web", .joining = true};

	expect_error(cnm_store_endpoint_complete(&net, &endpoint, &err), CNM_E_SYSTEM, "db.json");
	cr_assert(endpoint.joining);
}

Test(store_endpoint, complete_form_takes_the_joining_one_away)
{
	save("db", "joining", true);
	save("db", "left", false);
	cr_assert_not(has_file("db.joining"));
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = load("db");
	cr_assert_str_eq(endpoint->created, "left");
}

Test(store_endpoint, deletion_takes_both_forms)
{
	struct cnm_endpoint *endpoint = NULL;

	save("db", "reserved", false);
	save("db", "joining", true);
	cr_assert_eq(cnm_store_endpoint_delete(&net, "db", &err), 0, "%s", err.text);
	cr_assert_not(has_file("db.json") || has_file("db.joining"));
	expect_error(cnm_store_endpoint_load(&net, "db", &endpoint, &err), CNM_E_NOT_FOUND,
	             "endpoint db does not exist");
	cr_assert_eq(cnm_store_endpoint_delete(&net, "db", &err), 0, "absent is success: %s", err.text);
}

Test(store_endpoint, keys_are_sorted_each_once_and_only_ours)
{
	_cleanup_names_ struct cnm_names keys = {0};

	save("c2@eth0", "", true);
	save("db", "", false);
	save("db", "", true);
	save("c1@eth0", "", false);
	write_file("notes.txt", "");
	write_file(".db.json.tmp", "");
	write_file(".json", "");
	cr_assert_eq(cnm_store_endpoint_keys(&net, &keys, &err), 0, "%s", err.text);
	cr_assert_eq(keys.count, 3);
	cr_assert_str_eq(keys.items[0], "c1@eth0");
	cr_assert_str_eq(keys.items[1], "c2@eth0");
	cr_assert_str_eq(keys.items[2], "db");
}

static void expect_bad(const char *key, const char *why)
{
	struct cnm_endpoint *endpoint = NULL;

	expect_error(cnm_store_endpoint_load(&net, key, &endpoint, &err), CNM_E_STORE, why);
	cr_assert_null(endpoint);
}

Test(store_endpoint, bad_record_is_named_and_harms_no_other)
{
	save("c2@eth0", "", false);
	write_file("c1@eth0.json", "garbage");
	expect_bad("c1@eth0", "c1@eth0.json");
	write_file("c1@eth0.json", "{\"version\": 7}");
	expect_bad("c1@eth0", "c1@eth0.json: the record has version 7");
	write_file("c1@eth0.json", "");
	expect_bad("c1@eth0", "c1@eth0.json");
	write_file("c1@eth0.json",
	           "{\"version\":1,\"name\":\"c2@eth0\",\"id\":\"" ID "\",\"network\":\"web\"}");
	expect_bad("c1@eth0", "c1@eth0.json: it is that of endpoint c2@eth0");
	cnm_endpoint_free(load("c2@eth0"));
}

Test(store_endpoint, bad_joining_record_does_not_fall_back_to_the_complete_one)
{
	save("db", "reserved", false);
	write_file("db.joining", "{\"version\":1,");
	expect_bad("db", "db.joining");
}

Test(store_endpoint, record_that_is_a_link_is_refused)
{
	save("c2@eth0", "", false);
	cr_assert_eq(symlinkat("c2@eth0.json", net.endpoints_fd, "c1@eth0.json"), 0);
	expect_bad("c1@eth0", "c1@eth0.json");
}

/* Addresses -------------------------------------------------------------------------------------- */

static struct cnm_addr addr(const char *text)
{
	struct cnm_addr ret;

	cr_assert_eq(strchr(text, '/') ? cnm_addr_parse_cidr(&ret, text, &err)
	                               : cnm_addr_parse(&ret, text, &err),
	             0, "%s", err.text);
	return ret;
}

static int take(const char *text, const char *key)
{
	struct cnm_addr at = addr(text);
	int r = cnm_store_address_take(&net, &at, key, &err);

	cr_assert_geq(r, 0, "%s", err.text);
	return r;
}

static void assert_owner(const char *text, const char *expected)
{
	struct cnm_addr at = addr(text);
	char owner[CNM_KEY_MAX + 1] = "";
	int r = cnm_store_address_owner(&net, &at, owner, &err);

	cr_assert_eq(r, expected != NULL, "%s: %s", text, owner);
	if (expected)
		cr_assert_str_eq(owner, expected);
}

Test(store_endpoint, address_has_one_owner)
{
	struct cnm_addr at = addr("10.0.0.2");

	assert_owner("10.0.0.2", NULL);
	cr_assert_eq(take("10.0.0.2", "c1@eth0"), 1);
	cr_assert_eq(take("10.0.0.2", "c1@eth0"), 1, "its own again");
	cr_assert_eq(take("10.0.0.2", "c2@eth0"), 0);
	cr_assert_eq(take("10.0.0.2/24", "c2@eth0"), 0, "the prefix does not count");
	cr_assert_eq(take("fd00::2", "c2@eth0"), 1);
	assert_owner("10.0.0.2", "c1@eth0");
	cr_assert_eq(cnm_store_address_release(&net, &at, "c2@eth0", &err), 0, "not its own: no error");
	assert_owner("10.0.0.2", "c1@eth0");
	cr_assert_eq(cnm_store_address_release(&net, &at, "c1@eth0", &err), 0, "%s", err.text);
	assert_owner("10.0.0.2", NULL);
	cr_assert_eq(cnm_store_address_release(&net, &at, "c1@eth0", &err), 0, "absent is success");
}

Test(store_endpoint, longest_key_owns_an_address)
{
	char key[CNM_KEY_MAX + 1];

	memset(key, 'c', CNM_CONTAINER_MAX);
	snprintf(key + CNM_CONTAINER_MAX, 17, "@123456789012345");
	cr_assert_eq(take("10.0.0.2", key), 1);
	assert_owner("10.0.0.2", key);
	cr_assert_eq(take("10.0.0.2", key), 1);
}

Test(store_endpoint, release_of_all_takes_only_the_owners)
{
	_cleanup_names_ struct cnm_names left = {0};

	take("10.0.0.2", "c1@eth0");
	take("fd00::2", "c1@eth0");
	take("10.0.0.3", "c1@eth01");
	cr_assert_eq(cnm_store_address_release_all(&net, "c1@eth0", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_address_list(&net, &left, &err), 0);
	cr_assert_eq(left.count, 1);
	cr_assert_str_eq(left.items[0], "10.0.0.3");
}

#define PER_CHILD 50

static void take_as(const char *key)
{
	for (unsigned i = 0; i < PER_CHILD; i++) {
		char text[32];
		struct cnm_addr at;

		snprintf(text, sizeof(text), "10.0.0.%u", 1 + i);
		if (cnm_addr_parse(&at, text, &err) < 0 || cnm_store_address_take(&net, &at, key, &err) < 0)
			_exit(1);
	}
	_exit(0);
}

Test(store_endpoint, of_two_processes_one_gets_each_address)
{
	static const char *const keys[] = {"c1@eth0", "c2@eth0"};
	_cleanup_names_ struct cnm_names taken = {0};
	int status;

	for (unsigned i = 0; i < 2; i++)
		if (fork() == 0)
			take_as(keys[i]);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	cr_assert_eq(cnm_store_address_list(&net, &taken, &err), 0);
	cr_assert_eq(taken.count, PER_CHILD);
	for (size_t i = 0; i < taken.count; i++) {
		struct cnm_addr at = addr(taken.items[i]);
		char owner[CNM_KEY_MAX + 1];

		cr_assert_eq(cnm_store_address_owner(&net, &at, owner, &err), 1);
		cr_assert(strcmp(owner, keys[0]) == 0 || strcmp(owner, keys[1]) == 0, "%s", owner);
	}
}

Test(store_endpoint, cursor_is_each_subnets_own)
{
	struct cnm_addr v4 = addr("10.0.0.0/24"), wide = addr("10.0.0.0/16"), v6 = addr("fd00::/64");
	struct cnm_addr at = addr("10.0.0.7"), at6 = addr("fd00::7"), next = addr("10.0.0.8"), got;

	cnm_store_cursor_load(&net, &v4, &got);
	cr_assert_not(cnm_addr_is_set(&got));
	cnm_store_cursor_save(&net, &v4, &at);
	cnm_store_cursor_save(&net, &v6, &at6);
	cnm_store_cursor_load(&net, &v4, &got);
	cr_assert(cnm_addr_equal(&got, &at));
	cnm_store_cursor_load(&net, &v6, &got);
	cr_assert(cnm_addr_equal(&got, &at6));
	cnm_store_cursor_load(&net, &wide, &got);
	cr_assert_not(cnm_addr_is_set(&got), "the same first address, another subnet");
	cnm_store_cursor_save(&net, &v4, &next);
	cnm_store_cursor_load(&net, &v4, &got);
	cr_assert(cnm_addr_equal(&got, &next));
}

Test(store_endpoint, cursor_that_is_no_address_is_no_cursor)
{
	struct cnm_addr v4 = addr("10.0.0.0/24"), at = addr("10.0.0.7"), got = at;

	cnm_store_cursor_save(&net, &v4, &at);
	int fd = openat(net.live_fd, "cursors", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(unlinkat(fd, "10.0.0.0_24", 0), 0);
	cr_assert_eq(symlinkat("elsewhere", fd, "10.0.0.0_24"), 0);
	close(fd);
	cnm_store_cursor_load(&net, &v4, &got);
	cr_assert_not(cnm_addr_is_set(&got));
}
