/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collection for one network, when an attachment to it is about to be refused for want of what the dead still hold. */
#ifndef CNM_GC_H
#define CNM_GC_H

#include "cnm/model.h"

/* Releases what belongs to dead containers on the network; says how many things that was. No lock may be held. */
size_t cnm_gc_network(struct cnm_controller *controller, const char *name);
/* Whether it is worth to try again after *err: it tells of an address, a port or a name that is taken, and something was released. Then
 * *err is cleared. No lock may be held. */
bool cnm_gc_makes_room(struct cnm_controller *controller, const char *network, struct cnm_error *err);

#endif
