/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How plugins are reached: folders and times, out of the environment. */
#include "drivers/remote.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A hook is killed after ten seconds (spec/oci_spec_hooks.c): all calls end before. */
#define CALL_MS 3000
#define VERB_MS 8000
#define MAX_MS  600000

void cnm_remote_dirs(char ret[CNM_REMOTE_DIRS][256])
{
	const char *text = getenv("CNM_PLUGIN_DIRS");
	size_t i;

	if (!text || !*text)
		text = "/run/docker/plugins:/etc/docker/plugins:/usr/lib/docker/plugins";
	for (i = 0; i < CNM_REMOTE_DIRS; i++) {
		size_t len = strcspn(text, ":");

		snprintf(ret[i], sizeof(ret[i]), "%.*s", (int)len, text);
		text += len + (text[len] == ':');
	}
}

static unsigned milliseconds(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);
	char *end = NULL;
	unsigned long value = text ? strtoul(text, &end, 10) : 0;

	if (!text || !*text || *end || value == 0 || value > MAX_MS)
		return otherwise;
	return (unsigned)value;
}

unsigned cnm_remote_call_ms(void)
{
	return milliseconds("CNM_PLUGIN_CALL_MS", CALL_MS);
}

unsigned cnm_remote_verb_ms(void)
{
	return milliseconds("CNM_PLUGIN_VERB_MS", VERB_MS);
}

const char *cnm_remote_node(void)
{
	const char *text = getenv("CNM_PLUGIN_NODE");
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_addr addr;

	return text && cnm_addr_parse(&addr, text, &ignored) == 0 ? text : "";
}

uint64_t cnm_remote_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
