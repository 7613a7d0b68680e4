/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IPAM plugin gave, as the model takes it. */
#include "hook/cni_given.h"
#include "cnm/base/cleanup.h"

struct cnm_cni_given_text {
	char subnet[CNM_ADDR_TEXT_MAX], gateway[CNM_ADDR_TEXT_MAX];
};

void cnm_cni_given_free(struct cnm_cni_given *given)
{
	cnm_strings_free(&given->addresses);
	free(given->pools);
	free(given->texts);
}

static int add_pool(struct cnm_cni_given *ret, struct cnm_cni_ip *ip, bool gateway, bool needs_subnet,
                    struct cnm_error *err)
{
	struct cnm_addr subnet = cnm_addr_network(&ip->address);
	char text[CNM_ADDR_TEXT_MAX];
	size_t at = ret->pool_count;

	if (ip->address.prefix == cnm_addr_bits(&ip->address))
		return !needs_subnet ? 0
		                     : cnm_fail(err, CNM_E_UNSUPPORTED,
		                                "address %s has no subnet, which isGateway and ipMasq need",
		                                cnm_addr_format_cidr(&ip->address, text));
	if (gateway && !cnm_addr_is_set(&ip->gateway)) {
		ip->gateway = cnm_addr_add(&subnet, 1);
		ip->gateway.prefix = (uint8_t)cnm_addr_bits(&subnet);
	}
	ret->pools[at].subnet = cnm_addr_format_cidr(&subnet, ret->texts[at].subnet);
	/* Only on the host's own link a gateway must be the subnet's. */
	ret->pools[at].gateway = gateway ? cnm_addr_format(&ip->gateway, ret->texts[at].gateway) : "none";
	ret->pool_count++;
	return 0;
}

int cnm_cni_given_fill(struct cnm_cni_given *ret, struct cnm_cni_result *said, bool gateway, bool subnet,
                       struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	ret->pools = calloc(said->ip_count, sizeof(*ret->pools));
	ret->texts = calloc(said->ip_count, sizeof(*ret->texts));
	if (!ret->pools || !ret->texts)
		return cnm_fail_nomem(err);
	for (i = 0; i < said->ip_count; i++)
		if (add_pool(ret, &said->ips[i], gateway, subnet, err) < 0 ||
		    cnm_strings_add(&ret->addresses, cnm_addr_format_cidr(&said->ips[i].address, text), err) <
		            0)
			return -1;
	return 0;
}

const struct cnm_addr *cnm_cni_given_gateway(const struct cnm_cni_result *said, int family)
{
	size_t i;

	for (i = 0; i < said->ip_count; i++)
		if (said->ips[i].address.family == family && cnm_addr_is_set(&said->ips[i].gateway))
			return &said->ips[i].gateway;
	return NULL;
}

int cnm_cni_given_routes(const struct cnm_cni_result *said, size_t extra, struct cnm_cni_route **ret,
                         struct cnm_error *err)
{
	struct cnm_cni_route *routes = calloc(said->route_count + extra + 1, sizeof(*routes));
	size_t i;

	if (!routes)
		return cnm_fail_nomem(err);
	for (i = 0; i < said->route_count; i++) {
		const struct cnm_addr *gateway = cnm_cni_given_gateway(said, said->routes[i].dst.family);

		routes[i] = said->routes[i];
		if (!cnm_addr_is_set(&routes[i].gateway) && gateway)
			routes[i].gateway = *gateway;
	}
	*ret = routes;
	return 0;
}
