/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names over CNI: what a runtime calls the container, and whom the container is to ask where an agent answers. */
#include "cnm/base/cleanup.h"
#include "cnm/names.h"
#include "cnm/served.h"
#include "hook/cni_attachment.h"
#include <string.h>

#define SERVERS_MAX 3

/* podman and CRI runtimes send the name by which people know the container, since the id is a random one. */
#define POD_NAME "K8S_POD_NAME"

int cnm_cni_aliases(const struct cnm_cni_call *call, const struct cnm_strings *aliases,
                    struct cnm_strings *ret, struct cnm_error *err)
{
	const char *name = cnm_kvs_get(&call->env->args.k8s, POD_NAME);
	struct cnm_error not_a_name = CNM_ERROR_INIT;
	size_t i;

	if (name && cnm_name_check(name, POD_NAME, &not_a_name) == 0 && cnm_strings_add(ret, name, err) < 0)
		return -1;
	for (i = 0; i < aliases->count; i++)
		if (!cnm_strings_contain(ret, aliases->items[i]) &&
		    cnm_strings_add(ret, aliases->items[i], err) < 0)
			return -1;
	return 0;
}

int cnm_cni_served_dns(const struct cnm_cni_call *call, const struct cnm_network *network,
                       struct cnm_cni_dns *ret, struct cnm_error *err)
{
	struct cnm_addr servers[SERVERS_MAX];
	char text[CNM_ADDR_TEXT_MAX];
	size_t count, i;

	if (!cnm_network_is_served(call->controller->store, network->name))
		return 0;
	count = cnm_network_name_servers(call->controller, network, servers, SERVERS_MAX);
	for (i = 0; i < count; i++)
		if (cnm_strings_add(&ret->nameservers, cnm_addr_format(&servers[i], text), err) < 0)
			return -1;
	/* A name without a dot is one of the network's: asked as it is, before search domains. */
	return count ? cnm_strings_add(&ret->options, "ndots:0", err) : 0;
}
