/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runtimeConfig`: what the runtime says about this one attachment, by capability (CONVENTIONS.md). */
#ifndef CNM_SPEC_CNI_RUNTIME_CONFIG_H
#define CNM_SPEC_CNI_RUNTIME_CONFIG_H

#include "cnm/base/addr.h"
#include "spec/cni_dns.h"
#include "spec/cni_range.h"
#include "spec/strings.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct cnm_error;

struct cnm_cni_port {
	uint16_t host_port; /* never 0 */
	uint16_t container_port;
	char protocol[5];        /* "tcp", "udp", "sctp" */
	struct cnm_addr host_ip; /* unset: every address of both families */
};

/* Bits and bits a second; a rate of 0 is no limit. */
struct cnm_cni_bandwidth {
	bool given;
	uint64_t ingress_rate, ingress_burst;
	uint64_t egress_rate, egress_burst;
};

struct cnm_cni_runtime {
	struct cnm_cni_port *ports;
	size_t port_count;
	struct cnm_strings ips; /* addresses, each with or without prefix */
	struct cnm_cni_ranges ranges;
	char *mac; /* canonical; NULL: not given */
	struct cnm_cni_dns dns;
	struct cnm_cni_bandwidth bandwidth;
	struct cnm_strings aliases;
	char *cgroup_path; /* NULL: not given */
};

/* obj NULL: nothing given. `network` chooses among aliases that come as {"NETWORK": ["alias"]}; they also
 * come as a plain list. Errors: CNM_E_INVALID; *ret is then zeroed. */
int cnm_cni_runtime_parse(struct cnm_cni_runtime *ret, json_object *obj, const char *network,
                          struct cnm_error *err);
/* {ingressRate, ingressBurst, egressRate, egressBurst}: in runtimeConfig and, flat, in a bandwidth plugin's
 * configuration. given stays false when obj holds none of them. */
int cnm_cni_bandwidth_parse(struct cnm_cni_bandwidth *ret, json_object *obj, struct cnm_error *err);
void cnm_cni_runtime_free(struct cnm_cni_runtime *runtime);

#endif
