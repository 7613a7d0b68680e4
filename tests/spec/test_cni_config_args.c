/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.cni. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_config_args.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

static void check_nothing(const struct cnm_cni_config_args *args)
{
	cr_assert(args->labels.count == 0 && args->ips.count == 0 && args->sysctl.count == 0);
	cr_assert_null(args->mac);
	cr_assert_eq(args->mtu, 0);
	cr_assert_eq(args->txqlen, -1);
	cr_assert_eq(args->promisc, -1);
	cr_assert_eq(args->allmulti, -1);
}

Test(cni_config_args, nothing_given)
{
	static const char *const rows[] = {"null", "{}",
	                                   "{\"labels\":[],\"ips\":[],\"mac\":\"\",\"other\":5}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_config_args args;

		cr_assert_eq(cnm_cni_config_args_parse(&args, obj, &err), 0, "%s", err.text);
		check_nothing(&args);
		cnm_cni_config_args_free(&args);
	}
	cnm_cni_config_args_free(NULL);
}

Test(cni_config_args, everything)
{
	_cleanup_json_ json_object *obj = cnm_test_json(
	        "{\"labels\":[{\"key\":\"app\",\"value\":\"web\"},{\"key\":\"alone\"}],"
	        "\"ips\":[\"10.0.0.5\",\"fd00::5/64\"],\"mac\":\"02-00-00-00-00-0A\","
	        "\"sysctl\":{\"net.core.somaxconn\":500},\"mtu\":1400,\"txQLen\":0,\"promisc\":false,"
	        "\"allmulti\":true}");
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cni_config_args args;

	cr_assert_eq(cnm_cni_config_args_parse(&args, obj, &err), 0, "%s", err.text);
	cr_assert_str_eq(cnm_kvs_get(&args.labels, "app"), "web");
	cr_assert_str_eq(cnm_kvs_get(&args.labels, "alone"), "");
	cr_assert_eq(args.ips.count, 2);
	cr_assert_str_eq(args.ips.items[1], "fd00::5/64");
	cr_assert_str_eq(args.mac, "02:00:00:00:00:0a");
	cr_assert_str_eq(cnm_kvs_get(&args.sysctl, "net.core.somaxconn"), "500");
	cr_assert_eq(args.mtu, 1400);
	cr_assert_eq(args.txqlen, 0);
	cr_assert_eq(args.promisc, 0);
	cr_assert_eq(args.allmulti, 1);
	cnm_cni_config_args_free(&args);
	check_nothing(&args);
}

Test(cni_config_args, refusals)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"{\"labels\":{}}", "args.cni: key \"labels\""},
	        {"{\"labels\":[{\"value\":\"x\"}]}", "args.cni: labels[0]: expected {\"key\", \"value\"}"},
	        {"{\"labels\":[{\"key\":\"a\"},{\"key\":1}]}",
	         "args.cni: labels[1]: key \"key\": expected a string"},
	        {"{\"labels\":[\"a\"]}", "args.cni: labels[0]"},
	        {"{\"ips\":[\"10.0.0\"]}", "args.cni: ips: \"10.0.0\" is not an address"},
	        {"{\"ips\":\"10.0.0.1\"}", "args.cni: key \"ips\""},
	        {"{\"mac\":\"x\"}", "args.cni: key \"mac\""},
	        {"{\"sysctl\":[]}", "args.cni: key \"sysctl\""},
	        {"{\"ips\":[\"10.0.0.1\"],\"mtu\":-1}", "args.cni: key \"mtu\""},
	        {"{\"mtu\":2147483648}", "args.cni: key \"mtu\""},
	        {"{\"txQLen\":\"5\"}", "args.cni: key \"txQLen\""},
	        {"{\"promisc\":1}", "args.cni: key \"promisc\""},
	        {"{\"allmulti\":\"yes\"}", "args.cni: key \"allmulti\""},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i].text);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_config_args args;

		cr_assert_eq(cnm_cni_config_args_parse(&args, obj, &err), -1, "accepted: %s", rows[i].text);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, rows[i].want, strlen(rows[i].want)), 0, "%s", err.text);
		check_nothing(&args);
	}
}
