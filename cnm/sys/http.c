/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP by libcurl. Only this file knows the library; its header gives the types, and its functions are looked up when the first request is made. */
#define CURL_DISABLE_TYPECHECK 1
#include "cnm/sys/http.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <string.h>

/* The function, not the macro of its name that counts arguments. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define LIBRARY "libcurl.so.4"
#define PACKAGE "libcurl4"

struct cnm_http {
	void *handle;
	CURL *easy;
	CURLcode (*global_init)(long flags);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	void (*easy_reset)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	CURLcode (*easy_perform)(CURL *easy);
	const char *(*easy_strerror)(CURLcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	char words[CURL_ERROR_SIZE];
};

/* POSIX lets dlsym's answer be called; ISO C has no conversion for it, so the bytes are copied. */
static int resolve(struct cnm_http *http, const char *name, void *ret, struct cnm_error *err)
{
	void *symbol = dlsym(http->handle, name);

	if (!symbol)
		return cnm_fail(err, CNM_E_UNSUPPORTED, LIBRARY " has no function %s", name);
	memcpy(ret, &symbol, sizeof(symbol));
	return 0;
}

static int load(struct cnm_http *http, struct cnm_error *err)
{
	http->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!http->handle)
		return cnm_fail(err, CNM_E_UNSUPPORTED,
		                "cannot load " LIBRARY " (package " PACKAGE
		                "), which requests over HTTP need");
	if (resolve(http, "curl_global_init", &http->global_init, err) < 0 ||
	    resolve(http, "curl_global_cleanup", &http->global_cleanup, err) < 0 ||
	    resolve(http, "curl_easy_init", &http->easy_init, err) < 0 ||
	    resolve(http, "curl_easy_cleanup", &http->easy_cleanup, err) < 0 ||
	    resolve(http, "curl_easy_reset", &http->easy_reset, err) < 0 ||
	    resolve(http, "curl_easy_setopt", &http->easy_setopt, err) < 0 ||
	    resolve(http, "curl_easy_getinfo", &http->easy_getinfo, err) < 0 ||
	    resolve(http, "curl_easy_perform", &http->easy_perform, err) < 0 ||
	    resolve(http, "curl_easy_strerror", &http->easy_strerror, err) < 0 ||
	    resolve(http, "curl_slist_append", &http->slist_append, err) < 0)
		return -1;
	return resolve(http, "curl_slist_free_all", &http->slist_free_all, err);
}

int cnm_http_open(struct cnm_http **ret, struct cnm_error *err)
{
	struct cnm_http *http = calloc(1, sizeof(*http));

	if (!http)
		return cnm_fail_nomem(err);
	if (load(http, err) < 0) {
		if (http->handle)
			dlclose(http->handle);
		free(http);
		return -1;
	}
	if (http->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(http->easy = http->easy_init())) {
		cnm_http_close(http);
		return cnm_fail(err, CNM_E_SYSTEM, LIBRARY " does not start");
	}
	*ret = http;
	return 0;
}

/* The library stays loaded: its TLS library registers functions that run when the process ends. */
void cnm_http_close(struct cnm_http *http)
{
	if (!http)
		return;
	if (http->easy)
		http->easy_cleanup(http->easy);
	http->global_cleanup();
	free(http);
}

static size_t take_bytes(char *data, size_t size, size_t count, void *arg)
{
	struct cnm_buf *buf = arg;

	return cnm_buf_append(buf, data, size * count) == 0 ? size * count : 0;
}

static CURLcode set_tls(struct cnm_http *http, const struct cnm_http_request *request)
{
	CURLcode r = CURLE_OK;

	if (request->ca_file)
		r = http->easy_setopt(http->easy, CURLOPT_CAINFO, request->ca_file);
	if (r == CURLE_OK && request->cert_file)
		r = http->easy_setopt(http->easy, CURLOPT_SSLCERT, request->cert_file);
	if (r == CURLE_OK && request->key_file)
		r = http->easy_setopt(http->easy, CURLOPT_SSLKEY, request->key_file);
	if (r == CURLE_OK && request->insecure)
		r = http->easy_setopt(http->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	if (r == CURLE_OK && request->insecure)
		r = http->easy_setopt(http->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	return r;
}

static CURLcode set_request(struct cnm_http *http, const struct cnm_http_request *request,
                            struct curl_slist *headers, struct cnm_buf *ret)
{
	const char *body = request->body ? request->body : "";
	const struct {
		CURLoption option;
		const void *value;
	} pointers[] = {
	        {CURLOPT_ERRORBUFFER, http->words},
	        {CURLOPT_URL, request->url},
	        {CURLOPT_POSTFIELDS, body},
	        {CURLOPT_HTTPHEADER, headers},
	        {CURLOPT_WRITEDATA, ret},
	        {CURLOPT_PROXY, ""},
	        {CURLOPT_PROTOCOLS_STR, "http,https"},
	        {CURLOPT_UNIX_SOCKET_PATH, request->socket},
	};
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
	        {CURLOPT_POST, 1},
	        {CURLOPT_POSTFIELDSIZE, (long)strlen(body)},
	        {CURLOPT_TIMEOUT_MS, (long)request->timeout_ms},
	        {CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms},
	        {CURLOPT_NOSIGNAL, 1},
	        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	};
	CURLcode r = http->easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, take_bytes);
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(pointers) && r == CURLE_OK; i++)
		if (pointers[i].value)
			r = http->easy_setopt(http->easy, pointers[i].option, pointers[i].value);
	for (i = 0; i < CNM_ARRAY_SIZE(numbers) && r == CURLE_OK; i++)
		r = http->easy_setopt(http->easy, numbers[i].option, numbers[i].value);
	return r == CURLE_OK ? set_tls(http, request) : r;
}

static enum cnm_http_failure judge(struct cnm_http *http, CURLcode code)
{
	curl_off_t sent = 0;
	long request_bytes = 0;

	/* A time-out while connecting is told from one while waiting by what was sent. */
	http->easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	http->easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	    (sent == 0 && request_bytes == 0))
		return CNM_HTTP_NOT_CONNECTED;
	return CNM_HTTP_NO_ANSWER;
}

static int fail_request(struct cnm_http *http, const struct cnm_http_request *request, CURLcode code,
                        const struct cnm_buf *ret, struct cnm_error *err)
{
	long number = 0;

	if (ret->failed)
		return cnm_fail(err, CNM_E_INVALID, "the answer is longer than %zu bytes", ret->max);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return cnm_fail(err, CNM_E_TRY_AGAIN, "no answer within %u ms", request->timeout_ms);
	if (code == CURLE_COULDNT_CONNECT && request->socket) {
		http->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &number);
		return cnm_fail(err, CNM_E_TRY_AGAIN, "cannot connect to %s: %s", request->socket,
		                strerror((int)number));
	}
	if (code == CURLE_GOT_NOTHING)
		return cnm_fail(err, CNM_E_TRY_AGAIN, "the connection was closed without an answer");
	if (code == CURLE_PARTIAL_FILE)
		return cnm_fail(err, CNM_E_TRY_AGAIN,
		                "the connection was closed in the middle of the answer");
	return cnm_fail(err, CNM_E_TRY_AGAIN, "%s", http->words[0] ? http->words : http->easy_strerror(code));
}

int cnm_http_post(struct cnm_http *http, const struct cnm_http_request *request, struct cnm_buf *ret,
                  long *ret_status, enum cnm_http_failure *ret_failure, struct cnm_error *err)
{
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OK;
	size_t i;

	*ret_failure = CNM_HTTP_NOT_CONNECTED;
	http->words[0] = '\0';
	http->easy_reset(http->easy);
	for (i = 0; request->headers[i]; i++) {
		struct curl_slist *longer = http->slist_append(headers, request->headers[i]);

		if (!longer) {
			http->slist_free_all(headers);
			return cnm_fail_nomem(err);
		}
		headers = longer;
	}
	code = set_request(http, request, headers, ret);
	if (code == CURLE_OK) {
		code = http->easy_perform(http->easy);
		*ret_failure = code == CURLE_OK ? CNM_HTTP_OK : judge(http, code);
	}
	if (code == CURLE_OK)
		code = http->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, ret_status);
	http->slist_free_all(headers);
	return code == CURLE_OK ? 0 : fail_request(http, request, code, ret, err);
}
