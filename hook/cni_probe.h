/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What STATUS tries of the kernel, in a network namespace that ends with this process. */
#ifndef CNM_HOOK_CNI_PROBE_H
#define CNM_HOOK_CNI_PROBE_H

#include "hook/cni_plugin.h"

/* Each returns 0 or -1 with what is missing. */
typedef int (*cnm_cni_probe_fn)(struct cnm_error *err);
int cnm_cni_probe(const cnm_cni_probe_fn *tries, size_t count, struct cnm_error *err);
/* One of them; makes a bridge in the calling thread's namespace. */
int cnm_cni_try_bridge(struct cnm_error *err);

/* Bridges, and what the next says. */
int cnm_cni_probe_bridges(const struct cnm_cni_call *call, struct cnm_error *err);
/* Whether our table stands, or could be loaded. */
int cnm_cni_probe_nftables(const struct cnm_cni_call *call, struct cnm_error *err);

/* The answer of STATUS: no, whatever the reason is. Returns -1. */
int cnm_cni_not_usable(struct cnm_cni_error *err, unsigned code, const struct cnm_error *why);
/* That of a plugin which needs our table and nothing else. */
int cnm_cni_status_nftables(const struct cnm_cni_call *call, struct cnm_cni_error *err);

#endif
