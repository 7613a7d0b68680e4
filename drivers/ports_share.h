/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container on several networks may ask for the same port on each of them (podman does so). One of its endpoints has it; when that one
 * leaves, another has it.
 */
#ifndef CNM_DRIVERS_PORTS_SHARE_H
#define CNM_DRIVERS_PORTS_SHARE_H

#include "drivers/ports_elements.h"

/* 1: the claim that was found for the target is of another endpoint of the same container, and leads to the same port inside; 0: it is somebody
 * else's, or another port. */
int cnm_port_is_shared(struct cnm_nft *nft, const struct cnm_port_target *target,
                       const struct cnm_nft_found *claim, struct cnm_error *err);

#endif
