/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plugins that come after another one in a chain share: prevResult, the container's interface, and who attached it.
 */
#ifndef CNM_HOOK_CNI_CHAINED_H
#define CNM_HOOK_CNI_CHAINED_H

#include "cnm/model.h"
#include "cnm/store.h"
#include "cnm/sys/rtnl_link.h"
#include "hook/cni_plugin.h"
#include "spec/cni_result.h"

/* prevResult, which must be there and be readable. Code 7. On failure *ret is zeroed. */
int cnm_cni_prev_result(const struct cnm_cni_call *call, struct cnm_cni_result *ret,
                        struct cnm_cni_error *err);
/* prevResult as the result, with all that it holds; `add` (may be NULL) behind it. */
int cnm_cni_pass(const struct cnm_cni_call *call, const struct cnm_cni_result *add, json_object **ret,
                 struct cnm_cni_error *err);
/* Whether an address of prevResult is one of the container's. */
bool cnm_cni_is_inside(const struct cnm_cni_result *result, const struct cnm_cni_ip *ip);

/* What the store knows of that interface of that container: 1, or 0 nothing. */
int cnm_cni_find_link(struct cnm_controller *controller, const char *container, const char *ifname,
                      struct cnm_link_ref *ret, struct cnm_error *err);
/* Our own endpoint behind the call's interface, whatever network it is on (the configuration need not have its name): 1 with both filled,
 * 0 when another plugin attached it, -1 error. For ADD and CHECK it must have joined that very namespace. */
int cnm_cni_attached(const struct cnm_cni_call *call, struct cnm_network **ret_network,
                     struct cnm_endpoint **ret, struct cnm_error *err);

/* Runs fn inside CNI_NETNS with a netlink socket of it. */
typedef int (*cnm_cni_inside_fn)(struct cnm_rtnl *inside, void *arg, struct cnm_error *err);
int cnm_cni_run_inside(const struct cnm_cni_call *call, cnm_cni_inside_fn fn, void *arg,
                       struct cnm_error *err);
/* The host's end of the veth pair whose other end is the container's interface. CNM_E_UNSUPPORTED: it is no veth. */
int cnm_cni_host_veth(const struct cnm_cni_call *call, struct cnm_link *ret, struct cnm_error *err);

/* GC: whether the runtime names the attachment as valid. */
bool cnm_cni_is_valid_attachment(const struct cnm_cni_config *config, const char *container,
                                 const char *ifname);

#endif
