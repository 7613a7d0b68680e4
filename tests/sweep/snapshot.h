/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines while a snapshot is taken. */
#ifndef CNM_TESTS_SWEEP_SNAPSHOT_H
#define CNM_TESTS_SWEEP_SNAPSHOT_H

#include "tests/sweep/sweep.h"

struct lines {
	char **items;
	size_t count, size;
	enum snapshot_mode mode;
};

#endif
