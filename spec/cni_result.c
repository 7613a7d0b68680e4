/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result struct: filling and freeing. */
#include "spec/cni_result.h"
#include "cnm/base/error.h"
#include <stdlib.h>
#include <string.h>

static int copy_text(char **ret, const char *text)
{
	if (!text || *text == '\0')
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -1;
}

int cnm_cni_result_add_interface(struct cnm_cni_result *result, const char *name, const char *mac,
                                 const char *sandbox, uint32_t mtu, int *ret_index, struct cnm_error *err)
{
	struct cnm_cni_interface *items =
	        reallocarray(result->interfaces, result->interface_count + 1, sizeof(*items));
	struct cnm_cni_interface *item;

	if (!items)
		return cnm_fail_nomem(err);
	result->interfaces = items;
	item = &items[result->interface_count++];
	*item = (struct cnm_cni_interface){.mtu = mtu};
	if (copy_text(&item->name, name) < 0 || copy_text(&item->mac, mac) < 0 ||
	    copy_text(&item->sandbox, sandbox) < 0)
		return cnm_fail_nomem(err);
	if (ret_index)
		*ret_index = (int)result->interface_count - 1;
	return 0;
}

int cnm_cni_result_add_ip(struct cnm_cni_result *result, const struct cnm_addr *address,
                          const struct cnm_addr *gateway, int interface, struct cnm_error *err)
{
	struct cnm_cni_ip *items = reallocarray(result->ips, result->ip_count + 1, sizeof(*items));

	if (!items)
		return cnm_fail_nomem(err);
	result->ips = items;
	items[result->ip_count] = (struct cnm_cni_ip){.address = *address, .interface = interface};
	if (gateway)
		items[result->ip_count].gateway = *gateway;
	result->ip_count++;
	return 0;
}

int cnm_cni_result_add_route_full(struct cnm_cni_result *result, const struct cnm_cni_route *route,
                                  struct cnm_error *err)
{
	struct cnm_cni_route *items = reallocarray(result->routes, result->route_count + 1, sizeof(*items));

	if (!items)
		return cnm_fail_nomem(err);
	result->routes = items;
	items[result->route_count++] = *route;
	return 0;
}

int cnm_cni_result_add_route(struct cnm_cni_result *result, const struct cnm_addr *dst,
                             const struct cnm_addr *gateway, struct cnm_error *err)
{
	struct cnm_cni_route route = {.dst = *dst, .table = -1, .scope = -1};

	if (gateway)
		route.gateway = *gateway;
	return cnm_cni_result_add_route_full(result, &route, err);
}

void cnm_cni_result_free(struct cnm_cni_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->interface_count; i++) {
		free(result->interfaces[i].name);
		free(result->interfaces[i].mac);
		free(result->interfaces[i].sandbox);
		free(result->interfaces[i].socket_path);
		free(result->interfaces[i].pci_id);
	}
	free(result->interfaces);
	free(result->ips);
	free(result->routes);
	cnm_cni_dns_free(&result->dns);
	*result = (struct cnm_cni_result){0};
}
