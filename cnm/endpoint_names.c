/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of an endpoint: what hosts files list, and what the name service answers to. */
#include "cnm/endpoint_names.h"
#include "cnm/base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OTHER_NAMES 5

static void add(struct cnm_endpoint_names *names, const char *name)
{
	size_t i;

	if (!name[0])
		return;
	for (i = 0; i < names->count; i++)
		if (strcasecmp(names->items[i], name) == 0)
			return;
	names->items[names->count++] = name;
}

int cnm_endpoint_names(struct cnm_endpoint_names *ret, const struct cnm_endpoint *endpoint,
                       const struct cnm_sandbox *sandbox, struct cnm_error *err)
{
	bool random_id = strlen(endpoint->container) == CNM_ID_LEN && cnm_id_is_prefix(endpoint->container);
	size_t i;

	*ret = (struct cnm_endpoint_names){0};
	ret->items = calloc(OTHER_NAMES + endpoint->aliases.count, sizeof(*ret->items));
	if (!ret->items)
		return cnm_fail_nomem(err);
	ret->count = 0;
	if (!strchr(endpoint->name, '@'))
		add(ret, endpoint->name);
	/* Of a random id people know the host name, or the alias that a runtime made of the container's name. */
	if (random_id)
		for (i = 0; i < endpoint->aliases.count; i++)
			add(ret, endpoint->aliases.items[i].key);
	else
		add(ret, endpoint->container);
	if (sandbox)
		add(ret, sandbox->hostname);
	if (sandbox && sandbox->domainname[0]) {
		snprintf(ret->full_hostname, sizeof(ret->full_hostname), "%s.%s", sandbox->hostname,
		         sandbox->domainname);
		add(ret, ret->full_hostname);
	}
	add(ret, endpoint->container);
	if (random_id) {
		snprintf(ret->short_id, sizeof(ret->short_id), "%.*s", CNM_SHORT_ID, endpoint->container);
		add(ret, ret->short_id);
	}
	for (i = 0; i < endpoint->aliases.count; i++)
		add(ret, endpoint->aliases.items[i].key);
	return 0;
}

void cnm_endpoint_names_free(struct cnm_endpoint_names *names)
{
	free(names->items);
	names->items = NULL;
	names->count = 0;
}
