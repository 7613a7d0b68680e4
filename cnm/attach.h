/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that every join and every leave is made of. Order of a join: locks, network's objects, namespace, interface name,
 * addresses, record (.joining), kernel, record (.json), files. A leave goes the other way and works from the record alone; a failed join is
 * undone by that same leave, as are what a killed one left.
 */
#ifndef CNM_ATTACH_H
#define CNM_ATTACH_H

#include "cnm/driver.h"
#include "cnm/store.h"

struct cnm_attach {
	struct cnm_controller *controller;
	struct cnm_store_sandbox sb;  /* locked */
	struct cnm_store_network net; /* locked */
	struct cnm_network *network;
	const struct cnm_driver *driver;
	struct cnm_sandbox *sandbox;
	int netns_fd;
	char id[CNM_CONTAINER_MAX + 1];
	bool joined;             /* the sandbox has an interface now */
	struct cnm_link_ref ref; /* the interface name that is taken */
	bool any_ifname;         /* nobody asked for that name */
};

/* Locks sandbox and network, makes sure of the network's objects, and finds, adopts or makes the sandbox. Whatever happens, the
 * caller ends with cnm_attach_close, which deletes a sandbox that nothing uses. */
int cnm_attach_open(struct cnm_attach *attach, struct cnm_controller *controller, const char *network,
                    const struct cnm_sandbox_spec *sandbox, enum cnm_lock_mode mode, struct cnm_error *err);
void cnm_attach_close(struct cnm_attach *attach);
#define _cleanup_attach_ __attribute__((cleanup(cnm_attach_close)))

/* Fills the interface name where none is asked for: the first free of PREFIX0, PREFIX1, ... */
int cnm_attach_choose_ifname(struct cnm_attach *attach, const char *wanted, char ret[IF_NAMESIZE],
                             struct cnm_error *err);
/* The first name of PREFIX0, PREFIX1, ... that the sandbox has not. */
int cnm_attach_free_ifname(struct cnm_attach *attach, const char *prefix, char ret[IF_NAMESIZE],
                           struct cnm_error *err);
/* The join of an endpoint whose link is taken and whose addresses are: record, kernel, record, files. On failure the caller detaches. */
int cnm_attach_join(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err);

/* Leave: undoes the attachment behind the reference. The sandbox is locked; its network is locked here. What is gone already is success. */
int cnm_detach(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
               const struct cnm_link_ref *ref, struct cnm_error *err);
/* Detaches everything of the sandbox, going on after an error; the first error is returned. */
int cnm_detach_all(struct cnm_controller *controller, struct cnm_store_sandbox *sb, size_t *count,
                   struct cnm_error *err);
/* Deletes the sandbox that nothing uses: no interface, and not made by a person. */
int cnm_sandbox_release_unused(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                               const char *id, struct cnm_error *err);

/* An endpoint's record out of its specification, with addresses taken. Everything is checked before anything is. */
int cnm_endpoint_make(struct cnm_controller *controller, struct cnm_store_network *net,
                      const struct cnm_network *network, const char *name,
                      const struct cnm_endpoint_spec *spec, struct cnm_endpoint **ret, struct cnm_error *err);

int cnm_endpoint_requested(const struct cnm_endpoint_spec *spec, struct cnm_addr *ret, struct cnm_error *err);
/* Once the addresses are known: a route without a gateway takes that of its family. */
void cnm_endpoint_fill_gateways(struct cnm_endpoint *endpoint);

/* Asking without a lock (asking.c): from here on the record, which is not saved by these, names this process. */
int cnm_asking_begin(const struct cnm_controller *controller, struct cnm_endpoint *endpoint,
                     struct cnm_error *err);
int cnm_asking_end(struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Takes the container's lock again. CNM_E_NOT_FOUND says that the endpoint was released meanwhile. */
int cnm_asking_lock(const struct cnm_controller *controller, const char *container,
                    struct cnm_store_sandbox *ret, struct cnm_error *err);
/* With the locks held again: the record is still there, and still this endpoint's. CNM_E_NOT_FOUND. */
int cnm_asking_stands(struct cnm_store_network *net, const struct cnm_endpoint *endpoint,
                      struct cnm_error *err);

/* What asks another program (attach_outside.c, endpoint_outside.c); each does nothing where nothing is asked. */
int cnm_attach_ask_addresses(struct cnm_attach *attach, const struct cnm_endpoint_spec *spec,
                             struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_attach_ask_join(struct cnm_attach *attach, struct cnm_endpoint *endpoint, struct cnm_error *err);
struct cnm_endpoint_set;
int cnm_attach_ask_external(struct cnm_attach *attach, struct cnm_endpoint *endpoint,
                            struct cnm_endpoint_set *set, struct cnm_error *err);
/* The undo of a join that failed, whether or not its locks are held; endpoint NULL: there is no record yet. */
void cnm_attach_undo(struct cnm_attach *attach, const struct cnm_endpoint *endpoint);
int cnm_endpoint_ask_addresses(struct cnm_controller *controller, const struct cnm_network *network,
                               const struct cnm_endpoint_spec *spec, struct cnm_endpoint *endpoint,
                               struct cnm_error *err);
/* The endpoint, without addresses so far, into the record; the network is locked exclusive before and after, not meanwhile. */
int cnm_endpoint_make_outside(struct cnm_controller *controller, struct cnm_store_network *net,
                              const struct cnm_network *network, const struct cnm_endpoint_spec *spec,
                              struct cnm_endpoint *endpoint, struct cnm_error *err);
/* Its record is of an endpoint that is being made so; and the process that was at it has ended. */
bool cnm_endpoint_is_being_made(const struct cnm_endpoint *endpoint);
bool cnm_endpoint_making_is_over(const struct cnm_controller *controller,
                                 const struct cnm_endpoint *endpoint);

/* The endpoints of a locked sandbox, read through its links. `known` (may be NULL) stands in for its own record. */
struct cnm_endpoint_set {
	struct cnm_endpoint **items;
	size_t count;
	const struct cnm_endpoint *known; /* borrowed */
};
int cnm_endpoint_set_load(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                          const struct cnm_endpoint *known, struct cnm_endpoint_set *ret,
                          struct cnm_error *err);
void cnm_endpoint_set_free(struct cnm_endpoint_set *set);
#define _cleanup_endpoint_set_ __attribute__((cleanup(cnm_endpoint_set_free)))

/* Publishes what an endpoint that left, or withdrew its ports, had in place of these others of its sandbox, which is locked (publish.c). A port that
 * somebody else took meanwhile stays his. */
void cnm_ports_hand_over(struct cnm_controller *controller, const struct cnm_endpoint_set *set,
                         const char *left_ifname);

/* Sandboxes (sandbox.c): the record for a specification, on a locked folder. */
int cnm_sandbox_resolve(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                        const struct cnm_sandbox_spec *spec, bool host_namespace, struct cnm_sandbox **ret,
                        int *ret_netns_fd, struct cnm_error *err);

/* CNM_E_CONFLICT: names what `spec` asks for and the endpoint has not. */
int cnm_endpoint_compare(const struct cnm_endpoint *endpoint, const struct cnm_endpoint_spec *spec,
                         struct cnm_error *err);
/* Takes the sandbox's files_mirror for it. CNM_E_BUSY names the living container that has it. */
int cnm_files_mirror_claim(struct cnm_controller *controller, const struct cnm_sandbox *sandbox,
                           struct cnm_error *err);
/* Name settings of the specification, checked, into the record (sandbox_dns.c). */
int cnm_sandbox_fill_dns(const struct cnm_sandbox_spec *spec, struct cnm_sandbox *sandbox,
                         struct cnm_error *err);
/* hosts and resolv.conf of a locked sandbox (files.c). */
int cnm_files_write(struct cnm_controller *controller, struct cnm_store_sandbox *sb,
                    const struct cnm_sandbox *sandbox, const struct cnm_endpoint *const *endpoints,
                    size_t count, struct cnm_error *err);
/* The container has a hosts file, which names its peers on the network (files_peers.c). */
int cnm_files_add_reader(struct cnm_store *store, const char *network, const char *container,
                         struct cnm_error *err);
/* Brings the files of all sandboxes on the network up to date, after somebody joined or left, or an agent came or went. `leaving` (NULL: none) is the
 * sandbox whose interface `ifname` goes: told before its reference is given up, so that who is killed here tells again. What a file outside of our roots
 * (files_mirror) does not take is told with the next change. */
int cnm_files_tell_readers(struct cnm_controller *controller, const char *network,
                           const struct cnm_store_sandbox *leaving, const char *ifname,
                           struct cnm_error *err);

#endif
