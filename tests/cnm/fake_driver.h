/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver without kernel objects, of which there may be any number of networks, and which fails where a test wants it. */
#ifndef CNM_TESTS_FAKE_DRIVER_H
#define CNM_TESTS_FAKE_DRIVER_H

#include "cnm/driver.h"

/* Every test is a process of its own: so is this. */
extern struct cnm_fake {
	bool fail_ensure, fail_join, fail_leave; /* with CNM_E_SYSTEM, "fake refusal" */
	unsigned joins, leaves;                  /* of endpoints, successful ones */
	bool left_with_namespace;                /* the last leave was given one */
} cnm_fake;

extern const struct cnm_driver cnm_fake_driver; /* "fake" */

#endif
