/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of sandboxes are made of: lines about peers, servers to ask. Inside of cnm only; attach.h has what joins and leaves call. */
#ifndef CNM_FILES_H
#define CNM_FILES_H

#include "cnm/attach.h"
#include "cnm/base/buf.h"

#define CNM_FILES_MAX (1024 * 1024)

/* The joined endpoints of a network, each with the record of its sandbox, read once for all the files that name them. */
struct cnm_peers_network {
	char name[CNM_NAME_MAX + 1];
	struct cnm_network *network; /* NULL: its record is lost */
	bool served;                 /* an agent answers names there */
	struct cnm_endpoint **endpoints;
	struct cnm_sandbox **sandboxes; /* of the endpoint with the same index; NULL: its record is lost */
	size_t count;
};

struct cnm_peers {
	struct cnm_controller *controller;
	struct cnm_peers_network *items;
	size_t count;
};

/* The network's entry, read on first use. */
int cnm_peers_get(struct cnm_peers *peers, const char *network, const struct cnm_peers_network **ret,
                  struct cnm_error *err);
void cnm_peers_free(struct cnm_peers *peers);

/* One line of hosts for each address of each peer that is on a network with one of the endpoints and not served by an agent. */
int cnm_peers_put_hosts(struct cnm_peers *peers, const struct cnm_endpoint *const *endpoints, size_t count,
                        struct cnm_buf *buf, struct cnm_error *err);

/* hosts and resolv.conf of a sandbox, under the hosts lock (files.c). */
int cnm_files_write_locked(struct cnm_peers *peers, struct cnm_store_sandbox *sb,
                           const struct cnm_sandbox *sandbox, const struct cnm_endpoint *const *endpoints,
                           size_t count, struct cnm_error *err);

/* resolv.conf for a sandbox. *served: it leads to an agent. */
int cnm_resolv_build(struct cnm_peers *peers, const struct cnm_sandbox *sandbox,
                     const struct cnm_endpoint *const *endpoints, size_t count, struct cnm_buf *ret,
                     bool *served, struct cnm_error *err);
/* Whether a resolv.conf that we wrote leads to an agent. */
bool cnm_resolv_is_served(const char *text);

#endif
