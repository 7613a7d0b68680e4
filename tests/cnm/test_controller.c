/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller: roots that are made or refused, and the registry of drivers. */
#include "tests/cnm/fake_driver.h"
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cnm_test_roots roots;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_roots_make(&roots);
}

static void cleanup(void)
{
	cnm_test_roots_remove(&roots);
}

TestSuite(controller, .init = setup, .fini = cleanup, .timeout = 30);

static struct cnm_controller *open_at(const char *root, const char *state)
{
	struct cnm_settings settings = {.root = root, .state = state};
	struct cnm_controller *controller = NULL;

	cnm_error_clear(&err);
	if (cnm_controller_open(&controller, &settings, &err) < 0)
		cr_assert_null(controller);
	return controller;
}

Test(controller, open_makes_private_roots_with_their_parents)
{
	struct cnm_controller *controller;
	char root[128];
	struct stat st;

	snprintf(root, sizeof(root), "%s/a/b/root", roots.base);
	controller = open_at(root, roots.state);
	cr_assert_not_null(controller, "%s", err.text);
	cnm_controller_close(controller);
	cr_assert_eq(stat(root, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(stat(roots.state, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);
	controller = open_at(root, roots.state);
	cr_assert_not_null(controller, "a second time: %s", err.text);
	cnm_controller_close(controller);
}

Test(controller, root_that_others_could_change_is_refused)
{
	cr_assert_eq(mkdir(roots.root, 0700), 0);
	cr_assert_eq(chmod(roots.root, 0777), 0);
	cr_assert_null(open_at(roots.root, roots.state));
	cr_assert_eq(err.code, CNM_E_STORE, "%s", err.text);
	cr_assert(strstr(err.text, "root directory") && strstr(err.text, roots.root), "%s", err.text);
	cr_assert_eq(chmod(roots.root, 0700), 0);
	cr_assert_eq(symlink(roots.root, roots.state), 0);
	cr_assert_null(open_at(roots.root, roots.state));
	cr_assert_eq(err.code, CNM_E_STORE, "%s", err.text);
	cr_assert(strstr(err.text, "state directory") && strstr(err.text, roots.state), "%s", err.text);
}

Test(controller, root_that_is_a_file_is_refused)
{
	FILE *file = fopen(roots.root, "w");

	cr_assert_not_null(file);
	fclose(file);
	cr_assert_null(open_at(roots.root, roots.state));
	cr_assert(strstr(err.text, roots.root), "%s", err.text);
}

Test(controller, close_takes_null)
{
	cnm_controller_close(NULL);
}

Test(controller, driver_is_registered_once)
{
	struct cnm_controller *controller = open_at(roots.root, roots.state);

	cr_assert_eq(cnm_controller_add_driver(controller, &cnm_fake_driver, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_controller_add_driver(controller, &cnm_fake_driver, &err), -1);
	cr_assert_eq(err.code, CNM_E_EXISTS);
	cr_assert(strstr(err.text, "fake"), "%s", err.text);
	cnm_controller_close(controller);
}

Test(controller, registry_that_is_full_says_so)
{
	struct cnm_controller *controller = open_at(roots.root, roots.state);
	struct cnm_driver drivers[CNM_DRIVERS_MAX + 1];
	char names[CNM_DRIVERS_MAX + 1][16];

	for (size_t i = 0; i < CNM_DRIVERS_MAX + 1; i++) {
		snprintf(names[i], sizeof(names[i]), "d%zu", i);
		drivers[i] = cnm_fake_driver;
		drivers[i].name = names[i];
		if (i < CNM_DRIVERS_MAX)
			cr_assert_eq(cnm_controller_add_driver(controller, &drivers[i], &err), 0);
	}
	cr_assert_eq(cnm_controller_add_driver(controller, &drivers[CNM_DRIVERS_MAX], &err), -1);
	cr_assert_eq(err.code, CNM_E_EXHAUSTED);
	cr_assert(strstr(err.text, names[CNM_DRIVERS_MAX]), "%s", err.text);
	cnm_controller_close(controller);
}

Test(controller, unknown_driver_is_named_with_those_there_are)
{
	struct cnm_network_spec spec = {.name = "web", .driver = "nope"};
	struct cnm_controller *controller = open_at(roots.root, roots.state);

	cr_assert_eq(cnm_controller_add_builtin_drivers(controller, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_network_create(controller, &spec, NULL, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cr_assert(strstr(err.text, "network web") && strstr(err.text, "\"nope\""), "%s", err.text);
	cr_assert(strstr(err.text, "null") && strstr(err.text, "host") && strstr(err.text, "bridge"), "%s",
	          err.text);
	cnm_controller_close(controller);
}

Test(controller, two_on_the_same_roots_see_the_same)
{
	struct cnm_network_spec spec = {.name = "none", .driver = "null"};
	struct cnm_controller *a = open_at(roots.root, roots.state), *b = open_at(roots.root, roots.state);
	struct cnm_network *made = NULL, *found = NULL;

	cr_assert_eq(cnm_controller_add_builtin_drivers(a, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_controller_add_builtin_drivers(b, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_network_create(a, &spec, &made, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_network_find(b, "none", &found, &err), 0, "%s", err.text);
	cr_assert_str_eq(cnm_network_id(found), cnm_network_id(made));
	cr_assert_eq(cnm_network_delete(b, found, &err), 0, "%s", err.text);
	cnm_network_free(found);
	cr_assert_eq(cnm_network_find(a, "none", &found, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND);
	cnm_network_free(made);
	cnm_controller_close(a);
	cnm_controller_close(b);
}
