/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results from JSON to the struct. Texts of other plugins: every member is checked. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_result_items.h"
#include <limits.h>
#include <sys/socket.h>

/* An absent or empty text leaves *ret unset. */
static int read_addr(json_object *obj, const char *key, bool cidr, struct cnm_addr *ret,
                     struct cnm_error *err)
{
	const char *text = NULL;
	int result;

	if (cnm_caseless_get_string(obj, key, &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		return 0;
	result = cidr ? cnm_addr_parse_cidr(ret, text, err) : cnm_addr_parse(ret, text, err);
	return result < 0 ? cnm_wrap(err, "key \"%s\"", key) : 0;
}

static int read_gateway(json_object *obj, const char *key, int family, struct cnm_addr *ret,
                        struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];

	if (read_addr(obj, key, false, ret, err) < 0)
		return -1;
	if (cnm_addr_is_set(ret) && ret->family != family)
		return cnm_fail(err, CNM_E_INVALID, "key \"%s\": %s is of another family", key,
		                cnm_addr_format(ret, text));
	return 0;
}

static int read_u32(json_object *obj, const char *key, uint32_t *ret, struct cnm_error *err)
{
	int64_t value = 0;

	if (cnm_caseless_get_int64(obj, key, 0, UINT32_MAX, &value, err) < 0)
		return -1;
	*ret = (uint32_t)value;
	return 0;
}

static int expect_object(json_object *obj, struct cnm_error *err)
{
	if (json_object_is_type(obj, json_type_object))
		return 0;
	return cnm_fail(err, CNM_E_INVALID, "expected an object");
}

static int read_interface(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err)
{
	const char *name = NULL, *mac = NULL, *sandbox = NULL;
	struct cnm_cni_interface *item;
	uint32_t mtu = 0;

	if (expect_object(obj, err) < 0 || cnm_caseless_get_string(obj, "name", &name, err) < 0 ||
	    cnm_caseless_get_string(obj, "mac", &mac, err) < 0 ||
	    cnm_caseless_get_string(obj, "sandbox", &sandbox, err) < 0 || read_u32(obj, "mtu", &mtu, err) < 0)
		return -1;
	if (!name)
		return cnm_fail(err, CNM_E_INVALID, "no \"name\"");
	if (cnm_cni_result_add_interface(result, name, mac, sandbox, mtu, NULL, err) < 0)
		return -1;
	item = &result->interfaces[result->interface_count - 1];
	if (cnm_caseless_dup_string(obj, "socketPath", &item->socket_path, err) < 0)
		return -1;
	return cnm_caseless_dup_string(obj, "pciID", &item->pci_id, err);
}

static int read_ip(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err)
{
	struct cnm_cni_ip ip = {.interface = -1};

	if (expect_object(obj, err) < 0 || read_addr(obj, "address", true, &ip.address, err) < 0)
		return -1;
	if (!cnm_addr_is_set(&ip.address))
		return cnm_fail(err, CNM_E_INVALID, "no \"address\"");
	if (read_gateway(obj, "gateway", ip.address.family, &ip.gateway, err) < 0 ||
	    cnm_caseless_get_int(obj, "interface", INT_MIN, INT_MAX, &ip.interface, err) < 0)
		return -1;
	/* Some plugins write -1 for none. */
	if (ip.interface >= 0 && (size_t)ip.interface >= result->interface_count) {
		return cnm_fail(err, CNM_E_INVALID, "key \"interface\": %d, but there are %zu interfaces",
		                ip.interface, result->interface_count);
	}
	return cnm_cni_result_add_ip(result, &ip.address, &ip.gateway, ip.interface < 0 ? -1 : ip.interface,
	                             err);
}

static int read_route(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err)
{
	struct cnm_cni_route route = {.table = -1, .scope = -1};

	if (expect_object(obj, err) < 0 || read_addr(obj, "dst", true, &route.dst, err) < 0)
		return -1;
	if (!cnm_addr_is_set(&route.dst))
		return cnm_fail(err, CNM_E_INVALID, "no \"dst\"");
	if (read_gateway(obj, "gw", route.dst.family, &route.gateway, err) < 0 ||
	    read_u32(obj, "mtu", &route.mtu, err) < 0 || read_u32(obj, "advmss", &route.advmss, err) < 0 ||
	    read_u32(obj, "priority", &route.priority, err) < 0 ||
	    cnm_caseless_get_int64(obj, "table", 0, UINT32_MAX, &route.table, err) < 0 ||
	    cnm_caseless_get_int64(obj, "scope", 0, UINT8_MAX, &route.scope, err) < 0)
		return -1;
	return cnm_cni_result_add_route_full(result, &route, err);
}

typedef int (*item_reader)(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err);

static int read_list(struct cnm_cni_result *result, json_object *list, const char *what, item_reader read,
                     struct cnm_error *err)
{
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		if (read(result, json_object_array_get_idx(list, i), err) < 0)
			return cnm_wrap(err, "%s[%zu]", what, i);
	}
	return 0;
}

static int read_lists(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err)
{
	static const struct {
		const char *key;
		item_reader read;
	} rows[] = {{"interfaces", read_interface}, {"ips", read_ip}, {"routes", read_route}};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		json_object *list = NULL;

		if (cnm_caseless_get_array(obj, rows[i].key, &list, err) < 0 ||
		    read_list(result, list, rows[i].key, rows[i].read, err) < 0)
			return -1;
	}
	return 0;
}

static int read_family(struct cnm_cni_result *result, json_object *obj, const char *key, int family,
                       struct cnm_error *err)
{
	struct cnm_addr address = {0}, gateway = {0};
	json_object *config = NULL, *routes = NULL;

	if (cnm_caseless_get_object(obj, key, &config, err) < 0)
		return -1;
	if (!config)
		return 0;
	if (read_addr(config, "ip", true, &address, err) < 0)
		return cnm_wrap(err, "%s", key);
	if (address.family != family)
		return cnm_fail(err, CNM_E_INVALID, "%s: \"ip\" is missing or of another family", key);
	if (read_gateway(config, "gateway", family, &gateway, err) < 0 ||
	    cnm_caseless_get_array(config, "routes", &routes, err) < 0)
		return cnm_wrap(err, "%s", key);
	if (cnm_cni_result_add_ip(result, &address, &gateway, -1, err) < 0)
		return -1;
	return read_list(result, routes, "routes", read_route, err);
}

static int read_families(struct cnm_cni_result *result, json_object *obj, struct cnm_error *err)
{
	if (read_family(result, obj, "ip4", AF_INET, err) < 0)
		return -1;
	return read_family(result, obj, "ip6", AF_INET6, err);
}

int cnm_cni_result_version(json_object *obj, enum cnm_cni_version *ret, struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(obj, "cniVersion", &text, err) < 0)
		return -1;
	if (text && *text && !cnm_cni_version_parse(ret, text))
		return cnm_fail(err, CNM_E_INVALID, "version \"%s\" of CNI is not supported", text);
	return 0;
}

static int read_result(struct cnm_cni_result *result, json_object *obj, enum cnm_cni_version version,
                       struct cnm_error *err)
{
	json_object *dns = NULL;
	int read;

	if (cnm_cni_result_version(obj, &version, err) < 0)
		return -1;
	if (cnm_cni_shape_of(version) == CNM_CNI_SHAPE_FAMILY)
		read = read_families(result, obj, err);
	else
		read = read_lists(result, obj, err);
	if (read < 0 || cnm_caseless_get_object(obj, "dns", &dns, err) < 0)
		return -1;
	return cnm_cni_dns_parse(&result->dns, dns, err);
}

int cnm_cni_result_parse(struct cnm_cni_result *ret, json_object *obj, enum cnm_cni_version version,
                         struct cnm_error *err)
{
	*ret = (struct cnm_cni_result){0};
	if (obj && read_result(ret, obj, version, err) < 0) {
		cnm_cni_result_free(ret);
		return cnm_wrap(err, "CNI result");
	}
	return 0;
}

int cnm_cni_routes_parse(struct cnm_cni_route **ret, size_t *ret_count, json_object *array,
                         struct cnm_error *err)
{
	struct cnm_cni_result result = {0};

	if (read_list(&result, array, "routes", read_route, err) < 0) {
		cnm_cni_result_free(&result);
		return -1;
	}
	*ret = result.routes;
	*ret_count = result.route_count;
	return 0;
}
