/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces of a sandbox: links/IFNAME -> NETWORK/KEY. The link is the claim to the interface name, taken before anything else of an
 * attachment and given up after everything else: what stands behind it can always be found and released.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/store.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TARGET_MAX (CNM_NAME_MAX + 1 + CNM_KEY_MAX)

/* 1: read, 0: absent. */
static int read_link(int links_fd, const char *ifname, struct cnm_link_ref *ret, struct cnm_error *err)
{
	char target[TARGET_MAX + 1];
	ssize_t len = readlinkat(links_fd, ifname, target, TARGET_MAX);
	char *slash;

	if (len < 0)
		return errno == ENOENT ? 0 : cnm_fail_sys(err, errno, "link of interface %s", ifname);
	target[len] = '\0';
	slash = strchr(target, '/');
	if (slash)
		*slash++ = '\0';
	if (!slash || cnm_name_check(target, "network name", err) < 0 || cnm_key_check(slash, err) < 0 ||
	    cnm_ifname_check(ifname, err) < 0)
		return cnm_fail(err, CNM_E_STORE, "link of interface %s: not NETWORK/ENDPOINT", ifname);
	snprintf(ret->ifname, sizeof(ret->ifname), "%s", ifname);
	snprintf(ret->network, sizeof(ret->network), "%.*s", CNM_NAME_MAX, target);
	snprintf(ret->key, sizeof(ret->key), "%.*s", CNM_KEY_MAX, slash);
	return 1;
}

int cnm_store_links_list(struct cnm_store_sandbox *sb, struct cnm_link_refs *ret, struct cnm_error *err)
{
	_cleanup_names_ struct cnm_names names = {0};
	_cleanup_link_refs_ struct cnm_link_refs refs = {0};
	size_t i;

	if (cnm_dir_list(sb->links_fd, &names, err) < 0)
		return -1;
	refs.items = calloc(names.count + 1, sizeof(*refs.items));
	if (!refs.items)
		return cnm_fail_nomem(err);
	for (i = 0; i < names.count; i++) {
		int r = read_link(sb->links_fd, names.items[i], &refs.items[refs.count], err);

		if (r < 0)
			return -1;
		refs.count += (size_t)r;
	}
	*ret = refs;
	refs = (struct cnm_link_refs){0};
	return 0;
}

void cnm_link_refs_free(struct cnm_link_refs *refs)
{
	free(refs->items);
	*refs = (struct cnm_link_refs){0};
}

int cnm_store_link_take(struct cnm_store_sandbox *sb, const struct cnm_link_ref *ref,
                        struct cnm_link_ref *ret_existing, struct cnm_error *err)
{
	struct cnm_link_ref ignored;
	char target[TARGET_MAX + 1];

	snprintf(target, sizeof(target), "%s/%s", ref->network, ref->key);
	if (symlinkat(target, sb->links_fd, ref->ifname) == 0)
		return 1;
	if (errno != EEXIST)
		return cnm_fail_sys(err, errno, "cannot claim interface %s", ref->ifname);
	/* The folder is locked: what exists stays while we look. */
	return read_link(sb->links_fd, ref->ifname, ret_existing ? ret_existing : &ignored, err) < 0 ? -1 : 0;
}

int cnm_store_link_release(struct cnm_store_sandbox *sb, const char *ifname, struct cnm_error *err)
{
	return cnm_file_delete_at(sb->links_fd, ifname, err);
}
