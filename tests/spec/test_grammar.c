/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grammars of names: rows that are accepted and rows that are not. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/grammar.h"
#include <criterion/criterion.h>
#include <string.h>

struct row {
	const char *text;
	bool ok;
};

static void check(bool (*grammar)(const char *text), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(grammar(rows[i].text), rows[i].ok, "row %zu: \"%s\"", i, rows[i].text);
}

Test(grammar, name)
{
	static const struct row rows[] = {
	        {"a", true},
	        {"9", true},
	        {"Web-1_x.y", true},
	        {"964444b056fd9bb30f58", true},
	        {"default-y3", true},
	        {"a..", true},
	        {"", false},
	        {"-a", false},
	        {"_a", false},
	        {".a", false},
	        {"..", false},
	        {"a b", false},
	        {"a/b", false},
	        {"a\n", false},
	        {"caf\xc3\xa9", false},
	        {"a:b", false},
	        {"a=b", false},
	        {"a@b", false},
	        {"a\x01", false},
	};

	check(cnm_grammar_is_name, rows, CNM_ARRAY_SIZE(rows));
}

Test(grammar, ifname)
{
	static const struct row rows[] = {
	        {"e", true},
	        {"eth0", true},
	        {"fifteen_bytes_x", true},
	        {"sixteen_bytes_xx", false},
	        {"eth0.10", true},
	        {"a@b", true},
	        {"...", true},
	        {"-", true},
	        {"caf\xc3\xa9", true},
	        {"", false},
	        {".", false},
	        {"..", false},
	        {"a/b", false},
	        {"a:b", false},
	        {"eth%d", false},
	        {"a b", false},
	        {"a\t", false},
	        {"a\n", false},
	        {"\x7f", false},
	        {"a\x01", false},
	        {"a\xff", false},
	        {"\xc3", false},
	};

	check(cnm_grammar_is_ifname, rows, CNM_ARRAY_SIZE(rows));
}

Test(grammar, hostname)
{
	static const struct row rows[] = {
	        {"a", true},   {"db.example", true}, {"_srv", true}, {"Web-1", true},     {"10", true},
	        {"", false},   {"-a", false},        {".a", false},  {"a b", false},      {"a\n", false},
	        {"a#", false}, {"a\tb", false},      {"a/b", false}, {"\xc3\xa9", false},
	};
	char text[255];

	check(cnm_grammar_is_hostname, rows, CNM_ARRAY_SIZE(rows));
	memset(text, 'a', sizeof(text));
	text[254] = '\0';
	cr_assert_not(cnm_grammar_is_hostname(text), "254 bytes");
	text[253] = '\0';
	cr_assert(cnm_grammar_is_hostname(text), "253 bytes");
}

Test(grammar, address)
{
	static const struct row rows[] = {
	        {"10.0.0.1", true},   {"10.0.0.1/24", true},     {"fd00::1", true},
	        {"fd00::1/64", true}, {"10.0.0.1/0", true},      {"", false},
	        {"/24", false},       {"10.0.0.1/", false},      {"10.0.0.1/33", false},
	        {"10.0.0", false},    {"10.0.0.256", false},     {"fd00::1/129", false},
	        {" 10.0.0.1", false}, {"10.0.0.1/24/24", false}, {"fe80::1%eth0", false},
	        {"web", false},
	};

	check(cnm_grammar_is_address, rows, CNM_ARRAY_SIZE(rows));
}

Test(grammar, addresses_check_names_the_bad_one)
{
	_cleanup_strings_ struct cnm_strings list = {0};
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_addresses_check(&list, "ips", &err), 0);
	cr_assert_eq(cnm_strings_add(&list, "10.0.0.1", &err), 0);
	cr_assert_eq(cnm_strings_add(&list, "fd00::1/64", &err), 0);
	cr_assert_eq(cnm_addresses_check(&list, "ips", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_strings_add(&list, "10.0.0", &err), 0);
	cr_assert_eq(cnm_addresses_check(&list, "ips", &err), -1);
	cr_assert_eq(err.code, CNM_E_INVALID);
	cr_assert_str_eq(err.text, "ips: \"10.0.0\" is not an address");
}
