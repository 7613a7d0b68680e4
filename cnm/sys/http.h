/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP requests, by libcurl, which is opened on first use: to load it costs more than a whole attach. A client belongs to one
 * thread; it keeps its connections for the next request.
 */
#ifndef CNM_SYS_HTTP_H
#define CNM_SYS_HTTP_H

#include "cnm/base/buf.h"
#include <stdbool.h>

struct cnm_error;
struct cnm_http;

/* CNM_E_UNSUPPORTED names the library and its package. */
int cnm_http_open(struct cnm_http **ret, struct cnm_error *err);
void cnm_http_close(struct cnm_http *http);

struct cnm_http_request {
	const char *url;
	const char *
	        socket; /* path of a unix socket that is connected to instead of the URL's host; NULL: none */
	const char *const *headers; /* "Name: value", ends with NULL */
	const char *body;           /* of the POST; NULL: empty */
	const char *ca_file, *cert_file,
	        *key_file;   /* of https; NULL: the system's certificates, none of our own */
	bool insecure;       /* the server's certificate is not checked */
	unsigned timeout_ms; /* for all of it, connecting included; not 0 */
};

/* How a request failed, for who decides whether it may be repeated. */
enum cnm_http_failure {
	CNM_HTTP_OK,
	CNM_HTTP_NOT_CONNECTED, /* nothing was sent */
	CNM_HTTP_NO_ANSWER,     /* none in time, or the connection broke: it may have had its effect */
};

/* Sends a POST. The answer's body is appended to ret, up to its limit; *ret_status is the HTTP status. Redirections are not followed, and
 * no proxy of the environment is used. On failure *ret_failure says how, and the error why. */
int cnm_http_post(struct cnm_http *http, const struct cnm_http_request *request, struct cnm_buf *ret,
                  long *ret_status, enum cnm_http_failure *ret_failure, struct cnm_error *err);

#endif
