/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver interface. A driver is a constant table; it keeps no state but what it writes into
 * driver_state of a network or endpoint, which the caller stores *before* the kernel is changed.
 *
 * Contract of every slot: on failure nothing of this call is left in the kernel; a delete or leave of what is
 * gone already succeeds. `network` is NULL in leave when its record is lost. Slots marked "optional" may be NULL.
 */
#ifndef CNM_DRIVER_H
#define CNM_DRIVER_H

#include "cnm/model.h"

struct cnm_nft_batch;

enum cnm_scope { CNM_SCOPE_LOCAL, CNM_SCOPE_GLOBAL };

/* What a join tells the sandbox. */
struct cnm_join_info {
	/* The link for the sandbox: either born there (ifindex inside it), or waiting in the host's namespace under
	 * src_name, to be moved and renamed. Neither: the driver brings no interface. */
	int ifindex;
	char src_name[IF_NAMESIZE];
	struct cnm_mac mac; /* the link's own, for a record that has none */
	/* Of drivers with links on the host: what the join saw of them. */
	unsigned host_mtu, bridge_mtu;
	struct cnm_mac bridge_mac;
};

struct cnm_driver {
	const char *name;
	enum cnm_scope data_scope;         /* where the network's record lives */
	enum cnm_scope connectivity_scope; /* whether the network reaches across hosts */
	bool no_addresses;                 /* endpoints have no addresses (null, host): pools are refused */
	bool reserves_only;                /* nothing joins: its subnets are in no other network's way */
	bool single_network;               /* one network of this driver a controller */
	bool host_namespace;               /* a sandbox of this network is the host's own namespace */
	bool chooses_mac;                  /* endpoints that ask for no MAC get none from us */

	/* Checks and normalises network->options (short spellings to Docker's names, unknown keys refused) and fills driver_state with
	 * what the kernel objects will be called. No side effects. */
	int (*network_prepare)(struct cnm_controller *controller, struct cnm_network *network,
	                       struct cnm_error *err);
	/* Makes the kernel objects, or what is missing of them; what exists and is right is kept. The network is locked exclusively. */
	int (*network_ensure)(struct cnm_controller *controller, struct cnm_network *network,
	                      struct cnm_error *err);
	/* 1 when the kernel objects are all there, 0 when not, -1 on error. Cheap: asked before every join, under the shared lock. */
	int (*network_is_ready)(struct cnm_controller *controller, struct cnm_network *network,
	                        struct cnm_error *err);
	int (*network_delete)(struct cnm_controller *controller, struct cnm_network *network,
	                      struct cnm_error *err);
	/* Compares the network's objects with the kernel, wholly; CNM_E_CONFLICT. Optional. */
	int (*network_check)(struct cnm_controller *controller, struct cnm_network *network,
	                     struct cnm_error *err);

	/* Whether endpoints have the MAC address of something else: one that is asked for is refused then (CNM_E_UNSUPPORTED), and
	 * endpoint_prepare fills in which one it is. Optional: no. */
	bool (*shares_mac)(const struct cnm_network *network);
	/* Whether the host itself has the pool's gateway address, so that sandboxes can ask a server there. Optional: it never has. */
	bool (*has_gateway)(const struct cnm_network *network, const struct cnm_pool *pool);

	/* Checks endpoint->options, chooses names (host_ifname, driver_state). No side effects. */
	int (*endpoint_prepare)(struct cnm_controller *controller, const struct cnm_network *network,
	                        struct cnm_endpoint *endpoint, struct cnm_error *err);
	/* Brings the link into the sandbox behind netns_fd. What an interrupted join of the same record left is taken over. */
	int (*join)(struct cnm_controller *controller, const struct cnm_network *network,
	            const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
	            struct cnm_error *err);
	/* Removes the endpoint's objects from the record alone; netns_fd is -1 when the namespace is gone. */
	int (*leave)(struct cnm_controller *controller, const struct cnm_network *network,
	             const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err);
	/* Where it publishes no ports: why, for people. Optional. */
	const char *no_ports;
	/* Publishes those of endpoint->ports that are not published yet (join does so itself): all or none. Optional: the driver publishes no
	 * ports, and refuses them in endpoint_prepare. */
	int (*publish)(struct cnm_controller *controller, const struct cnm_network *network,
	               const struct cnm_endpoint *endpoint, struct cnm_error *err);
	/* Takes all of them back (leave does so itself). */
	int (*withdraw)(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
	                struct cnm_error *err);
	/* Appends what the firewall lacks of the network (endpoint NULL) or of a joined endpoint, and counts it. Optional. */
	int (*firewall_restore)(struct cnm_controller *controller, const struct cnm_network *network,
	                        const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch,
	                        size_t *count, struct cnm_error *err);
	/* Puts right what a joined endpoint's objects on the host lost, beside elements of the firewall: after network_ensure made the network's
	 * objects anew, say. Counted when there was something. A link that is gone stays gone: CHECK tells. Optional. */
	int (*endpoint_repair)(struct cnm_controller *controller, const struct cnm_network *network,
	                       const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err);
	/* Compares the host side of a joined endpoint with the kernel; CNM_E_CONFLICT. Optional. */
	int (*endpoint_check)(struct cnm_controller *controller, const struct cnm_network *network,
	                      const struct cnm_endpoint *endpoint, struct cnm_error *err);

	/*
	 * Drivers that are other programs have these beside the above (see outside.h); none of the above asks the program. What it was asked is
	 * undone by network_delete and leave, which write down what it is to be told.
	 */
	/* Makes the network there. Its record is not written yet. */
	int (*ask_network)(struct cnm_controller *controller, struct cnm_network *network,
	                   struct cnm_error *err);
	/* Makes and joins the endpoint there, before `join`, and notes what it answered in the record (cnm_outside_note). The
	 * prefix that it wants for the interface's name goes into ret_prefix, "" for none. */
	int (*ask_join)(struct cnm_controller *controller, const struct cnm_network *network,
	                struct cnm_endpoint *endpoint, char ret_prefix[IF_NAMESIZE], struct cnm_error *err);
	/* The endpoint, which is in the sandbox, gives the default route of a family. */
	int (*ask_external)(struct cnm_controller *controller, const struct cnm_network *network,
	                    const struct cnm_endpoint *endpoint, struct cnm_error *err);
	/* The same, or its end, to be told later. */
	int (*tell_external)(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, bool on,
	                     struct cnm_error *err);
	/* Takes out of the record what the answers put in: the endpoint stays, and may join again. */
	void (*forget)(struct cnm_endpoint *endpoint);
	/* What the program says of the endpoint, as text of a JSON object that the caller frees. */
	int (*ask_info)(struct cnm_controller *controller, const struct cnm_network *network,
	                const struct cnm_endpoint *endpoint, char **ret, struct cnm_error *err);
};

/* What cnm_network_create would make of the specification if the networks of `gone` were deleted before, or why it would refuse: nothing is
 * changed. What only the kernel can say, when the objects are made, is not found out. */
int cnm_network_try(struct cnm_controller *controller, const struct cnm_network_spec *spec,
                    struct cnm_network *const *gone, size_t gone_count, struct cnm_network **ret,
                    struct cnm_error *err);

/* Sets a key of a network's driver_state after its creation, and lets the objects of the network and its endpoints follow. */
int cnm_network_set_state(struct cnm_controller *controller, const char *network, const char *key,
                          const char *value, struct cnm_error *err);

#endif
