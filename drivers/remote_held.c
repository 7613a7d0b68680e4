/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plugins have of endpoints, where a boot does not take it away: ROOT/held/PLUGIN/KEY.json, entries as in ROOT/owed. An endpoint's own
 * record is gone with the boot, but the plugin may keep its book on a disk or on another host. So the first use of a plugin in a boot, and gc,
 * makes what the boot before held into what is owed.
 */
#include "cnm/base/cleanup.h"
#include "drivers/remote.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "held"
#define OWED   "owed"

int cnm_remote_folder(struct cnm_controller *controller, const char *folder, const char *plugin, bool create,
                      struct cnm_error *err)
{
	_cleanup_close_ int all = cnm_dir_open_at(controller->store->root_fd, folder, create, err);

	return all < 0 ? -1 : cnm_dir_open_at(all, plugin, create, err);
}

const char *cnm_remote_entry_file(const char *key, char ret[CNM_OWED_KEY_MAX + 8])
{
	snprintf(ret, CNM_OWED_KEY_MAX + 8, "%.*s.json", CNM_OWED_KEY_MAX, key);
	return ret;
}

int cnm_remote_entry_write(int fd, const char *file, const struct cnm_owed *owed, struct cnm_error *err)
{
	_cleanup_free_ char *text = cnm_owed_encode(owed, err);

	return text ? cnm_file_write_at(fd, file, text, strlen(text), false, false, err) : -1;
}

int cnm_remote_hold(struct cnm_controller *controller, const char *plugin, const char *key,
                    struct cnm_owed *owed, struct cnm_error *err)
{
	_cleanup_close_ int fd = cnm_remote_folder(controller, FOLDER, plugin, true, err);
	char file[CNM_OWED_KEY_MAX + 8];

	if (fd < 0)
		return -1;
	memcpy(owed->boot_id, controller->boot_id, sizeof(owed->boot_id));
	return cnm_remote_entry_write(fd, cnm_remote_entry_file(key, file), owed, err);
}

void cnm_remote_let_go(struct cnm_controller *controller, const char *plugin, const char *key)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int fd = cnm_remote_folder(controller, FOLDER, plugin, false, &ignored);
	char file[CNM_OWED_KEY_MAX + 8];

	if (fd >= 0)
		cnm_file_delete_at(fd, cnm_remote_entry_file(key, file), &ignored);
}

/* An entry of this boot is its endpoint's affair. */
static bool is_of_another_boot(const struct cnm_controller *controller, int fd, const char *file)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CNM_REMOTE_ENTRY_MAX);
	_cleanup_owed_ struct cnm_owed owed = {0};
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_file_read_at(fd, file, CNM_REMOTE_ENTRY_MAX, &text, &ignored) == 0 &&
	       cnm_owed_decode(&owed, cnm_buf_text(&text), text.len, &ignored) == 0 &&
	       strcmp(owed.boot_id, controller->boot_id) != 0;
}

void cnm_remote_held_to_owed(struct cnm_controller *controller, const char *plugin)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int held = cnm_remote_folder(controller, FOLDER, plugin, false, &ignored), owed = -1;
	_cleanup_names_ struct cnm_names names = {0};
	size_t i;

	if (held < 0 || cnm_dir_list(held, &names, &ignored) < 0)
		return;
	for (i = 0; i < names.count; i++) {
		if (!is_of_another_boot(controller, held, names.items[i]))
			continue;
		if (owed < 0)
			owed = cnm_remote_folder(controller, OWED, plugin, true, &ignored);
		if (owed >= 0)
			renameat(held, names.items[i], owed, names.items[i]);
	}
}

void cnm_remote_held_after_boot(struct cnm_controller *controller)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	_cleanup_close_ int all = cnm_dir_open_at(controller->store->root_fd, FOLDER, false, &ignored);
	_cleanup_names_ struct cnm_names plugins = {0};
	size_t i;

	if (all < 0 || cnm_dir_list(all, &plugins, &ignored) < 0)
		return;
	for (i = 0; i < plugins.count; i++)
		if (!cnm_remote_plugin_is_known(controller, plugins.items[i]))
			cnm_remote_held_to_owed(controller, plugins.items[i]);
}
