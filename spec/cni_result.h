/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of ADD in every version's shape: built from a struct, parsed into it, and merged into the
 * result of the plugins before in a chain. Three shapes: ip4/ip6 (0.1.0, 0.2.0); interfaces, ips
 * with `version`, routes (0.3.0 to 0.4.0); the same without `version` (1.0.0), and with link and route
 * properties (1.1.0).
 */
#ifndef CNM_SPEC_CNI_RESULT_H
#define CNM_SPEC_CNI_RESULT_H

#include "cnm/base/addr.h"
#include "spec/cni_dns.h"
#include "spec/cni_version.h"
#include <json-c/json.h>
#include <stdint.h>

struct cnm_cni_interface {
	char *name;
	char *mac;         /* NULL: none */
	char *sandbox;     /* path of the namespace; NULL: on the host */
	uint32_t mtu;      /* this and the next two since 1.1.0; 0: none */
	char *socket_path; /* NULL: none */
	char *pci_id;      /* NULL: none */
};

struct cnm_cni_ip {
	struct cnm_addr address; /* with its prefix */
	struct cnm_addr gateway; /* unset: none */
	int interface;           /* index into interfaces; -1: none (results of an IPAM plugin) */
};

struct cnm_cni_route {
	struct cnm_addr dst;            /* with its prefix */
	struct cnm_addr gateway;        /* unset: that of the address of the same family */
	uint32_t mtu, advmss, priority; /* since 1.1.0; 0: none */
	int64_t table, scope;           /* since 1.1.0; -1: none */
};

struct cnm_cni_result {
	struct cnm_cni_interface *interfaces;
	size_t interface_count;
	struct cnm_cni_ip *ips;
	size_t ip_count;
	struct cnm_cni_route *routes;
	size_t route_count;
	struct cnm_cni_dns dns;
};

/* Adds an interface (texts are copied, NULL for none); its index, for ips, goes to *ret_index (NULL: not
 * asked for). */
int cnm_cni_result_add_interface(struct cnm_cni_result *result, const char *name, const char *mac,
                                 const char *sandbox, uint32_t mtu, int *ret_index, struct cnm_error *err);
int cnm_cni_result_add_ip(struct cnm_cni_result *result, const struct cnm_addr *address,
                          const struct cnm_addr *gateway, int interface, struct cnm_error *err);
/* A route without properties; gateway may be NULL. */
int cnm_cni_result_add_route(struct cnm_cni_result *result, const struct cnm_addr *dst,
                             const struct cnm_addr *gateway, struct cnm_error *err);
int cnm_cni_result_add_route_full(struct cnm_cni_result *result, const struct cnm_cni_route *route,
                                  struct cnm_error *err);
void cnm_cni_result_free(struct cnm_cni_result *result);
#define _cleanup_cni_result_ __attribute__((cleanup(cnm_cni_result_free)))

/* The result object in the shape of `version`. 0.1.0 and 0.2.0 hold one address a family and nothing of
 * interfaces; without any address, or with two of a family, they cannot say it: CNM_E_UNSUPPORTED. */
int cnm_cni_result_build(json_object **ret, const struct cnm_cni_result *result, enum cnm_cni_version version,
                         struct cnm_error *err);

/* `add` appended to a copy of `prev`, which keeps every member that it has, known or not. Interface indexes
 * of `add` count from its own interfaces and are shifted. DNS settings of `add` fill what prev leaves empty.
 * prev NULL: the same as build. `add` NULL: the copy. A prev in another version's shape than `version` is
 * converted first. */
int cnm_cni_result_merge(json_object **ret, json_object *prev, const struct cnm_cni_result *add,
                         enum cnm_cni_version version, struct cnm_error *err);

/* Changes the interface `name` with that sandbox inside a result object (a tuning plugin does): mac NULL and
 * mtu 0 leave the value; the mtu is written since 1.1.0 only. An interface that is not listed is no error. */
int cnm_cni_result_update_interface(json_object *result, enum cnm_cni_version version, const char *name,
                                    const char *sandbox, const char *mac, uint32_t mtu,
                                    struct cnm_error *err);

/* A result (of a delegate, or prevResult) in the shape that its cniVersion says; without one in that of
 * `version`. obj NULL or {} is an empty result. CNM_E_INVALID: wrong type, address that cannot be read,
 * interface index outside. On failure *ret is zeroed. */
int cnm_cni_result_parse(struct cnm_cni_result *ret, json_object *obj, enum cnm_cni_version version,
                         struct cnm_error *err);

/* [{dst, gw, ...}]: routes of a result, or of an ipam configuration. *ret is to be freed by the caller. */
int cnm_cni_routes_parse(struct cnm_cni_route **ret, size_t *ret_count, json_object *array,
                         struct cnm_error *err);

#endif
