/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line's engine: a tree of commands, described by tables, from which parsing and help are made. A noun has
 * verbs; a verb has options, arguments and a function that runs it.
 */
#ifndef CNM_HOOK_CLI_H
#define CNM_HOOK_CLI_H

#include <argp.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "cnm/cnm.h"
#include "hook/report.h"

/* Keys of long options without a short one: above every character, and apart from each other where tables meet. */
#define CNM_CLI_KEY_GLOBAL   0x100
#define CNM_CLI_KEY_ENDPOINT 0x200
#define CNM_CLI_KEY_JOIN     0x300
#define CNM_CLI_KEY_VERB     0x400

#define CNM_CLI_MANY (-1)

struct cnm_cli {
	struct cnm_settings settings;
	enum cnm_format format;
	char name[64]; /* the command as typed, "cnm network create" */
	char **args;   /* the verb's arguments without its options */
	int arg_count;
	struct cnm_controller *controller; /* opened by the first cnm_cli_controller */
	json_object *done;                 /* what cnm_cli_done collected */
	bool failed;                       /* something was reported already */
	int failed_status;                 /* instead of CNM_EXIT_ERROR; 0: that */
};

struct cnm_cli_command {
	const char *name;
	const char *summary;
	const char *args; /* "NETWORK NAME", for help */
	int min_args;
	int max_args; /* CNM_CLI_MANY: no limit */

	/* One of these two. */
	const struct cnm_cli_command *const *verbs; /* ends with NULL */
	int (*run)(struct cnm_cli *cli, void *input, struct cnm_error *err);

	/* For run: `input` is input_size zeroed bytes, which `option` fills and `input_free` (may be NULL) empties.
	 * `option` returns 0, or ARGP_ERR_UNKNOWN, or -1 with the error, which is then one of usage. */
	const struct argp_option *options;
	error_t (*option)(int key, char *arg, void *input, struct cnm_error *err);
	/* After the last option, may be NULL: what is wrong with all of them together is an error of usage. */
	int (*check)(const struct cnm_cli *cli, const void *input, struct cnm_error *err);
	size_t input_size;
	void (*input_free)(void *input);

	/* The first argument ends the options, since a command follows that has its own; and the process stays as its
	 * caller made it: capabilities, descriptors, signals. */
	bool runs_command;
	/* It answers on ports below 1024. */
	bool serves;
	/* Its caller writes to stdin: an error of usage reads that too, since a runtime that is left writing may take that for the error. */
	bool reads_stdin;
	/* The verb tells what it did to each item by cnm_cli_done. */
	bool tells_items;
};

/* Parses, runs and reports. Returns the exit status. */
int cnm_cli_main(const struct cnm_cli_command *root, int argc, char **argv);

/* The controller with the built-in drivers, or NULL. It belongs to cli. */
struct cnm_controller *cnm_cli_controller(struct cnm_cli *cli, struct cnm_error *err);

/* Reports an error of one item and remembers it for the exit status; the verb goes on with the next item. */
void cnm_cli_report(struct cnm_cli *cli, const struct cnm_error *err);

/* Tells what was done to one item: text, a line at once; JSON, a member of one array printed at the end, also when it is
 * empty. Only for verbs with tells_items. */
int cnm_cli_done_begin(struct cnm_cli *cli, struct cnm_error *err);
int cnm_cli_done(struct cnm_cli *cli, const char *item, struct cnm_error *err);

/* A full disk or a closed pipe behind stdout shows here. */
int cnm_cli_flush(struct cnm_error *err);

/* Prints to stdout. NULL is an object that could not be made: CNM_E_NOMEM unless err says more. */
int cnm_cli_print(json_object *obj, struct cnm_error *err);

/* A verb's answer that is one value: the bare value as text, {KEY: VALUE} as JSON. */
int cnm_cli_answer(struct cnm_cli *cli, const char *key, const char *value, struct cnm_error *err);

#endif
