/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaching an OCI container to a list of networks: all of them or none. */
#ifndef CNM_HOOK_OCI_NETWORKS_H
#define CNM_HOOK_OCI_NETWORKS_H

#include "spec/attach_arg.h"
#include "spec/oci_state.h"
#include "spec/port_arg.h"
#include <stdbool.h>

struct cnm_controller;
struct cnm_cli_dns_args;
struct cnm_error;

struct cnm_oci_container {
	const struct cnm_oci_state *state;
	const char *files_mirror; /* NULL: none */
	const struct cnm_port_args *
	        ports; /* of the hook's arguments, published on the first network; those of annotation cnm.ports are
	                                    * added where that network allows it */
	const struct cnm_cli_dns_args *dns;
	bool annotated; /* the list comes from an annotation: a tenant's choice, so that addresses need the network's `allow` */
};

int cnm_oci_attach(struct cnm_controller *controller, const struct cnm_oci_container *container,
                   const struct cnm_attach_list *networks, struct cnm_error *err);

#endif
