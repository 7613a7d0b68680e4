/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who answers names on a network. An agent holds a lock on STATE/networks/NAME/served for as long as it does; a lock ends with its holder, so
 * that what a killed agent leaves promises nothing.
 */
#ifndef CNM_SERVED_H
#define CNM_SERVED_H

#include "cnm/driver.h"
#include "cnm/store.h"

bool cnm_network_is_served(struct cnm_store *store, const char *network);
/* Takes the lock: a descriptor to close, or -1. CNM_E_BUSY: another agent has it. */
int cnm_network_serve(struct cnm_store *store, const char *network, struct cnm_error *err);

/* Where names of the network are asked: those gateways of its pools that the host itself has. Returns how many (at most max). */
size_t cnm_network_name_servers(struct cnm_controller *controller, const struct cnm_network *network,
                                struct cnm_addr *ret, size_t max);

/* Option of a network, "loopback": its containers ask 127.0.0.11, as Docker's do, where the agent then listens in each of them. */
#define CNM_NETWORK_DNS  "cnm.dns"
#define CNM_DNS_LOOPBACK "127.0.0.11"
bool cnm_network_wants_loopback(const struct cnm_network *network);

/* The agent's socket in the state directory: who connects, sends a byte and gets one back knows that the agent has seen every change up to now. */
#define CNM_AGENT_SOCKET "agent.sock"
/* Does that, if an agent runs, and waits for a second at most. */
void cnm_agent_sync(struct cnm_store *store);

#endif
