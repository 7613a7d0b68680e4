/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CNI_* environment of a plugin call. */
#include "cnm/base/cleanup.h"
#include "spec/cni_env.h"
#include <criterion/criterion.h>
#include <string.h>

static const struct cnm_cni_env_strings complete = {
        .container = "c1",
        .netns = "/run/netns/a",
        .ifname = "eth0",
        .args = "K8S_POD_NAME=p",
        .path = "/opt/cni/bin",
};

static struct cnm_cni_env_strings with(const char *command)
{
	struct cnm_cni_env_strings strings = complete;

	strings.command = command;
	return strings;
}

static void read_ok(struct cnm_cni_env *env, const struct cnm_cni_env_strings *strings)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cr_assert_eq(cnm_cni_env_parse(env, strings, &err), 0, "%s", err.msg);
}

static void read_bad(const struct cnm_cni_env_strings *strings, const char *want)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_env env;

	cr_assert_eq(cnm_cni_env_parse(&env, strings, &err), -1, "accepted; wanted: %s", want);
	cr_assert_eq(err.code, CNM_CNI_E_ENVIRONMENT);
	cr_assert_not_null(strstr(err.msg, want), "%s", err.msg);
}

Test(cni_env, add)
{
	_cleanup_cni_env_ struct cnm_cni_env env;
	struct cnm_cni_env_strings strings = with("ADD");

	read_ok(&env, &strings);
	cr_assert_eq(env.command, CNM_CNI_ADD);
	cr_assert_str_eq(env.container, "c1");
	cr_assert_str_eq(env.netns, "/run/netns/a");
	cr_assert_str_eq(env.ifname, "eth0");
	cr_assert_str_eq(env.path, "/opt/cni/bin");
	cr_assert_not(env.netns_override);
	cr_assert_str_eq(cnm_kvs_get(&env.args.k8s, "K8S_POD_NAME"), "p");
}

/* What each command asks for, and the line that names all that is missing. */
Test(cni_env, missing_variables)
{
	static const struct {
		const char *command, *missing; /* NULL: nothing is needed */
	} rows[] = {
	        {"ADD", "ADD needs the environment variables CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"},
	        {"CHECK", "CHECK needs the environment variables CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"},
	        {"DEL", "DEL needs the environment variables CNI_CONTAINERID, CNI_IFNAME"},
	        {"GC", "GC needs the environment variables CNI_PATH"},
	        {"STATUS", NULL},
	        {"VERSION", NULL},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_env_strings none = {.command = rows[i].command};
		struct cnm_cni_env_strings empty = {rows[i].command, "", "", "", "", "", ""};
		struct cnm_cni_env env;

		if (rows[i].missing) {
			read_bad(&none, rows[i].missing);
			read_bad(&empty, rows[i].missing);
			continue;
		}
		read_ok(&env, &none);
		cr_assert(!env.container && !env.netns && !env.ifname && !env.path);
		cnm_cni_env_free(&env);
		read_ok(&env, &empty);
		cr_assert(!env.path);
		cnm_cni_env_free(&env);
	}
}

Test(cni_env, path_is_optional_for_an_attachment)
{
	struct cnm_cni_env_strings strings = with("ADD");
	_cleanup_cni_env_ struct cnm_cni_env env;

	strings.path = NULL;
	read_ok(&env, &strings);
	cr_assert_null(env.path);
}

/* ctr and nerdctl: the namespace is dead by then. */
Test(cni_env, del_without_namespace)
{
	struct cnm_cni_env_strings strings = with("DEL");
	_cleanup_cni_env_ struct cnm_cni_env env;

	strings.netns = "";
	read_ok(&env, &strings);
	cr_assert_null(env.netns);
	cr_assert_str_eq(env.container, "c1");
}

Test(cni_env, bad_args_fail_add_and_check_but_no_del)
{
	struct cnm_cni_env_strings strings = with("DEL");
	_cleanup_cni_env_ struct cnm_cni_env env;

	strings.args = "nonsense";
	read_ok(&env, &strings);
	cr_assert_eq(env.args.k8s.count, 0);
	strings.command = "ADD";
	read_bad(&strings, "CNI_ARGS: \"nonsense\"");
	strings.command = "CHECK";
	read_bad(&strings, "CNI_ARGS: \"nonsense\"");
}

/* libcni sets the variables of an attachment to "dummy" for VERSION. */
Test(cni_env, version_looks_at_nothing_else)
{
	struct cnm_cni_env_strings strings = {"VERSION", "-", "dummy", "a/b", "x", "dummy", NULL};
	_cleanup_cni_env_ struct cnm_cni_env env;

	read_ok(&env, &strings);
	cr_assert_eq(env.command, CNM_CNI_VERSION);
	cr_assert(!env.container && !env.netns && !env.ifname);
}

Test(cni_env, commands)
{
	struct cnm_cni_env_strings strings = with(NULL);

	read_bad(&strings, "CNI_COMMAND is not set");
	strings.command = "";
	read_bad(&strings, "CNI_COMMAND is not set");
	strings.command = "add";
	read_bad(&strings, "CNI_COMMAND \"add\": unknown (there are ADD, DEL, CHECK, VERSION, STATUS, GC)");
}

Test(cni_env, bad_names_are_quoted_in_one_line)
{
	static const char *const containers[] = {"-c", "../c", "a b", "a\nb", "a\x1b[31m", "c\xff"};
	static const char *const ifnames[] = {"..", "a/b", "sixteen_bytes_xx", "a b", "a:b", "eth%d", "a\n"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(containers); i++) {
		struct cnm_cni_env_strings strings = with("DEL");
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_env env;

		strings.container = containers[i];
		read_bad(&strings, "CNI_CONTAINERID \"");
		cnm_cni_env_parse(&env, &strings, &err);
		cr_assert_null(strpbrk(err.msg, "\n\x1b"), "row %zu: %s", i, err.msg);
	}
	for (size_t i = 0; i < CNM_ARRAY_SIZE(ifnames); i++) {
		struct cnm_cni_env_strings strings = with("ADD");

		strings.ifname = ifnames[i];
		read_bad(&strings, "CNI_IFNAME \"");
	}
}

Test(cni_env, netns_override)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {{NULL, false},  {"", false},  {"1", true},    {"TRUE", true}, {"true", true},
	            {"True", true}, {"0", false}, {"yes", false}, {"11", false}};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_env_strings strings = with("ADD");
		_cleanup_cni_env_ struct cnm_cni_env env;

		strings.netns_override = rows[i].text;
		read_ok(&env, &strings);
		cr_assert_eq(env.netns_override, rows[i].want, "row %zu", i);
	}
	cnm_cni_env_free(NULL);
}
