/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of plugin type `cnm`. */
#include "spec/cni_network.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/grammar.h"
#include <limits.h>

static int read_name(struct cnm_cni_network *network, const struct cnm_cni_config *config,
                     struct cnm_error *err)
{
	network->network = config->name;
	if (cnm_caseless_get_string(config->root, "network", &network->network, err) < 0)
		return -1;
	if (!cnm_grammar_is_name(network->network))
		return cnm_fail(err, CNM_E_INVALID, "key \"network\": \"%s\" is not a name",
		                network->network);
	return 0;
}

static int read_pool(struct cnm_cni_pool *pool, json_object *array, size_t i, struct cnm_error *err)
{
	json_object *obj = json_object_array_get_idx(array, i);

	if (json_object_is_type(obj, json_type_string))
		return cnm_json_string_at(array, i, "subnets", &pool->subnet, err);
	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "subnets[%zu]: expected a string or an object", i);
	if (cnm_caseless_get_string(obj, "subnet", &pool->subnet, err) < 0 ||
	    cnm_caseless_get_string(obj, "range", &pool->range, err) < 0 ||
	    cnm_caseless_get_string(obj, "gateway", &pool->gateway, err) < 0 ||
	    cnm_caseless_get_kvs(obj, "aux", &pool->aux, err) < 0)
		return cnm_wrap(err, "subnets[%zu]", i);
	return 0;
}

static int read_pools(struct cnm_cni_network *network, json_object *root, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_caseless_get_array(root, "subnets", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	network->pools = calloc(count, sizeof(*network->pools));
	if (!network->pools)
		return cnm_fail_nomem(err);
	network->pool_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_pool(&network->pools[i], array, i, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_described(json_object *root)
{
	static const char *const keys[] = {"driver",   "subnets",    "options",    "ipv6",
	                                   "internal", "ipamDriver", "ipamOptions"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(keys); i++) {
		if (cnm_json_get_caseless(root, keys[i]))
			return true;
	}
	return false;
}

static int read_members(struct cnm_cni_network *network, const struct cnm_cni_config *config,
                        struct cnm_error *err)
{
	json_object *root = config->root;

	if (read_name(network, config, err) < 0 ||
	    cnm_caseless_get_string(root, "driver", &network->driver, err) < 0 ||
	    cnm_caseless_get_string(root, "ipamDriver", &network->ipam_driver, err) < 0 ||
	    read_pools(network, root, err) < 0 ||
	    cnm_caseless_get_kvs(root, "options", &network->options, err) < 0 ||
	    cnm_caseless_get_kvs(root, "ipamOptions", &network->ipam_options, err) < 0 ||
	    cnm_caseless_get_kvs(root, "labels", &network->labels, err) < 0)
		return -1;
	if (cnm_caseless_get_bool(root, "ipv6", &network->ipv6, err) < 0 ||
	    cnm_caseless_get_bool(root, "internal", &network->internal, err) < 0)
		return -1;
	network->described = is_described(root);
	if (cnm_caseless_get_int(root, "gatewayPriority", INT_MIN, INT_MAX, &network->gateway_priority, err) <
	            0 ||
	    cnm_caseless_get_strings(root, "aliases", &network->aliases, err) < 0)
		return -1;
	return cnm_caseless_get_kvs(root, "sysctls", &network->sysctls, err);
}

int cnm_cni_network_parse(struct cnm_cni_network *ret, const struct cnm_cni_config *config,
                          struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_network){0};
	if (read_members(ret, config, &plain) == 0)
		return 0;
	cnm_cni_network_free(ret);
	cnm_wrap(&plain, "network %s", config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}

void cnm_cni_network_free(struct cnm_cni_network *network)
{
	if (!network)
		return;
	for (size_t i = 0; i < network->pool_count; i++)
		cnm_kvs_free(&network->pools[i].aux);
	free(network->pools);
	cnm_kvs_free(&network->options);
	cnm_kvs_free(&network->ipam_options);
	cnm_kvs_free(&network->labels);
	cnm_strings_free(&network->aliases);
	cnm_kvs_free(&network->sysctls);
	*network = (struct cnm_cni_network){0};
}
