/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CNI_* environment, checked. */
#include "spec/cni_env.h"
#include "cnm/base/cleanup.h"
#include "spec/grammar.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	NEEDS_CONTAINER = 1,
	NEEDS_NETNS = 2,
	NEEDS_IFNAME = 4,
	NEEDS_PATH = 8,
};

/* CNI specification 1.1.0, section 2: CNI_PATH is optional but for GC. */
static const unsigned needs[CNM_CNI_COMMAND_COUNT] = {
        [CNM_CNI_ADD] = NEEDS_CONTAINER | NEEDS_NETNS | NEEDS_IFNAME,
        [CNM_CNI_DEL] = NEEDS_CONTAINER | NEEDS_IFNAME,
        [CNM_CNI_CHECK] = NEEDS_CONTAINER | NEEDS_NETNS | NEEDS_IFNAME,
        [CNM_CNI_GC] = NEEDS_PATH,
};

static bool is_set(const char *text)
{
	return text && *text;
}

static int check_missing(const struct cnm_cni_env_strings *strings, enum cnm_cni_command command,
                         struct cnm_cni_error *err)
{
	const struct {
		const char *name, *value;
		unsigned bit;
	} rows[] = {
	        {"CNI_CONTAINERID", strings->container, NEEDS_CONTAINER},
	        {"CNI_NETNS", strings->netns, NEEDS_NETNS},
	        {"CNI_IFNAME", strings->ifname, NEEDS_IFNAME},
	        {"CNI_PATH", strings->path, NEEDS_PATH},
	};
	char missing[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		if (!(needs[command] & rows[i].bit) || is_set(rows[i].value))
			continue;
		len += (size_t)snprintf(missing + len, sizeof(missing) - len, "%s%s", len ? ", " : "",
		                        rows[i].name);
	}
	if (len == 0)
		return 0;
	return cnm_cni_fail(err, CNM_CNI_E_ENVIRONMENT, "%s needs the environment variables %s",
	                    cnm_cni_command_name(command), missing);
}

static int read_attachment(struct cnm_cni_env *env, const struct cnm_cni_env_strings *strings,
                           struct cnm_cni_error *err)
{
	env->container = strings->container;
	env->ifname = strings->ifname;
	env->netns = is_set(strings->netns) ? strings->netns : NULL;
	if (!cnm_grammar_is_name(env->container)) {
		return cnm_cni_fail(
		        err, CNM_CNI_E_ENVIRONMENT,
		        "CNI_CONTAINERID \"%s\": not a container id (a letter or digit, then letters, "
		        "digits, '_', '.', '-')",
		        env->container);
	}
	if (!cnm_grammar_is_ifname(env->ifname)) {
		return cnm_cni_fail(
		        err, CNM_CNI_E_ENVIRONMENT,
		        "CNI_IFNAME \"%s\": not an interface name (1 to 15 bytes without '/', ':', "
		        "'%%' and blanks)",
		        env->ifname);
	}
	return 0;
}

/* As the reference reads it: "TRUE" in any case, or "1" (pkg/skel). */
static bool is_true(const char *text)
{
	return text && (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static int read_env(struct cnm_cni_env *env, const struct cnm_cni_env_strings *strings,
                    struct cnm_cni_error *err)
{
	if (!is_set(strings->command))
		return cnm_cni_fail(err, CNM_CNI_E_ENVIRONMENT, "CNI_COMMAND is not set");
	if (!cnm_cni_command_parse(&env->command, strings->command)) {
		return cnm_cni_fail(
		        err, CNM_CNI_E_ENVIRONMENT,
		        "CNI_COMMAND \"%s\": unknown (there are ADD, DEL, CHECK, VERSION, STATUS, GC)",
		        strings->command);
	}
	if (check_missing(strings, env->command, err) < 0)
		return -1;
	env->path = is_set(strings->path) ? strings->path : NULL;
	env->netns_override = is_true(strings->netns_override);
	if ((needs[env->command] & NEEDS_CONTAINER) && read_attachment(env, strings, err) < 0)
		return -1;
	if (env->command == CNM_CNI_ADD || env->command == CNM_CNI_CHECK)
		return cnm_cni_args_parse(&env->args, strings->args, err);
	return 0;
}

int cnm_cni_env_parse(struct cnm_cni_env *ret, const struct cnm_cni_env_strings *strings,
                      struct cnm_cni_error *err)
{
	*ret = (struct cnm_cni_env){0};
	if (read_env(ret, strings, err) < 0) {
		cnm_cni_env_free(ret);
		return -1;
	}
	return 0;
}

void cnm_cni_env_free(struct cnm_cni_env *env)
{
	if (!env)
		return;
	cnm_cni_args_free(&env->args);
	*env = (struct cnm_cni_env){0};
}
