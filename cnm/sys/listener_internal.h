/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files cnm/sys/listener*.c only. */
#ifndef CNM_SYS_LISTENER_INTERNAL_H
#define CNM_SYS_LISTENER_INTERNAL_H

#include "cnm/sys/listener.h"

/* cnm_port_in_use by the kernel's list of sockets, for TCP and UDP and a host address whose family is set. 1, 0 and the lowest such
 * port as there; -1 with CNM_E_UNSUPPORTED when the kernel has no such list. */
int cnm_listener_list(uint8_t protocol, const struct cnm_addr *host, uint16_t first, uint16_t last,
                      uint16_t *ret_port, struct cnm_error *err);

#endif
