/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a network is what a description says. The record holds what was chosen and normalised; so texts of the
 * description are parsed, and its options go through the driver, before they are compared. What is left out is not.
 */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int differs(const struct cnm_network *network, const char *key, const char *has, const char *wanted,
                   struct cnm_error *err)
{
	return cnm_fail(err, CNM_E_CONFLICT, "network %s exists with %s %s, and the configuration says %s",
	                network->name, key, has, wanted);
}

static int compare_words(const struct cnm_network_spec *spec, const struct cnm_network *network,
                         struct cnm_error *err)
{
	if (spec->driver && strcmp(spec->driver, network->driver) != 0)
		return differs(network, "driver", network->driver, spec->driver, err);
	if (spec->ipam_driver && strcmp(spec->ipam_driver, network->ipam_driver) != 0)
		return differs(network, "ipamDriver", network->ipam_driver, spec->ipam_driver, err);
	if (spec->internal && !network->internal)
		return differs(network, "internal", "false", "true", err);
	if (spec->ipv6 && !network->ipv6)
		return differs(network, "ipv6", "false", "true", err);
	return 0;
}

static bool is_as_written(const struct cnm_options *options, const struct cnm_kvs *kvs)
{
	size_t i;

	for (i = 0; i < options->count; i++) {
		const char *has = cnm_kvs_get(kvs, options->items[i].key);

		if (!has || strcmp(has, options->items[i].value ? options->items[i].value : "") != 0)
			return false;
	}
	return true;
}

/* A network as the driver would see it, with the options of the description: its names for them, its spelling of values. */
static int normalise(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                     const struct cnm_network *network, struct cnm_network *scratch, struct cnm_error *err)
{
	const struct cnm_driver *driver = cnm_controller_driver(controller, network->driver, err);
	size_t i;

	if (!driver)
		return -1;
	memcpy(scratch->name, network->name, sizeof(scratch->name));
	memcpy(scratch->id, network->id, sizeof(scratch->id));
	memcpy(scratch->driver, network->driver, sizeof(scratch->driver));
	memcpy(scratch->ipam_driver, network->ipam_driver, sizeof(scratch->ipam_driver));
	scratch->internal = network->internal;
	scratch->ipv6 = network->ipv6;
	for (i = 0; i < spec->options.count; i++)
		if (cnm_kvs_set(&scratch->options, spec->options.items[i].key,
		                spec->options.items[i].value ? spec->options.items[i].value : "", err) < 0)
			return -1;
	return driver->network_prepare(controller, scratch, err);
}

static int compare_options(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                           const struct cnm_network *network, struct cnm_error *err)
{
	_cleanup_network_ struct cnm_network *scratch = NULL;
	char key[128];
	size_t i;

	if (is_as_written(&spec->options, &network->options))
		return 0;
	scratch = calloc(1, sizeof(*scratch));
	if (!scratch)
		return cnm_fail_nomem(err);
	if (normalise(controller, spec, network, scratch, err) < 0)
		return cnm_wrap(err, "network %s", network->name);
	for (i = 0; i < scratch->options.count; i++) {
		const struct cnm_kv *wanted = &scratch->options.items[i];
		const char *has = cnm_kvs_get(&network->options, wanted->key);

		if (has && strcmp(has, wanted->value) == 0)
			continue;
		snprintf(key, sizeof(key), "option %.110s", wanted->key);
		return differs(network, key, has ? has : "not set", wanted->value, err);
	}
	return 0;
}

static const char *format_subnets(const struct cnm_network *network, struct cnm_buf *buf)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		cnm_buf_printf(buf, "%s%s", i ? ", " : "",
		               cnm_addr_format_cidr(&network->pools[i].subnet, text));
	return network->pool_count ? cnm_buf_text(buf) : "none";
}

static const char *format_wanted(const struct cnm_network_spec *spec, struct cnm_buf *buf)
{
	size_t i;

	for (i = 0; i < spec->pool_count; i++)
		cnm_buf_printf(buf, "%s%s", i ? ", " : "",
		               spec->pools[i].subnet ? spec->pools[i].subnet : "any");
	return cnm_buf_text(buf);
}

static int subnets_differ(const struct cnm_network_spec *spec, const struct cnm_network *network,
                          struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf has = CNM_BUF_INIT(1024);
	_cleanup_(cnm_buf_free) struct cnm_buf wanted = CNM_BUF_INIT(1024);

	return differs(network, "subnets", format_subnets(network, &has), format_wanted(spec, &wanted), err);
}

/* "FIRST-LAST" or a CIDR. */
static int parse_range(const char *text, struct cnm_addr *first, struct cnm_addr *last, struct cnm_error *err)
{
	const char *dash = strchr(text, '-');
	_cleanup_free_ char *head = dash ? strndup(text, (size_t)(dash - text)) : NULL;
	struct cnm_addr range;

	if (dash)
		return !head ? cnm_fail_nomem(err)
		       : cnm_addr_parse(first, head, err) < 0 || cnm_addr_parse(last, dash + 1, err) < 0 ? -1
		                                                                                         : 0;
	if (cnm_addr_parse_subnet(&range, text, err) < 0)
		return -1;
	*first = cnm_addr_network(&range);
	*last = cnm_addr_last(&range);
	return 0;
}

static int compare_range(const struct cnm_network *network, const struct cnm_pool *pool, const char *wanted,
                         struct cnm_error *err)
{
	char a[CNM_ADDR_TEXT_MAX], b[CNM_ADDR_TEXT_MAX], has[2 * CNM_ADDR_TEXT_MAX];
	struct cnm_addr first, last;

	if (!wanted)
		return 0;
	if (parse_range(wanted, &first, &last, err) < 0)
		return cnm_wrap(err, "network %s, range", network->name);
	if (cnm_addr_equal(&first, &pool->first) && cnm_addr_equal(&last, &pool->last))
		return 0;
	snprintf(has, sizeof(has), "%s-%s", cnm_addr_format(&pool->first, a),
	         cnm_addr_format(&pool->last, b));
	return differs(network, "range", has, wanted, err);
}

static int compare_gateway(const struct cnm_network *network, const struct cnm_pool *pool, const char *wanted,
                           struct cnm_error *err)
{
	struct cnm_addr gateway = {0};
	char text[CNM_ADDR_TEXT_MAX];
	bool has = cnm_addr_is_set(&pool->gateway);

	if (!wanted)
		return 0;
	if (strcmp(wanted, "none") == 0)
		return !has ? 0
		            : differs(network, "gateway", cnm_addr_format(&pool->gateway, text), wanted, err);
	if (cnm_addr_parse(&gateway, wanted, err) < 0)
		return cnm_wrap(err, "network %s, gateway", network->name);
	if (has && cnm_addr_equal(&gateway, &pool->gateway))
		return 0;
	return differs(network, "gateway", has ? cnm_addr_format(&pool->gateway, text) : "none", wanted, err);
}

static int compare_aux(const struct cnm_network *network, const struct cnm_pool *pool,
                       const struct cnm_options *wanted, struct cnm_error *err)
{
	char key[128];
	size_t i;

	for (i = 0; i < wanted->count; i++) {
		const struct cnm_option *aux = &wanted->items[i];
		const char *has = cnm_kvs_get(&pool->aux, aux->key);
		struct cnm_addr a, b;

		if (cnm_addr_parse(&a, aux->value, err) < 0)
			return cnm_wrap(err, "network %s, auxiliary address %s", network->name, aux->key);
		if (has && cnm_addr_parse(&b, has, err) == 0 && cnm_addr_equal(&a, &b))
			continue;
		snprintf(key, sizeof(key), "auxiliary address %.100s", aux->key);
		return differs(network, key, has ? has : "not set", aux->value, err);
	}
	return 0;
}

static const struct cnm_pool *find_pool(const struct cnm_network *network, const struct cnm_addr *subnet)
{
	size_t i;

	for (i = 0; i < network->pool_count; i++)
		if (network->pools[i].subnet.prefix == subnet->prefix &&
		    cnm_addr_equal(&network->pools[i].subnet, subnet))
			return &network->pools[i];
	return NULL;
}

/* A list of subnets is the whole list, but for what the model adds: a chosen IPv6 one where the list has none. */
static int compare_pools(const struct cnm_network_spec *spec, const struct cnm_network *network,
                         struct cnm_error *err)
{
	size_t i, expected = spec->pool_count;
	bool has_ipv6 = false;

	if (spec->pool_count == 0)
		return 0;
	for (i = 0; i < spec->pool_count; i++) {
		const struct cnm_pool_spec *wanted = &spec->pools[i];
		const struct cnm_pool *pool;
		struct cnm_addr subnet;

		if (!wanted->subnet)
			continue;
		if (cnm_addr_parse_subnet(&subnet, wanted->subnet, err) < 0)
			return cnm_wrap(err, "network %s", network->name);
		has_ipv6 = has_ipv6 || subnet.family == AF_INET6;
		pool = find_pool(network, &subnet);
		if (!pool)
			return subnets_differ(spec, network, err);
		if (compare_range(network, pool, wanted->range, err) < 0 ||
		    compare_gateway(network, pool, wanted->gateway, err) < 0 ||
		    compare_aux(network, pool, &wanted->aux, err) < 0)
			return -1;
	}
	if (spec->ipv6 && !has_ipv6)
		expected++;
	return network->pool_count == expected ? 0 : subnets_differ(spec, network, err);
}

int cnm_network_compare(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                        const struct cnm_network *network, struct cnm_error *err)
{
	if (compare_words(spec, network, err) < 0 || compare_pools(spec, network, err) < 0)
		return -1;
	return compare_options(controller, spec, network, err);
}
