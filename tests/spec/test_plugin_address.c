/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discovery files of plugins. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/plugin_address.h"
#include <criterion/criterion.h>
#include <string.h>

#define SPEC(said, r)                                                                                        \
	_cleanup_plugin_address_ struct cnm_plugin_address a = {0};                                          \
	struct cnm_error err = CNM_ERROR_INIT;                                                               \
	cr_assert_eq(cnm_plugin_spec_parse(&a, said, strlen(said), &err), r, "%s: %s", said, err.text)
#define JSON(said, r)                                                                                        \
	_cleanup_plugin_address_ struct cnm_plugin_address a = {0};                                          \
	struct cnm_error err = CNM_ERROR_INIT;                                                               \
	cr_assert_eq(cnm_plugin_json_parse(&a, said, strlen(said), &err), r, "%s: %s", said, err.text)

Test(plugin_address, unix_socket)
{
	SPEC("unix:///run/p.sock\n", 0);
	cr_assert_str_eq(a.socket, "/run/p.sock");
	cr_assert_str_eq(a.url, "http://localhost");
}

Test(plugin_address, tcp_is_http)
{
	SPEC(" \ttcp://127.0.0.1:5000/path?x \r\n", 0);
	cr_assert_null(a.socket);
	cr_assert_str_eq(a.url, "http://127.0.0.1:5000");
	cr_assert_str_eq(cnm_plugin_address_text(&a), "http://127.0.0.1:5000");
}

Test(plugin_address, https_and_ipv6)
{
	SPEC("https://[::1]:5000", 0);
	cr_assert_str_eq(a.url, "https://[::1]:5000");
}

Test(plugin_address, what_is_no_address)
{
	static const char *const texts[] = {
	        "",
	        " \n",
	        "/run/p.sock",
	        "unix://p.sock",
	        "unix://",
	        "tcp://",
	        "tcp:///x",
	        "ftp://host",
	        "http://user:word@host",
	        "http://host\nhttp://other",
	        "http://ho st",
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		SPEC(texts[i], -1);
		cr_assert_eq(err.code, CNM_E_INVALID, "%s", texts[i]);
	}
}

/* sun_path holds 108 bytes, the NUL included. */
Test(plugin_address, socket_path_that_is_too_long)
{
	char text[160] = "unix:///";

	memset(text + strlen(text), 'x', 107);
	SPEC(text, -1);
	text[strlen(text) - 1] = '\0';
	cr_assert_eq(cnm_plugin_spec_parse(&a, text, strlen(text), &err), 0, "%s", err.text);
}

Test(plugin_address, json_with_tls)
{
	JSON("{\"Name\":\"x\",\"Addr\":\"tcp://h:1\",\"TLSConfig\":{\"CAFile\":\"/ca\",\"CertFile\":\"/"
	     "cert\",\"KeyFile\":\"/key\",\"InsecureSkipVerify\":true}}",
	     0);
	cr_assert_str_eq(a.url, "https://h:1");
	cr_assert_str_eq(a.ca_file, "/ca");
	cr_assert_str_eq(a.cert_file, "/cert");
	cr_assert_str_eq(a.key_file, "/key");
	cr_assert(a.insecure);
}

Test(plugin_address, json_without_tls)
{
	JSON("{\"Addr\":\"tcp://h:1\",\"TLSConfig\":null,\"unknown\":1}", 0);
	cr_assert_str_eq(a.url, "http://h:1");
	cr_assert_not(a.insecure);
}

Test(plugin_address, json_that_is_none)
{
	static const char *const texts[] = {
	        "",
	        "[]",
	        "{",
	        "{\"Name\":\"x\"}",
	        "{\"Addr\":5}",
	        "{\"Addr\":\"tcp://h:1\",\"TLSConfig\":[]}",
	        "{\"Addr\":\"tcp://h:1\",\"TLSConfig\":{\"InsecureSkipVerify\":1}}"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(texts); i++) {
		JSON(texts[i], -1);
	}
}
