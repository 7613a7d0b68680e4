/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process of a test's plugin: its socket, HTTP, and what goes wrong on purpose. */
#include "tests/support/plugin.h"
#include "cnm/base/cleanup.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 65536

static void sleep_ms(unsigned ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

/* Reads head and body; the head ends in NUL at *ret_body - 1. false: the connection ended before. */
static bool read_request(int fd, char *buf, char **ret_body)
{
	size_t len = 0, want = 0;
	char *body = NULL;

	while (!body || len < want) {
		ssize_t n = read(fd, buf + len, REQUEST_MAX - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		if (!body && (body = strstr(buf, "\r\n\r\n"))) {
			const char *length = strstr(buf, "Content-Length: ");

			body += 4;
			want = (size_t)(body - buf) + (length ? strtoul(length + 16, NULL, 10) : 0);
		}
	}
	body[-1] = '\0';
	*ret_body = body;
	return true;
}

static void answer(int fd, int status, const char *text, size_t cut)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
	                 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	                 "Connection: close\r\n\r\n",
	                 status, status == 200 ? "OK" : "No", strlen(text));

	send(fd, head, (size_t)n, MSG_NOSIGNAL);
	send(fd, text, strlen(text) - cut, MSG_NOSIGNAL);
}

/* Which occurrence of the call this is. */
static unsigned occurrence(const struct cnm_test_book *book, const char *call)
{
	unsigned i, n = 0;

	for (i = 0; i + 1 < book->call_count; i++)
		n += strcmp(book->calls[i], call) == 0;
	return n;
}

static bool is_faulty(const struct cnm_test_book *book, const char *call)
{
	return book->fault != CNM_TEST_NO_FAULT && strcmp(book->fault_call, call) == 0 &&
	       occurrence(book, call) == book->fault_at;
}

/* The connection hangs, in a process of its own, and the plugin goes on with others; then it answers, or (NULL) closes it. */
static void hang(const struct cnm_test_plugin *plugin, int fd, int listener, const char *late)
{
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(listener);
	sleep_ms(plugin->book->slow_ms);
	if (late)
		answer(fd, 200, late, 0);
	_exit(0);
}

/* What comes before the deed. true: this was all. */
static bool go_wrong(struct cnm_test_plugin *plugin, int fd, const char *call, int listener)
{
	struct cnm_test_book *book = plugin->book;
	enum cnm_test_fault fault = book->fault;
	const char *error =
	        strncmp(call, "Ipam", 4) == 0 ? "{\"Error\":\"no, thanks\"}" : "{\"Err\":\"no, thanks\"}";

	if (!is_faulty(book, call) || fault == CNM_TEST_SLOW)
		return false;
	switch (fault) {
	case CNM_TEST_DIES_BEFORE: /* the test takes care that it has ended */
	case CNM_TEST_DIES_IN:
		_exit(0);
	case CNM_TEST_SILENT:
		hang(plugin, fd, listener, NULL);
		break;
	case CNM_TEST_HALF:
		answer(fd, 200, "{\"Scope\":\"local\"}", 7);
		break;
	case CNM_TEST_GARBAGE:
		answer(fd, 200, "<html>It works!</html>", 0);
		break;
	case CNM_TEST_BREAKS:
		answer(fd, 500, "panic: no such thing\ngoroutine 1\n", 0);
		break;
	default:
		answer(fd, 200, error, 0);
		break;
	}
	return true;
}

/* Whether the next call is the one before which it is to end. */
static bool ends_now(const struct cnm_test_book *book)
{
	return book->fault == CNM_TEST_DIES_BEFORE && book->call_count == book->fault_at;
}

/* What the test wants said. */
static void say(const struct cnm_test_book *book, const char *call, json_object *reply)
{
	json_object *more = strcmp(book->say_call, call) == 0 ? json_tokener_parse(book->say) : NULL;
	struct json_object_iterator i, end;

	if (!more || !reply) {
		json_object_put(more);
		return;
	}
	end = json_object_iter_end(more);
	for (i = json_object_iter_begin(more); !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		json_object_object_add(reply, json_object_iter_peek_name(&i),
		                       json_object_get(json_object_iter_peek_value(&i)));
	json_object_put(more);
}

static void serve_one(struct cnm_test_plugin *plugin, int fd, int listener)
{
	static char buf[REQUEST_MAX];
	struct cnm_test_book *book = plugin->book;
	json_object *request = NULL, *reply;
	const char *refusal = NULL, *kind, *text;
	char call[64], error[1024];
	char *body;

	if (!read_request(fd, buf, &body) || sscanf(buf, "POST /%63s HTTP/1.1", call) != 1)
		return;
	if (book->call_count < CNM_TEST_CALLS_MAX)
		snprintf(book->calls[book->call_count++], sizeof(book->calls[0]), "%s", call);
	/* Before the answer: who has it connects again at once. */
	if (ends_now(book))
		close(listener);
	if (go_wrong(plugin, fd, call, listener))
		return;
	request = *body ? json_tokener_parse(body) : NULL;
	if (!cnm_test_plugin_would_be_sent(plugin, call, buf, request)) {
		answer(fd, 500, book->complaint, 0);
		json_object_put(request);
		return;
	}
	reply = plugin->script ? cnm_test_plugin_play(plugin, call, request)
	                       : cnm_test_plugin_serve(plugin, call, request, &refusal);
	say(book, call, reply);
	kind = strncmp(call, "Ipam", 4) == 0 ? "Error" : "Err";
	snprintf(error, sizeof(error), "{\"%s\":\"%s\"}", kind, refusal ? refusal : book->complaint);
	text = reply ? json_object_to_json_string(reply) : error;
	if (is_faulty(book, call))
		hang(plugin, fd, listener, text);
	else
		answer(fd, 200, text, 0);
	json_object_put(reply);
	json_object_put(request);
}

static void serve(struct cnm_test_plugin *plugin, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (plugin->book->forgetful) {
		memset(plugin->book->pools, 0, sizeof(plugin->book->pools));
		memset(plugin->book->addresses, 0, sizeof(plugin->book->addresses));
	}
	while (!ends_now(plugin->book)) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		serve_one(plugin, fd, listener);
		/* Its own end first: who closes last waits for nobody. */
		close(fd);
	}
	_exit(0);
}

void cnm_test_plugin_restart(struct cnm_test_plugin *plugin)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cnm_test_plugin_kill(plugin);
	unlink(plugin->socket);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", plugin->socket);
	cr_assert_eq(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0, "%s: %s", plugin->socket,
	             strerror(errno));
	cr_assert_eq(listen(listener, 64), 0);
	plugin->pid = fork();
	if (plugin->pid == 0)
		serve(plugin, listener);
	close(listener);
	cr_assert_gt(plugin->pid, 0);
}

void cnm_test_plugin_start(struct cnm_test_plugin *plugin, const char *dir, const char *name)
{
	mkdir(dir, 0755);
	setenv("CNM_PLUGIN_DIRS", dir, 1);
	snprintf(plugin->socket, sizeof(plugin->socket), "%s/%s.sock", dir, name);
	plugin->book =
	        mmap(NULL, sizeof(*plugin->book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(plugin->book, MAP_FAILED);
	snprintf(plugin->book->dst_prefix, sizeof(plugin->book->dst_prefix), "eth");
	cnm_test_plugin_restart(plugin);
}

void cnm_test_plugin_kill(struct cnm_test_plugin *plugin)
{
	if (plugin->pid <= 0)
		return;
	kill(plugin->pid, SIGKILL);
	waitpid(plugin->pid, NULL, 0);
	plugin->pid = 0;
}

void cnm_test_plugin_stop(struct cnm_test_plugin *plugin)
{
	cnm_test_plugin_kill(plugin);
	unlink(plugin->socket);
	if (plugin->book)
		munmap(plugin->book, sizeof(*plugin->book));
	plugin->book = NULL;
}

unsigned cnm_test_plugin_count(const struct cnm_test_plugin *plugin, const char *call)
{
	unsigned i, n = 0;

	for (i = 0; i < plugin->book->call_count; i++)
		n += strcmp(plugin->book->calls[i], call) == 0;
	return n;
}

char *cnm_test_plugin_calls(const struct cnm_test_plugin *plugin, unsigned from)
{
	char *text = calloc(1, sizeof(plugin->book->calls));
	unsigned i;

	for (i = from; i < plugin->book->call_count; i++) {
		const char *dot = strchr(plugin->book->calls[i], '.');

		strcat(strcat(text, dot ? dot + 1 : "?"), " ");
	}
	return text;
}

char *cnm_test_plugin_left(const struct cnm_test_plugin *plugin)
{
	const struct cnm_test_book *b = plugin->book;
	char *text = calloc(1, 8192);
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(b->networks); i++)
		if (b->networks[i].id[0])
			sprintf(text + strlen(text), "network %.8s ", b->networks[i].id);
	for (i = 0; i < CNM_ARRAY_SIZE(b->endpoints); i++)
		if (b->endpoints[i].id[0])
			sprintf(text + strlen(text), "endpoint %.8s%s%s ", b->endpoints[i].id,
			        b->endpoints[i].joined ? " joined" : "",
			        b->endpoints[i].external ? " external" : "");
	for (i = 0; i < CNM_ARRAY_SIZE(b->pools); i++)
		if (b->pools[i].id[0])
			sprintf(text + strlen(text), "pool %s ", b->pools[i].id);
	for (i = 0; i < CNM_ARRAY_SIZE(b->addresses); i++)
		if (b->addresses[i].address[0])
			sprintf(text + strlen(text), "address %s ", b->addresses[i].address);
	return text;
}
