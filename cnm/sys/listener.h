/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of this host that have a port already. A port that is published takes the traffic of such a socket without its knowing. */
#ifndef CNM_SYS_LISTENER_H
#define CNM_SYS_LISTENER_H

#include "cnm/base/addr.h"
#include <stddef.h>
#include <stdint.h>

struct cnm_error;

/* 1 when a socket of the thread's network namespace listens on (TCP), or is bound to (UDP), one of the ports first to last, at that
 * address or at all of them; *ret_port is the port. 0 when none. host unspecified (0.0.0.0, ::): any address of that family; unset:
 * of either. What the kernel has no sockets for (SCTP, an address that is not the host's) is not in use. No capability is needed. */
int cnm_port_in_use(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                    uint16_t *ret_port, struct cnm_error *err);

/* "process 1234 (nginx)" for the text of an error; "" when it is not found. Reads all of /proc. */
void cnm_port_user(uint8_t protocol, uint16_t port, char *ret, size_t size);

#endif
