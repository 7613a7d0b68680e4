/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a plugin listens: what the discovery files of Docker's plugins say. A .spec file is one URL; a .json file has
 * {"Name", "Addr", "TLSConfig": {"CAFile", "CertFile", "KeyFile", "InsecureSkipVerify"}}.
 */
#ifndef CNM_SPEC_PLUGIN_ADDRESS_H
#define CNM_SPEC_PLUGIN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct cnm_error;

struct cnm_plugin_address {
	char *socket; /* path of a unix socket; NULL: url says where */
	char *url; /* "http://HOST:PORT" or "https://HOST:PORT", without a path; "http://localhost" with a socket */
	char *ca_file, *cert_file, *key_file; /* NULL: the system's certificates, none of our own */
	bool insecure;                        /* the server's certificate is not checked */
};

/* unix:///PATH, tcp://HOST:PORT, http://HOST[:PORT], https://HOST[:PORT]; blanks around it do not count. As Docker does, a path behind the
 * host is left out. CNM_E_INVALID otherwise. */
int cnm_plugin_spec_parse(struct cnm_plugin_address *ret, const char *text, size_t len,
                          struct cnm_error *err);
/* tcp:// with a TLSConfig is https. */
int cnm_plugin_json_parse(struct cnm_plugin_address *ret, const char *text, size_t len,
                          struct cnm_error *err);
/* The address of a socket at that path. */
int cnm_plugin_socket_address(struct cnm_plugin_address *ret, const char *path, struct cnm_error *err);
/* How people are told of it. Borrowed. */
const char *cnm_plugin_address_text(const struct cnm_plugin_address *address);
void cnm_plugin_address_free(struct cnm_plugin_address *address);
#define _cleanup_plugin_address_ __attribute__((cleanup(cnm_plugin_address_free)))

#endif
