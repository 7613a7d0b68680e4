/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking beside published UDP ports. */
#ifndef CNM_DRIVERS_PORTS_FLOWS_H
#define CNM_DRIVERS_PORTS_FLOWS_H

#include "cnm/driver.h"

/*
 * UDP has no beginning: a flow that was tracked before its port was published, or while another container had it, goes on as it was
 * translated then. `published`: forgets flows to the endpoint's host ports that go elsewhere than to it. Else: forgets those that go to
 * it by way of a published port.
 */
int cnm_ports_forget_flows(const struct cnm_endpoint *endpoint, bool published, struct cnm_error *err);

#endif
