/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator's list of sysctls that configurations may set. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "hook/cni_tuning.h"
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <string.h>

#define ALLOWLIST     "/etc/cni/tuning/allowlist.conf"
#define ALLOWLIST_MAX (64 * 1024)

static int match_line(const char *line, const char *key, bool *matched, struct cnm_error *err)
{
	char words[128];
	regex_t regex;
	int r = regcomp(&regex, line, REG_EXTENDED | REG_NOSUB);

	/* A list that cannot be read allows nothing. */
	if (r != 0) {
		regerror(r, &regex, words, sizeof(words));
		return cnm_fail(err, CNM_E_INVALID, ALLOWLIST ": \"%s\": %s", line, words);
	}
	*matched = *matched || regexec(&regex, key, 0, NULL, 0) == 0;
	regfree(&regex);
	return 0;
}

static int check_key(const char *text, const char *key, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(text);
	bool matched = false;
	char *line, *rest;

	if (!copy)
		return cnm_fail_nomem(err);
	for (line = strtok_r(copy, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
		if (match_line(line, key, &matched, err) < 0)
			return -1;
	if (!matched)
		return cnm_fail(err, CNM_E_INVALID, "sysctl %s: " ALLOWLIST " does not allow it", key);
	return 0;
}

int cnm_cni_sysctls_allowed(const struct cnm_kvs *sysctls, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(ALLOWLIST_MAX);
	_cleanup_close_ int fd = -1;
	size_t i;

	if (sysctls->count == 0)
		return 0;
	fd = open(ALLOWLIST, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : cnm_fail_sys(err, errno, ALLOWLIST);
	if (cnm_buf_read_fd(&text, fd, ALLOWLIST, err) < 0)
		return -1;
	for (i = 0; i < sysctls->count; i++)
		if (check_key(cnm_buf_text(&text), sysctls->items[i].key, err) < 0)
			return -1;
	return 0;
}
