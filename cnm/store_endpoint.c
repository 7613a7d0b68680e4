/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints in the store. KEY.joining is written before the first change to the kernel and says everything that its undoing needs;
 * the rename to KEY.json is the moment at which the join is done, and the rename back that at which a leave begins: what is between
 * is half there. Where both files stand, a join of a reserved endpoint was killed: the joining one is the truth.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/store.h"
#include "cnm/store_record.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMPLETE ".json"
#define JOINING  ".joining"

struct file_name {
	char text[CNM_FILE_NAME_MAX];
};

static struct file_name file_of(const char *key, const char *suffix)
{
	struct file_name name;

	snprintf(name.text, sizeof(name.text), "%.*s%s", CNM_KEY_MAX, key, suffix);
	return name;
}

static int load_form(struct cnm_store_network *net, const char *key, const char *suffix,
                     struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_RECORD_MAX);
	_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
	struct file_name file = file_of(key, suffix);

	if (cnm_record_read(net->endpoints_fd, file.text, &text, err) < 0)
		return -1;
	if (cnm_endpoint_decode(&endpoint, cnm_buf_text(&text), text.len, err) < 0)
		return cnm_wrap(err, "record %s", file.text);
	if (strcmp(endpoint->name, key) != 0)
		return cnm_fail(err, CNM_E_STORE, "record %s: it is that of endpoint %s", file.text,
		                endpoint->name);
	*ret = TAKE_PTR(endpoint);
	return 0;
}

int cnm_store_endpoint_load(struct cnm_store_network *net, const char *key, struct cnm_endpoint **ret,
                            struct cnm_error *err)
{
	if (load_form(net, key, JOINING, ret, err) == 0) {
		(*ret)->joining = true;
		return 0;
	}
	if (err->code != CNM_E_NOT_FOUND)
		return -1;
	cnm_error_clear(err);
	if (load_form(net, key, COMPLETE, ret, err) == 0)
		return 0;
	return err->code == CNM_E_NOT_FOUND
	               ? cnm_fail(err, CNM_E_NOT_FOUND, "endpoint %s does not exist", key)
	               : -1;
}

int cnm_store_endpoint_save(struct cnm_store_network *net, const struct cnm_endpoint *endpoint,
                            struct cnm_error *err)
{
	struct file_name file = file_of(endpoint->name, endpoint->joining ? JOINING : COMPLETE);

	if (cnm_record_write(net->endpoints_fd, file.text, cnm_endpoint_to_json(endpoint, err), false, err) <
	    0)
		return -1;
	if (endpoint->joining)
		return 0;
	file = file_of(endpoint->name, JOINING);
	return cnm_file_delete_at(net->endpoints_fd, file.text, err);
}

int cnm_store_endpoint_complete(struct cnm_store_network *net, struct cnm_endpoint *endpoint,
                                struct cnm_error *err)
{
	struct file_name from = file_of(endpoint->name, JOINING), to = file_of(endpoint->name, COMPLETE);

	if (renameat(net->endpoints_fd, from.text, net->endpoints_fd, to.text) < 0)
		return cnm_fail_sys(err, errno, "cannot complete record %s", to.text);
	endpoint->joining = false;
	return 0;
}

int cnm_store_endpoint_begin_leave(struct cnm_store_network *net, struct cnm_endpoint *endpoint,
                                   struct cnm_error *err)
{
	struct file_name from = file_of(endpoint->name, COMPLETE), to = file_of(endpoint->name, JOINING);

	if (endpoint->joining)
		return 0;
	if (renameat(net->endpoints_fd, from.text, net->endpoints_fd, to.text) < 0)
		return cnm_fail_sys(err, errno, "cannot mark record %s as leaving", from.text);
	endpoint->joining = true;
	return 0;
}

int cnm_store_endpoint_delete(struct cnm_store_network *net, const char *key, struct cnm_error *err)
{
	struct file_name complete = file_of(key, COMPLETE), joining = file_of(key, JOINING);

	if (cnm_file_delete_at(net->endpoints_fd, complete.text, err) < 0)
		return -1;
	return cnm_file_delete_at(net->endpoints_fd, joining.text, err);
}

static bool cut_suffix(char *name, const char *suffix)
{
	size_t len = strlen(name), cut = strlen(suffix);

	if (len <= cut || strcmp(name + len - cut, suffix) != 0)
		return false;
	name[len - cut] = '\0';
	return true;
}

int cnm_store_endpoint_keys(struct cnm_store_network *net, struct cnm_names *ret, struct cnm_error *err)
{
	size_t i = 0;

	if (cnm_dir_list(net->endpoints_fd, ret, err) < 0)
		return -1;
	while (i < ret->count) {
		if (cut_suffix(ret->items[i], COMPLETE) || cut_suffix(ret->items[i], JOINING))
			i++;
		else
			cnm_names_drop(ret, i); /* not ours */
	}
	cnm_names_unique(ret);
	return 0;
}
