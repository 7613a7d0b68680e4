/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `ipam` object of host-local and static. */
#include "spec/cni_ipam.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include <string.h>

static int read_ranges(struct cnm_cni_ipam *ipam, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;

	if (cnm_json_get_caseless(obj, "subnet") && cnm_cni_ranges_add(&ipam->ranges, obj, err) < 0)
		return -1;
	if (cnm_caseless_get_array(obj, "ranges", &array, err) < 0)
		return -1;
	return cnm_cni_ranges_parse(&ipam->ranges, array, err);
}

static int read_address(struct cnm_cni_static_addr *ret, json_object *obj, struct cnm_error *err)
{
	const char *address = NULL, *gateway = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "expected an object");
	if (cnm_caseless_get_string(obj, "address", &address, err) < 0 ||
	    cnm_caseless_get_string(obj, "gateway", &gateway, err) < 0)
		return -1;
	if (!address)
		return cnm_fail(err, CNM_E_INVALID, "no \"address\"");
	if (cnm_addr_parse_cidr(&ret->address, address, err) < 0)
		return -1;
	if (!gateway || *gateway == '\0')
		return 0;
	if (cnm_addr_parse(&ret->gateway, gateway, err) < 0)
		return cnm_wrap(err, "gateway");
	if (ret->gateway.family != ret->address.family)
		return cnm_fail(err, CNM_E_INVALID, "gateway %s: not of the family of %s", gateway, address);
	return 0;
}

static int read_addresses(struct cnm_cni_ipam *ipam, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_caseless_get_array(obj, "addresses", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	ipam->addresses = calloc(count, sizeof(*ipam->addresses));
	if (!ipam->addresses)
		return cnm_fail_nomem(err);
	ipam->address_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_address(&ipam->addresses[i], json_object_array_get_idx(array, i), err) < 0)
			return cnm_wrap(err, "addresses[%zu]", i);
	}
	return 0;
}

static int read_static(struct cnm_cni_ipam *ipam, json_object *obj, struct cnm_error *err)
{
	json_object *dns = NULL;

	if (read_addresses(ipam, obj, err) < 0 || cnm_caseless_get_object(obj, "dns", &dns, err) < 0)
		return -1;
	return cnm_cni_dns_parse(&ipam->dns, dns, err);
}

static int read_host_local(struct cnm_cni_ipam *ipam, json_object *obj, struct cnm_error *err)
{
	if (read_ranges(ipam, obj, err) < 0 ||
	    cnm_caseless_get_string(obj, "dataDir", &ipam->data_dir, err) < 0)
		return -1;
	return cnm_caseless_get_string(obj, "resolvConf", &ipam->resolv_conf, err);
}

static int read_members(struct cnm_cni_ipam *ipam, const struct cnm_cni_config *config, struct cnm_error *err)
{
	json_object *routes = NULL;

	if (cnm_caseless_get_array(config->ipam, "routes", &routes, err) < 0 ||
	    cnm_cni_routes_parse(&ipam->routes, &ipam->route_count, routes, err) < 0)
		return -1;
	if (strcmp(ipam->type, "host-local") == 0)
		return read_host_local(ipam, config->ipam, err);
	if (strcmp(ipam->type, "static") == 0)
		return read_static(ipam, config->ipam, err);
	return 0;
}

int cnm_cni_ipam_parse(struct cnm_cni_ipam *ret, const struct cnm_cni_config *config,
                       struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_ipam){.type = config->ipam_type};
	if (read_members(ret, config, &plain) == 0)
		return 0;
	cnm_cni_ipam_free(ret);
	cnm_wrap(&plain, "network %s: ipam", config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}

void cnm_cni_ipam_free(struct cnm_cni_ipam *ipam)
{
	if (!ipam)
		return;
	cnm_cni_ranges_free(&ipam->ranges);
	free(ipam->routes);
	free(ipam->addresses);
	cnm_cni_dns_free(&ipam->dns);
	*ipam = (struct cnm_cni_ipam){.type = ""};
}
