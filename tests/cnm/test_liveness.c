/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a record describes is over only where that is proved; in doubt it lives. */
#include "cnm/base/cleanup.h"
#include "cnm/liveness.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct cnm_controller controller;
static struct cnm_test_roots roots;
static struct cnm_error err;
static char why[CNM_WHY_MAX], key[128];

static void setup(void)
{
	cnm_test_mounts_enter();
	cnm_test_netns_enter();
	cnm_test_roots_make(&roots);
	cr_assert_eq(cnm_boot_id(controller.boot_id, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_test_roots_remove(&roots);
}

TestSuite(liveness, .init = setup, .fini = teardown, .timeout = 30);

/* Pins a namespace and describes it. */
static struct cnm_life pin(const char *name)
{
	struct cnm_life life = {.key = key, .boot_id = controller.boot_id};
	_cleanup_close_ int dir = open(roots.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;

	cr_assert_eq(cnm_netns_create_pinned(dir, roots.base, name, &err), 0, "%s", err.text);
	snprintf(key, sizeof(key), "%s/%s", roots.base, name);
	fd = cnm_netns_open(key, false, &life.netns, &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	return life;
}

static void unpin(const char *name)
{
	_cleanup_close_ int dir = open(roots.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(cnm_netns_delete_pinned(dir, roots.base, name, &err), 0, "%s", err.text);
}

static void assert_alive(const struct cnm_life *life)
{
	int fd;

	why[0] = '\0';
	cr_assert_not(cnm_life_is_over(&controller, life, why), "%s", why);
	fd = cnm_life_open_netns(life);
	cr_assert_geq(fd, 0);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void assert_over(const struct cnm_life *life, const char *reason)
{
	cr_assert(cnm_life_is_over(&controller, life, why), "it lives");
	cr_assert(strstr(why, reason), "'%s' is not in: %s", reason, why);
	cr_assert_null(strchr(why, '\n'));
}

Test(liveness, namespace_of_the_record_lives)
{
	struct cnm_life life = pin("c1");

	assert_alive(&life);
	life.pid = getpid();
	cr_assert_eq(cnm_proc_start_time(life.pid, &life.start_time, &err), 0);
	assert_alive(&life);
}

Test(liveness, hosts_own_namespace_lives_too)
{
	struct cnm_life life = {.key = "/proc/self/ns/net", .boot_id = controller.boot_id};
	int fd = cnm_netns_open(life.key, true, &life.netns, &err);

	close(fd);
	assert_alive(&life);
}

Test(liveness, other_boot_is_over)
{
	struct cnm_life life = pin("c1");

	life.boot_id = "00000000-0000-0000-0000-000000000000";
	assert_over(&life, "another boot");
	life.boot_id = "";
	assert_alive(&life);
}

Test(liveness, missing_path_is_over)
{
	struct cnm_life life = pin("c1");

	unpin("c1");
	assert_over(&life, "its namespace is gone");
	assert_over(&life, key);
	cr_assert_eq(cnm_life_open_netns(&life), -1);
}

Test(liveness, path_of_a_namespace_that_was_unmounted_is_over)
{
	struct cnm_life life = pin("c1");

	cr_assert_eq(umount2(key, MNT_DETACH), 0);
	cr_assert(cnm_test_path_exists(key));
	assert_over(&life, "its namespace is gone");
	cr_assert_eq(cnm_life_open_netns(&life), -1);
}

Test(liveness, another_namespace_under_the_path_is_over)
{
	struct cnm_life life = pin("c1");
	_cleanup_close_ int hold = open(key, O_RDONLY | O_CLOEXEC); /* so that its inode is not used again */

	unpin("c1");
	pin("c1");
	assert_over(&life, "is another namespace now");
	cr_assert_eq(cnm_life_open_netns(&life), -1);
	cr_assert_geq(hold, 0);
}

/* A child that ends when told to. */
static pid_t child_make(uint64_t *start_time)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	cr_assert_gt(pid, 0);
	cr_assert_eq(cnm_proc_start_time(pid, start_time, &err), 0, "%s", err.text);
	return pid;
}

Test(liveness, ended_process_is_over_although_the_namespace_is_held)
{
	struct cnm_life life = pin("c1");
	char text[64];

	life.pid = child_make(&life.start_time);
	assert_alive(&life);
	kill(life.pid, SIGKILL);
	waitpid(life.pid, NULL, 0);
	snprintf(text, sizeof(text), "its process %d has ended", (int)life.pid);
	assert_over(&life, text);
}

Test(liveness, zombie_has_ended)
{
	struct cnm_life life = pin("c1");
	siginfo_t info;

	life.pid = child_make(&life.start_time);
	kill(life.pid, SIGKILL);
	cr_assert_eq(waitid(P_PID, (id_t)life.pid, &info, WEXITED | WNOWAIT), 0);
	assert_over(&life, "has ended");
	waitpid(life.pid, NULL, 0);
}

Test(liveness, process_id_that_is_used_again_is_over)
{
	struct cnm_life life = pin("c1");

	life.pid = getpid();
	cr_assert_eq(cnm_proc_start_time(life.pid, &life.start_time, &err), 0);
	life.start_time++;
	assert_over(&life, "has ended");
}

Test(liveness, what_cannot_be_looked_at_is_in_doubt)
{
	struct cnm_life life = pin("c1");
	struct rlimit none = {0, 0}, old;

	/* No descriptor is left: open() fails, and that proves nothing. */
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool over = cnm_life_is_over(&controller, &life, why);
	int fd = cnm_life_open_netns(&life);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	cr_assert_not(over, "%s", why);
	cr_assert_eq(fd, -1);
}

Test(liveness, record_without_key_is_in_doubt)
{
	struct cnm_life life = {.key = "", .boot_id = controller.boot_id};

	cr_assert_not(cnm_life_is_over(&controller, &life, why), "%s", why);
	cr_assert_eq(cnm_life_open_netns(&life), -1);
}

Test(liveness, records_say_what_is_looked_at)
{
	struct cnm_sandbox sandbox = {
	        .key = "/a", .netns = {1, 2, 0}, .pid = 3, .start_time = 4, .boot_id = "b"};
	struct cnm_endpoint endpoint = {
	        .key = "/c", .netns = {5, 6, 0}, .pid = 7, .start_time = 8, .boot_id = "d"};
	struct cnm_life a = cnm_sandbox_life(&sandbox), b = cnm_endpoint_life(&endpoint);

	cr_assert_str_eq(a.key, "/a");
	cr_assert(cnm_netns_id_equal(&a.netns, &sandbox.netns));
	cr_assert(a.pid == 3 && a.start_time == 4);
	cr_assert_str_eq(a.boot_id, "b");
	cr_assert_str_eq(b.key, "/c");
	cr_assert(cnm_netns_id_equal(&b.netns, &endpoint.netns));
	cr_assert(b.pid == 7 && b.start_time == 8);
	cr_assert_str_eq(b.boot_id, "d");
}
