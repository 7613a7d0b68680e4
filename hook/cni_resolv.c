/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What host-local's configuration says besides addresses: routes, and DNS settings in a file as resolv.conf(5) has them. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "hook/cni_ipam.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define RESOLV_MAX 65536

static int add_words(struct cnm_strings *ret, char **rest, struct cnm_error *err)
{
	char *word;

	while ((word = strtok_r(NULL, " \t\r", rest)))
		if (cnm_strings_add(ret, word, err) < 0)
			return -1;
	return 0;
}

static int read_line(struct cnm_cni_dns *dns, char *line, struct cnm_error *err)
{
	char *rest = NULL, *key, *value;

	key = strtok_r(line, " \t\r", &rest);
	if (!key || key[0] == '#' || key[0] == ';')
		return 0;
	if (strcmp(key, "search") == 0)
		return add_words(&dns->search, &rest, err);
	if (strcmp(key, "options") == 0)
		return add_words(&dns->options, &rest, err);
	if (strcmp(key, "nameserver") == 0) {
		value = strtok_r(NULL, " \t\r", &rest);
		return value ? cnm_strings_add(&dns->nameservers, value, err) : 0;
	}
	if (strcmp(key, "domain") == 0) {
		value = strtok_r(NULL, " \t\r", &rest);
		free(dns->domain);
		dns->domain = value ? strdup(value) : NULL;
		return value && !dns->domain ? cnm_fail_nomem(err) : 0;
	}
	return 0;
}

static int read_resolv(const char *path, struct cnm_cni_dns *dns, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(RESOLV_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *line, *rest = NULL;

	if (fd < 0)
		cnm_fail_sys(err, errno, "resolvConf %s", path);
	if (fd < 0 || cnm_buf_read_fd(&text, fd, path, err) < 0) {
		err->code = CNM_E_STORE; /* a file that cannot be read: code 5 of the specification */
		return -1;
	}
	for (line = text.data ? strtok_r(text.data, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		if (read_line(dns, line, err) < 0)
			return -1;
	return 0;
}

int cnm_cni_hostlocal_extras(const struct cnm_cni_ipam *ipam, struct cnm_cni_result *ret,
                             struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < ipam->route_count; i++)
		if (cnm_cni_result_add_route_full(ret, &ipam->routes[i], err) < 0)
			return -1;
	if (!ipam->resolv_conf || !*ipam->resolv_conf)
		return 0;
	return read_resolv(ipam->resolv_conf, &ret->dns, err);
}
