/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results from the struct to JSON, member order as the reference's types print them. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/cni_result_items.h"
#include "spec/json_list.h"
#include <sys/socket.h>

enum cnm_cni_shape cnm_cni_shape_of(enum cnm_cni_version version)
{
	if (version < CNM_CNI_0_3_0)
		return CNM_CNI_SHAPE_FAMILY;
	return version < CNM_CNI_1_0_0 ? CNM_CNI_SHAPE_VERSION : CNM_CNI_SHAPE_LIST;
}

static int add_addr(json_object *obj, const char *key, const struct cnm_addr *addr, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	return cnm_addr_is_set(addr) ? cnm_json_add_string(obj, key, cnm_addr_format(addr, text), err) : 0;
}

static int add_cidr(json_object *obj, const char *key, const struct cnm_addr *addr, struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	return cnm_json_add_string(obj, key, cnm_addr_format_cidr(addr, text), err);
}

/* Numbers that are 0 are left out, as Go's omitempty does. */
static int add_number(json_object *obj, const char *key, uint32_t number, struct cnm_error *err)
{
	return number ? cnm_json_add(obj, key, json_object_new_int64(number), err) : 0;
}

/* The new item of a list, borrowed; NULL on error. */
static json_object *append_object(json_object *list, struct cnm_error *err)
{
	json_object *obj = json_object_new_object();

	return cnm_json_append(list, obj, err) < 0 ? NULL : obj;
}

static int append_interface(json_object *list, const struct cnm_cni_interface *interface,
                            enum cnm_cni_version version, struct cnm_error *err)
{
	bool properties = version >= CNM_CNI_1_1_0;
	json_object *obj = append_object(list, err);

	if (!obj || cnm_json_add_string(obj, "name", interface->name ? interface->name : "", err) < 0 ||
	    cnm_json_add_string(obj, "mac", interface->mac, err) < 0 ||
	    (properties && add_number(obj, "mtu", interface->mtu, err) < 0) ||
	    cnm_json_add_string(obj, "sandbox", interface->sandbox, err) < 0)
		return -1;
	if (!properties)
		return 0;
	if (cnm_json_add_string(obj, "socketPath", interface->socket_path, err) < 0)
		return -1;
	return cnm_json_add_string(obj, "pciID", interface->pci_id, err);
}

int cnm_cni_append_interfaces(json_object *list, const struct cnm_cni_result *result,
                              enum cnm_cni_version version, struct cnm_error *err)
{
	for (size_t i = 0; i < result->interface_count; i++) {
		if (append_interface(list, &result->interfaces[i], version, err) < 0)
			return -1;
	}
	return 0;
}

int cnm_cni_append_ips(json_object *list, const struct cnm_cni_result *result, int shift,
                       enum cnm_cni_version version, struct cnm_error *err)
{
	for (size_t i = 0; i < result->ip_count; i++) {
		const struct cnm_cni_ip *ip = &result->ips[i];
		const char *family = ip->address.family == AF_INET ? "4" : "6";
		json_object *obj = append_object(list, err);

		if (!obj)
			return -1;
		if (cnm_cni_shape_of(version) == CNM_CNI_SHAPE_VERSION &&
		    cnm_json_add_string(obj, "version", family, err) < 0)
			return -1;
		if (ip->interface >= 0 &&
		    cnm_json_add(obj, "interface", json_object_new_int64(ip->interface + shift), err) < 0)
			return -1;
		if (add_cidr(obj, "address", &ip->address, err) < 0 ||
		    add_addr(obj, "gateway", &ip->gateway, err) < 0)
			return -1;
	}
	return 0;
}

static int append_route(json_object *list, const struct cnm_cni_route *route, enum cnm_cni_version version,
                        struct cnm_error *err)
{
	json_object *obj = append_object(list, err);

	if (!obj || add_cidr(obj, "dst", &route->dst, err) < 0 ||
	    add_addr(obj, "gw", &route->gateway, err) < 0)
		return -1;
	if (version < CNM_CNI_1_1_0)
		return 0;
	if (add_number(obj, "mtu", route->mtu, err) < 0 ||
	    add_number(obj, "advmss", route->advmss, err) < 0 ||
	    add_number(obj, "priority", route->priority, err) < 0)
		return -1;
	if (route->table >= 0 && cnm_json_add(obj, "table", json_object_new_int64(route->table), err) < 0)
		return -1;
	if (route->scope >= 0 && cnm_json_add(obj, "scope", json_object_new_int64(route->scope), err) < 0)
		return -1;
	return 0;
}

int cnm_cni_append_routes(json_object *list, const struct cnm_cni_result *result,
                          enum cnm_cni_version version, struct cnm_error *err)
{
	for (size_t i = 0; i < result->route_count; i++) {
		if (append_route(list, &result->routes[i], version, err) < 0)
			return -1;
	}
	return 0;
}

static int add_family_routes(json_object *obj, const struct cnm_cni_result *result, int family,
                             struct cnm_error *err)
{
	for (size_t i = 0; i < result->route_count; i++) {
		json_object *list;

		if (result->routes[i].dst.family != family)
			continue;
		if (cnm_json_demand_array(obj, "routes", &list, err) < 0 ||
		    append_route(list, &result->routes[i], CNM_CNI_0_2_0, err) < 0)
			return -1;
	}
	return 0;
}

int cnm_cni_add_family(json_object *obj, const struct cnm_cni_result *result, int family,
                       struct cnm_error *err)
{
	const char *key = family == AF_INET ? "ip4" : "ip6";
	const struct cnm_cni_ip *first = NULL;
	json_object *config;

	for (size_t i = 0; i < result->ip_count; i++) {
		if (result->ips[i].address.family != family)
			continue;
		if (first) {
			return cnm_fail(err, CNM_E_UNSUPPORTED,
			                "two IPv%c addresses: a result before version 0.3.0 of CNI holds one",
			                key[2]);
		}
		first = &result->ips[i];
	}
	if (!first)
		return 0;
	config = json_object_new_object();
	if (cnm_json_add(obj, key, config, err) < 0 || add_cidr(config, "ip", &first->address, err) < 0 ||
	    add_addr(config, "gateway", &first->gateway, err) < 0)
		return -1;
	return add_family_routes(config, result, family, err);
}

static int add_families(json_object *obj, const struct cnm_cni_result *result, struct cnm_error *err)
{
	if (result->ip_count == 0) {
		return cnm_fail(err, CNM_E_UNSUPPORTED,
		                "no address: a result before version 0.3.0 of CNI cannot say so");
	}
	if (cnm_cni_add_family(obj, result, AF_INET, err) < 0)
		return -1;
	return cnm_cni_add_family(obj, result, AF_INET6, err);
}

static int add_lists(json_object *obj, const struct cnm_cni_result *result, enum cnm_cni_version version,
                     struct cnm_error *err)
{
	json_object *list;

	if (result->interface_count && (cnm_json_demand_array(obj, "interfaces", &list, err) < 0 ||
	                                cnm_cni_append_interfaces(list, result, version, err) < 0))
		return -1;
	if (result->ip_count && (cnm_json_demand_array(obj, "ips", &list, err) < 0 ||
	                         cnm_cni_append_ips(list, result, 0, version, err) < 0))
		return -1;
	if (result->route_count && (cnm_json_demand_array(obj, "routes", &list, err) < 0 ||
	                            cnm_cni_append_routes(list, result, version, err) < 0))
		return -1;
	return 0;
}

int cnm_cni_result_build(json_object **ret, const struct cnm_cni_result *result, enum cnm_cni_version version,
                         struct cnm_error *err)
{
	json_object *obj _cleanup_json_ = json_object_new_object();
	json_object *dns = NULL;
	int added;

	if (cnm_json_add_string(obj, "cniVersion", cnm_cni_version_name(version), err) < 0)
		return -1;
	if (cnm_cni_shape_of(version) == CNM_CNI_SHAPE_FAMILY)
		added = add_families(obj, result, err);
	else
		added = add_lists(obj, result, version, err);
	if (added < 0 || cnm_cni_dns_build(&dns, &result->dns, err) < 0 ||
	    cnm_json_add(obj, "dns", dns, err) < 0)
		return -1;
	*ret = TAKE_PTR(obj);
	return 0;
}
