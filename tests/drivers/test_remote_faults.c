/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong with a plugin: each call of the protocol times each failure. The verb ends in bounded time with one line that names plugin,
 * call and reason; leaving always succeeds; and once the plugin can be told, nothing is left in kernel, records or plugin.
 */
#include "cnm/base/cleanup.h"
#include "tests/support/model.h"
#include "tests/support/plugin.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALL_MS 1500
#define VERB_MS 8000
#define HANG_MS 1500
#define TOLD_MS 20000 /* what a loaded machine may add */

static struct cnm_test_host host;
static struct cnm_test_plugin plugin;
static struct cnm_error err;

static void setup(void)
{
	char dir[160], text[16];

	cnm_test_host_make(&host);
	snprintf(dir, sizeof(dir), "%s/plugins", host.roots.base);
	snprintf(text, sizeof(text), "%d", CALL_MS);
	setenv("CNM_PLUGIN_CALL_MS", text, 1);
	snprintf(text, sizeof(text), "%d", VERB_MS);
	setenv("CNM_PLUGIN_VERB_MS", text, 1);
	cnm_test_plugin_start(&plugin, dir, "tp");
}

static void cleanup(void)
{
	cnm_test_plugin_stop(&plugin);
	cnm_test_host_remove(&host);
}

TestSuite(remote_faults, .init = setup, .fini = cleanup, .timeout = 120);

/* One call of the conversation. */
struct row {
	char call[64];
	unsigned at; /* which occurrence of it */
	char verb;   /* in which verb it comes: 'n'etwork, 'c'onnect, 'i'nspect, 'd'isconnect, 'r'emove */
	bool nameless; /* what a lost answer names cannot be given back: the protocol has no other name for it */
};

static const struct row rows[] = {
        {"Plugin.Activate", 0, 'n', false},
        {"NetworkDriver.GetCapabilities", 0, 'n', false},
        {"IpamDriver.GetCapabilities", 0, 'n', false},
        {"IpamDriver.GetDefaultAddressSpaces", 0, 'n', false},
        {"IpamDriver.RequestPool", 0, 'n', true},
        {"IpamDriver.RequestAddress", 0, 'n', true},
        {"NetworkDriver.CreateNetwork", 0, 'n', false},
        {"IpamDriver.RequestAddress", 1, 'c', false},
        {"NetworkDriver.CreateEndpoint", 0, 'c', false},
        {"NetworkDriver.Join", 0, 'c', false},
        {"NetworkDriver.ProgramExternalConnectivity", 0, 'c', false},
        {"NetworkDriver.EndpointOperInfo", 0, 'i', false},
        {"NetworkDriver.RevokeExternalConnectivity", 0, 'd', false},
        {"NetworkDriver.Leave", 0, 'd', false},
        {"NetworkDriver.DeleteEndpoint", 0, 'd', false},
        {"IpamDriver.ReleaseAddress", 0, 'd', false},
        {"IpamDriver.ReleaseAddress", 1, 'r', false},
        {"IpamDriver.ReleasePool", 0, 'r', false},
        {"NetworkDriver.DeleteNetwork", 0, 'r', false},
};

ParameterizedTestParameters(remote_faults, every_call_times_every_failure)
{
	static struct row copy[CNM_ARRAY_SIZE(rows)];

	memcpy(copy, rows, sizeof(rows));
	return cr_make_param_array(struct row, copy, CNM_ARRAY_SIZE(rows));
}

static void next_verb(void)
{
	struct cnm_settings settings = {.root = host.roots.root, .state = host.roots.state};
	struct cnm_error ignored = CNM_ERROR_INIT;

	cnm_controller_close(host.controller);
	cr_assert_eq(cnm_controller_open(&host.controller, &settings, &ignored), 0, "%s", ignored.text);
	cr_assert_eq(cnm_controller_add_builtin_drivers(host.controller, &ignored), 0);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The number of the row's call among all calls of the conversation: Docker's order. */
static unsigned position(const struct row *row)
{
	return (unsigned)(row - rows);
}

/* Runs the verb; the time is the caller's whole wait. */
static int run(char verb, struct cnm_network **network, struct cnm_endpoint **endpoint)
{
	const struct cnm_network_spec spec = {.name = "web", .driver = "tp", .ipam_driver = "tp"};
	const char *const addresses[] = {"10.77.0.50"};
	const struct cnm_endpoint_spec endpoint_spec = {.addresses = addresses, .address_count = 1};
	const struct cnm_sandbox_spec sandbox = {.id = "c1"};
	_cleanup_free_ char *info = NULL;
	long start = now_ms();
	int r = 0;

	next_verb();
	cnm_error_clear(&err);
	if (verb == 'n')
		r = cnm_network_create(host.controller, &spec, network, &err);
	else if (verb == 'c')
		r = cnm_connect(host.controller, *network, &sandbox, &endpoint_spec, NULL, CNM_CONNECT_NEW,
		                endpoint, &err);
	else if (verb == 'i')
		r = cnm_endpoint_info(host.controller, *endpoint, &info, &err);
	else if (verb == 'd')
		r = cnm_disconnect(host.controller, NULL, "c1", NULL, NULL, &err);
	else
		r = cnm_network_delete(host.controller, *network, &err);
	cr_assert_lt(now_ms() - start, VERB_MS + TOLD_MS);
	return r;
}

static void assert_error(const struct row *row, enum cnm_test_fault fault)
{
	static const char *const reasons[CNM_TEST_FAULTS] = {
	        [CNM_TEST_SLOW] = "no answer within", [CNM_TEST_SILENT] = "no answer within",
	        [CNM_TEST_HALF] = "in the middle",    [CNM_TEST_DIES_IN] = "without an answer",
	        [CNM_TEST_REFUSES] = "no, thanks",    [CNM_TEST_BREAKS] = "status 500: panic: no such thing",
	        [CNM_TEST_GARBAGE] = "the answer",    [CNM_TEST_DIES_BEFORE] = "connect",
	};

	cr_assert(strstr(err.text, "plugin tp: ") && strstr(err.text, row->call) &&
	                  strstr(err.text, reasons[fault]),
	          "fault %d: %s", (int)fault, err.text);
	cr_assert_null(strchr(err.text, '\n'), "%s", err.text);
}

/* Another network and container go on meanwhile, whatever the plugin does. */
static void assert_others_work(void)
{
	/* Internal: one that turned forwarding on would leave it so for the sake of the plugin's own bridge. */
	const struct cnm_network_spec spec = {.name = "other", .driver = "bridge", .internal = true};
	struct cnm_network *network;
	long start = now_ms();

	next_verb();
	network = cnm_test_network(&host, &spec);
	cnm_endpoint_free(cnm_test_connect(&host, network, "c9"));
	cnm_test_disconnect(&host, "other", "c9");
	cnm_test_network_delete(&host, network);
	cr_assert_lt(now_ms() - start, TOLD_MS);
}

static void assert_nothing_left(const struct row *row, enum cnm_test_fault fault)
{
	_cleanup_free_ char *left = NULL;

	plugin.book->fault = CNM_TEST_NO_FAULT;
	cnm_test_plugin_restart(&plugin);
	next_verb();
	cr_assert_eq(cnm_gc(host.controller, false, NULL, NULL, &err), 0, "%s", err.text);
	left = cnm_test_plugin_left(&plugin);
	/* The plugin did it, and its answer, which alone has the name of it, came too late. */
	if (!(row->nameless && fault == CNM_TEST_SLOW))
		cr_assert_str_empty(left, "%s, fault %d: %s", row->call, (int)fault, left);
	cr_assert_eq(cnm_test_shell(NULL, "test -z \"$(find %s/owed %s/held -type f 2>/dev/null)\"",
	                            host.roots.root, host.roots.root),
	             0, "%s, fault %d: something is still owed", row->call, (int)fault);
	cr_assert_str_empty(plugin.book->complaint);
	cnm_test_host_assert_clean(&host);
}

static void play(const struct row *row, enum cnm_test_fault fault)
{
	struct cnm_network *network = NULL;
	struct cnm_endpoint *endpoint = NULL;
	bool failed = false;
	const char *verb;

	plugin.book->fault = fault;
	plugin.book->slow_ms = CALL_MS * 2;
	snprintf(plugin.book->fault_call, sizeof(plugin.book->fault_call), "%.63s", row->call);
	plugin.book->fault_at = fault == CNM_TEST_DIES_BEFORE ? position(row) : row->at;
	cnm_test_plugin_restart(&plugin);
	for (verb = "ncidr"; *verb; verb++) {
		int r;

		if ((*verb == 'c' && !network) || (*verb == 'i' && !endpoint) || (*verb == 'r' && !network))
			continue;
		r = run(*verb, &network, &endpoint);
		if (*verb == 'd' || *verb == 'r') {
			cr_assert_eq(r, 0, "leaving always works: %s", err.text);
			continue;
		}
		if (r == 0) {
			cr_assert(*verb != row->verb, "%s, fault %d: it should have failed", row->call,
			          (int)fault);
			continue;
		}
		cr_assert_eq(*verb, row->verb, "fault %d: %s", (int)fault, err.text);
		assert_error(row, fault);
		failed = true;
		assert_others_work();
	}
	cr_assert_eq(failed, row->verb != 'd' && row->verb != 'r');
	cnm_network_free(network);
	cnm_endpoint_free(endpoint);
}

ParameterizedTest(struct row *param, remote_faults, every_call_times_every_failure, .timeout = 280)
{
	/* Parameters are copied: the place in the table is the row's. */
	const struct row *row = rows;
	int fault;

	while (strcmp(row->call, param->call) != 0 || row->at != param->at)
		row++;
	for (fault = CNM_TEST_DIES_BEFORE; fault < CNM_TEST_FAULTS; fault++) {
		struct cnm_test_book *book = plugin.book;

		/* The first call of all has none before it: there the socket is all there is. */
		memset(book->calls, 0, sizeof(book->calls));
		book->call_count = 0;
		memset(book->pools, 0, sizeof(book->pools));
		memset(book->addresses, 0, sizeof(book->addresses));
		cr_assert_eq(cnm_test_shell(NULL, "rm -rf %s/plugins", host.roots.state), 0);
		play(row, (enum cnm_test_fault)fault);
		assert_nothing_left(row, (enum cnm_test_fault)fault);
	}
}

/* What a plugin makes of other hosts' addresses is its own affair: no verb fails for it. */
Test(remote_faults, discovery_fails_no_verb)
{
	static const char *const calls[] = {"NetworkDriver.DiscoverNew", "NetworkDriver.DiscoverDelete"};
	int fault;
	size_t i;

	plugin.book->global = true;
	for (fault = CNM_TEST_DIES_IN; fault < CNM_TEST_FAULTS; fault++) {
		for (i = 0; i < CNM_ARRAY_SIZE(calls); i++) {
			struct cnm_network *network = NULL;
			struct cnm_endpoint *endpoint = NULL;

			plugin.book->call_count = plugin.book->fault_at = 0;
			plugin.book->fault = (enum cnm_test_fault)fault;
			plugin.book->slow_ms = CALL_MS * 2;
			snprintf(plugin.book->fault_call, sizeof(plugin.book->fault_call), "%s", calls[i]);
			cnm_test_plugin_restart(&plugin);
			setenv("CNM_PLUGIN_NODE", "192.0.2.10", 1);
			/* A plugin that ended is not there for what comes next: that is said of the next call. */
			if (run('n', &network, &endpoint) < 0) {
				cr_assert(fault == CNM_TEST_DIES_IN && i == 0, "%s: %s", calls[i], err.text);
				cr_assert(strstr(err.text, "IpamDriver.RequestPool"), "%s", err.text);
			}
			setenv("CNM_PLUGIN_NODE", "192.0.2.11", 1);
			if (network)
				cr_assert_eq(run('r', &network, &endpoint), 0, "%s: %s", calls[i], err.text);
			cnm_network_free(network);
			unsetenv("CNM_PLUGIN_NODE");
			assert_nothing_left(rows, (enum cnm_test_fault)fault);
		}
	}
}

/* A plugin that is gone for good: containers come down, networks go, and gc says what is still owed. */
Test(remote_faults, dead_plugin_never_keeps_anybody)
{
	struct cnm_network *network = NULL;
	struct cnm_endpoint *endpoint = NULL;
	struct cnm_test_output output;

	cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('c', &network, &endpoint), 0, "%s", err.text);
	cnm_test_plugin_kill(&plugin);
	unlink(plugin.socket);
	cr_assert_eq(run('d', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('r', &network, &endpoint), 0, "%s", err.text);
	cnm_network_free(network);
	cnm_endpoint_free(endpoint);
	assert_others_work();
	cr_assert_eq(cnm_test_shell(&output, "CNM_ROOT=%s CNM_STATE=%s %s gc", host.roots.root,
	                            host.roots.state, cnm_test_program()),
	             0, "%s", output.err);
	cr_assert(strstr(output.out, "owed to plugin tp") && strstr(output.out, "no plugin of that name"),
	          "%s", output.out);
	cnm_test_output_free(&output);
	cnm_test_plugin_restart(&plugin);
	/* The next verb that needs the plugin tells it first. */
	network = NULL;
	cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('r', &network, &endpoint), 0, "%s", err.text);
	cnm_network_free(network);
	assert_nothing_left(rows, CNM_TEST_NO_FAULT);
}

/* A plugin that hangs as a whole: it is not even read what it is sent. */
Test(remote_faults, hanging_plugin_is_told_when_it_goes_on)
{
	struct cnm_network *network = NULL;
	struct cnm_endpoint *endpoint = NULL;
	struct cnm_test_output output;
	long start;

	cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('c', &network, &endpoint), 0, "%s", err.text);
	kill(plugin.pid, SIGSTOP);
	start = now_ms();
	cr_assert_eq(run('d', &network, &endpoint), 0, "%s", err.text);
	cr_assert_lt(now_ms() - start, CALL_MS * 2, "one call of many is waited for");
	cr_assert_eq(cnm_test_shell(&output, "CNM_ROOT=%s CNM_STATE=%s %s gc", host.roots.root,
	                            host.roots.state, cnm_test_program()),
	             0, "%s", output.err);
	cr_assert(strstr(output.out, "owed to plugin tp (web/c1@eth0)") && strstr(output.out, "Revoke") &&
	                  strstr(output.out, "no answer within"),
	          "%s", output.out);
	cnm_test_output_free(&output);
	kill(plugin.pid, SIGCONT);
	/* The next verb that asks it tells it first; what it read while it hung it does twice. */
	cr_assert_eq(run('c', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('d', &network, &endpoint), 0, "%s", err.text);
	cr_assert_eq(run('r', &network, &endpoint), 0, "%s", err.text);
	cnm_network_free(network);
	cnm_endpoint_free(endpoint);
	assert_nothing_left(rows, CNM_TEST_NO_FAULT);
}

/* While a plugin is asked nothing is locked: not the network, not the container, and gc passes both by. */
Test(remote_faults, no_lock_is_held_while_a_plugin_is_asked)
{
	struct cnm_network *network = NULL;
	struct cnm_endpoint *endpoint = NULL;
	struct cnm_test_output output;

	cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
	plugin.book->fault = CNM_TEST_SILENT;
	plugin.book->slow_ms = 3000;
	snprintf(plugin.book->fault_call, sizeof(plugin.book->fault_call), "NetworkDriver.Join");
	cr_assert_eq(cnm_test_shell(
	                     &output,
	                     "export CNM_ROOT=%s CNM_STATE=%s CNM_PLUGIN_CALL_MS=2000; C=%s; $C sandbox "
	                     "create c1 >/dev/null; $C connect web c1 & "
	                     "while ! grep -qs '\"asked\": *\"join\"' %s/networks/web/endpoints/*.joining; "
	                     "do sleep 0.02; done; "
	                     "flock -n -x %s/networks/web true && flock -n -x %s/networks true && echo free; "
	                     "flock -n -x %s/sandboxes/c1 true && echo free; $C gc; "
	                     "$C connect web c1 2>&1 | grep -o 'is being made by process'; "
	                     "wait $!; r=$?; $C sandbox rm c1 >/dev/null; exit $r",
	                     host.roots.root, host.roots.state, cnm_test_program(), host.roots.state,
	                     host.roots.root, host.roots.root, host.roots.state),
	             1, "%s%s", output.out, output.err);
	cr_assert_str_eq(output.out, "free\nfree\nis being made by process\n", "%s%s", output.out,
	                 output.err);
	cr_assert(strstr(output.err, "NetworkDriver.Join: no answer within"), "%s", output.err);
	cnm_test_output_free(&output);
	plugin.book->fault = CNM_TEST_NO_FAULT;
	cr_assert_eq(run('r', &network, &endpoint), 0, "%s", err.text);
	cnm_network_free(network);
	assert_nothing_left(rows, CNM_TEST_NO_FAULT);
}

/* Runs the verb in a process of its own, until the plugin has the row's call. Its exit status says how it ended. */
static pid_t hang_in(const struct row *row, struct cnm_network *network)
{
	long start = now_ms();
	pid_t pid;

	snprintf(plugin.book->fault_call, sizeof(plugin.book->fault_call), "%.63s", row->call);
	plugin.book->fault = CNM_TEST_SLOW;
	plugin.book->fault_at = row->at;
	plugin.book->slow_ms = HANG_MS;
	pid = fork();
	if (pid == 0) {
		struct cnm_endpoint *endpoint = NULL;

		setenv("CNM_PLUGIN_CALL_MS", "5000", 1);
		setenv("CNM_PLUGIN_VERB_MS", "30000", 1);
		if (run(row->verb, &network, &endpoint) == 0)
			_exit(0);
		_exit(strstr(err.text, "released while a plugin was asked") ? 1 : 2);
	}
	while (cnm_test_plugin_count(&plugin, row->call) <= row->at && now_ms() - start < TOLD_MS)
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	cr_assert_gt(cnm_test_plugin_count(&plugin, row->call), row->at, "%s was never called", row->call);
	return pid;
}

/* And kills it there. */
static void kill_in(const struct row *row, struct cnm_network *network)
{
	pid_t pid = hang_in(row, network);

	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static const struct row *row_of(const char *call)
{
	const struct row *row = rows;

	while (strcmp(row->call, call) != 0 || row->nameless)
		row++;
	return row;
}

/* A container that ends while a plugin is asked for it does not wait for the plugin; who asked takes back what it asked. */
Test(remote_faults, leaves_while_a_plugin_is_asked)
{
	static const char *const calls[] = {"IpamDriver.RequestAddress", "NetworkDriver.CreateEndpoint",
	                                    "NetworkDriver.Join",
	                                    "NetworkDriver.ProgramExternalConnectivity"};
	struct cnm_network *network = NULL;
	struct cnm_endpoint *endpoint = NULL;
	size_t i;

	cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
	for (i = 0; i < CNM_ARRAY_SIZE(calls); i++) {
		int status;
		long start;
		pid_t pid;

		/* The next request for an address is the container's. */
		plugin.book->call_count = 0;
		snprintf(plugin.book->calls[plugin.book->call_count++], sizeof(plugin.book->calls[0]),
		         "IpamDriver.RequestAddress");
		pid = hang_in(row_of(calls[i]), network);
		start = now_ms();
		cr_assert_eq(run('d', &network, &endpoint), 0, "%s", err.text);
		cr_assert_lt(now_ms() - start, HANG_MS, "%s: the plugin was waited for", calls[i]);
		cr_assert_eq(kill(pid, 0), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s: status %x", calls[i],
		          (unsigned)status);
		plugin.book->fault = CNM_TEST_NO_FAULT;
		cr_assert_eq(plugin.book->endpoints[0].id[0], '\0', "%s: the endpoint is left", calls[i]);
		/* The name is free, and a new one stands beside nothing of the old. */
		cr_assert_eq(run('c', &network, &endpoint), 0, "%s: %s", calls[i], err.text);
		cr_assert_eq(run('d', &network, &endpoint), 0, "%s", err.text);
		cnm_endpoint_free(TAKE_PTR(endpoint));
	}
	cr_assert_eq(run('r', &network, &endpoint), 0, "%s", err.text);
	cnm_network_free(network);
	assert_nothing_left(rows, CNM_TEST_NO_FAULT);
}

/* Killed while it waits for a plugin: what the records and the entries say is enough. */
Test(remote_faults, killed_while_a_plugin_is_asked)
{
	static const char *const calls[] = {"NetworkDriver.CreateNetwork",
	                                    "IpamDriver.RequestAddress",
	                                    "NetworkDriver.CreateEndpoint",
	                                    "NetworkDriver.Join",
	                                    "NetworkDriver.ProgramExternalConnectivity",
	                                    "NetworkDriver.Leave"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(calls); i++) {
		struct cnm_network *network = NULL;
		struct cnm_endpoint *endpoint = NULL;
		const struct row *row = row_of(calls[i]);

		plugin.book->call_count = 0;
		if (row->verb != 'n')
			cr_assert_eq(run('n', &network, &endpoint), 0, "%s", err.text);
		if (row->verb == 'd')
			cr_assert_eq(run('c', &network, &endpoint), 0, "%s", err.text);
		kill_in(row, network);
		plugin.book->fault = CNM_TEST_NO_FAULT;
		cnm_test_plugin_restart(&plugin);
		next_verb();
		cnm_error_clear(&err);
		cr_assert_eq(cnm_gc(host.controller, false, NULL, NULL, &err), 0, "%s", err.text);
		if (network)
			cr_assert_eq(run('r', &network, &endpoint), 0, "%s: %s", row->call, err.text);
		cnm_network_free(network);
		cnm_endpoint_free(endpoint);
		assert_nothing_left(row, CNM_TEST_NO_FAULT);
	}
}
