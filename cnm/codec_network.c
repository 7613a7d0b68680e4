/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a network. */
#include <stdlib.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/codec.h"
#include "cnm/codec_fields.h"

#define FIELD(key, kind, member) CNM_FIELD(struct cnm_network, key, kind, member)

static const struct cnm_field members[] = {
        FIELD("name", TEXT, name),
        FIELD("id", TEXT, id),
        FIELD("driver", TEXT, driver),
        FIELD("ipam_driver", TEXT, ipam_driver),
        FIELD("created", TEXT, created),
        FIELD("internal", BOOL, internal),
        FIELD("ipv6", BOOL, ipv6),
        FIELD("described", BOOL, described),
        FIELD("options", KVS, options),
        FIELD("labels", KVS, labels),
        FIELD("ipam_options", KVS, ipam_options),
        FIELD("driver_state", KVS, driver_state),
        FIELD("ipam_state", KVS, ipam_state),
};
static const struct cnm_fields network_fields = CNM_FIELDS(members);

static const struct cnm_field pool_members[] = {
        CNM_FIELD(struct cnm_pool, "subnet", CIDR, subnet),
        CNM_FIELD(struct cnm_pool, "first", ADDR, first),
        CNM_FIELD(struct cnm_pool, "last", ADDR, last),
        CNM_FIELD(struct cnm_pool, "gateway", ADDR, gateway),
        CNM_FIELD(struct cnm_pool, "aux", KVS, aux),
};
static const struct cnm_fields pool_fields = CNM_FIELDS(pool_members);

json_object *cnm_network_to_json(const struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_json_ json_object *obj = cnm_record_new(err);

	if (!obj || cnm_fields_encode(obj, network, &network_fields, err) < 0 ||
	    cnm_fields_encode_array(obj, "pools", network->pools, sizeof(*network->pools),
	                            network->pool_count, &pool_fields, err) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

static int check_pool(const struct cnm_pool *pool, struct cnm_error *err)
{
	struct cnm_addr subnet = cnm_addr_network(&pool->subnet);
	char text[CNM_ADDR_TEXT_MAX];

	if (!cnm_addr_is_set(&pool->subnet) || !cnm_addr_equal(&subnet, &pool->subnet))
		return cnm_fail(err, CNM_E_INVALID, "key \"subnet\": expected a subnet");
	cnm_addr_format_cidr(&subnet, text);
	if (!cnm_addr_contains(&subnet, &pool->first) || !cnm_addr_contains(&subnet, &pool->last) ||
	    cnm_addr_compare(&pool->first, &pool->last) > 0)
		return cnm_fail(err, CNM_E_INVALID, "keys \"first\" and \"last\": no range inside %s", text);
	if (cnm_addr_is_set(&pool->gateway) && pool->gateway.family != subnet.family)
		return cnm_fail(err, CNM_E_INVALID, "key \"gateway\": not of the family of %s", text);
	for (size_t i = 0; i < pool->aux.count; i++) {
		struct cnm_addr addr;

		if (cnm_addr_parse(&addr, pool->aux.items[i].value, err) < 0)
			return cnm_wrap(err, "key \"aux\"");
	}
	return 0;
}

static int decode_pools(struct cnm_network *network, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_json_get_array(obj, "pools", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	network->pools = calloc(count, sizeof(*network->pools));
	if (!network->pools)
		return cnm_fail_nomem(err);
	if (cnm_fields_decode_array(network->pools, sizeof(*network->pools), count, &network->pool_count, obj,
	                            "pools", &pool_fields, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (check_pool(&network->pools[i], err) < 0)
			return cnm_wrap(err, "pools[%zu]", i);
	}
	return 0;
}

static int check_network(const struct cnm_network *network, struct cnm_error *err)
{
	if (cnm_name_check(network->name, "network name", err) < 0 ||
	    cnm_record_check_id(network->id, err) < 0 ||
	    cnm_name_check(network->driver, "driver name", err) < 0)
		return -1;
	if (network->ipam_driver[0] && cnm_name_check(network->ipam_driver, "IPAM driver name", err) < 0)
		return -1;
	return 0;
}

int cnm_network_decode(struct cnm_network **ret, const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *network = calloc(1, sizeof(*network));
	_cleanup_json_ json_object *obj = NULL;

	if (!network)
		return cnm_fail_nomem(err);
	if (cnm_record_parse(&obj, text, len, err) < 0 ||
	    cnm_fields_decode(network, obj, &network_fields, err) < 0 ||
	    decode_pools(network, obj, err) < 0 || check_network(network, err) < 0)
		return cnm_record_fail(err);
	*ret = TAKE_PTR(network);
	return 0;
}
