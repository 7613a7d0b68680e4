/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin for tests: a process that serves Docker's remote driver protocol on a socket, makes real links, keeps book of what it was
 * told, and refuses what Docker Engine would not send. Its book is shared with the test, and outlives the process: a plugin that is
 * started again knows what it knew.
 */
#ifndef CNM_TESTS_PLUGIN_H
#define CNM_TESTS_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CNM_TEST_CALLS_MAX 256

enum cnm_test_fault {
	CNM_TEST_NO_FAULT,
	CNM_TEST_DIES_BEFORE, /* it ends after the call before, its socket stays */
	CNM_TEST_DIES_IN,     /* it ends when the call arrives */
	CNM_TEST_SLOW,        /* it does as it is told, and answers too late */
	CNM_TEST_SILENT,      /* it does nothing and answers never */
	CNM_TEST_HALF,        /* it closes the connection in the middle of its answer */
	CNM_TEST_GARBAGE,     /* its answer is no JSON */
	CNM_TEST_REFUSES,     /* with "Err" or "Error" */
	CNM_TEST_BREAKS,      /* status 500 with a line of text */
	CNM_TEST_FAULTS,
};

struct cnm_test_book {
	/* What goes wrong: with occurrence `fault_at` (from 0) of the call, once; of a fault in which it ends, until it is started again. */
	enum cnm_test_fault fault;
	char fault_call[64];
	unsigned fault_at;
	unsigned slow_ms;

	char calls[CNM_TEST_CALLS_MAX][64]; /* in their order */
	unsigned call_count;
	char complaint[512]; /* the first request that Docker would not send */

	/* Members that answers to the call have besides, or in place of its own; "": none. */
	char say_call[64], say[256];

	bool global;          /* Scope */
	bool requires_mac;    /* RequiresMACAddress */
	bool requires_replay; /* RequiresRequestReplay */
	bool forgetful;       /* IPAM: pools and addresses are forgotten when it is started */
	char dst_prefix[16];  /* of Join's answer */
	bool no_link;         /* Join answers with no interface */

	struct {
		char id[65];
		char gateways[2][64]; /* IPv4, IPv6; CIDR */
	} networks[8];
	struct {
		char id[65], network[65];
		char address[64];
		bool joined, external;
	} endpoints[16];
	struct {
		char id[64], pool[64];
	} pools[8];
	struct {
		char pool[64], address[64];
	} addresses[32];
	char options[256]; /* of the last RequestAddress */
	char node[64];     /* of DiscoverNew, until DiscoverDelete */
};

struct cnm_test_plugin {
	pid_t pid;
	char socket[100];
	const char *
	        script; /* path of a recording that is played instead: each request must be the recorded one */
	struct cnm_test_book *book;
};

/* DIR is made and named to the controllers by CNM_PLUGIN_DIRS; the plugin is NAME there. */
void cnm_test_plugin_start(struct cnm_test_plugin *plugin, const char *dir, const char *name);
/* Starts it again where it has ended. */
void cnm_test_plugin_restart(struct cnm_test_plugin *plugin);
/* Kills it; its socket stays. */
void cnm_test_plugin_kill(struct cnm_test_plugin *plugin);
void cnm_test_plugin_stop(struct cnm_test_plugin *plugin);
/* How often the call came. */
unsigned cnm_test_plugin_count(const struct cnm_test_plugin *plugin, const char *call);
/* The calls from number `from` on, each followed by a blank, without the names of their kind; freed by the caller. */
char *cnm_test_plugin_calls(const struct cnm_test_plugin *plugin, unsigned from);
/* What it still has, as text; "" when nothing. Freed by the caller. */
char *cnm_test_plugin_left(const struct cnm_test_plugin *plugin);

/* Shared by plugin*.c: answers one request. NULL: refused with *ret_refusal. Runs in the plugin's process. */
struct json_object;
struct json_object *cnm_test_plugin_serve(struct cnm_test_plugin *plugin, const char *call,
                                          struct json_object *request, const char **ret_refusal);
/* Whether Docker would send it; the complaint goes into the book. */
bool cnm_test_plugin_would_be_sent(struct cnm_test_plugin *plugin, const char *call, const char *head,
                                   struct json_object *request);
/* The recorded answer to the next recorded request, which this one must be. */
struct json_object *cnm_test_plugin_play(struct cnm_test_plugin *plugin, const char *call,
                                         struct json_object *request);

#endif
