/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tuning changed, as it was before: a file for each attachment, in the reference's format with the sysctls besides. */
#include "cnm/attach.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cni_tuning.h"
#include "spec/caseless.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FOLDER     "tuning"
#define BACKUP_MAX (64 * 1024)

/* The configuration's own, not the default that the reference has. */
static const char *data_dir(const struct cnm_cni_call *call)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const char *dir = NULL;

	cnm_caseless_get_string(call->config->root, "dataDir", &dir, &ignored);
	return dir && *dir ? dir : NULL;
}

int cnm_cni_backup_open(struct cnm_cni_backup *ret, const struct cnm_cni_call *call, bool create,
                        struct cnm_error *err)
{
	const char *dir = data_dir(call);

	*ret = (struct cnm_cni_backup)CNM_CNI_BACKUP_INIT;
	if (dir) {
		snprintf(ret->name, sizeof(ret->name), "%.200s_%s.json", call->env->container,
		         call->env->ifname);
		ret->dir_fd = cnm_dir_open_root(dir, create, err);
		return ret->dir_fd < 0 ? cnm_wrap(err, "dataDir") : 0;
	}
	snprintf(ret->name, sizeof(ret->name), "%s.json", call->env->ifname);
	if (strlen(call->env->container) > CNM_CONTAINER_MAX)
		return cnm_fail(err, create ? CNM_E_INVALID : CNM_E_NOT_FOUND,
		                "container id of more than %d bytes", CNM_CONTAINER_MAX);
	if (cnm_store_sandbox_lock(call->controller->store, call->env->container, create, &ret->sb, err) < 0)
		return -1;
	ret->dir_fd = cnm_dir_open_at(ret->sb.dir_fd, FOLDER, create, err);
	return ret->dir_fd < 0 ? -1 : 0;
}

void cnm_cni_backup_close(struct cnm_cni_backup *backup)
{
	cnm_closep(&backup->dir_fd);
	cnm_store_sandbox_close(&backup->sb);
	*backup = (struct cnm_cni_backup)CNM_CNI_BACKUP_INIT;
}

static int build_sysctls(json_object *root, const struct cnm_kvs *sysctls, struct cnm_error *err)
{
	json_object *obj = json_object_new_object();
	size_t i;

	if (cnm_json_add(root, "sysctl", obj, err) < 0)
		return -1;
	for (i = 0; i < sysctls->count; i++)
		if (cnm_json_add_string(obj, sysctls->items[i].key, sysctls->items[i].value, err) < 0)
			return -1;
	return 0;
}

static int build(json_object *root, const struct cnm_cni_settings *before, struct cnm_error *err)
{
	const struct cnm_link_tuning *link = &before->link;
	char mac[CNM_MAC_TEXT_MAX];

	if (cnm_mac_is_set(&link->mac) &&
	    cnm_json_add_string(root, "mac", cnm_mac_format(&link->mac, mac), err) < 0)
		return -1;
	if (link->mtu && cnm_json_add(root, "mtu", json_object_new_int64(link->mtu), err) < 0)
		return -1;
	if (link->promisc >= 0 &&
	    cnm_json_add(root, "promisc", json_object_new_boolean(link->promisc), err) < 0)
		return -1;
	if (link->allmulti >= 0 &&
	    cnm_json_add(root, "allmulti", json_object_new_boolean(link->allmulti), err) < 0)
		return -1;
	if (link->txqlen >= 0 && cnm_json_add(root, "txQLen", json_object_new_int64(link->txqlen), err) < 0)
		return -1;
	return before->sysctl.count ? build_sysctls(root, &before->sysctl, err) : 0;
}

int cnm_cni_backup_save(struct cnm_cni_backup *backup, const struct cnm_cni_settings *before,
                        struct cnm_error *err)
{
	_cleanup_json_ json_object *root = json_object_new_object();
	const char *line;

	if (!root)
		return cnm_fail_nomem(err);
	if (build(root, before, err) < 0)
		return -1;
	line = cnm_json_line(root, err);
	if (!line)
		return -1;
	return cnm_file_write_at(backup->dir_fd, backup->name, line, strlen(line), false, false, err);
}

static int read_settings(json_object *root, struct cnm_cni_settings *ret, struct cnm_error *err)
{
	const char *mac = NULL;
	int64_t mtu = 0;

	if (cnm_json_get_string(root, "mac", &mac, err) < 0 ||
	    (mac && *mac && cnm_mac_parse(&ret->link.mac, mac, err) < 0) ||
	    cnm_json_get_int(root, "mtu", 0, INT_MAX, &mtu, err) < 0 ||
	    cnm_caseless_get_switch(root, "promisc", &ret->link.promisc, err) < 0 ||
	    cnm_caseless_get_switch(root, "allmulti", &ret->link.allmulti, err) < 0 ||
	    cnm_json_get_int(root, "txQLen", 0, UINT32_MAX, &ret->link.txqlen, err) < 0)
		return -1;
	ret->link.mtu = (unsigned)mtu;
	return cnm_caseless_get_kvs(root, "sysctl", &ret->sysctl, err);
}

int cnm_cni_backup_load(struct cnm_cni_backup *backup, struct cnm_cni_settings *ret, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(BACKUP_MAX);
	struct cnm_link_tuning none = CNM_LINK_TUNING_NONE;
	_cleanup_json_ json_object *root = NULL;

	*ret = (struct cnm_cni_settings){.link = none};
	if (cnm_file_read_at(backup->dir_fd, backup->name, BACKUP_MAX, &text, err) < 0)
		return -1;
	if (cnm_json_parse_object(&root, cnm_buf_text(&text), text.len, "the backup", err) < 0 ||
	    read_settings(root, ret, err) < 0) {
		cnm_kvs_free(&ret->sysctl);
		return -1;
	}
	return 0;
}

bool cnm_cni_backup_has_others(struct cnm_cni_backup *backup, const struct cnm_cni_call *call)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t i, len = strlen(call->env->container);
	bool shared = backup->sb.dir_fd < 0;

	if (cnm_dir_list(backup->dir_fd, &names, &ignored) < 0)
		return false;
	for (i = 0; i < names.count; i++) {
		/* A dataDir holds those of every container: "ID_IFNAME.json". */
		if (shared &&
		    (strncmp(names.items[i], call->env->container, len) != 0 || names.items[i][len] != '_'))
			continue;
		if (strcmp(names.items[i], backup->name) != 0)
			return true;
	}
	return false;
}

int cnm_cni_backup_delete(struct cnm_cni_backup *backup, const struct cnm_cni_call *call,
                          struct cnm_error *err)
{
	bool last = !cnm_cni_backup_has_others(backup, call);

	if (cnm_file_delete_at(backup->dir_fd, backup->name, err) < 0)
		return -1;
	if (backup->sb.dir_fd < 0 || !last)
		return 0;
	if (cnm_dir_delete_at(backup->sb.dir_fd, FOLDER, err) < 0)
		return -1;
	return cnm_sandbox_release_unused(call->controller, &backup->sb, call->env->container, err);
}
