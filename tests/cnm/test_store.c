/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory store: what is saved is loaded, who is first has it, and a bad record is named and harms no other. */
#include "cnm/base/cleanup.h"
#include "cnm/store.h"
#include "cnm/store_record.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct cnm_test_roots roots;
static struct cnm_store *store;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_roots_make(&roots);
	cr_assert_eq(cnm_store_open(&store, roots.root, roots.state, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_store_close(store);
	cnm_test_roots_remove(&roots);
}

TestSuite(store, .init = setup, .fini = teardown, .timeout = 30);

static void expect_error(int r, enum cnm_code code, const char *text)
{
	cr_assert_eq(r, -1);
	cr_assert_eq(err.code, code, "%d: %s", (int)err.code, err.text);
	cr_assert(strstr(err.text, text), "'%s' is not in: %s", text, err.text);
	cr_assert_null(strchr(err.text, '\n'), "one line: %s", err.text);
	cnm_error_clear(&err);
}

static struct cnm_addr addr(const char *text)
{
	struct cnm_addr ret;

	cr_assert_eq(strchr(text, '/') ? cnm_addr_parse_cidr(&ret, text, &err)
	                               : cnm_addr_parse(&ret, text, &err),
	             0, "%s", err.text);
	return ret;
}

/* Makes the network with its record; locked exclusive until closed. */
static struct cnm_store_network network_make(const char *name)
{
	struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_network network = {.id = ID, .driver = "null", .internal = true};

	snprintf(network.name, sizeof(network.name), "%s", name);
	cr_assert_eq(cnm_store_network_create(store, name, &net, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_network_save(&net, &network, &err), 0, "%s", err.text);
	return net;
}

static const char *path_of(const char *root, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static void write_file(const char *root, const char *name, const char *text)
{
	int fd = open(path_of(root, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s: %s", name, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void assert_names(const struct cnm_names *names, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < names->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
		         names->items[i]);
	cr_assert_str_eq(text, expected);
}

/* Roots ------------------------------------------------------------------------------------------ */

Test(store, roots_are_made_private)
{
	static const char *const folders[] = {"root",           "root/networks",   "state",
	                                      "state/networks", "state/sandboxes", "state/netns"};
	struct stat st;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		cr_assert_eq(lstat(path_of(roots.base, folders[i]), &st), 0, "%s", folders[i]);
		cr_assert_eq(st.st_mode, S_IFDIR | 0700, "%s: %o", folders[i], st.st_mode);
	}
	cr_assert_str_eq(store->netns_path, path_of(roots.state, "netns"));
}

Test(store, root_that_others_may_write_is_refused)
{
	struct cnm_store *second = NULL;

	cr_assert_eq(chmod(roots.root, 0777), 0);
	expect_error(cnm_store_open(&second, roots.root, roots.state, &err), CNM_E_STORE, roots.root);
	cr_assert_null(second);
}

Test(store, root_that_is_a_link_is_refused)
{
	struct cnm_store *second = NULL;
	char link[128];

	snprintf(link, sizeof(link), "%s/link", roots.base);
	cr_assert_eq(symlink(roots.root, link), 0);
	expect_error(cnm_store_open(&second, link, roots.state, &err), CNM_E_STORE, link);
	cr_assert_null(second);
}

Test(store, root_below_a_file_is_refused)
{
	struct cnm_store *second = NULL;
	char below[128];

	write_file(roots.base, "file", "");
	snprintf(below, sizeof(below), "%s/file/root", roots.base);
	cr_assert_eq(cnm_store_open(&second, below, roots.state, &err), -1);
	cr_assert(strstr(err.text, "root directory"), "%s", err.text);
	cr_assert_null(second);
}

/* Networks --------------------------------------------------------------------------------------- */

Test(store, network_is_loaded_as_saved)
{
	struct cnm_store_network net = network_make("web");
	_cleanup_network_ struct cnm_network *network = NULL;
	struct stat st;

	cnm_store_network_close(&net);
	cr_assert_eq(cnm_store_network_load(store, "web", &network, &err), 0, "%s", err.text);
	cr_assert_str_eq(network->name, "web");
	cr_assert_str_eq(network->id, ID);
	cr_assert_str_eq(network->driver, "null");
	cr_assert(network->internal);
	cr_assert_eq(lstat(path_of(roots.root, "networks/web/network.json"), &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0600);
}

Test(store, network_that_does_not_exist_is_named)
{
	struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	struct cnm_network *network = NULL;

	expect_error(cnm_store_network_load(store, "web", &network, &err), CNM_E_NOT_FOUND,
	             "network web does not exist");
	expect_error(cnm_store_network_lock(store, "web", CNM_LOCK_SHARED, &net, &err), CNM_E_NOT_FOUND,
	             "network web does not exist");
	expect_error(cnm_store_network_open_live(store, "web", &net, &err), CNM_E_NOT_FOUND, "");
	cr_assert_eq(cnm_store_network_delete(store, "web", &err), 0, "absent is success: %s", err.text);
	cr_assert_null(network);
	cr_assert_not(cnm_test_path_exists(path_of(roots.root, "networks/web")), "a look makes nothing");
}

Test(store, network_exists_once)
{
	struct cnm_store_network again = CNM_STORE_NETWORK_INIT, net = network_make("web");

	cnm_store_network_close(&net);
	expect_error(cnm_store_network_create(store, "web", &again, &err), CNM_E_EXISTS,
	             "network web exists");
	cr_assert_eq(again.dir_fd, -1);
}

Test(store, half_made_network_is_taken_over)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_network *network = NULL;

	cr_assert_eq(mkdir(path_of(roots.root, "networks/web"), 0700), 0);
	expect_error(cnm_store_network_load(store, "web", &network, &err), CNM_E_NOT_FOUND, "does not exist");
	expect_error(cnm_store_network_lock(store, "web", CNM_LOCK_SHARED, &net, &err), CNM_E_NOT_FOUND, "");
	cr_assert_eq(cnm_store_network_names(store, &names, &err), 0);
	cr_assert_eq(names.count, 0);
	net = network_make("web");
	cr_assert_eq(cnm_store_network_load(store, "web", &network, &err), 0, "%s", err.text);
	cnm_network_free(network);
}

Test(store, deleted_network_leaves_nothing)
{
	struct cnm_store_network net = network_make("web");
	struct cnm_addr at = addr("10.0.0.2"), subnet = addr("10.0.0.0/24");

	cr_assert_eq(cnm_store_address_take(&net, &at, "c1@eth0", &err), 1);
	cnm_store_cursor_save(&net, &subnet, &at);
	cr_assert_eq(cnm_store_network_delete(store, "web", &err), 0, "%s", err.text);
	cnm_store_network_close(&net);
	cr_assert_not(cnm_test_path_exists(path_of(roots.root, "networks/web")));
	cr_assert_not(cnm_test_path_exists(path_of(roots.state, "networks/web")));
}

Test(store, names_are_those_with_a_record)
{
	_cleanup_names_ struct cnm_names names = {0}, live = {0};
	struct cnm_store_network b = network_make("b"), a = network_make("a");

	cnm_store_network_close(&a);
	cnm_store_network_close(&b);
	cr_assert_eq(mkdir(path_of(roots.root, "networks/half"), 0700), 0);
	cr_assert_eq(mkdir(path_of(roots.state, "networks/lost"), 0700), 0);
	cr_assert_eq(cnm_store_network_names(store, &names, &err), 0, "%s", err.text);
	assert_names(&names, "a b");
	cr_assert_eq(cnm_store_live_names(store, &live, &err), 0, "%s", err.text);
	assert_names(&live, "a b lost");
}

static void expect_bad_network(const char *why)
{
	struct cnm_network *network = NULL;

	expect_error(cnm_store_network_load(store, "web", &network, &err), CNM_E_STORE, why);
	cr_assert_null(network);
}

Test(store, bad_network_record_is_named_and_harms_no_other)
{
	_cleanup_network_ struct cnm_network *other = NULL;
	struct cnm_store_network net = network_make("web"), db = network_make("db");
	char file[128];

	cnm_store_network_close(&net);
	cnm_store_network_close(&db);
	snprintf(file, sizeof(file), "%s/networks/web/network.json", roots.root);
	write_file(roots.root, "networks/web/network.json", "garbage");
	expect_bad_network(file);
	write_file(roots.root, "networks/web/network.json", "");
	expect_bad_network(file);
	write_file(roots.root, "networks/web/network.json", "{\"version\": 2, \"name\": \"web\"}");
	expect_bad_network(file);
	write_file(roots.root, "networks/web/network.json",
	           "{\"version\":1,\"name\":\"db\",\"id\":\"" ID "\",\"driver\":\"null\"}");
	expect_bad_network("it is the record of network db");
	cr_assert_eq(cnm_store_network_load(store, "db", &other, &err), 0, "%s", err.text);
}

Test(store, record_that_is_a_link_is_refused)
{
	struct cnm_store_network net = network_make("web"), db = network_make("db");

	cnm_store_network_close(&net);
	cnm_store_network_close(&db);
	cr_assert_eq(unlink(path_of(roots.root, "networks/web/network.json")), 0);
	cr_assert_eq(symlink("../db/network.json", path_of(roots.root, "networks/web/network.json")), 0);
	expect_bad_network("network.json");
}

Test(store, network_folder_that_is_a_link_is_refused)
{
	struct cnm_store_network net = network_make("db"), locked = CNM_STORE_NETWORK_INIT;

	cnm_store_network_close(&net);
	cr_assert_eq(symlink("db", path_of(roots.root, "networks/web")), 0);
	expect_bad_network("web");
	expect_error(cnm_store_network_lock(store, "web", CNM_LOCK_SHARED, &locked, &err), CNM_E_STORE,
	             "web");
}

/* Runs in a child: whether the network's lock can be had in that mode now. */
static bool can_lock(const char *name, enum cnm_lock_mode mode)
{
	int fd = open(path_of(roots.root, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = cnm_dir_try_lock(fd, mode, &err);

	close(fd);
	cr_assert_geq(r, 0, "%s", err.text);
	return r == 1;
}

Test(store, locks_are_shared_or_exclusive)
{
	struct cnm_store_network net = network_make("web");

	cr_assert_not(can_lock("networks/web", CNM_LOCK_SHARED));
	cr_assert_eq(cnm_store_network_relock(&net, CNM_LOCK_SHARED, &err), 0);
	cr_assert(can_lock("networks/web", CNM_LOCK_SHARED));
	cr_assert_not(can_lock("networks/web", CNM_LOCK_EXCLUSIVE));
	cnm_store_network_close(&net);
	cr_assert(can_lock("networks/web", CNM_LOCK_EXCLUSIVE));
	int lock = cnm_store_networks_lock(store, &err);
	cr_assert_geq(lock, 0, "%s", err.text);
	cr_assert_not(can_lock("networks", CNM_LOCK_SHARED));
	cr_assert(can_lock("networks/web", CNM_LOCK_EXCLUSIVE), "that lock is another");
	int firewall = cnm_store_firewall_lock(store, &err);
	cr_assert_geq(firewall, 0, "no deadlock with the lock on networks: %s", err.text);
	close(lock);
	close(firewall);
	cr_assert(can_lock("networks", CNM_LOCK_EXCLUSIVE));
}

Test(store, lock_of_a_network_deleted_while_waiting_is_not_found)
{
	struct cnm_store_network net = network_make("web");
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct cnm_store_network mine = CNM_STORE_NETWORK_INIT;

		cnm_store_network_close(&net); /* the lock is on the open file, which we inherited */
		_exit(cnm_store_network_lock(store, "web", CNM_LOCK_SHARED, &mine, &err) < 0 ? (int)err.code
		                                                                             : 99);
	}
	usleep(100 * 1000); /* it waits, most likely; the result is the same when it does not yet */
	cr_assert_eq(cnm_store_network_delete(store, "web", &err), 0, "%s", err.text);
	cnm_store_network_close(&net);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), CNM_E_NOT_FOUND);
}

/* Sandboxes and their links ---------------------------------------------------------------------- */

static struct cnm_store_sandbox sandbox_make(const char *id)
{
	struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	struct cnm_sandbox sandbox = {.key = "/run/cnm/netns/c1", .ours = true};

	snprintf(sandbox.id, sizeof(sandbox.id), "%s", id);
	cr_assert_eq(cnm_store_sandbox_lock(store, id, true, &sb, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_sandbox_save(&sb, &sandbox, &err), 0, "%s", err.text);
	return sb;
}

Test(store, sandbox_is_loaded_as_saved_and_deleted)
{
	struct cnm_store_sandbox sb = sandbox_make("c1");
	_cleanup_names_ struct cnm_names ids = {0};
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL, *gone = NULL;

	cr_assert_eq(cnm_store_sandbox_load(store, "c1", &sandbox, &err), 0, "%s", err.text);
	cr_assert_str_eq(sandbox->id, "c1");
	cr_assert_str_eq(sandbox->key, "/run/cnm/netns/c1");
	cr_assert(sandbox->ours);
	cr_assert_eq(cnm_store_sandbox_ids(store, &ids, &err), 0);
	assert_names(&ids, "c1");
	cr_assert_eq(cnm_store_sandbox_delete(store, "c1", &err), 0, "%s", err.text);
	expect_error(cnm_store_sandbox_load(store, "c1", &gone, &err), CNM_E_NOT_FOUND,
	             "sandbox c1 does not exist");
	cr_assert_not(cnm_test_path_exists(path_of(roots.state, "sandboxes/c1")));
	cnm_store_sandbox_close(&sb);
}

Test(store, sandbox_is_made_only_when_asked)
{
	struct cnm_store_sandbox sb = CNM_STORE_SANDBOX_INIT;
	struct cnm_sandbox *sandbox = NULL;

	expect_error(cnm_store_sandbox_lock(store, "c1", false, &sb, &err), CNM_E_NOT_FOUND,
	             "sandbox c1 does not exist");
	cr_assert_eq(cnm_store_sandbox_lock(store, "c1", true, &sb, &err), 0, "%s", err.text);
	expect_error(cnm_store_sandbox_load(store, "c1", &sandbox, &err), CNM_E_NOT_FOUND, "c1");
	cnm_store_sandbox_close(&sb);
}

Test(store, bad_sandbox_record_is_named)
{
	struct cnm_store_sandbox sb = sandbox_make("c1");
	struct cnm_sandbox *sandbox = NULL;

	cnm_store_sandbox_close(&sb);
	write_file(roots.state, "sandboxes/c1/sandbox.json", "{\"version\":1,\"id\":\"c2\"}");
	expect_error(cnm_store_sandbox_load(store, "c1", &sandbox, &err), CNM_E_STORE,
	             "record of sandbox c2");
	write_file(roots.state, "sandboxes/c1/sandbox.json", "{");
	expect_error(cnm_store_sandbox_load(store, "c1", &sandbox, &err), CNM_E_STORE,
	             path_of(roots.state, "sandboxes/c1/sandbox.json"));
}

Test(store, interface_belongs_to_who_claimed_it_first)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = sandbox_make("c1");
	struct cnm_link_ref first = {"eth1", "web", "c1@eth1"}, second = {"eth1", "db", "db1"};
	struct cnm_link_ref other = {"eth0", "db", "db1"}, existing = {"", "", ""};
	_cleanup_link_refs_ struct cnm_link_refs refs = {0}, rest = {0};

	cr_assert_eq(cnm_store_link_take(&sb, &first, NULL, &err), 1, "%s", err.text);
	cr_assert_eq(cnm_store_link_take(&sb, &other, NULL, &err), 1, "%s", err.text);
	cr_assert_eq(cnm_store_link_take(&sb, &second, &existing, &err), 0, "%s", err.text);
	cr_assert_str_eq(existing.network, "web");
	cr_assert_str_eq(existing.key, "c1@eth1");
	cr_assert_eq(cnm_store_links_list(&sb, &refs, &err), 0);
	cr_assert_eq(refs.count, 2);
	cr_assert_str_eq(refs.items[0].ifname, "eth0");
	cr_assert_str_eq(refs.items[1].ifname, "eth1");
	cr_assert_eq(cnm_store_link_release(&sb, "eth0", &err), 0);
	cr_assert_eq(cnm_store_link_release(&sb, "eth0", &err), 0, "absent is success");
	cr_assert_eq(cnm_store_links_list(&sb, &rest, &err), 0);
	cr_assert_eq(rest.count, 1);
}

Test(store, link_that_leads_elsewhere_is_refused)
{
	_cleanup_store_sandbox_ struct cnm_store_sandbox sb = sandbox_make("c1");
	struct cnm_link_refs refs = {0};

	cr_assert_eq(symlinkat("../../../etc/passwd", sb.links_fd, "eth0"), 0);
	expect_error(cnm_store_links_list(&sb, &refs, &err), CNM_E_STORE, "interface eth0");
	cr_assert_eq(refs.count, 0);
	cr_assert_null(refs.items);
}

/* Records ---------------------------------------------------------------------------------------- */

Test(store, names_become_unique_and_sorted)
{
	struct cnm_names names = {.items = calloc(4, sizeof(char *)), .count = 4};

	names.items[0] = strdup("b");
	names.items[1] = strdup("a");
	names.items[2] = strdup("b");
	names.items[3] = strdup("a");
	cnm_names_unique(&names);
	assert_names(&names, "a b");
	cnm_names_drop(&names, 0);
	assert_names(&names, "b");
	cnm_names_free(&names);
}

Test(store, mark_is_set_until_it_is_cleared)
{
	cr_assert_eq(cnm_store_mark_is_set(store, "m", "boot", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_mark_set(store, "m", "boot", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_mark_is_set(store, "m", "boot", &err), 1, "%s", err.text);
	cr_assert_eq(cnm_store_mark_is_set(store, "other", "boot", &err), 0);
	cr_assert_eq(cnm_store_mark_is_set(store, "m", "next boot", &err), 0, "it is true for one boot");
	cr_assert_eq(cnm_store_mark_clear(store, "m", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_store_mark_is_set(store, "m", "boot", &err), 0);
	cr_assert_eq(cnm_store_mark_clear(store, "m", &err), 0, "clearing is repeatable");
}
