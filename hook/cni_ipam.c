/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Execution of an external IPAM plugin. */
#include "hook/cni_ipam.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/sys/process.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_MS 120000 /* DHCP takes its time */

bool cnm_cni_ipam_is_external(const struct cnm_cni_config *config)
{
	return *config->ipam_type && strcmp(config->ipam_type, "host-local") != 0;
}

/* The first regular file of that name in CNI_PATH. */
static char *find_plugin(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	const char *type = call->config->ipam_type, *at = call->env->path ? call->env->path : "";

	if (strchr(type, '/')) {
		cnm_cni_fail(err, CNM_CNI_E_CONFIG, "network %s: ipam.type \"%s\" is no name of a plugin",
		             call->config->name, type);
		return NULL;
	}
	while (*at) {
		size_t len = strcspn(at, ":");
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (len > 0 && asprintf(&path, "%.*s/%s", (int)len, at, type) >= 0 && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			return TAKE_PTR(path);
		at += len + (at[len] == ':');
	}
	cnm_cni_fail(err, CNM_CNI_E_CONFIG, "network %s: no IPAM plugin \"%s\" in CNI_PATH %s",
	             call->config->name, type,
	             call->env->path && *call->env->path ? call->env->path : "(which is empty)");
	return NULL;
}

/* Ours, as libcni hands its own on, with another command. The array is the caller's; its strings are borrowed. */
static const char **make_env(const char *command)
{
	static const char key[] = "CNI_COMMAND=";
	const char **env;
	size_t count = 0, i, at = 0;

	while (environ[count])
		count++;
	env = calloc(count + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (i = 0; i < count; i++)
		if (strncmp(environ[i], key, strlen(key)) != 0)
			env[at++] = environ[i];
	env[at] = command;
	return env;
}

/* What a plugin that fails says: an error object on its standard output. */
static int fail_by_plugin(const struct cnm_cni_call *call, const struct cnm_buf *output, int status,
                          struct cnm_cni_error *err)
{
	_cleanup_json_ json_object *obj = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	int64_t code = CNM_CNI_E_INTERNAL;
	const char *msg = NULL;

	if (cnm_json_parse_object(&obj, cnm_buf_text(output), output->len, "error", &ignored) == 0) {
		cnm_json_get_string(obj, "msg", &msg, &ignored);
		cnm_json_get_int(obj, "code", 1, UINT32_MAX, &code, &ignored);
	}
	if (!msg)
		return cnm_cni_fail(err, CNM_CNI_E_INTERNAL,
		                    "network %s: IPAM plugin %s failed without a word (status %d)",
		                    call->config->name, call->config->ipam_type, status);
	return cnm_cni_fail(err, (unsigned)code, "network %s: IPAM plugin %s: %s", call->config->name,
	                    call->config->ipam_type, msg);
}

static int run(const struct cnm_cni_call *call, enum cnm_cni_command command, struct cnm_buf *output,
               struct cnm_cni_error *err)
{
	_cleanup_free_ char *path = find_plugin(call, err);
	_cleanup_free_ const char **env = NULL;
	struct cnm_error plain = CNM_ERROR_INIT;
	struct cnm_process process = {.path = path, .timeout_ms = TIMEOUT_MS};
	char text[32];
	int status;

	if (!path)
		return -1;
	snprintf(text, sizeof(text), "CNI_COMMAND=%s", cnm_cni_command_name(command));
	env = make_env(text);
	process.env = env;
	process.input = cnm_json_line(call->config->root, &plain);
	if (!env)
		cnm_fail_nomem(&plain);
	if (!env || !process.input)
		return cnm_cni_fail_model(err, call, &plain);
	process.input_len = strlen(process.input);
	if (cnm_process_run(&process, output, &status, &plain) < 0) {
		cnm_wrap(&plain, "network %s: IPAM plugin", call->config->name);
		return cnm_cni_fail_model(err, call, &plain);
	}
	return status == 0 ? 0 : fail_by_plugin(call, output, status, err);
}

static int run_plain(const struct cnm_cni_call *call, enum cnm_cni_command command, struct cnm_cni_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf output = CNM_BUF_INIT(CNM_JSON_MAX);

	return run(call, command, &output, err);
}

static int parse_result(const struct cnm_cni_call *call, const struct cnm_buf *output,
                        struct cnm_cni_result *ret, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = NULL;

	if (cnm_json_parse_object(&obj, cnm_buf_text(output), output->len, "its result", err) < 0 ||
	    cnm_cni_result_parse(ret, obj, call->config->version, err) < 0)
		return -1;
	if (ret->ip_count == 0)
		return cnm_fail(err, CNM_E_INVALID, "it gave no address");
	return 0;
}

int cnm_cni_ipam_add(const struct cnm_cni_call *call, struct cnm_cni_result *ret, struct cnm_cni_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf output = CNM_BUF_INIT(CNM_JSON_MAX);
	struct cnm_cni_error ignored = CNM_CNI_ERROR_INIT;
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_result){0};
	if (run(call, CNM_CNI_ADD, &output, err) < 0)
		return -1;
	if (parse_result(call, &output, ret, &plain) == 0)
		return 0;
	run_plain(call, CNM_CNI_DEL, &ignored);
	cnm_cni_result_free(ret);
	*ret = (struct cnm_cni_result){0};
	cnm_wrap(&plain, "network %s: IPAM plugin %s", call->config->name, call->config->ipam_type);
	return cnm_cni_fail_from(err, CNM_CNI_E_INTERNAL, &plain);
}

int cnm_cni_ipam_del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return run_plain(call, CNM_CNI_DEL, err);
}

int cnm_cni_ipam_check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return run_plain(call, CNM_CNI_CHECK, err);
}

int cnm_cni_ipam_status(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	if (run_plain(call, CNM_CNI_STATUS, err) == 0)
		return 0;
	/* Whatever the reason is, the answer to the question is no. */
	if (err->code != CNM_CNI_E_IMPAIRED)
		err->code = CNM_CNI_E_UNAVAILABLE;
	return -1;
}

int cnm_cni_ipam_gc(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	return run_plain(call, CNM_CNI_GC, err);
}
