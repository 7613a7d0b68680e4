/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtimeConfig.portMappings as the library takes them. */
#ifndef CNM_HOOK_CNI_PORTS_H
#define CNM_HOOK_CNI_PORTS_H

#include "cnm/base/addr.h"
#include "cnm/cnm.h"
#include "spec/cni_runtime_config.h"

/* Port specifications, with the texts that they point to; protocols point into the configuration. */
struct cnm_cni_ports {
	struct cnm_port_spec *specs;
	char (*hosts)[CNM_ADDR_TEXT_MAX];
	size_t count;
};

int cnm_cni_ports_fill(struct cnm_cni_ports *ret, const struct cnm_cni_runtime *runtime,
                       struct cnm_error *err);
void cnm_cni_ports_free(struct cnm_cni_ports *ports);
#define _cleanup_cni_ports_ __attribute__((cleanup(cnm_cni_ports_free)))

#endif
