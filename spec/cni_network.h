/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of our own plugin type, `cnm`: the name of a network that exists, or the description of one.
 *
 *     network      name of the network; without it the configuration's `name`
 *     driver       text; ipamDriver: text
 *     subnets      [ "CIDR" | {subnet, range, gateway, aux: {NAME: ADDRESS}} ]
 *     options, ipamOptions, labels   objects of strings (numbers and booleans are taken as their text)
 *     ipv6, internal                 booleans
 *     ifname-independent attachment options: gatewayPriority (integer), aliases (list), sysctls (object)
 */
#ifndef CNM_SPEC_CNI_NETWORK_H
#define CNM_SPEC_CNI_NETWORK_H

#include "cnm/base/list.h"
#include "spec/cni_config.h"

/* Texts as they came: the model checks addresses. NULL: not given. */
struct cnm_cni_pool {
	const char *subnet; /* NULL: one is to be chosen */
	const char *range;
	const char *gateway;
	struct cnm_kvs aux;
};

struct cnm_cni_network {
	const char *network; /* never NULL */
	bool described;      /* a key that describes a network (driver ... internal) is there */
	const char *driver;
	const char *ipam_driver;
	struct cnm_cni_pool *pools;
	size_t pool_count;
	struct cnm_kvs options;
	struct cnm_kvs ipam_options;
	struct cnm_kvs labels;
	bool ipv6;
	bool internal;

	int gateway_priority;
	struct cnm_strings aliases; /* of the configuration; those of runtimeConfig are not among them */
	struct cnm_kvs sysctls;
};

/* Strings are borrowed from config. Code 7. */
int cnm_cni_network_parse(struct cnm_cni_network *ret, const struct cnm_cni_config *config,
                          struct cnm_cni_error *err);
void cnm_cni_network_free(struct cnm_cni_network *network);
#define _cleanup_cni_network_ __attribute__((cleanup(cnm_cni_network_free)))

#endif
