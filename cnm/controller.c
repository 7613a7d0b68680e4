/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller: the open roots, the driver registry, and the sockets of the host's namespace. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/outside.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_removal.h"
#include <string.h>

#define REMOVALS_MAX                                                                                         \
	8 /* a process each; where many links go, waiting for them one by one keeps the host free for others */

int cnm_controller_open(struct cnm_controller **ret, const struct cnm_settings *settings,
                        struct cnm_error *err)
{
	const char *root = settings && settings->root ? settings->root : CNM_DEFAULT_ROOT;
	const char *state = settings && settings->state ? settings->state : CNM_DEFAULT_STATE;
	struct cnm_controller *controller = calloc(1, sizeof(*controller));

	if (!controller)
		return cnm_fail_nomem(err);
	if (settings && settings->leaves_waiting)
		controller->removals = REMOVALS_MAX;
	if (cnm_boot_id(controller->boot_id, err) < 0 ||
	    cnm_store_open(&controller->store, root, state, err) < 0) {
		cnm_controller_close(controller);
		return -1;
	}
	*ret = controller;
	return 0;
}

void cnm_controller_close(struct cnm_controller *controller)
{
	if (!controller)
		return;
	if (controller->outside)
		controller->outside->close(controller);
	cnm_rtnl_close(controller->rtnl);
	cnm_nft_close(controller->nft);
	cnm_store_close(controller->store);
	free(controller);
}

int cnm_controller_add_driver(struct cnm_controller *controller, const struct cnm_driver *driver,
                              struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < controller->driver_count; i++)
		if (strcmp(controller->drivers[i]->name, driver->name) == 0)
			return cnm_fail(err, CNM_E_EXISTS, "driver %s is registered already", driver->name);
	if (controller->driver_count == CNM_DRIVERS_MAX)
		return cnm_fail(err, CNM_E_EXHAUSTED, "driver %s: the registry holds %d drivers at most",
		                driver->name, CNM_DRIVERS_MAX);
	controller->drivers[controller->driver_count++] = driver;
	return 0;
}

static const struct cnm_driver *outside_driver(struct cnm_controller *controller, const char *name,
                                               const char *known, struct cnm_error *err)
{
	const struct cnm_driver *driver =
	        controller->outside ? controller->outside->driver(controller, name, false, err) : NULL;
	struct cnm_error elsewhere = *err;

	if (driver || (elsewhere.code != CNM_OK && elsewhere.code != CNM_E_NOT_FOUND))
		return driver;
	cnm_error_clear(err);
	cnm_fail(err, CNM_E_NOT_FOUND, "no driver \"%s\" (there are: %s)%s%s", name, known,
	         elsewhere.code ? "; " : "", elsewhere.text);
	return NULL;
}

const struct cnm_driver *cnm_controller_driver(struct cnm_controller *controller, const char *name,
                                               struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf known = CNM_BUF_INIT(2048);
	size_t i;

	for (i = 0; i < controller->driver_count; i++) {
		if (strcmp(controller->drivers[i]->name, name) == 0)
			return controller->drivers[i];
		cnm_buf_printf(&known, "%s%s", i ? ", " : "", controller->drivers[i]->name);
	}
	return outside_driver(controller, name, cnm_buf_text(&known), err);
}

struct cnm_rtnl *cnm_controller_rtnl(struct cnm_controller *controller, struct cnm_error *err)
{
	if (!controller->rtnl)
		cnm_rtnl_open(&controller->rtnl, err);
	return controller->rtnl;
}

int cnm_controller_remove_link(struct cnm_controller *controller, const char *name, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);

	if (!rtnl)
		return -1;
	if (controller->removals == 0)
		return cnm_link_remove(rtnl, name, err);
	controller->removals--;
	return cnm_link_remove_announced(rtnl, name, err);
}

struct cnm_nft *cnm_controller_nft(struct cnm_controller *controller, struct cnm_error *err)
{
	if (!controller->nft)
		cnm_nft_open(&controller->nft, err);
	return controller->nft;
}

const char *cnm_version(void)
{
	return CNM_VERSION;
}

bool cnm_controller_is_gone(const struct cnm_controller *controller, const char *network)
{
	size_t i;

	for (i = 0; i < controller->gone_count; i++)
		if (strcmp(controller->gone[i]->name, network) == 0)
			return true;
	return false;
}
