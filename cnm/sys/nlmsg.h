/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds of a netlink message. Shared by the files of cnm/sys only. */
#ifndef CNM_SYS_NLMSG_H
#define CNM_SYS_NLMSG_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <stdbool.h>

/* As mnl_nlmsg_ok, which takes a length of 2^31 and more for a negative one, and lets it pass. */
static inline bool cnm_nlmsg_ok(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (unsigned)left;
}

/* errno out of what a message says, which is negative, or 0. */
static inline int cnm_nlmsg_errno(int error)
{
	return error == INT_MIN ? EPROTO : -error;
}

#endif
