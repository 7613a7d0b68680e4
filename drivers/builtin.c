/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers the built-in drivers. */
#include "drivers/builtin.h"
#include "cnm/base/cleanup.h"
#include "drivers/remote.h"

int cnm_controller_add_builtin_drivers(struct cnm_controller *controller, struct cnm_error *err)
{
	static const struct cnm_driver *const builtin[] = {
	        &cnm_driver_null,   &cnm_driver_host, &cnm_driver_bridge,  &cnm_driver_macvlan,
	        &cnm_driver_ipvlan, &cnm_driver_vlan, &cnm_driver_foreign, &cnm_driver_reserve,
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(builtin); i++)
		if (cnm_controller_add_driver(controller, builtin[i], err) < 0)
			return -1;
	cnm_controller_set_outside(controller, &cnm_remote_outside);
	return 0;
}
