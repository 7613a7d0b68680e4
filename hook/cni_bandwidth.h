/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ifb devices of the plugin `bandwidth`: their alias says whose they are, and no record does. */
#ifndef CNM_HOOK_CNI_BANDWIDTH_H
#define CNM_HOOK_CNI_BANDWIDTH_H

#include "hook/cni_plugin.h"

/* "NETWORK CONTAINER@IFNAME" follows. An alias that fills CNM_LINK_ALIAS_MAX was cut, and says nothing certain. */
#define CNM_BANDWIDTH_ALIAS "cnm bandwidth "

/* Held, by an open descriptor, while a device has been made and nothing is redirected to it yet; -1 on error. */
int cnm_cni_bandwidth_lock(struct cnm_controller *controller, struct cnm_error *err);

/* CNI's GC: deletes the devices of the configuration's attachments that are not named as valid. */
int cnm_cni_bandwidth_collect(const struct cnm_cni_call *call, struct cnm_cni_error *err);

/* Deletes the devices of attachments that are gone: no link redirects to them any more, and the container has no interface of that
 * name, or its namespace is gone. Each is told by fn, with the reason; dry_run: only told. */
int cnm_cni_bandwidth_gc(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg,
                         struct cnm_error *err);

#endif
