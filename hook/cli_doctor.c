/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cnm doctor`: what is wrong on this host, and what mends it. Exit status 1 when anything is, notes apart. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cli_commands.h"
#include "hook/describe.h"
#include "hook/doctor.h"
#include <stdio.h>

enum { KEY_PLUGIN_DIR = CNM_CLI_KEY_VERB, KEY_HOOKS_DIR };

#define DIRS_MAX 16

struct dirs {
	const char *items[DIRS_MAX + 1];
	size_t count;
};

struct doctor {
	struct dirs plugins, hooks;
};

static const struct argp_option options[] = {
        {"plugin-dir", KEY_PLUGIN_DIR, "DIR", 0,
         "CNI plugins are there (instead of the usual folders; may be repeated)", 0},
        {"hooks-dir", KEY_HOOKS_DIR, "DIR", 0, "Hook files of podman or CRI-O are there (the same)", 0},
        {0},
};

static const char *const plugin_dirs[] = {"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni", NULL};
static const char *const hooks_dirs[] = {"/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d",
                                         "/run/containers/oci/hooks.d", NULL};

static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct doctor *doctor = input;
	struct dirs *dirs;

	if (key != KEY_PLUGIN_DIR && key != KEY_HOOKS_DIR)
		return ARGP_ERR_UNKNOWN;
	dirs = key == KEY_PLUGIN_DIR ? &doctor->plugins : &doctor->hooks;
	if (dirs->count == DIRS_MAX)
		return cnm_fail(err, CNM_E_INVALID, "more than %d folders", DIRS_MAX);
	dirs->items[dirs->count++] = arg;
	return 0;
}

struct findings {
	json_object *array; /* NULL: text */
	bool failed;        /* memory was out */
	size_t count, bad;
};

static const char *const severities[] = {
        [CNM_SEVERITY_NOTE] = "note", [CNM_SEVERITY_WARNING] = "warning", [CNM_SEVERITY_ERROR] = "error"};

static void print_json(struct findings *findings, const struct cnm_finding *finding)
{
	struct cnm_error err = CNM_ERROR_INIT;
	json_object *item = json_object_new_object();

	if (cnm_json_add_string(item, "Severity", severities[finding->severity], &err) < 0 ||
	    cnm_json_add_string(item, "Subject", finding->subject, &err) < 0 ||
	    cnm_json_add_string(item, "Problem", finding->problem, &err) < 0 ||
	    cnm_json_add_string(item, "Remedy", finding->remedy, &err) < 0) {
		json_object_put(item);
		findings->failed = true;
	} else if (cnm_describe_append(findings->array, item, &err) < 0) {
		findings->failed = true;
	}
}

static void take(const struct cnm_finding *finding, void *arg)
{
	struct findings *findings = arg;

	findings->count++;
	findings->bad += finding->severity != CNM_SEVERITY_NOTE;
	if (findings->array)
		print_json(findings, finding);
	else
		printf("%s: %s: %s\n\t-> %s\n", severities[finding->severity], finding->subject,
		       finding->problem, finding->remedy);
}

void cnm_doctor_tell(const struct cnm_doctor *doctor, enum cnm_severity severity, const char *subject,
                     const char *problem, const char *remedy)
{
	struct cnm_finding finding = {severity, subject, problem, remedy};

	doctor->fn(&finding, doctor->arg);
}

static void examine(struct cnm_cli *cli, struct cnm_doctor *doctor)
{
	struct cnm_error err = CNM_ERROR_INIT;

	doctor->controller = cnm_cli_controller(cli, &err);
	if (!doctor->controller)
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, "roots", err.text,
		                "run as root, or correct owner and mode of the folder that is named");
	cnm_doctor_kernel(doctor);
	cnm_doctor_plugins(doctor);
	cnm_doctor_hooks(doctor);
	if (!doctor->controller)
		return;
	cnm_doctor_records(doctor);
	cnm_doctor_objects(doctor);
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct doctor *asked = input;
	_cleanup_json_ json_object *array = cli->format == CNM_FORMAT_JSON ? json_object_new_array() : NULL;
	struct findings findings = {.array = array};
	struct cnm_doctor doctor = {.plugin_dirs = asked->plugins.count ? asked->plugins.items : plugin_dirs,
	                            .hooks_dirs = asked->hooks.count ? asked->hooks.items : hooks_dirs,
	                            .fn = take,
	                            .arg = &findings};

	if (cli->format == CNM_FORMAT_JSON && !array)
		return cnm_fail_nomem(err);
	examine(cli, &doctor);
	if (findings.failed)
		return cnm_fail_nomem(err);
	if (array && cnm_cli_print(array, err) < 0)
		return -1;
	if (!array && findings.count == 0)
		puts("nothing is wrong");
	/* What is wrong stands on stdout; there is no error to report. */
	cli->failed = cli->failed || findings.bad > 0;
	return 0;
}

const struct cnm_cli_command cnm_cli_doctor = {
        .name = "doctor",
        .summary = "Find out what is wrong on this host, and what mends it",
        .options = options,
        .option = option,
        .input_size = sizeof(struct doctor),
        .run = run,
};
