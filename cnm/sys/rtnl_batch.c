/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building a batch of netlink requests. Nothing is ever written behind the batch's buffer: what does not fit
 * marks the batch as overflowed, and later requests go to its beginning, to be thrown away.
 */
#include "cnm/sys/rtnl.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room that a request has at least when it begins, for its headers, which nobody checks. */
#define REQUEST_BYTES 256

void cnm_rtnl_batch_init(struct cnm_rtnl_batch *batch)
{
	batch->len = 0;
	batch->count = 0;
	batch->overflow = false;
}

struct nlmsghdr *cnm_rtnl_batch_begin(struct cnm_rtnl_batch *batch, uint16_t type, uint16_t flags,
                                      int tolerated, const char *what, ...)
{
	struct nlmsghdr *nlh;
	va_list args;

	if (batch->count == CNM_RTNL_BATCH_COUNT || batch->len + REQUEST_BYTES > CNM_RTNL_BATCH_BYTES) {
		batch->overflow = true;
		batch->len = 0;
		batch->count = 0;
	}
	batch->notes[batch->count].tolerated = tolerated;
	va_start(args, what);
	vsnprintf(batch->notes[batch->count].what, CNM_RTNL_WHAT_MAX, what, args);
	va_end(args);
	nlh = mnl_nlmsg_put_header(batch->data + batch->len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return nlh;
}

void cnm_rtnl_batch_end(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh)
{
	batch->len += NLMSG_ALIGN(nlh->nlmsg_len);
	batch->count++;
}

static size_t room(const struct cnm_rtnl_batch *batch)
{
	return CNM_RTNL_BATCH_BYTES - batch->len;
}

void cnm_rtnl_put(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, const void *data,
                  size_t len)
{
	if (!mnl_attr_put_check(nlh, room(batch), type, len, data))
		batch->overflow = true;
}

void cnm_rtnl_put_u8(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, uint8_t value)
{
	cnm_rtnl_put(batch, nlh, type, &value, sizeof(value));
}

void cnm_rtnl_put_u32(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	cnm_rtnl_put(batch, nlh, type, &value, sizeof(value));
}

void cnm_rtnl_put_string(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, const char *value)
{
	cnm_rtnl_put(batch, nlh, type, value, strlen(value) + 1);
}

struct nlattr *cnm_rtnl_nest_begin(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, room(batch), type);

	if (!nest)
		batch->overflow = true;
	return nest;
}

void cnm_rtnl_nest_end(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, struct nlattr *nest)
{
	if (nest)
		mnl_attr_nest_end(nlh, nest);
}
