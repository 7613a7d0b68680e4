/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CNI_ARGS. */
#include "cnm/base/cleanup.h"
#include "spec/cni_env.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static void read_ok(struct cnm_cni_args *args, const char *text)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;

	cr_assert_eq(cnm_cni_args_parse(args, text, &err), 0, "\"%s\": %s", text, err.msg);
}

Test(cni_args, nothing_given)
{
	static const char *const rows[] = {
	        NULL, "", "IP=", "GATEWAY=;MAC=", "IgnoreUnknown=1", "IgnoreUnknown=0"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_args args;

		read_ok(&args, rows[i]);
		cr_assert(args.ips.count == 0 && args.gateways.count == 0 && !args.mac &&
		          args.k8s.count == 0);
		cnm_cni_args_free(&args);
	}
}

/* As podman 4.3.1 and containerd's CRI send them. */
Test(cni_args, of_real_callers)
{
	struct cnm_cni_args args;

	read_ok(&args, "IgnoreUnknown=1;K8S_POD_NAME=pc1;MAC=02:11:22:33:44:55;IP=10.91.0.44");
	cr_assert_eq(args.ips.count, 1);
	cr_assert_str_eq(args.ips.items[0], "10.91.0.44");
	cr_assert_str_eq(args.mac, "02:11:22:33:44:55");
	cr_assert_str_eq(cnm_kvs_get(&args.k8s, "K8S_POD_NAME"), "pc1");
	cnm_cni_args_free(&args);
	read_ok(&args, "IgnoreUnknown=1;K8S_POD_UID=ab-c;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;"
	               "K8S_POD_INFRA_CONTAINER_ID=0123");
	cr_assert_eq(args.k8s.count, 4);
	cr_assert_str_eq(cnm_kvs_get(&args.k8s, "K8S_POD_NAMESPACE"), "default");
	cnm_cni_args_free(&args);
}

Test(cni_args, several_addresses)
{
	struct cnm_cni_args args;

	read_ok(&args, "IP=10.0.0.5/24,fd00::5/64;GATEWAY=10.0.0.1,fd00::1");
	cr_assert_eq(args.ips.count, 2);
	cr_assert_str_eq(args.ips.items[0], "10.0.0.5/24");
	cr_assert_str_eq(args.ips.items[1], "fd00::5/64");
	cr_assert_eq(args.gateways.count, 2);
	cr_assert_str_eq(args.gateways.items[1], "fd00::1");
	cnm_cni_args_free(&args);
}

Test(cni_args, last_of_a_repeated_key_counts)
{
	struct cnm_cni_args args;

	read_ok(&args, "IP=10.0.0.5,10.0.0.6;MAC=02:00:00:00:00:01;K8S_A=1;IP=10.0.0.7;MAC=02-00-00-00-00-AB;"
	               "K8S_A=2");
	cr_assert_eq(args.ips.count, 1);
	cr_assert_str_eq(args.ips.items[0], "10.0.0.7");
	cr_assert_str_eq(args.mac, "02:00:00:00:00:ab");
	cr_assert_str_eq(cnm_kvs_get(&args.k8s, "K8S_A"), "2");
	cnm_cni_args_free(&args);
	read_ok(&args, "IP=10.0.0.5;MAC=02:00:00:00:00:01;IP=;MAC=");
	cr_assert_eq(args.ips.count, 0);
	cr_assert_null(args.mac);
	cnm_cni_args_free(&args);
}

Test(cni_args, ignore_unknown)
{
	static const char *const accepted[] = {"IgnoreUnknown=1;A=b", "A=b;IgnoreUnknown=true",
	                                       "IgnoreUnknown=TRUE;ip=x",
	                                       "IgnoreUnknown=0;A=b;IgnoreUnknown=1"};
	static const char *const refused[] = {"A=b",
	                                      "IgnoreUnknown=0;A=b",
	                                      "IgnoreUnknown=false;A=b",
	                                      "IgnoreUnknown=1;A=b;IgnoreUnknown=0",
	                                      "ignoreunknown=1",
	                                      "ip=10.0.0.1",
	                                      "mac=02:00:00:00:00:01"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(accepted); i++) {
		struct cnm_cni_args args;

		read_ok(&args, accepted[i]);
		cnm_cni_args_free(&args);
	}
	for (size_t i = 0; i < CNM_ARRAY_SIZE(refused); i++) {
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_args args;

		cr_assert_eq(cnm_cni_args_parse(&args, refused[i], &err), -1, "accepted: %s", refused[i]);
		cr_assert_eq(err.code, CNM_CNI_E_ENVIRONMENT);
		cr_assert_not_null(strstr(err.msg, "unknown key \""), "%s", err.msg);
	}
}

Test(cni_args, errors_name_variable_and_pair)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"A", "CNI_ARGS: \"A\": expected KEY=VALUE"},
	        {"=b", "CNI_ARGS: \"=b\": expected KEY=VALUE"},
	        {"A=b=c;IgnoreUnknown=1", "CNI_ARGS: \"A=b=c\": expected KEY=VALUE"},
	        {"IgnoreUnknown=1;", "CNI_ARGS: \"\": expected KEY=VALUE"},
	        {";", "CNI_ARGS: \"\": expected KEY=VALUE"},
	        {"IgnoreUnknown=yes", "CNI_ARGS: IgnoreUnknown=yes: expected 1, true, 0 or false"},
	        {"IgnoreUnknown=", "CNI_ARGS: IgnoreUnknown=: expected 1, true, 0 or false"},
	        {"IP=10.0.0", "CNI_ARGS: IP=10.0.0: not an address"},
	        {"IP=10.0.0.1,", "CNI_ARGS: IP=10.0.0.1,: not an address"},
	        {"GATEWAY=gw", "CNI_ARGS: GATEWAY=gw: not an address"},
	        {"Foo=1", "CNI_ARGS: unknown key \"Foo\" (and no IgnoreUnknown=1)"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_args args;

		cr_assert_eq(cnm_cni_args_parse(&args, rows[i].text, &err), -1, "accepted: %s", rows[i].text);
		cr_assert_eq(err.code, CNM_CNI_E_ENVIRONMENT);
		cr_assert_str_eq(err.msg, rows[i].want);
		cr_assert(args.ips.count == 0 && !args.mac && args.k8s.count == 0, "something was left");
	}
}

Test(cni_args, long_unknown_key)
{
	struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
	struct cnm_cni_args args;
	char text[2048];

	memset(text, 'k', sizeof(text));
	strcpy(text + sizeof(text) - 3, "=v");
	cr_assert_eq(cnm_cni_args_parse(&args, text, &err), -1);
	cnm_test_error_line(err.msg, "a long key");
}

Test(cni_args, truncated)
{
	static const char text[] = "IgnoreUnknown=1;K8S_POD_NAME=pc1;MAC=02:11:22:33:44:55;IP=10.91.0.44,"
	                           "fd00::1;GATEWAY=10.91.0.1";

	for (size_t len = 0; len < sizeof(text); len++) {
		_cleanup_free_ char *part = strndup(text, len);
		struct cnm_cni_error err = CNM_CNI_ERROR_INIT;
		struct cnm_cni_args args;

		if (cnm_cni_args_parse(&args, part, &err) < 0)
			cnm_test_error_line(err.msg, part);
		else
			cnm_cni_args_free(&args);
	}
	cnm_cni_args_free(NULL);
}
