/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of drivers that have nothing to make: null and host. */
#ifndef CNM_DRIVERS_PLAIN_H
#define CNM_DRIVERS_PLAIN_H

#include "cnm/driver.h"

/* Takes no option. */
int cnm_plain_network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                              struct cnm_error *err);
int cnm_plain_network_ok(struct cnm_controller *controller, struct cnm_network *network,
                         struct cnm_error *err);
int cnm_plain_network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                               struct cnm_error *err);
int cnm_plain_endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                               struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_plain_join(struct cnm_controller *controller, const struct cnm_network *network,
                   const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                   struct cnm_error *err);
int cnm_plain_leave(struct cnm_controller *controller, const struct cnm_network *network,
                    const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err);

#endif
