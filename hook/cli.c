/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks the tree of commands with glibc's argp: one parse for each level, so that global options may stand anywhere
 * before a verb's own arguments, and help for each level comes from the same tables.
 */
#include "hook/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/sys/privs.h"

#define HELP_MAX 8192

enum {
	KEY_ROOT = CNM_CLI_KEY_GLOBAL,
	KEY_STATE,
	KEY_FORMAT,
	KEY_USAGE,
};

/* What the parser of one level works on. */
struct level {
	struct cnm_cli *cli;
	const struct cnm_cli_command *command;
	void *input; /* of a verb */
	int next;    /* of a noun: index of the word that names the verb */
	const struct cnm_cli_command *verb;
};

static const struct cnm_cli_command *find_verb(const struct cnm_cli_command *command, const char *name)
{
	for (const struct cnm_cli_command *const *verb = command->verbs; verb && *verb; verb++) {
		if (strcmp((*verb)->name, name) == 0)
			return *verb;
	}
	return NULL;
}

/* Global options -------------------------------------------------------------------------------- */

static const struct argp_option global_options[] = {
        {"root", KEY_ROOT, "DIR", 0, "Keep networks in DIR, else in CNM_ROOT", 0},
        {"state", KEY_STATE, "DIR", 0, "Keep endpoints in DIR, else in CNM_STATE", 0},
        {"format", KEY_FORMAT, "text|json", 0, "Print for people or for programs", 0},
        {"help", 'h', NULL, 0, "Print this text", -1},
        {"usage", KEY_USAGE, NULL, OPTION_HIDDEN, NULL, -1},
        {0},
};

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	struct cnm_cli *cli = state->input;

	switch (key) {
	case KEY_ROOT:
		cli->settings.root = arg;
		return 0;
	case KEY_STATE:
		cli->settings.state = arg;
		return 0;
	case KEY_FORMAT:
		if (strcmp(arg, "text") != 0 && strcmp(arg, "json") != 0)
			argp_error(state, "--format is \"text\" or \"json\", not \"%s\"", arg);
		cli->format = strcmp(arg, "json") == 0 ? CNM_FORMAT_JSON : CNM_FORMAT_TEXT;
		return 0;
	case 'h':
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp global_argp = {.options = global_options, .parser = parse_global};

static const struct argp_child global_child[] = {
        {&global_argp, 0, "Global options:", 10},
        {0},
};

/* Help ------------------------------------------------------------------------------------------ */

/* Summary and, of a noun, the list of its verbs. argp frees the text. */
static char *describe(const struct cnm_cli_command *command)
{
	struct cnm_buf buf = CNM_BUF_INIT(HELP_MAX);
	char *text;

	cnm_buf_printf(&buf, "%s\n", command->summary);
	if (command->verbs)
		cnm_buf_puts(&buf, "\nCommands:\n");
	for (const struct cnm_cli_command *const *verb = command->verbs; verb && *verb; verb++)
		cnm_buf_printf(&buf, "  %-11s %s\n", (*verb)->name, (*verb)->summary);
	text = cnm_buf_take(&buf);
	cnm_buf_free(&buf);
	return text;
}

static char *filter_help(int key, const char *text, void *input)
{
	const struct level *level = input;

	if (key == ARGP_KEY_HELP_PRE_DOC && level)
		return describe(level->command);
	if (key == ARGP_KEY_HELP_DUP_ARGS_NOTE)
		return NULL;
	/* argp compares the pointer to know whether the text is its own. */
	return (char *)(uintptr_t)text;
}

/* Nouns ----------------------------------------------------------------------------------------- */

static error_t parse_noun(int key, char *arg, struct argp_state *state)
{
	struct level *level = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = level->cli;
		return 0;
	case ARGP_KEY_ARGS:
		level->next = state->next;
		level->verb = find_verb(level->command, state->argv[state->next]);
		if (!level->verb)
			argp_error(state, "there is no command \"%s\"", state->argv[state->next]);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_state_help(state, state->err_stream,
		                ARGP_HELP_SHORT_USAGE | ARGP_HELP_PRE_DOC | ARGP_HELP_EXIT_ERR);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argp exits with usage errors and --help; what it returns is that the system had no memory for it. */
static int parse_level(const struct argp *argp, struct level *level, unsigned flags, int argc, char **argv,
                       struct cnm_error *err)
{
	error_t failed = argp_parse(argp, argc, argv, flags | ARGP_NO_HELP, NULL, level);

	return failed ? cnm_fail_sys(err, failed, "cannot read the arguments") : 0;
}

/* Returns the index of the verb's name in argv. */
static int parse_noun_level(struct level *level, int argc, char **argv, struct cnm_error *err)
{
	struct argp argp = {
	        .parser = parse_noun,
	        .args_doc = "COMMAND [ARGUMENT...]",
	        .doc = level->command->summary,
	        .children = global_child,
	        .help_filter = filter_help,
	};

	return parse_level(&argp, level, ARGP_IN_ORDER, argc, argv, err) < 0 ? -1 : level->next;
}

/* Verbs ----------------------------------------------------------------------------------------- */

/* Of a verb that runs a command, "--" may stand between its own argument and the command. */
static void take_args(const struct level *level, const struct argp_state *state)
{
	struct cnm_cli *cli = level->cli;

	cli->args = state->argv + state->next;
	cli->arg_count = state->argc - state->next;
	if (level->command->runs_command && cli->arg_count > 1 && strcmp(cli->args[1], "--") == 0) {
		cli->args[1] = cli->args[0];
		cli->args++;
		cli->arg_count--;
	}
}

static error_t check_args(const struct level *level, struct argp_state *state)
{
	struct cnm_error err = CNM_ERROR_INIT;
	const struct cnm_cli_command *command = level->command;
	int count = level->cli->arg_count;

	if (count < command->min_args)
		argp_error(state, "%s expected: %s", count == 0 ? "arguments" : "more arguments",
		           command->args);
	if (command->max_args != CNM_CLI_MANY && count > command->max_args)
		argp_error(state, "unexpected argument \"%s\"", level->cli->args[command->max_args]);
	if (!command->check || command->check(level->cli, level->input, &err) == 0)
		return 0;
	if (err.code == CNM_E_NOMEM)
		return ENOMEM;
	argp_error(state, "%s", err.text);
	return EINVAL;
}

static error_t parse_verb(int key, char *arg, struct argp_state *state)
{
	struct level *level = state->input;
	struct cnm_error err = CNM_ERROR_INIT;
	error_t result;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = level->cli;
		return 0;
	case ARGP_KEY_ARGS:
		take_args(level, state);
		return 0;
	case ARGP_KEY_END:
		return check_args(level, state);
	default:
		/* argp's own keys are outside of what an option may have. */
		if (key <= 0 || key >= 0x1000 || !level->command->option)
			return ARGP_ERR_UNKNOWN;
		result = level->command->option(key, arg, level->input, &err);
		if (result < 0 && err.code == CNM_E_NOMEM)
			return ENOMEM;
		if (result < 0)
			argp_error(state, "%s", err.text);
		return result;
	}
}

#define DRAIN_BYTES_MAX (1024 * 1024)
#define DRAIN_WAIT_MS   1000

/* An error of usage ends the process inside argp. */
static void drain_stdin(int status, void *arg)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char bytes[4096];
	size_t total = 0;
	ssize_t n = 1;

	if (status != CNM_EXIT_USAGE || isatty(STDIN_FILENO))
		return;
	for (; n > 0 && total < DRAIN_BYTES_MAX && poll(&input, 1, DRAIN_WAIT_MS) > 0; total += (size_t)n)
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
}

static int parse_verb_level(struct level *level, int argc, char **argv, struct cnm_error *err)
{
	const struct cnm_cli_command *command = level->command;
	struct argp argp = {
	        .options = command->options,
	        .parser = parse_verb,
	        .args_doc = command->args,
	        .doc = command->summary,
	        .children = global_child,
	        .help_filter = filter_help,
	};

	if (command->reads_stdin)
		on_exit(drain_stdin, NULL);
	return parse_level(&argp, level, command->runs_command ? ARGP_IN_ORDER : 0, argc, argv, err);
}

static int run_verb(struct cnm_cli *cli, const struct cnm_cli_command *command, int argc, char **argv,
                    struct cnm_error *err)
{
	struct level level = {.cli = cli, .command = command};
	int result;

	if (command->input_size > 0) {
		level.input = calloc(1, command->input_size);
		if (!level.input)
			return cnm_fail_nomem(err);
	}
	if (parse_verb_level(&level, argc, argv, err) < 0 ||
	    (command->tells_items && cnm_cli_done_begin(cli, err) < 0))
		result = -1;
	else
		result = command->run(cli, level.input, err);
	if (level.input && command->input_free)
		command->input_free(level.input);
	free(level.input);
	return result;
}

/* The tree -------------------------------------------------------------------------------------- */

static int dispatch(struct cnm_cli *cli, const struct cnm_cli_command *command, int argc, char **argv,
                    struct cnm_error *err);

/* `cnm help A B` is `cnm A B --help`. */
static int run_help(struct cnm_cli *cli, const struct cnm_cli_command *root, int argc, char **argv,
                    struct cnm_error *err)
{
	_cleanup_free_ char **words = calloc((size_t)argc + 2, sizeof(*words));
	char option[] = "--help";
	char name[] = "cnm";

	if (!words)
		return cnm_fail_nomem(err);
	words[0] = name;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	words[argc] = option;
	snprintf(cli->name, sizeof(cli->name), "%s", root->name);
	return dispatch(cli, root, argc + 1, words, err);
}

static int dispatch_verb(struct cnm_cli *cli, const struct cnm_cli_command *noun, struct level *level,
                         int argc, char **argv, struct cnm_error *err)
{
	const struct cnm_cli_command *verb = level->verb;
	size_t used = strlen(cli->name);

	if (!verb->run && !verb->verbs)
		return run_help(cli, noun, argc, argv, err);
	snprintf(cli->name + used, sizeof(cli->name) - used, " %s", verb->name);
	return dispatch(cli, verb, argc, argv, err);
}

static int dispatch(struct cnm_cli *cli, const struct cnm_cli_command *command, int argc, char **argv,
                    struct cnm_error *err)
{
	struct level level = {.cli = cli, .command = command};
	int next;

	argv[0] = cli->name;
	if (command->verbs) {
		next = parse_noun_level(&level, argc, argv, err);
		if (next < 0)
			return -1;
		return dispatch_verb(cli, command, &level, argc - next, argv + next, err);
	}
	if (!command->runs_command &&
	    (cnm_privs_sanitize_process(err) < 0 ||
	     (command->serves ? cnm_privs_drop_server(err) : cnm_privs_drop(err)) < 0))
		return -1;
	return run_verb(cli, command, argc, argv, err);
}

static const char *environment(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static int finish(struct cnm_cli *cli, struct cnm_error *err)
{
	if (cli->done && cnm_cli_print(cli->done, err) < 0)
		return -1;
	return cnm_cli_flush(err);
}

int cnm_cli_main(const struct cnm_cli_command *root, int argc, char **argv)
{
	struct cnm_cli cli = {
	        .settings = {.root = environment("CNM_ROOT"),
	                     .state = environment("CNM_STATE"),
	                     .leaves_waiting = true},
	};
	struct cnm_error err = CNM_ERROR_INIT;
	char *no_args[] = {NULL, NULL}, version[] = "version";

	argp_err_exit_status = CNM_EXIT_USAGE;
	snprintf(cli.name, sizeof(cli.name), "%s", root->name);
	if (argc < 1) {
		argc = 1;
		argv = no_args;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	if (dispatch(&cli, root, argc, argv, &err) < 0)
		cnm_cli_report(&cli, &err);
	cnm_error_clear(&err);
	if (finish(&cli, &err) < 0)
		cnm_cli_report(&cli, &err);
	cnm_json_putp(&cli.done);
	cnm_controller_close(cli.controller);
	if (cli.failed)
		return cli.failed_status ? cli.failed_status : CNM_EXIT_ERROR;
	return CNM_EXIT_OK;
}

struct cnm_controller *cnm_cli_controller(struct cnm_cli *cli, struct cnm_error *err)
{
	struct cnm_controller *controller;

	if (cli->controller)
		return cli->controller;
	if (cnm_controller_open(&controller, &cli->settings, err) < 0)
		return NULL;
	if (cnm_controller_add_builtin_drivers(controller, err) < 0) {
		cnm_controller_close(controller);
		return NULL;
	}
	cli->controller = controller;
	return controller;
}
