/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds of our table: one element, all elements of a set, the table itself. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include "cnm/sys/nlmsg.h"
#include <errno.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_RESTARTS 8

static bool is_answer(const struct nlmsghdr *nlh, struct cnm_nft_reply *reply)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_seq != reply->seq)
		return false;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		reply->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		reply->done = true;
		/* A dump that failed says so in its last message. */
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int) &&
		    *(const int *)mnl_nlmsg_get_payload(nlh) < 0)
			reply->error = cnm_nlmsg_errno(*(const int *)mnl_nlmsg_get_payload(nlh));
		return false;
	}
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		reply->done = true;
		reply->error = mnl_nlmsg_get_payload_len(nlh) < sizeof(*error)
		                       ? EPROTO
		                       : cnm_nlmsg_errno(error->error);
		return false;
	}
	reply->done = !reply->dump;
	return true;
}

int cnm_nft_exchange(struct cnm_nft *nft, struct nlmsghdr *nlh, struct cnm_nft_reply *reply,
                     int (*fn)(const struct nlmsghdr *, void *), void *arg, const char *what,
                     struct cnm_error *err)
{
	nlh->nlmsg_seq = reply->seq = ++nft->seq;
	if (cnm_nft_send(nft, nlh, nlh->nlmsg_len, what, err) < 0)
		return -1;
	while (!reply->done) {
		ssize_t got = cnm_nft_receive(nft, what, err);
		const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)nft->buf;
		int left = (int)got;

		if (got < 0)
			return -1;
		for (; cnm_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			if (is_answer(at, reply) && fn && fn(at, arg) < 0)
				reply->error = reply->error ? reply->error : ENOMEM;
	}
	return 0;
}

int cnm_nft_ask(struct cnm_nft *nft, struct nlmsghdr *nlh, int (*fn)(const struct nlmsghdr *, void *),
                void *arg, const char *what, int *ret_error, struct cnm_error *err)
{
	struct cnm_nft_reply reply = {.dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP};
	int r = cnm_nft_exchange(nft, nlh, &reply, fn, arg, what, err);

	*ret_error = reply.error;
	return r;
}

int cnm_nft_table_exists(struct cnm_nft *nft, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETTABLE, NFPROTO_INET, 0, 0);
	struct nftnl_table *table = nftnl_table_alloc();
	struct cnm_nft_reply reply = {.dump = false};

	if (!table)
		return cnm_fail_nomem(err);
	if (nftnl_table_set_str(table, NFTNL_TABLE_NAME, CNM_NFT_TABLE) < 0) {
		nftnl_table_free(table);
		return cnm_fail_nomem(err);
	}
	nftnl_table_nlmsg_build_payload(nlh, table);
	nftnl_table_free(table);
	if (cnm_nft_exchange(nft, nlh, &reply, NULL, NULL, "look for table inet " CNM_NFT_TABLE, err) < 0)
		return -1;
	if (reply.error == 0 || reply.error == ENOENT)
		return reply.error == 0;
	return cnm_fail_sys(err, reply.error, "look for table inet " CNM_NFT_TABLE);
}

static int collect(const struct nlmsghdr *nlh, void *arg)
{
	return nftnl_set_elems_nlmsg_parse(nlh, arg);
}

static struct nftnl_set *new_set(const char *name)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (set && nftnl_set_set_str(set, NFTNL_SET_TABLE, CNM_NFT_TABLE) == 0 &&
	    nftnl_set_set_str(set, NFTNL_SET_NAME, name) == 0)
		return set;
	if (set) /* libnftnl's own do not take NULL */
		nftnl_set_free(set);
	return NULL;
}

/* Asks for one element; the answer is parsed into `answer` where not NULL. */
static int look_up(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct nftnl_set *answer,
                   struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh =
	        nftnl_nlmsg_build_hdr(message, NFT_MSG_GETSETELEM, cnm_nft_family(elem->family), 0, 0);
	struct cnm_nft_elem question = *elem;
	struct cnm_nft_reply reply = {.dump = false};
	struct nftnl_set *set;

	/* The kernel looks by the key; data and comment would only make the request longer. */
	question.data.len = 0;
	question.verdict_chain = question.comment = NULL;
	set = cnm_nft_set_new(&question, false);
	if (!set)
		return cnm_fail_nomem(err);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nftnl_set_free(set);
	if (cnm_nft_exchange(nft, nlh, &reply, answer ? collect : NULL, answer,
	                     "look into table " CNM_NFT_TABLE, err) < 0)
		return -1;
	if (reply.error == 0 || reply.error == ENOENT)
		return reply.error == 0;
	return cnm_fail_sys(err, reply.error, "look for an element of set %s of table %s " CNM_NFT_TABLE,
	                    elem->set, cnm_nft_family_name(elem->family));
}

/* All elements of the set, in one undisturbed dump; NULL on error. */
static struct nftnl_set *dump(struct cnm_nft *nft, uint8_t family, const char *name, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	unsigned i;

	for (i = 0; i <= DUMP_RESTARTS; i++) {
		struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(message, NFT_MSG_GETSETELEM,
		                                             cnm_nft_family(family), NLM_F_DUMP, 0);
		struct cnm_nft_reply reply = {.dump = true};
		struct nftnl_set *set = new_set(name);

		if (!set) {
			cnm_fail_nomem(err);
			return NULL;
		}
		nftnl_set_elems_nlmsg_build_payload(nlh, set);
		if (cnm_nft_exchange(nft, nlh, &reply, collect, set, "list a set of table " CNM_NFT_TABLE,
		                     err) < 0) {
			nftnl_set_free(set);
			return NULL;
		}
		/* A set that is not there has no elements. */
		if (!reply.interrupted && (reply.error == 0 || reply.error == ENOENT))
			return set;
		nftnl_set_free(set);
		if (!reply.interrupted && reply.error != EINTR) {
			cnm_fail_sys(err, reply.error, "list set %s of table %s " CNM_NFT_TABLE, name,
			             cnm_nft_family_name(family));
			return NULL;
		}
	}
	cnm_fail(err, CNM_E_TRY_AGAIN,
	         "set %s of table %s " CNM_NFT_TABLE " changed during each of %d readings", name,
	         cnm_nft_family_name(family), DUMP_RESTARTS + 1);
	return NULL;
}

static void get_key(struct nftnl_set_elem *item, uint16_t attr, struct cnm_nft_key *ret)
{
	uint32_t len = 0;
	const void *bytes = nftnl_set_elem_is_set(item, attr) ? nftnl_set_elem_get(item, attr, &len) : NULL;

	*ret = (struct cnm_nft_key)CNM_NFT_KEY_INIT;
	if (!bytes || len > CNM_NFT_KEY_MAX)
		return;
	memcpy(ret->bytes, bytes, len);
	ret->len = ret->sole_len = len;
	ret->fields = 1;
}

static int take_comment(const struct nftnl_udata *attr, void *arg)
{
	struct cnm_nft_found *found = arg;

	if (nftnl_udata_type(attr) == NFTNL_UDATA_SET_ELEM_COMMENT)
		snprintf(found->comment, sizeof(found->comment), "%.*s", (int)nftnl_udata_len(attr),
		         (const char *)nftnl_udata_get(attr));
	return 0;
}

static void fill_found(struct nftnl_set_elem *item, struct cnm_nft_found *found)
{
	uint32_t len = 0;

	get_key(item, NFTNL_SET_ELEM_KEY, &found->key);
	get_key(item, NFTNL_SET_ELEM_KEY_END, &found->end);
	get_key(item, NFTNL_SET_ELEM_DATA, &found->data);
	found->interval_end =
	        nftnl_set_elem_is_set(item, NFTNL_SET_ELEM_FLAGS) &&
	        (nftnl_set_elem_get_u32(item, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END);
	found->comment[0] = '\0';
	if (nftnl_set_elem_is_set(item, NFTNL_SET_ELEM_USERDATA)) {
		const void *udata = nftnl_set_elem_get(item, NFTNL_SET_ELEM_USERDATA, &len);

		nftnl_udata_parse(udata, len, take_comment, found);
	}
}

int cnm_nft_has(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_error *err)
{
	return look_up(nft, elem, NULL, err);
}

int cnm_nft_add_missing(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_batch *batch,
                        size_t *count, struct cnm_error *err)
{
	int has = cnm_nft_has(nft, elem, err);

	if (has != 0)
		return has < 0 ? -1 : 0;
	(*count)++;
	return cnm_nft_add(batch, elem, false, err);
}

int cnm_nft_get(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_found *ret,
                struct cnm_error *err)
{
	struct nftnl_set *answer = new_set(elem->set);
	struct nftnl_set_elems_iter *iter;
	struct nftnl_set_elem *item;
	int found;

	if (!answer)
		return cnm_fail_nomem(err);
	found = look_up(nft, elem, answer, err);
	if (found == 1) {
		iter = nftnl_set_elems_iter_create(answer);
		item = iter ? nftnl_set_elems_iter_next(iter) : NULL;
		if (item)
			fill_found(item, ret);
		else
			found = iter ? 0 : cnm_fail_nomem(err);
		if (iter)
			nftnl_set_elems_iter_destroy(iter);
	}
	nftnl_set_free(answer);
	return found;
}

int cnm_nft_list(struct cnm_nft *nft, const char *set, cnm_nft_fn fn, void *arg, struct cnm_error *err)
{
	return cnm_nft_list_in(nft, NFPROTO_INET, set, fn, arg, err);
}

int cnm_nft_list_in(struct cnm_nft *nft, uint8_t family, const char *set, cnm_nft_fn fn, void *arg,
                    struct cnm_error *err)
{
	struct nftnl_set *all = dump(nft, family, set, err);
	struct nftnl_set_elems_iter *iter = all ? nftnl_set_elems_iter_create(all) : NULL;
	struct nftnl_set_elem *item;
	struct cnm_nft_found found;
	int r = 0;

	if (!all)
		return -1;
	if (!iter) {
		nftnl_set_free(all);
		return cnm_fail_nomem(err);
	}
	while (r == 0 && (item = nftnl_set_elems_iter_next(iter))) {
		fill_found(item, &found);
		r = fn(&found, arg, err);
	}
	nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(all);
	return r;
}
