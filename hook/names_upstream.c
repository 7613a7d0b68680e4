/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's resolvers: a look at the file's identity with each use is cheaper than following links with a watch, and misses nothing. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_MAX  (64 * 1024)

/* A server of our own would ask us what we ask it. */
static bool is_ours(const struct names *names, const struct cnm_addr *addr)
{
	const struct names_network *network;
	size_t i;

	for (network = names->networks; network; network = network->next)
		for (i = 0; i < network->server_count; i++)
			if (cnm_addr_equal(&network->servers[i], addr))
				return true;
	return false;
}

static void parse(struct names_upstream *upstream, char *text)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	char *line, *rest = NULL;

	upstream->count = 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *words = NULL, *key = strtok_r(line, " \t\r", &words), *value;

		if (!key || strcmp(key, "nameserver") != 0 || upstream->count == NAMES_SERVERS_MAX)
			continue;
		value = strtok_r(NULL, " \t\r", &words);
		if (value && cnm_addr_parse(&upstream->servers[upstream->count], value, &ignored) == 0)
			upstream->count++;
	}
}

static void read_again(struct names_upstream *upstream)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(RESOLV_MAX);
	_cleanup_close_ int fd = open(RESOLV_CONF, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct cnm_error ignored = CNM_ERROR_INIT;

	upstream->count = 0;
	if (fd >= 0 && cnm_buf_read_fd(&text, fd, RESOLV_CONF, &ignored) == 0 && text.data)
		parse(upstream, text.data);
}

size_t names_upstream_get(struct names *names, struct cnm_addr ret[NAMES_SERVERS_MAX])
{
	struct names_upstream *upstream = &names->upstream;
	struct stat st = {0};
	size_t i, count = 0;

	stat(RESOLV_CONF, &st); /* none: all zero, and no server */
	if (st.st_dev != upstream->dev || st.st_ino != upstream->ino || st.st_size != upstream->size ||
	    st.st_mtim.tv_sec != upstream->changed.tv_sec ||
	    st.st_mtim.tv_nsec != upstream->changed.tv_nsec) {
		read_again(upstream);
		upstream->dev = st.st_dev;
		upstream->ino = st.st_ino;
		upstream->size = st.st_size;
		upstream->changed = st.st_mtim;
	}
	for (i = 0; i < upstream->count; i++)
		if (!is_ours(names, &upstream->servers[i]))
			ret[count++] = upstream->servers[i];
	return count;
}
