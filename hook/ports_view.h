/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports of the command line, as the library takes them. */
#ifndef CNM_HOOK_PORTS_VIEW_H
#define CNM_HOOK_PORTS_VIEW_H

#include "cnm/cnm.h"
#include "spec/port_arg.h"

/* The library's view of args, which must outlive it; the caller frees it. NULL, and no error, for none. -1: out of memory. */
int cnm_ports_view(struct cnm_port_spec **ret, const struct cnm_port_args *args, struct cnm_error *err);

#endif
