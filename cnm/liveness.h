/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what a record describes is still alive. In doubt it is. */
#ifndef CNM_LIVENESS_H
#define CNM_LIVENESS_H

#include "cnm/model.h"

#define CNM_WHY_MAX 256

/* The namespace of an attachment, as a record names it. */
struct cnm_life {
	const char *key;
	struct cnm_netns_id netns;
	pid_t pid;
	uint64_t start_time;
	const char *boot_id;
};

struct cnm_life cnm_sandbox_life(const struct cnm_sandbox *sandbox);
struct cnm_life cnm_endpoint_life(const struct cnm_endpoint *endpoint);

/* True when it is provably gone: another boot's, its init ended, its path missing, no namespace or another one. `why` says which. */
bool cnm_life_is_over(const struct cnm_controller *controller, const struct cnm_life *life,
                      char why[CNM_WHY_MAX]);
/* Opens the namespace if it is still the one of the record; -1 (no error) when it is gone or in doubt. */
int cnm_life_open_netns(const struct cnm_life *life);

#endif
