/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a plugin between processes: its activation and capabilities, and for which socket they are true. */
#ifndef CNM_SPEC_PLUGIN_RECORD_H
#define CNM_SPEC_PLUGIN_RECORD_H

#include "spec/plugin_reply.h"

#define CNM_PLUGIN_SPACE_MAX 256

struct cnm_plugin_record {
	char identity[128]; /* device, inode and time of the socket or discovery file */
	struct cnm_plugin_implements implements;
	struct cnm_plugin_capabilities network;
	struct cnm_plugin_ipam_capabilities ipam;
	char local_space[CNM_PLUGIN_SPACE_MAX], global_space[CNM_PLUGIN_SPACE_MAX];
	char node[CNM_ADDR_TEXT_MAX]; /* the address of this host that the plugin was told; "": none */
};

/* The text, freed by the caller. */
char *cnm_plugin_record_encode(const struct cnm_plugin_record *record, struct cnm_error *err);
int cnm_plugin_record_decode(struct cnm_plugin_record *ret, const char *text, size_t len,
                             struct cnm_error *err);

#endif
