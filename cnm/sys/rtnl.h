/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An rtnetlink socket and batches of requests on it. A socket belongs to the network namespace in
 * which it was opened, whatever the thread does later. Messages are collected in a batch, sent with
 * one sendmsg, and acknowledged one by one; an error carries the kernel's extended-ack text.
 */
#ifndef CNM_SYS_RTNL_H
#define CNM_SYS_RTNL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;
struct cnm_rtnl;

/* Opens a socket in the calling thread's network namespace. */
int cnm_rtnl_open(struct cnm_rtnl **ret, struct cnm_error *err);
/* Opens one in the namespace behind the descriptor; the thread is back in its own when this returns. */
int cnm_rtnl_open_in(struct cnm_rtnl **ret, int netns_fd, struct cnm_error *err);
void cnm_rtnl_close(struct cnm_rtnl *rtnl);
void cnm_rtnl_closep(struct cnm_rtnl **rtnl);
#define _cleanup_rtnl_ __attribute__((cleanup(cnm_rtnl_closep)))

#define CNM_RTNL_BATCH_BYTES 16384
#define CNM_RTNL_BATCH_COUNT 64
#define CNM_RTNL_WHAT_MAX    96

/*
 * Requests waiting to be sent. The builders of rtnl_link.h, rtnl_child.h, rtnl_addr.h and rtnl_route.h append to
 * it and cannot fail; a batch that overflowed fails when it is sent.
 */
struct cnm_rtnl_batch {
	size_t len;
	unsigned count;
	bool overflow;
	struct {
		int tolerated;                /* an errno that counts as success for this request, or 0 */
		char what[CNM_RTNL_WHAT_MAX]; /* "create link vethab12", for the error text */
	} notes[CNM_RTNL_BATCH_COUNT];
	char data[CNM_RTNL_BATCH_BYTES] __attribute__((aligned(8)));
};

void cnm_rtnl_batch_init(struct cnm_rtnl_batch *batch);

/* Starts a request of the type with NLM_F_REQUEST | NLM_F_ACK | flags; `tolerated` as above. Returns the header (a
 * scratch one after an overflow); add attributes with cnm_rtnl_put* only, and end it with
 * cnm_rtnl_batch_end. */
struct nlmsghdr *cnm_rtnl_batch_begin(struct cnm_rtnl_batch *batch, uint16_t type, uint16_t flags,
                                      int tolerated, const char *what, ...)
        __attribute__((format(printf, 5, 6)));
void cnm_rtnl_batch_end(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh);
void cnm_rtnl_put(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, const void *data,
                  size_t len);
void cnm_rtnl_put_u8(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, uint8_t value);
void cnm_rtnl_put_u32(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type, uint32_t value);
void cnm_rtnl_put_string(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type,
                         const char *value);
struct nlattr *cnm_rtnl_nest_begin(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, uint16_t type);
void cnm_rtnl_nest_end(struct cnm_rtnl_batch *batch, struct nlmsghdr *nlh, struct nlattr *nest);

/* Sends the batch and waits for every acknowledgement. The first refusal that is not tolerated is
 * the error: `create link vethab12: File exists (kernel's words)`, sys_errno set, code CNM_E_EXISTS
 * for EEXIST, CNM_E_NOT_FOUND for ENODEV and ESRCH, CNM_E_UNSUPPORTED for EOPNOTSUPP, else
 * CNM_E_SYSTEM. The kernel goes on with the later requests after a refusal. The batch is empty after. */
int cnm_rtnl_batch_send(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, struct cnm_error *err);

/* Sends a batch of one RTM_GET* request (no NLM_F_ACK semantics needed) or a dump (NLM_F_DUMP) and
 * calls fn for each reply. fn returns 0 to go on, -1 to stop with *err filled. An interrupted dump
 * (NLM_F_DUMP_INTR, EINTR) is restarted up to 8 times; fn must cope with seeing an object again:
 * `restart` (may be NULL) is called before each repetition. */
typedef int (*cnm_rtnl_fn)(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err);
typedef void (*cnm_rtnl_restart_fn)(void *arg);
int cnm_rtnl_query(struct cnm_rtnl *rtnl, struct cnm_rtnl_batch *batch, cnm_rtnl_fn fn,
                   cnm_rtnl_restart_fn restart, void *arg, struct cnm_error *err);

#endif
