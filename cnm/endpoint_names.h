/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names under which others on its network find an endpoint. */
#ifndef CNM_ENDPOINT_NAMES_H
#define CNM_ENDPOINT_NAMES_H

#include "cnm/model.h"

struct cnm_endpoint_names {
	const char **
	        items; /* borrowed from endpoint and sandbox, each once without regard to case; the first is the one that it is called by */
	size_t count;
	char short_id[CNM_SHORT_ID + 1];
	char full_hostname[513];
};

/* The endpoint's own name (not one that a connect made up), the container's id, its host name, with the domain too, its short id, aliases. `sandbox` may be
 * NULL. Both must outlive ret, which is not copied. */
int cnm_endpoint_names(struct cnm_endpoint_names *ret, const struct cnm_endpoint *endpoint,
                       const struct cnm_sandbox *sandbox, struct cnm_error *err);
void cnm_endpoint_names_free(struct cnm_endpoint_names *names);
#define _cleanup_endpoint_names_ __attribute__((cleanup(cnm_endpoint_names_free)))

#endif
