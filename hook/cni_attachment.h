/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CNI's verbs on the model, for every plugin type that attaches containers to a network: types differ in how a configuration
 * describes the network and what it asks for.
 */
#ifndef CNM_HOOK_CNI_ATTACHMENT_H
#define CNM_HOOK_CNI_ATTACHMENT_H

#include "cnm/model.h"
#include "hook/cni_ipam.h"
#include "hook/cni_plugin.h"
#include "spec/cni_result.h"

/* The network of a call. */
struct cnm_cni_target {
	const char *name;
	const struct cnm_network_spec *spec; /* the configuration describes it; NULL: it must exist */
	/* Subnets of an external IPAM plugin, which the network then knows. */
	const struct cnm_pool_spec *pools;
	size_t pool_count;
	bool makes_room; /* networks that other configurations described give way where nobody is on them */
};

/* What an ADD asks for besides what the call itself says (addresses, MAC, interface name). */
struct cnm_cni_request {
	struct cnm_strings aliases;
	struct cnm_kvs sysctls;
	int gateway_priority;
	const struct cnm_cni_route *routes;
	size_t route_count;
	bool only_routes;                    /* these and no other */
	struct cnm_options options;          /* of the endpoint */
	const char *mac;                     /* where the call asks for none; NULL: none */
	const struct cnm_strings *addresses; /* instead of those that the call asks for; NULL: those */
	bool no_ports;                       /* another plugin of the chain publishes them */
	/* What an IPAM plugin says; NULL: none. Its routes, gateways and DNS settings go into the result as they are. */
	const struct cnm_cni_result *ipam;
	bool default_routes; /* by the addresses' gateways, besides its routes */
};

int cnm_cni_attach(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   const struct cnm_cni_request *request, json_object **ret, struct cnm_cni_error *err);
int cnm_cni_detach(const struct cnm_cni_call *call, const char *network, struct cnm_cni_error *err);
int cnm_cni_check(const struct cnm_cni_call *call, const char *network, struct cnm_cni_error *err);
/* Releases the attachments of this network that an ADD made and that the runtime does not name as valid. */
int cnm_cni_collect(const struct cnm_cni_call *call, const char *name, struct cnm_cni_error *err);
/* Whether an ADD could succeed; changes nothing. */
int cnm_cni_status(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                   struct cnm_cni_error *err);

/* The described network of the target, made or changed as need be. */
int cnm_cni_network_ensure(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                           struct cnm_network **ret, struct cnm_error *err);
/* What that would make, or why it cannot; changes nothing. */
int cnm_cni_network_try(const struct cnm_cni_call *call, const struct cnm_cni_target *target,
                        struct cnm_network **ret, struct cnm_error *err);
/* Whether nobody is on it, as far as can be known. */
bool cnm_cni_network_is_unused(const struct cnm_cni_call *call, struct cnm_network *network);
/* The network that a configuration describes by its own keys, in options, and by its `ipam` (host-local's is parsed into *ipam): none, ours, or that of a
 * plugin. *spec and *target point into the other arguments. */
int cnm_cni_describe(const struct cnm_cni_config *config, const char *driver,
                     const struct cnm_options *options, const struct cnm_cni_ipam *ipam,
                     struct cnm_cni_pools *pools, struct cnm_network_spec *spec,
                     struct cnm_cni_target *target, struct cnm_error *err);
/* DEL, CHECK and GC for such a network, and by its IPAM plugin where it has one. They need no configuration that is right. */
int cnm_cni_described_del(const struct cnm_cni_call *call, struct cnm_cni_error *err);
int cnm_cni_described_check(const struct cnm_cni_call *call, struct cnm_cni_error *err);
int cnm_cni_described_gc(const struct cnm_cni_call *call, struct cnm_cni_error *err);
/* Deletes the described network of that name, after a failed ADD that made it; it stays where another ADD has joined it meanwhile. */
void cnm_cni_network_unmake(const struct cnm_cni_call *call, const char *name);
/* A network by its name alone: ids, which cnm_network_find takes too, are no names here. */
int cnm_cni_network_find(const struct cnm_cni_call *call, const char *name, struct cnm_network **ret,
                         struct cnm_error *err);

/* What the record of a joined endpoint says, and the kernel of its links, as a result. On failure *ret is zeroed. */
int cnm_cni_result_of(const struct cnm_cni_call *call, const struct cnm_network *network,
                      const struct cnm_endpoint *endpoint, struct cnm_cni_result *ret, struct cnm_error *err);

/* Puts what request->ipam says in place of what the record says. */
int cnm_cni_result_as_ipam(struct cnm_cni_result *result, const struct cnm_network *network,
                           const struct cnm_cni_request *request, struct cnm_error *err);

/* The aliases of a request and, before them, the name that the runtime knows the container by (cni_names.c). */
int cnm_cni_aliases(const struct cnm_cni_call *call, const struct cnm_strings *aliases,
                    struct cnm_strings *ret, struct cnm_error *err);
/* Where an agent answers names of the network: itself. */
int cnm_cni_served_dns(const struct cnm_cni_call *call, const struct cnm_network *network,
                       struct cnm_cni_dns *ret, struct cnm_error *err);

#endif
