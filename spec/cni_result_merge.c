/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of a chain: what a plugin adds is put behind what those before it said, and nothing that they said
 * is lost, also what we do not know (Go plugins lose it; the specification asks to pass it on).
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_result_items.h"
#include "spec/json_list.h"
#include <string.h>
#include <sys/socket.h>

/* Lists keep the spelling that prev has: a second one under ours would split the result in two. */
static int append_all(json_object *obj, const struct cnm_cni_result *add, enum cnm_cni_version version,
                      struct cnm_error *err)
{
	const char *interfaces = cnm_caseless_key(obj, "interfaces");
	json_object *list = NULL;
	int shift = 0;

	if (cnm_json_get_array(obj, interfaces, &list, err) < 0)
		return -1;
	if (list)
		shift = (int)json_object_array_length(list);
	if (add->interface_count && (cnm_json_demand_array(obj, interfaces, &list, err) < 0 ||
	                             cnm_cni_append_interfaces(list, add, version, err) < 0))
		return -1;
	if (add->ip_count && (cnm_json_demand_array(obj, cnm_caseless_key(obj, "ips"), &list, err) < 0 ||
	                      cnm_cni_append_ips(list, add, shift, version, err) < 0))
		return -1;
	if (add->route_count &&
	    (cnm_json_demand_array(obj, cnm_caseless_key(obj, "routes"), &list, err) < 0 ||
	     cnm_cni_append_routes(list, add, version, err) < 0))
		return -1;
	return 0;
}

/* The old shape has one place a family; what is there is another plugin's. */
static int append_families(json_object *obj, const struct cnm_cni_result *add, struct cnm_error *err)
{
	static const struct {
		const char *key;
		int family;
	} rows[] = {{"ip4", AF_INET}, {"ip6", AF_INET6}};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		json_object *config = NULL;
		bool taken = false;

		if (cnm_caseless_get_object(obj, rows[i].key, &config, err) < 0)
			return -1;
		for (size_t j = 0; config && j < add->ip_count; j++)
			taken |= add->ips[j].address.family == rows[i].family;
		if (taken) {
			return cnm_fail(err, CNM_E_UNSUPPORTED,
			                "two IPv%c addresses: a result before version 0.3.0 of CNI holds one",
			                rows[i].key[2]);
		}
		if (!config && cnm_cni_add_family(obj, add, rows[i].family, err) < 0)
			return -1;
	}
	return 0;
}

static int fill_dns(json_object *obj, const struct cnm_cni_dns *dns, struct cnm_error *err)
{
	json_object *own _cleanup_json_ = NULL;
	json_object *theirs;

	if (!cnm_cni_dns_is_set(dns))
		return 0;
	if (cnm_json_demand_object(obj, cnm_caseless_key(obj, "dns"), &theirs, err) < 0 ||
	    cnm_cni_dns_build(&own, dns, err) < 0)
		return -1;
	for (struct json_object_iterator i = json_object_iter_begin(own), end = json_object_iter_end(own);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *key = json_object_iter_peek_name(&i);

		if (!cnm_json_get_caseless(theirs, key) &&
		    cnm_json_add(theirs, key, json_object_get(json_object_iter_peek_value(&i)), err) < 0)
			return -1;
	}
	return 0;
}

/* A copy of prev in the shape of version. Where the shapes differ what is known goes through the struct. */
static int copy_as(json_object **ret, json_object *prev, enum cnm_cni_version version, struct cnm_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result result = {0};
	enum cnm_cni_version from = version;

	if (cnm_cni_result_version(prev, &from, err) < 0)
		return -1;
	if (cnm_cni_shape_of(from) == cnm_cni_shape_of(version))
		return json_object_deep_copy(prev, ret, NULL) < 0 ? cnm_fail_nomem(err) : 0;
	if (cnm_cni_result_parse(&result, prev, from, err) < 0)
		return -1;
	return cnm_cni_result_build(ret, &result, version, err);
}

int cnm_cni_result_merge(json_object **ret, json_object *prev, const struct cnm_cni_result *add,
                         enum cnm_cni_version version, struct cnm_error *err)
{
	static const struct cnm_cni_result nothing = {0};
	json_object *obj _cleanup_json_ = NULL;
	int added;

	if (!add)
		add = &nothing;
	if (!prev)
		return cnm_cni_result_build(ret, add, version, err);
	if (copy_as(&obj, prev, version, err) < 0)
		return cnm_wrap(err, "prevResult");
	if (cnm_json_add_string(obj, cnm_caseless_key(obj, "cniVersion"), cnm_cni_version_name(version),
	                        err) < 0)
		return -1;
	if (cnm_cni_shape_of(version) == CNM_CNI_SHAPE_FAMILY)
		added = append_families(obj, add, err);
	else
		added = append_all(obj, add, version, err);
	if (added < 0 || fill_dns(obj, &add->dns, err) < 0)
		return cnm_wrap(err, "prevResult");
	*ret = TAKE_PTR(obj);
	return 0;
}

/* Whether an item of `interfaces` is that interface. */
static bool is_interface(json_object *obj, const char *name, const char *sandbox)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	const char *item_name = "", *item_sandbox = "";

	if (cnm_caseless_get_string(obj, "name", &item_name, &ignored) < 0 ||
	    cnm_caseless_get_string(obj, "sandbox", &item_sandbox, &ignored) < 0)
		return false;
	return strcmp(item_name, name) == 0 && strcmp(item_sandbox, sandbox ? sandbox : "") == 0;
}

int cnm_cni_result_update_interface(json_object *result, enum cnm_cni_version version, const char *name,
                                    const char *sandbox, const char *mac, uint32_t mtu, struct cnm_error *err)
{
	json_object *list = NULL;

	if (cnm_caseless_get_array(result, "interfaces", &list, err) < 0)
		return -1;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *obj = json_object_array_get_idx(list, i);

		if (!is_interface(obj, name, sandbox))
			continue;
		if (cnm_json_add_string(obj, cnm_caseless_key(obj, "mac"), mac, err) < 0)
			return -1;
		if (mtu && version >= CNM_CNI_1_1_0 &&
		    cnm_json_add(obj, cnm_caseless_key(obj, "mtu"), json_object_new_int64(mtu), err) < 0)
			return -1;
	}
	return 0;
}
