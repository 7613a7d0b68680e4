/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network configuration on stdin: what is common to all plugin types. */
#include "spec/cni_config.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_config_args.h"
#include "spec/grammar.h"
#include <stdio.h>
#include <string.h>

static int read_root(struct cnm_cni_config *config, const char *text, size_t len, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_text_is_blank(text, len)) {
		return cnm_cni_fail(err, CNM_CNI_E_DECODE,
		                    "no network configuration on stdin: a CNI runtime writes it there");
	}
	if (cnm_json_parse_object(&config->root, text, len, "the network configuration", &plain) < 0)
		return cnm_cni_fail_from(err, CNM_CNI_E_DECODE, &plain);
	return 0;
}

static int read_name(struct cnm_cni_config *config, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_caseless_get_string(config->root, "name", &config->name, &plain) < 0)
		return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
	if (!config->name || *config->name == '\0') {
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG,
		                    "the network configuration has no \"name\" of the network");
	}
	if (!cnm_grammar_is_name(config->name)) {
		return cnm_cni_fail(
		        err, CNM_CNI_E_CONFIG,
		        "network name \"%s\": not a name (a letter or digit, then letters, digits, "
		        "'_', '.', '-')",
		        config->name);
	}
	return 0;
}

/* Before the name is checked, so that every later error can say it. */
static int read_version(struct cnm_cni_config *config, const char **ret_text, struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(config->root, "cniVersion", &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		text = cnm_cni_version_name(CNM_CNI_0_1_0); /* what a configuration without one means */
	if (cnm_cni_version_parse(&config->version, text))
		text = NULL;
	*ret_text = text;
	return 0;
}

static int check_version(const struct cnm_cni_config *config, enum cnm_cni_command command,
                         const char *unknown, struct cnm_cni_error *err)
{
	if (unknown) {
		cnm_cni_fail(err, CNM_CNI_E_VERSION, "network %s: version \"%s\" of CNI is not supported",
		             config->name, unknown);
	} else if (config->version < cnm_cni_command_since(command)) {
		cnm_cni_fail(err, CNM_CNI_E_VERSION, "network %s: version %s of CNI has no %s", config->name,
		             cnm_cni_version_name(config->version), cnm_cni_command_name(command));
	} else {
		return 0;
	}
	snprintf(err->details, sizeof(err->details), "supported versions: %s", cnm_cni_versions_text());
	return -1;
}

static int read_attachment(struct cnm_cni_attachment *ret, json_object *obj, struct cnm_error *err)
{
	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "expected an object");
	if (cnm_caseless_get_string(obj, "containerID", &ret->container, err) < 0 ||
	    cnm_caseless_get_string(obj, "ifname", &ret->ifname, err) < 0)
		return -1;
	/* A gap in this list would let GC free what is alive. */
	if (!ret->container || !ret->ifname)
		return cnm_fail(err, CNM_E_INVALID, "\"containerID\" and \"ifname\" are needed");
	return 0;
}

static int read_attachments(struct cnm_cni_config *config, struct cnm_error *err)
{
	const char *key = "cni.dev/valid-attachments";
	json_object *list = NULL;
	size_t count;

	if (cnm_caseless_get_array(config->root, key, &list, err) < 0)
		return -1;
	if (!list) {
		key = "cni.dev/attachments";
		if (cnm_caseless_get_array(config->root, key, &list, err) < 0)
			return -1;
	}
	if (!list)
		return 0;
	count = json_object_array_length(list);
	config->has_valid_attachments = true;
	config->valid_attachments = calloc(count + 1, sizeof(*config->valid_attachments));
	if (!config->valid_attachments)
		return cnm_fail_nomem(err);
	config->valid_attachment_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_attachment(&config->valid_attachments[i], json_object_array_get_idx(list, i), err) <
		    0) {
			/* A DEL goes on, without a list that has gaps. */
			config->has_valid_attachments = false;
			config->valid_attachment_count = 0;
			return cnm_wrap(err, "%s[%zu]", key, i);
		}
	}
	return 0;
}

static int read_ipam(struct cnm_cni_config *config, struct cnm_error *err)
{
	config->ipam_type = "";
	if (cnm_caseless_get_object(config->root, "ipam", &config->ipam, err) < 0)
		return -1;
	if (cnm_caseless_get_string(config->ipam, "type", &config->ipam_type, err) < 0)
		return cnm_wrap(err, "ipam");
	return 0;
}

static int read_runtime(struct cnm_cni_config *config, struct cnm_error *err)
{
	json_object *object = NULL;

	if (cnm_caseless_get_object(config->root, "runtimeConfig", &object, err) < 0)
		return -1;
	return cnm_cni_runtime_parse(&config->runtime, object, config->name, err);
}

static int read_args(struct cnm_cni_config *config, struct cnm_error *err)
{
	json_object *args = NULL, *cni = NULL;

	/* Others may keep what they like in args, an array as well. */
	if (json_object_is_type(cnm_json_get_caseless(config->root, "args"), json_type_object))
		args = cnm_json_get_caseless(config->root, "args");
	if (cnm_caseless_get_object(args, "cni", &cni, err) < 0) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		/* A DEL goes on: "not given" is not all zeros. */
		cnm_cni_config_args_parse(&config->args, NULL, &ignored);
		return cnm_wrap(err, "args");
	}
	return cnm_cni_config_args_parse(&config->args, cni, err);
}

static int read_dns(struct cnm_cni_config *config, struct cnm_error *err)
{
	json_object *dns = NULL;

	if (cnm_caseless_get_object(config->root, "dns", &dns, err) < 0)
		return -1;
	return cnm_cni_dns_parse(&config->dns, dns, err);
}

static int read_type(struct cnm_cni_config *config, struct cnm_error *err)
{
	config->type = "";
	return cnm_caseless_get_string(config->root, "type", &config->type, err);
}

static int read_prev_result(struct cnm_cni_config *config, struct cnm_error *err)
{
	return cnm_caseless_get_object(config->root, "prevResult", &config->prev_result, err);
}

static int read_members(struct cnm_cni_config *config, bool lenient, struct cnm_error *err)
{
	static int (*const readers[])(struct cnm_cni_config * config, struct cnm_error * err) = {
	        read_type, read_prev_result, read_ipam, read_dns, read_args, read_runtime, read_attachments,
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(readers); i++) {
		if (readers[i](config, err) < 0 && !(lenient && err->code == CNM_E_INVALID))
			return cnm_wrap(err, "network %s", config->name);
	}
	return 0;
}

static int parse(struct cnm_cni_config *config, enum cnm_cni_command command, const char *text, size_t len,
                 struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;
	const char *unknown = NULL;

	if (read_root(config, text, len, err) < 0)
		return -1;
	if (read_version(config, &unknown, &plain) < 0)
		return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
	if (read_name(config, err) < 0 || check_version(config, command, unknown, err) < 0)
		return -1;
	if (read_members(config, command == CNM_CNI_DEL, &plain) < 0)
		return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
	if (command == CNM_CNI_CHECK && !config->prev_result) {
		return cnm_cni_fail(err, CNM_CNI_E_CONFIG, "network %s: CHECK needs \"prevResult\"",
		                    config->name);
	}
	return 0;
}

int cnm_cni_config_parse(struct cnm_cni_config *ret, enum cnm_cni_command command, const char *text,
                         size_t len, struct cnm_cni_error *err)
{
	*ret = (struct cnm_cni_config){.version = CNM_CNI_NEWEST};
	if (parse(ret, command, text, len, err) < 0) {
		enum cnm_cni_version version = ret->version;

		cnm_cni_config_free(ret);
		ret->version = version;
		return -1;
	}
	return 0;
}

void cnm_cni_config_free(struct cnm_cni_config *config)
{
	if (!config)
		return;
	cnm_cni_dns_free(&config->dns);
	cnm_cni_runtime_free(&config->runtime);
	cnm_cni_config_args_free(&config->args);
	free(config->valid_attachments);
	json_object_put(config->root);
	*config = (struct cnm_cni_config){0};
}
