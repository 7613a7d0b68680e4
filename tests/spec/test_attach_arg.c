/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One attachment in an argument, a list of them in an annotation. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/attach_arg.h"
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef int (*reader)(struct cnm_attach_list *list, const char *text, struct cnm_error *err);

static void read_ok(reader read, struct cnm_attach_list *list, const char *text)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(read(list, text, &err), 0, "\"%s\": %s", text, err.text);
}

/* Fails with this line, and the list is as it was. */
static void read_bad(reader read, const char *text, const char *want)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	read_ok(cnm_attach_list_add, &list, "kept:alias=old");
	cr_assert_eq(read(&list, text, &err), -1, "accepted: \"%s\"", text);
	cr_assert_eq(err.code, CNM_E_INVALID, "\"%s\"", text);
	cr_assert_str_eq(err.text, want);
	cr_assert_eq(list.count, 1, "\"%s\"", text);
	cr_assert_str_eq(list.items[0].network, "kept");
	cr_assert_eq(list.items[0].aliases.count, 1, "\"%s\"", text);
}

Test(attach_arg, name_alone)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};
	const struct cnm_attach_arg *arg;

	read_ok(cnm_attach_list_add, &list, "web");
	cr_assert_eq(list.count, 1);
	arg = &list.items[0];
	cr_assert_str_eq(arg->network, "web");
	cr_assert_eq(arg->addresses.count, 0);
	cr_assert_null(arg->mac);
	cr_assert_null(arg->ifname);
	cr_assert_eq(arg->aliases.count, 0);
	cr_assert_eq(arg->gateway_priority, 0);
	cr_assert_not(arg->gateway_priority_given);
}

Test(attach_arg, all_options_come_canonical)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};
	const struct cnm_attach_arg *arg;

	read_ok(cnm_attach_list_add, &list,
	        "web:ip=10.0.0.5,ip6=FD00:0::5,mac=02-42-AC-11-00-02,ifname=net0,alias=db,alias=db.example,"
	        "gw-priority=-7");
	arg = &list.items[0];
	cr_assert_eq(arg->addresses.count, 2);
	cr_assert_str_eq(arg->addresses.items[0], "10.0.0.5");
	cr_assert_str_eq(arg->addresses.items[1], "fd00::5");
	cr_assert_str_eq(arg->mac, "02:42:ac:11:00:02");
	cr_assert_str_eq(arg->ifname, "net0");
	cr_assert_eq(arg->aliases.count, 2);
	cr_assert_str_eq(arg->aliases.items[1], "db.example");
	cr_assert_eq(arg->gateway_priority, -7);
	cr_assert(arg->gateway_priority_given);
}

Test(attach_arg, priority_of_zero_counts_as_given)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};

	read_ok(cnm_attach_list_add, &list, "a:gw-priority=0");
	read_ok(cnm_attach_list_add, &list, "b:gw-priority=2147483647");
	read_ok(cnm_attach_list_add, &list, "c:gw-priority=-2147483648");
	cr_assert(list.items[0].gateway_priority_given);
	cr_assert_eq(list.items[1].gateway_priority, INT_MAX);
	cr_assert_eq(list.items[2].gateway_priority, INT_MIN);
}

Test(attach_arg, list_gives_options_to_the_attachment_before)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};

	read_ok(cnm_attach_list_parse, &list,
	        "web:ip=10.0.0.5,alias=db , backend,\tother:ip6=fd00::1,mac=02:00:00:00:00:01");
	cr_assert_eq(list.count, 3);
	cr_assert_str_eq(list.items[0].network, "web");
	cr_assert_str_eq(list.items[0].aliases.items[0], "db");
	cr_assert_str_eq(list.items[1].network, "backend");
	cr_assert_eq(list.items[1].addresses.count, 0);
	cr_assert_str_eq(list.items[2].network, "other");
	cr_assert_str_eq(list.items[2].addresses.items[0], "fd00::1");
	cr_assert_str_eq(list.items[2].mac, "02:00:00:00:00:01");
}

Test(attach_arg, same_network_twice_is_for_the_model_to_refuse)
{
	_cleanup_attach_list_ struct cnm_attach_list list = {0};

	read_ok(cnm_attach_list_parse, &list, "web,web:ifname=eth1");
	cr_assert_eq(list.count, 2);
}

Test(attach_arg, bad_arguments)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"", "\"\": no network name"},
	        {":ip=10.0.0.1", "\":ip=10.0.0.1\": no network name"},
	        {"ip=10.0.0.1", "\"ip=10.0.0.1\": no network name"},
	        {"-web", "\"-web\": \"-web\" is not a network name"},
	        {"we b", "\"we b\": \"we b\" is not a network name"},
	        {"web:", "\"web:\": empty option"},
	        {"web:ip", "\"web:ip\": option ip: no value"},
	        {"web:ip=", "\"web:ip=\": option ip: no value"},
	        {"web:ip=x", "\"web:ip=x\": option ip: \"x\" is not an IP address"},
	        {"web:ip=10.0.0.1/24",
	         "\"web:ip=10.0.0.1/24\": option ip: \"10.0.0.1/24\" is not an IP address"},
	        {"web:ip=fd00::1", "\"web:ip=fd00::1\": option ip: fd00::1 is not an IPv4 address"},
	        {"web:ip6=10.0.0.1", "\"web:ip6=10.0.0.1\": option ip6: 10.0.0.1 is not an IPv6 address"},
	        {"web:ip=10.0.0.1,ip=10.0.0.2", "\"web:ip=10.0.0.1,ip=10.0.0.2\": option ip: given twice"},
	        {"web:ifname=a,ifname=a", "\"web:ifname=a,ifname=a\": option ifname: given twice"},
	        {"web:ifname=a/b", "\"web:ifname=a/b\": option ifname: \"a/b\" is not an interface name"},
	        {"web:alias=-x", "\"web:alias=-x\": option alias: \"-x\" is not a host name"},
	        {"web:alias=a,alias=a", "\"web:alias=a,alias=a\": option alias: a is given twice"},
	        {"web:gw-priority=1x",
	         "\"web:gw-priority=1x\": option gw-priority: \"1x\" is not an integer"},
	        {"web:gw-priority=-", "\"web:gw-priority=-\": option gw-priority: \"-\" is not an integer"},
	        {"web:gw-priority=+1",
	         "\"web:gw-priority=+1\": option gw-priority: \"+1\" is not an integer"},
	        {"web:gw-priority=2147483648",
	         "\"web:gw-priority=2147483648\": option gw-priority: \"2147483648\" is not an integer"},
	        {"web:gw-priority=99999999999999999999", "\"web:gw-priority=99999999999999999999\": option "
	                                                 "gw-priority: \"99999999999999999999\" is not an "
	                                                 "integer"},
	        {"web:gw-priority=0,gw-priority=1",
	         "\"web:gw-priority=0,gw-priority=1\": option gw-priority: given twice"},
	        {"web:IP=10.0.0.1",
	         "\"web:IP=10.0.0.1\": unknown option \"IP\" (there are ip, ip6, mac, ifname, "
	         "alias, gw-priority)"},
	        {"web:port=80",
	         "\"web:port=80\": unknown option \"port\" (there are ip, ip6, mac, ifname, alias, "
	         "gw-priority)"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		read_bad(cnm_attach_list_add, rows[i].text, rows[i].want);
		read_bad(cnm_attach_list_parse, rows[i].text, rows[i].want);
	}
}

Test(attach_arg, mac_that_no_interface_has)
{
	static const char *const rows[] = {"web:mac=02:00:00:00:00", "web:mac=01:00:00:00:00:00",
	                                   "web:mac=00:00:00:00:00:00", "web:mac=02:00:00:00:00:0g",
	                                   "web:mac=02:00:00:00:00:01:02"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		_cleanup_attach_list_ struct cnm_attach_list list = {0};
		struct cnm_error err = CNM_ERROR_INIT;

		cr_assert_eq(cnm_attach_list_add(&list, rows[i], &err), -1, "accepted: %s", rows[i]);
		cr_assert_eq(err.code, CNM_E_INVALID);
		cr_assert_not_null(strstr(err.text, "option mac: "), "%s", err.text);
	}
}

Test(attach_arg, argument_is_one_attachment)
{
	read_bad(cnm_attach_list_add, "web,other", "\"web,other\": unknown option \"other\"");
	read_bad(cnm_attach_list_add, "web:alias=a,b", "\"web:alias=a,b\": unknown option \"b\"");
	read_bad(cnm_attach_list_add, " web", "\" web\": \" web\" is not a network name");
}

Test(attach_arg, bad_lists)
{
	read_bad(cnm_attach_list_parse, "   ", "\"   \": no network name");
	read_bad(cnm_attach_list_parse, "web,", "\"web,\": no network name");
	read_bad(cnm_attach_list_parse, "web,,b", "\"web,,b\": no network name");
	/* Options do not reach an attachment of an earlier call. */
	read_bad(cnm_attach_list_parse, "alias=new", "\"alias=new\": no network name");
	read_bad(cnm_attach_list_parse, "a,b,c:mac=x,d",
	         "\"a,b,c:mac=x,d\": option mac: \"x\" is not a MAC address (like 02:42:ac:11:00:02)");
}

/* The text may be as long as an annotation; the line that names it may not. */
Test(attach_arg, long_text_is_cut_in_the_error)
{
	_cleanup_free_ char *text = malloc(65537);
	_cleanup_attach_list_ struct cnm_attach_list list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_not_null(text);
	memset(text, 'a', 65536);
	text[65536] = '\0';
	text[65535] = '!';
	cr_assert_eq(cnm_attach_list_parse(&list, text, &err), -1);
	cr_assert_lt(strlen(err.text), CNM_ERROR_TEXT_MAX);
	cr_assert_eq(list.count, 0);
}

/* Every beginning of a text either is one itself or is refused with a line. */
Test(attach_arg, truncated)
{
	static const char text[] =
	        "web:ip=10.0.0.5,ip6=fd00::5,mac=02:42:ac:11:00:02,ifname=net0,alias=db,b:gw-priority=-7";

	for (size_t len = 0; len < sizeof(text); len++) {
		_cleanup_attach_list_ struct cnm_attach_list list = {0};
		_cleanup_free_ char *part = strndup(text, len);
		struct cnm_error err = CNM_ERROR_INIT;

		if (cnm_attach_list_parse(&list, part, &err) < 0) {
			cr_assert_str_not_empty(err.text);
			cr_assert_eq(list.count, 0);
		} else {
			cr_assert_gt(list.count, 0);
		}
	}
}

Test(attach_arg, free_accepts_nothing)
{
	struct cnm_attach_list list = {0};

	cnm_attach_list_free(&list);
	cnm_attach_list_free(NULL);
}
