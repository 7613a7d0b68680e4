/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plugins: network and IPAM drivers that are other programs and speak the protocol of Docker's remote drivers. What the files
 * drivers/remote*.c share.
 */
#ifndef CNM_DRIVERS_REMOTE_H
#define CNM_DRIVERS_REMOTE_H

#include "cnm/outside.h"
#include "spec/plugin_address.h"
#include "spec/plugin_owed.h"
#include "spec/plugin_record.h"
#include "spec/plugin_request.h"

struct cnm_http;

/* A plugin as this process knows it. */
struct cnm_remote_plugin {
	char name[CNM_NAME_MAX + 1];
	struct cnm_plugin_address address;
	struct cnm_plugin_record record;
	bool silent; /* it was to be told something and did not answer: this process tells it no more */
	struct cnm_remote_plugin *next;
};

/* Of a controller: opened with its first plugin. */
struct cnm_remote {
	struct cnm_http *http;
	uint64_t started; /* of the verb's time; milliseconds */
	struct cnm_remote_plugin *plugins;
	struct cnm_kvs touched; /* plugins for which this controller wrote something down */
};
struct cnm_remote *cnm_remote_of(struct cnm_controller *controller, struct cnm_error *err);

/* Settings, out of the environment (remote_settings.c). */
#define CNM_REMOTE_DIRS 3
/* Folders with sockets, then with .spec and .json files: CNM_PLUGIN_DIRS, or Docker's three. Into ret, `size` bytes each. */
void cnm_remote_dirs(char ret[CNM_REMOTE_DIRS][256]);
unsigned cnm_remote_call_ms(void); /* CNM_PLUGIN_CALL_MS: one call, connecting included */
unsigned cnm_remote_verb_ms(void); /* CNM_PLUGIN_VERB_MS: all calls of a process */
/* CNM_PLUGIN_NODE: the address of this host that plugins of global scope are told; "": none. */
const char *cnm_remote_node(void);
uint64_t cnm_remote_now_ms(void);

/* Where the plugin listens, and what changes when it is another one (remote_find.c). CNM_E_NOT_FOUND names the folders. */
int cnm_remote_find(const char *name, struct cnm_plugin_address *ret, char ret_identity[128],
                    struct cnm_error *err);

/* Calls (remote_call.c). */
enum cnm_remote_mode {
	CNM_REMOTE_ASK,      /* part of a verb's time is left for taking it back */
	CNM_REMOTE_TELL,     /* all of it; a connection that is refused is not tried again */
	CNM_REMOTE_OPTIONAL, /* asks; a plugin that does not know the call (404) is content */
};
enum cnm_remote_outcome {
	CNM_REMOTE_DONE,
	CNM_REMOTE_REFUSED,   /* it heard, and says no */
	CNM_REMOTE_NOT_HEARD, /* nothing was sent */
	CNM_REMOTE_UNSURE,    /* it may have done it */
};
/* What a call may take, in milliseconds: its own limit, and what is left of the verb's. A quarter of that is kept for taking back. */
unsigned cnm_remote_time_left(const struct cnm_remote *remote, enum cnm_remote_mode mode);
/* body NULL: none. *ret (may be NULL) is the caller's. The error names plugin, call and reason. */
int cnm_remote_call(struct cnm_controller *controller, struct cnm_remote_plugin *plugin, const char *call,
                    const char *body, enum cnm_remote_mode mode, json_object **ret,
                    enum cnm_remote_outcome *ret_outcome, struct cnm_error *err);
/* The same, and what is owed to the plugin is told first; takes body (NULL is the error that *err holds already). */
int cnm_remote_ask(struct cnm_controller *controller, struct cnm_remote_plugin *plugin, const char *call,
                   char *body, json_object **ret, enum cnm_remote_outcome *ret_outcome,
                   struct cnm_error *err);

/* Found, activated, and of the kind (remote_plugin.c). Borrowed from the controller. */
enum cnm_remote_kind { CNM_REMOTE_ANY, CNM_REMOTE_NETWORK, CNM_REMOTE_IPAM };
int cnm_remote_plugin_get(struct cnm_controller *controller, const char *name, enum cnm_remote_kind kind,
                          struct cnm_remote_plugin **ret, struct cnm_error *err);
/* A file about it is in the live root: it was here since the boot. */
bool cnm_remote_plugin_is_known(struct cnm_controller *controller, const char *name);
void cnm_remote_plugins_free(struct cnm_remote_plugin *plugins);
/* After an activation of an IPAM plugin that forgets (remote_replay.c): what the records have of its pools and addresses. */
void cnm_remote_replay(struct cnm_controller *controller, struct cnm_remote_plugin *plugin);

/* Names of entries: what it is, and the id that it is about. */
#define CNM_OWED_KEY_MAX  (CNM_ID_LEN + 3)
#define CNM_OWED_NETWORK  "n-" /* DeleteNetwork; counts unless the network's record exists */
#define CNM_OWED_POOLS    "p-" /* ReleasePool; the same */
#define CNM_OWED_ENDPOINT "e-" /* Leave, DeleteEndpoint; unless the endpoint is in a sandbox */
#define CNM_OWED_ADDRS    "a-" /* ReleaseAddress; unless the endpoint's record exists */
#define CNM_OWED_EXTERNAL "x-" /* ProgramExternalConnectivity or its end; always */
/* What plugins are still to be told (remote_owed.c). Writes the entry `key`, which replaces one of that name. It is this process's to tell,
 * or that of owed->pid. */
int cnm_remote_owe(struct cnm_controller *controller, const char *plugin, const char *key,
                   struct cnm_owed *owed, struct cnm_error *err);
void cnm_remote_owe_no_more(struct cnm_controller *controller, const char *plugin, const char *key);
/* What plugins have of living endpoints (remote_held.c): as cnm_remote_owe, but told only in another boot, and let go by an entry of that key that
 * is owed. */
#define CNM_REMOTE_ENTRY_MAX (1024 * 1024)
int cnm_remote_hold(struct cnm_controller *controller, const char *plugin, const char *key,
                    struct cnm_owed *owed, struct cnm_error *err);
void cnm_remote_let_go(struct cnm_controller *controller, const char *plugin, const char *key);
/* What another boot held is owed: of one plugin, which is used for the first time in this one; of all that were not used in it. */
void cnm_remote_held_to_owed(struct cnm_controller *controller, const char *plugin);
void cnm_remote_held_after_boot(struct cnm_controller *controller);
/* Files of entries: ROOT/FOLDER/PLUGIN, made with `create`; KEY.json; what it holds. */
int cnm_remote_folder(struct cnm_controller *controller, const char *folder, const char *plugin, bool create,
                      struct cnm_error *err);
const char *cnm_remote_entry_file(const char *key, char ret[CNM_OWED_KEY_MAX + 8]);
int cnm_remote_entry_write(int fd, const char *file, const struct cnm_owed *owed, struct cnm_error *err);
/* When: in the middle of a verb, whose own entries are still open, or when its locks are released. */
enum cnm_remote_moment { CNM_REMOTE_BEFORE, CNM_REMOTE_AFTER };
/* Tells the plugin; *ret_left entries of nobody at work stay. The error says why the first was not told. */
int cnm_remote_tell(struct cnm_controller *controller, const char *plugin, enum cnm_remote_moment moment,
                    size_t *ret_left, struct cnm_error *err);
void cnm_remote_settle(struct cnm_controller *controller);
int cnm_remote_collect(struct cnm_controller *controller, bool dry_run, cnm_gc_fn fn, void *arg,
                       struct cnm_error *err);
/* An entry about a network, or about an endpoint of it. */
int cnm_remote_owed_about(struct cnm_owed *owed, const char *network, const char *network_id,
                          const char *endpoint, const char *endpoint_id, struct cnm_error *err);

/* Bodies and answers of an endpoint (remote_body.c). */
struct cnm_remote_body {
	struct cnm_plugin_endpoint wire;
	char address[CNM_ADDR_TEXT_MAX], address6[CNM_ADDR_TEXT_MAX], mac[CNM_MAC_TEXT_MAX];
	struct cnm_kvs options;
	struct cnm_plugin_port *ports;
	char (*host_ips)[CNM_ADDR_TEXT_MAX];
};
int cnm_remote_body_fill(struct cnm_remote_body *body, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err);
void cnm_remote_body_free(struct cnm_remote_body *body);
#define _cleanup_remote_body_ __attribute__((cleanup(cnm_remote_body_free)))
/* What was chosen where we left the choice; what was ours to choose is CNM_E_INVALID. */
int cnm_remote_apply_interface(struct cnm_endpoint *endpoint, const struct cnm_plugin_interface *chosen,
                               struct cnm_error *err);
int cnm_remote_apply_joined(struct cnm_endpoint *endpoint, const struct cnm_plugin_joined *joined,
                            struct cnm_error *err);
void cnm_remote_forget(struct cnm_endpoint *endpoint);

/* In driver_state of an endpoint. */
#define CNM_REMOTE_NETWORK_ID "network_id"
#define CNM_REMOTE_ASKED      "asked" /* how far: "create", "join"; else nothing is to be taken back */
#define CNM_REMOTE_SRC        "src"   /* the interface's name on the host */

/* The link between host and sandbox (remote_link.c). */
int cnm_remote_link_join(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                         struct cnm_error *err);
int cnm_remote_link_leave(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                          int netns_fd, struct cnm_error *err);

/* Pools of an IPAM plugin (remote_pools.c). In ipam_state of networks and endpoints stands under key "pool.N" the plugin's name for the pool that
 * subnet N, or address N, is of. */
const char *cnm_remote_pool_key(size_t i, char ret[32]);
/* "" where there is none. */
const char *cnm_remote_pool_id(const struct cnm_kvs *state, size_t i);
/* The gateway as its answer has it, with a prefix length, stands under this key. */
const char *cnm_remote_gateway_key(size_t i, char ret[32]);
/* Whether the network's driver is a plugin, too. */
bool cnm_remote_is_driver_of(struct cnm_controller *controller, const struct cnm_network *network);
int cnm_remote_release_address(struct cnm_owed *owed, const char *id, const struct cnm_addr *addr,
                               struct cnm_error *err);
int cnm_remote_ask_pools(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                         struct cnm_network *network, struct cnm_error *err);
int cnm_remote_tell_pools(struct cnm_controller *controller, const struct cnm_network *network,
                          struct cnm_error *err);

/* Slots of endpoints (remote_endpoint.c). */
int cnm_remote_ask_join(struct cnm_controller *controller, const struct cnm_network *network,
                        struct cnm_endpoint *endpoint, char ret_prefix[IF_NAMESIZE], struct cnm_error *err);
int cnm_remote_ask_external(struct cnm_controller *controller, const struct cnm_network *network,
                            const struct cnm_endpoint *endpoint, struct cnm_error *err);
int cnm_remote_tell_external(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, bool on,
                             struct cnm_error *err);
int cnm_remote_ask_info(struct cnm_controller *controller, const struct cnm_network *network,
                        const struct cnm_endpoint *endpoint, char **ret, struct cnm_error *err);
int cnm_remote_leave(struct cnm_controller *controller, const struct cnm_network *network,
                     const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err);

extern const struct cnm_driver cnm_driver_remote;
extern const struct cnm_ipam cnm_ipam_remote;
/* The table of all this, for cnm_controller_set_outside. */
extern const struct cnm_outside cnm_remote_outside;

#endif
