/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a container that another CNI plugin attached: an endpoint, with prevResult's addresses, on a network of the configuration's name
 * and the driver `foreign`. What plugins of ours do for it later in the chain is released by that record.
 */
#ifndef CNM_HOOK_CNI_FOREIGN_H
#define CNM_HOOK_CNI_FOREIGN_H

#include "hook/cni_chained.h"

bool cnm_cni_is_foreign(const struct cnm_network *network);
/* Whether prevResult has an address of the container that could be recorded. */
bool cnm_cni_foreign_has_address(const struct cnm_cni_result *prev);
/* Makes the record. */
int cnm_cni_foreign_attach(const struct cnm_cni_call *call, const struct cnm_cni_result *prev,
                           struct cnm_network **ret_network, struct cnm_endpoint **ret,
                           struct cnm_error *err);
/* Releases it with all that hangs on it, and its network with the last one. */
int cnm_cni_foreign_detach(const struct cnm_cni_call *call, struct cnm_network *network,
                           struct cnm_error *err);

#endif
