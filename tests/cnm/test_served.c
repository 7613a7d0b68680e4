/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who answers names on a network: a lock, which a killed agent does not leave behind. */
#include "cnm/base/cleanup.h"
#include "cnm/served.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cnm_test_roots roots;
static struct cnm_store *store;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_roots_make(&roots);
	cr_assert_eq(cnm_store_open(&store, roots.root, roots.state, &err), 0, "%s", err.text);
	cnm_closep(&(int){cnm_dir_open_at(store->live_fd, "web", true, &err)});
}

static void teardown(void)
{
	cnm_store_close(store);
	cnm_test_roots_remove(&roots);
}

TestSuite(served, .init = setup, .fini = teardown, .timeout = 20);

Test(served, by_nobody)
{
	cr_assert_not(cnm_network_is_served(store, "web"));
	cr_assert_not(cnm_network_is_served(store, "gone"));
	cr_assert_lt(cnm_network_serve(store, "gone", &err), 0);
}

Test(served, as_long_as_the_lock_is_held)
{
	int fd = cnm_network_serve(store, "web", &err);

	cr_assert_geq(fd, 0, "%s", err.text);
	cr_assert(cnm_network_is_served(store, "web"));
	/* Looking opens and closes the file too: that must not end the lock. */
	cr_assert(cnm_network_is_served(store, "web"));
	cr_assert_lt(cnm_network_serve(store, "web", &err), 0);
	cr_assert_eq(err.code, CNM_E_BUSY, "%s", err.text);
	close(fd);
	cr_assert_not(cnm_network_is_served(store, "web"));
}

Test(served, not_by_a_killed_agent)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (cnm_network_serve(store, "web", &err) >= 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert(cnm_network_is_served(store, "web"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert_not(cnm_network_is_served(store, "web"));
}

/* Nobody is there: that is no reason to wait. */
Test(served, sync_without_an_agent, .timeout = 1)
{
	for (int i = 0; i < 100; i++)
		cnm_agent_sync(store);
}
