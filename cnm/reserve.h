/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses for a container's interface that somebody else makes: an endpoint CONTAINER@IFNAME that never joins. It belongs to whoever asked for
 * it, and lives until it is deleted.
 */
#ifndef CNM_RESERVE_H
#define CNM_RESERVE_H

#include "cnm/model.h"

/* CNM_E_EXISTS: that interface has a reservation on the network already. */
int cnm_endpoint_reserve(struct cnm_controller *controller, const struct cnm_network *network,
                         const char *container, const char *ifname, const struct cnm_endpoint_spec *spec,
                         struct cnm_endpoint **ret, struct cnm_error *err);
/* What is not there is success. */
int cnm_endpoint_release(struct cnm_controller *controller, const char *network, const char *container,
                         const char *ifname, struct cnm_error *err);

#endif
