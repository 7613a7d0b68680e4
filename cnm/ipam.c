/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry of IPAM drivers, the null one, and what they share. */
#include "cnm/ipam.h"
#include "cnm/base/cleanup.h"
#include <string.h>

const struct cnm_ipam *cnm_ipam_find(const char *name, struct cnm_error *err)
{
	if (strcmp(name, cnm_ipam_local.name) == 0)
		return &cnm_ipam_local;
	if (strcmp(name, cnm_ipam_null.name) == 0)
		return &cnm_ipam_null;
	if (strcmp(name, cnm_ipam_external.name) == 0)
		return &cnm_ipam_external;
	cnm_fail(err, CNM_E_NOT_FOUND, "no IPAM driver \"%s\" (there are: %s, %s, %s)", name,
	         cnm_ipam_local.name, cnm_ipam_null.name, cnm_ipam_external.name);
	return NULL;
}

int cnm_ipam_release(struct cnm_store_network *store, const struct cnm_endpoint *endpoint,
                     struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (cnm_store_address_release(store, &endpoint->addrs[i].addr, endpoint->name, err) < 0)
			return -1;
	return 0;
}

static int null_pools_request(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                              struct cnm_network *network, struct cnm_error *err)
{
	if (spec->pool_count > 0)
		return cnm_fail(err, CNM_E_INVALID, "IPAM driver null has no subnets");
	return 0;
}

static int null_addresses_take(struct cnm_store_network *store, const struct cnm_network *network,
                               const struct cnm_addr *requested, size_t requested_count,
                               struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	if (requested_count > 0)
		return cnm_fail(err, CNM_E_INVALID, "its IPAM driver null gives no addresses");
	return 0;
}

const struct cnm_ipam cnm_ipam_null = {
        .name = "null",
        .pools_request = null_pools_request,
        .addresses_take = null_addresses_take,
};
