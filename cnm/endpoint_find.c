/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints of a network: all of them, and one by name or id. */
#include "cnm/base/cleanup.h"
#include "cnm/store.h"
#include <string.h>

int cnm_endpoint_list(struct cnm_controller *controller, struct cnm_network *network,
                      struct cnm_endpoint ***ret, size_t *ret_count, struct cnm_error *err)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names keys = {0};
	struct cnm_endpoint **endpoints;
	size_t i, count = 0;

	if (cnm_store_network_open_live(controller->store, network->name, &net, err) < 0) {
		if (err->code != CNM_E_NOT_FOUND)
			return -1;
		cnm_error_clear(err); /* nothing has joined since the boot */
	} else if (cnm_store_endpoint_keys(&net, &keys, err) < 0) {
		return -1;
	}
	endpoints = calloc(keys.count + 1, sizeof(*endpoints));
	if (!endpoints)
		return cnm_fail_nomem(err);
	for (i = 0; i < keys.count; i++) {
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_store_endpoint_load(&net, keys.items[i], &endpoints[count], &one) == 0) {
			count++;
		} else if (!cnm_store_is_lost(&one)) {
			cnm_endpoint_list_free(endpoints, count);
			*err = one;
			return -1;
		}
	}
	*ret = endpoints;
	*ret_count = count;
	return 0;
}

static bool fits(const struct cnm_endpoint *endpoint, const char *text)
{
	return strcmp(endpoint->name, text) == 0 || strcmp(endpoint->container, text) == 0 ||
	       (cnm_id_is_prefix(text) && strncmp(endpoint->id, text, strlen(text)) == 0);
}

int cnm_endpoint_find(struct cnm_controller *controller, struct cnm_network *network, const char *name_or_id,
                      struct cnm_endpoint **ret, struct cnm_error *err)
{
	struct cnm_endpoint **endpoints = NULL, *found = NULL;
	size_t count = 0, matches = 0, i;

	if (cnm_endpoint_list(controller, network, &endpoints, &count, err) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (strcmp(endpoints[i]->name, name_or_id) == 0) {
			cnm_endpoint_free(found);
			found = TAKE_PTR(endpoints[i]);
			matches = 1;
			break;
		}
		if (fits(endpoints[i], name_or_id) && matches++ == 0)
			found = TAKE_PTR(endpoints[i]);
	}
	for (i = 0; i < count; i++)
		cnm_endpoint_free(endpoints[i]);
	free(endpoints);
	if (matches == 1) {
		*ret = found;
		return 0;
	}
	cnm_endpoint_free(found);
	if (matches > 1)
		return cnm_fail(err, CNM_E_INVALID, "network %s: %zu endpoints fit \"%s\"", network->name,
		                matches, name_or_id);
	return cnm_fail(err, CNM_E_NOT_FOUND, "network %s, endpoint %s: no such endpoint", network->name,
	                name_or_id);
}
