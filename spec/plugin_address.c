/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discovery files of Docker's plugins. */
#include "spec/plugin_address.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include <stdio.h>
#include <string.h>

#define URL_MAX 1024

void cnm_plugin_address_free(struct cnm_plugin_address *address)
{
	free(address->socket);
	free(address->url);
	free(address->ca_file);
	free(address->cert_file);
	free(address->key_file);
	*address = (struct cnm_plugin_address){0};
}

const char *cnm_plugin_address_text(const struct cnm_plugin_address *address)
{
	return address->socket ? address->socket : address->url ? address->url : "";
}

int cnm_plugin_socket_address(struct cnm_plugin_address *ret, const char *path, struct cnm_error *err)
{
	ret->socket = strdup(path);
	ret->url = strdup("http://localhost");
	return ret->socket && ret->url ? 0 : cnm_fail_nomem(err);
}

/* The host with its port. User and password in an address are refused: they would go over the wire unseen. */
static int check_host(const char *host, size_t len, const char *url, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = host[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		          strchr(".-_:[]", c);

		if (!ok || c == '\0')
			break;
	}
	if (len == 0 || i < len)
		return cnm_fail(err, CNM_E_INVALID, "address \"%s\" has no host that could be asked", url);
	return 0;
}

static int set_host(struct cnm_plugin_address *ret, const char *scheme, const char *host, const char *url,
                    struct cnm_error *err)
{
	size_t len = strcspn(host, "/?#");

	if (check_host(host, len, url, err) < 0)
		return -1;
	if (asprintf(&ret->url, "%s://%.*s", scheme, (int)len, host) < 0) {
		ret->url = NULL;
		return cnm_fail_nomem(err);
	}
	return 0;
}

static int parse_url(struct cnm_plugin_address *ret, const char *url, bool with_tls, struct cnm_error *err)
{
	static const char unix_scheme[] = "unix://", tcp[] = "tcp://", http[] = "http://",
	                  https[] = "https://";

	if (strncmp(url, unix_scheme, strlen(unix_scheme)) == 0) {
		const char *path = url + strlen(unix_scheme);

		/* sun_path of a socket's address holds 108 bytes (unix(7)). */
		if (path[0] != '/' || strlen(path) >= 108)
			return cnm_fail(err, CNM_E_INVALID, "address \"%s\" is no path of a socket", url);
		return cnm_plugin_socket_address(ret, path, err);
	}
	if (strncmp(url, https, strlen(https)) == 0)
		return set_host(ret, "https", url + strlen(https), url, err);
	if (strncmp(url, tcp, strlen(tcp)) == 0)
		return set_host(ret, with_tls ? "https" : "http", url + strlen(tcp), url, err);
	if (strncmp(url, http, strlen(http)) == 0)
		return set_host(ret, "http", url + strlen(http), url, err);
	return cnm_fail(err, CNM_E_INVALID,
	                "address \"%s\" begins with none of unix://, tcp://, http://, https://", url);
}

int cnm_plugin_spec_parse(struct cnm_plugin_address *ret, const char *text, size_t len, struct cnm_error *err)
{
	static const char blanks[] = " \t\r\n";
	char url[URL_MAX];

	while (len > 0 && strchr(blanks, text[len - 1]) && text[len - 1])
		len--;
	while (len > 0 && *text && strchr(blanks, *text)) {
		text++;
		len--;
	}
	if (len == 0 || len >= sizeof(url) || memchr(text, '\0', len) || memchr(text, '\n', len))
		return cnm_fail(err, CNM_E_INVALID, "it is not one address");
	snprintf(url, sizeof(url), "%.*s", (int)len, text);
	return parse_url(ret, url, false, err);
}

static int parse_tls(struct cnm_plugin_address *ret, json_object *tls, struct cnm_error *err)
{
	if (cnm_caseless_dup_string(tls, "CAFile", &ret->ca_file, err) < 0 ||
	    cnm_caseless_dup_string(tls, "CertFile", &ret->cert_file, err) < 0 ||
	    cnm_caseless_dup_string(tls, "KeyFile", &ret->key_file, err) < 0)
		return -1;
	return cnm_caseless_get_bool(tls, "InsecureSkipVerify", &ret->insecure, err);
}

int cnm_plugin_json_parse(struct cnm_plugin_address *ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_json_ json_object *root = NULL;
	json_object *tls = NULL;
	const char *url = NULL;

	if (cnm_json_parse_object(&root, text, len, "the plugin's description", err) < 0 ||
	    cnm_caseless_get_string(root, "Addr", &url, err) < 0 ||
	    cnm_caseless_get_object(root, "TLSConfig", &tls, err) < 0)
		return -1;
	if (!url || strlen(url) >= URL_MAX)
		return cnm_fail(err, CNM_E_INVALID, "no \"Addr\"");
	if (tls && parse_tls(ret, tls, err) < 0)
		return cnm_wrap(err, "TLSConfig");
	return parse_url(ret, url, tls != NULL, err);
}
