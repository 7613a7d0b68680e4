/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a sandbox. */
#include <stdlib.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/codec_fields.h"

#define FIELD(key, kind, member) CNM_FIELD(struct cnm_sandbox, key, kind, member)

static const struct cnm_field members[] = {
        FIELD("id", TEXT, id),
        FIELD("key", TEXT, key),
        FIELD("created", TEXT, created),
        FIELD("ours", BOOL, ours),
        FIELD("explicit", BOOL, explicit_),
        FIELD("no_files", BOOL, no_files),
        FIELD("netns_dev", U64, netns.dev),
        FIELD("netns_ino", U64, netns.ino),
        FIELD("netns_cookie", U64, netns.cookie),
        FIELD("pid", INT, pid),
        FIELD("start_time", U64, start_time),
        FIELD("boot_id", TEXT, boot_id),
        FIELD("hostname", TEXT, hostname),
        FIELD("domainname", TEXT, domainname),
        FIELD("files_mirror", TEXT, files_mirror),
        FIELD("dns", NAMES, dns),
        FIELD("dns_search", NAMES, dns_search),
        FIELD("dns_options", NAMES, dns_options),
        FIELD("extra_hosts", NAMES, extra_hosts),
};
static const struct cnm_fields sandbox_fields = CNM_FIELDS(members);

json_object *cnm_sandbox_to_json(const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = cnm_record_new(err);

	if (!obj || cnm_fields_encode(obj, sandbox, &sandbox_fields, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int check_sandbox(const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	if (cnm_container_check(sandbox->id, err) < 0)
		return -1;
	if (sandbox->pid < 0)
		return cnm_fail(err, CNM_E_INVALID, "key \"pid\": expected a process number");
	if (sandbox->files_mirror[0] && sandbox->files_mirror[0] != '/')
		return cnm_fail(err, CNM_E_INVALID, "key \"files_mirror\": expected an absolute path");
	return 0;
}

int cnm_sandbox_decode(struct cnm_sandbox **ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = calloc(1, sizeof(*sandbox));
	_cleanup_json_ json_object *obj = NULL;

	if (!sandbox)
		return cnm_fail_nomem(err);
	if (cnm_record_parse(&obj, text, len, err) < 0 ||
	    cnm_fields_decode(sandbox, obj, &sandbox_fields, err) < 0 || check_sandbox(sandbox, err) < 0)
		return cnm_record_fail(err);
	*ret = TAKE_PTR(sandbox);
	return 0;
}
