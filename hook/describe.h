/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's objects as JSON for `inspect` and `ls --format json`, in the shape and with the member names that Docker's
 * API has where it has the thing. Made from structs alone.
 */
#ifndef CNM_HOOK_DESCRIBE_H
#define CNM_HOOK_DESCRIBE_H

#include <json-c/json.h>

#include "cnm/driver.h"
#include "cnm/model.h"

/* Each returns an object that the caller owns, or NULL with the error. */

/* `driver` is the network's, or NULL when it is not known here; `endpoints` are those of the network. */
json_object *cnm_describe_network(const struct cnm_network *network, const struct cnm_driver *driver,
                                  struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err);
json_object *cnm_describe_endpoint(const struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Of `endpoints` those are shown that are in the sandbox; `state` is the live root, where its files are. */
json_object *cnm_describe_sandbox(const struct cnm_sandbox *sandbox, const char *state,
                                  struct cnm_endpoint *const *endpoints, size_t count, struct cnm_error *err);

/* Adds to an array and takes ownership of item. NULL for either is one that could not be made: -1,
 * and the error that says why stays, else CNM_E_NOMEM. */
int cnm_describe_append(json_object *array, json_object *item, struct cnm_error *err);

/* "local" or "global". */
const char *cnm_describe_scope(const struct cnm_driver *driver);

/* The same of a network: one driver stands for all plugins, and each has a scope of its own. */
const char *cnm_describe_network_scope(const struct cnm_network *network, const struct cnm_driver *driver);

/* What endpoints of the pool get, as `--ip-range` takes it, into out (2 * CNM_ADDR_TEXT_MAX bytes); NULL when it is the
 * whole subnet. */
const char *cnm_describe_range(const struct cnm_pool *pool, char *out);

#endif
