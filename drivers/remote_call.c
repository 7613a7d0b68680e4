/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of a plugin: time, repetition, and what its answer means. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/sys/http.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A plugin that is just being started again listens soon: so often a refused connection is tried again, each wait twice the last. */
#define CONNECT_TRIES   4
#define CONNECT_WAIT_MS 50

struct cnm_remote *cnm_remote_of(struct cnm_controller *controller, struct cnm_error *err)
{
	struct cnm_remote *remote = controller->outside_state;

	if (remote)
		return remote;
	remote = calloc(1, sizeof(*remote));
	if (!remote) {
		cnm_fail_nomem(err);
		return NULL;
	}
	remote->started = cnm_remote_now_ms();
	controller->outside_state = remote;
	return remote;
}

unsigned cnm_remote_time_left(const struct cnm_remote *remote, enum cnm_remote_mode mode)
{
	unsigned call = cnm_remote_call_ms(), verb = cnm_remote_verb_ms();
	uint64_t used = cnm_remote_now_ms() - remote->started;

	if (mode != CNM_REMOTE_TELL)
		verb -= verb / 4;
	if (used >= verb)
		return 0;
	return verb - used < call ? (unsigned)(verb - used) : call;
}

static void wait_ms(unsigned ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

/* Sends it; on failure *outcome says whether it may have been heard. */
static int exchange(struct cnm_remote *remote, const struct cnm_remote_plugin *plugin, const char *call,
                    const char *body, enum cnm_remote_mode mode, struct cnm_buf *answer, long *status,
                    enum cnm_remote_outcome *outcome, struct cnm_error *err)
{
	static const char accept[] = "Accept: " CNM_PLUGIN_ACCEPT;
	static const char *const plain[] = {accept, "Content-Type:", "Expect:", NULL};
	/* "Name;" is libcurl's way to send a header without a value, as Docker does where there is no host. */
	static const char *const local[] = {accept, "Content-Type:", "Expect:", "Host;", NULL};
	_cleanup_free_ char *url = NULL;
	struct cnm_http_request request = {
	        .socket = plugin->address.socket,
	        .headers = plugin->address.socket ? local : plain,
	        .body = body,
	        .ca_file = plugin->address.ca_file,
	        .cert_file = plugin->address.cert_file,
	        .key_file = plugin->address.key_file,
	        .insecure = plugin->address.insecure,
	};
	unsigned tries = mode == CNM_REMOTE_TELL ? 1 : CONNECT_TRIES, i;
	enum cnm_http_failure failure = CNM_HTTP_NOT_CONNECTED;
	int r = -1;

	*outcome = CNM_REMOTE_NOT_HEARD;
	if (asprintf(&url, "%s/%s", plugin->address.url, call) < 0) {
		url = NULL;
		return cnm_fail_nomem(err);
	}
	request.url = url;
	for (i = 0; i < tries && r < 0 && failure == CNM_HTTP_NOT_CONNECTED; i++) {
		if (i > 0)
			wait_ms(CONNECT_WAIT_MS << (i - 1));
		cnm_error_clear(err);
		request.timeout_ms = cnm_remote_time_left(remote, mode);
		if (request.timeout_ms == 0)
			return cnm_fail(err, CNM_E_TRY_AGAIN, "no time is left of %u ms for all calls",
			                cnm_remote_verb_ms());
		r = cnm_http_post(remote->http, &request, answer, status, &failure, err);
	}
	if (r < 0 && failure != CNM_HTTP_NOT_CONNECTED)
		*outcome = CNM_REMOTE_UNSURE;
	return r;
}

/* The first line of what is no JSON. */
static int refuse_with_text(long status, const struct cnm_buf *answer, struct cnm_error *err)
{
	const char *text = cnm_buf_text(answer);

	return cnm_fail(err, CNM_E_SYSTEM, "it answered with status %ld%s%.*s", status, *text ? ": " : "",
	                (int)strcspn(text, "\r\n"), text);
}

static int judge(const struct cnm_buf *answer, long status, enum cnm_remote_mode mode, json_object **ret,
                 enum cnm_remote_outcome *outcome, struct cnm_error *err)
{
	_cleanup_json_ json_object *reply = NULL;
	const char *refusal;
	int r = cnm_plugin_reply_parse(&reply, cnm_buf_text(answer), answer->len, err);

	*outcome = status == 200 ? CNM_REMOTE_UNSURE : CNM_REMOTE_REFUSED;
	if (status == 404 && mode == CNM_REMOTE_OPTIONAL) {
		cnm_error_clear(err);
		json_object_put(TAKE_PTR(reply));
		r = cnm_plugin_reply_parse(&reply, "", 0, err);
	} else if (status != 200 && r < 0) {
		return refuse_with_text(status, answer, err);
	}
	if (r < 0)
		return -1;
	refusal = cnm_plugin_refusal(reply);
	if (refusal || (status != 200 && !(status == 404 && mode == CNM_REMOTE_OPTIONAL))) {
		*outcome = CNM_REMOTE_REFUSED;
		return refusal ? cnm_fail(err, CNM_E_SYSTEM, "%s", refusal)
		               : refuse_with_text(status, answer, err);
	}
	*outcome = CNM_REMOTE_DONE;
	if (ret)
		*ret = TAKE_PTR(reply);
	return 0;
}

int cnm_remote_call(struct cnm_controller *controller, struct cnm_remote_plugin *plugin, const char *call,
                    const char *body, enum cnm_remote_mode mode, json_object **ret,
                    enum cnm_remote_outcome *ret_outcome, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf answer = CNM_BUF_INIT(CNM_JSON_MAX);
	struct cnm_remote *remote = cnm_remote_of(controller, err);
	enum cnm_remote_outcome outcome = CNM_REMOTE_NOT_HEARD;
	long status = 0;
	int r = -1;

	if (remote && (remote->http || cnm_http_open(&remote->http, err) == 0))
		r = exchange(remote, plugin, call, body, mode, &answer, &status, &outcome, err);
	if (r == 0)
		r = judge(&answer, status, mode, ret, &outcome, err);
	if (mode == CNM_REMOTE_TELL && r < 0 && outcome != CNM_REMOTE_REFUSED)
		plugin->silent = true;
	if (ret_outcome)
		*ret_outcome = outcome;
	return r < 0 ? cnm_wrap(err, "plugin %s: %s", plugin->name, call) : 0;
}

int cnm_remote_ask(struct cnm_controller *controller, struct cnm_remote_plugin *plugin, const char *call,
                   char *body, json_object **ret, enum cnm_remote_outcome *ret_outcome, struct cnm_error *err)
{
	_cleanup_free_ char *owned = body;
	size_t left = 0;

	if (ret_outcome)
		*ret_outcome = CNM_REMOTE_NOT_HEARD;
	if (!owned)
		return -1;
	/* What it was to be told before may be about this very endpoint or address. */
	if (cnm_remote_tell(controller, plugin->name, CNM_REMOTE_BEFORE, &left, err) < 0)
		return -1;
	return cnm_remote_call(controller, plugin, call, owned, CNM_REMOTE_ASK, ret, ret_outcome, err);
}
