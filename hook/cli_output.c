/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs print: one answer, the items that they worked on, a document; and their errors on the way. */
#include "hook/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"

void cnm_cli_report(struct cnm_cli *cli, const struct cnm_error *err)
{
	cnm_report_error(cli->format, err);
	cli->failed = true;
}

int cnm_cli_done_begin(struct cnm_cli *cli, struct cnm_error *err)
{
	if (cli->format == CNM_FORMAT_TEXT)
		return 0;
	cli->done = json_object_new_array();
	return cli->done ? 0 : cnm_fail_nomem(err);
}

int cnm_cli_done(struct cnm_cli *cli, const char *item, struct cnm_error *err)
{
	json_object *text;

	if (cli->format == CNM_FORMAT_TEXT) {
		puts(item);
		return 0;
	}
	text = json_object_new_string(item);
	if (!text || json_object_array_add(cli->done, text) < 0) {
		json_object_put(text);
		return cnm_fail_nomem(err);
	}
	return 0;
}

int cnm_cli_flush(struct cnm_error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* Said once: what is left in the buffer goes nowhere. */
	cnm_fail_sys(err, errno ? errno : EIO, "standard output");
	clearerr(stdout);
	__fpurge(stdout);
	return -1;
}

int cnm_cli_print(json_object *obj, struct cnm_error *err)
{
	const char *text;

	if (obj && json_object_is_type(obj, json_type_array) && json_object_array_length(obj) == 0) {
		puts("[]");
		return 0;
	}
	if (!obj)
		return err->code == CNM_OK ? cnm_fail_nomem(err) : -1;
	text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
	                                                   JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return cnm_fail_nomem(err);
	puts(text);
	return 0;
}

int cnm_cli_answer(struct cnm_cli *cli, const char *key, const char *value, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = NULL;

	if (cli->format == CNM_FORMAT_TEXT) {
		puts(value);
		return 0;
	}
	obj = json_object_new_object();
	if (cnm_json_add_string(obj, key, value, err) < 0)
		return -1;
	return cnm_cli_print(obj, err);
}
