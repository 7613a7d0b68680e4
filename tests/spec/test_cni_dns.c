/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS settings under both sets of names. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_dns.h"
#include "tests/spec/spec_support.h"
#include <criterion/criterion.h>
#include <string.h>

#define FULL                                                                                                 \
	"{\"nameservers\":[\"10.0.0.1\",\"fd00::1\"],\"domain\":\"example\",\"search\":[\"a\",\"b\"],"       \
	"\"options\":[\"ndots:2\"]}"

Test(cni_dns, there_and_back)
{
	_cleanup_json_ json_object *obj = cnm_test_json(FULL), *again = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cni_dns dns;

	cr_assert_eq(cnm_cni_dns_parse(&dns, obj, &err), 0, "%s", err.text);
	cr_assert_eq(dns.nameservers.count, 2);
	cr_assert_str_eq(dns.nameservers.items[1], "fd00::1");
	cr_assert_str_eq(dns.domain, "example");
	cr_assert(cnm_cni_dns_is_set(&dns));
	cr_assert_eq(cnm_cni_dns_build(&again, &dns, &err), 0);
	cnm_test_json_equal_text(again, FULL, "build");
	cnm_cni_dns_free(&dns);
	cr_assert_not(cnm_cni_dns_is_set(&dns));
}

Test(cni_dns, names_of_runtime_config)
{
	/* The library of containerd has no tags on its struct: keys begin with a capital. */
	static const char *const rows[] = {
	        "{\"servers\":[\"10.0.0.1\"],\"searches\":[\"a\"],\"options\":[\"rotate\"]}",
	        "{\"Servers\":[\"10.0.0.1\"],\"Searches\":[\"a\"],\"Options\":[\"rotate\"],\"nameservers\":["
	        "\"x\"]}",
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]), *built = NULL;
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_dns dns;

		cr_assert_eq(cnm_cni_dns_parse_runtime(&dns, obj, &err), 0, "%s", err.text);
		cr_assert_eq(cnm_cni_dns_build(&built, &dns, &err), 0);
		cnm_test_json_equal_text(
		        built, "{\"nameservers\":[\"10.0.0.1\"],\"search\":[\"a\"],\"options\":[\"rotate\"]}",
		        rows[i]);
		cnm_cni_dns_free(&dns);
	}
}

Test(cni_dns, nothing_set_is_an_empty_object)
{
	static const char *const rows[] = {
	        "null", "{}", "{\"domain\":\"\",\"nameservers\":[],\"search\":null}", "{\"other\":[1]}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]), *built = NULL;
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_dns dns;

		cr_assert_eq(cnm_cni_dns_parse(&dns, obj, &err), 0, "%s", err.text);
		cr_assert_not(cnm_cni_dns_is_set(&dns));
		cr_assert_eq(cnm_cni_dns_build(&built, &dns, &err), 0);
		cnm_test_json_equal_text(built, "{}", rows[i]);
		cnm_cni_dns_free(&dns);
	}
	cnm_cni_dns_free(NULL);
}

Test(cni_dns, wrong_types)
{
	static const char *const rows[] = {"{\"nameservers\":\"10.0.0.1\"}", "{\"nameservers\":[\"a\",1]}",
	                                   "{\"domain\":[]}", "{\"search\":{}}",
	                                   "{\"nameservers\":[\"a\"],\"options\":[null]}"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_object *obj = cnm_test_json(rows[i]);
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cni_dns dns;

		cr_assert_eq(cnm_cni_dns_parse(&dns, obj, &err), -1, "accepted: %s", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_eq(strncmp(err.text, "dns: ", 5), 0, "%s", err.text);
		cr_assert_not(cnm_cni_dns_is_set(&dns));
	}
}
