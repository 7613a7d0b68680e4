/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drivers that are built in. A new one is declared here and listed in builtin.c. */
#ifndef CNM_DRIVERS_BUILTIN_H
#define CNM_DRIVERS_BUILTIN_H

#include "cnm/driver.h"

extern const struct cnm_driver cnm_driver_null;
extern const struct cnm_driver cnm_driver_host;
extern const struct cnm_driver cnm_driver_bridge;
extern const struct cnm_driver cnm_driver_macvlan;
extern const struct cnm_driver cnm_driver_ipvlan;
extern const struct cnm_driver cnm_driver_vlan;
extern const struct cnm_driver cnm_driver_foreign;
extern const struct cnm_driver cnm_driver_reserve;

#endif
