/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements as netlink messages: keys, and batches of additions and deletions that wait to be committed. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include <arpa/inet.h>
#include <libnftnl/common.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMENT_MAX     128 /* what nft itself accepts (NFT_USERDATA_MAXLEN is 256) */
#define BATCH_BYTES_MAX (4 * 1024 * 1024)

void cnm_nft_key_bytes(struct cnm_nft_key *key, const void *bytes, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (key->len + padded > CNM_NFT_KEY_MAX)
		return;
	memset(key->bytes + key->len, 0, padded);
	memcpy(key->bytes + key->len, bytes, len);
	if (key->fields++ == 0)
		key->sole_len = len;
	key->len += padded;
}

void cnm_nft_key_ifname(struct cnm_nft_key *key, const char *ifname)
{
	char name[IF_NAMESIZE] = "";

	memcpy(name, ifname, strnlen(ifname, IF_NAMESIZE - 1));
	cnm_nft_key_bytes(key, name, sizeof(name));
}

void cnm_nft_key_u8(struct cnm_nft_key *key, uint8_t value)
{
	cnm_nft_key_bytes(key, &value, sizeof(value));
}

void cnm_nft_key_be16(struct cnm_nft_key *key, uint16_t value)
{
	uint16_t wire = htons(value);

	cnm_nft_key_bytes(key, &wire, sizeof(wire));
}

uint8_t cnm_nft_family(uint8_t family)
{
	return family ? family : NFPROTO_INET;
}

const char *cnm_nft_family_name(uint8_t family)
{
	return family == NFPROTO_BRIDGE ? "bridge" : "inet";
}

size_t cnm_nft_key_size(const struct cnm_nft_key *key)
{
	return key->fields == 1 ? key->sole_len : key->len;
}

bool cnm_nft_is_open_ended(const struct cnm_nft_key *end)
{
	size_t i;

	for (i = 0; i < cnm_nft_key_size(end); i++)
		if (end->bytes[i] != 0xff)
			return false;
	return true;
}

/* The value after `end`, in network order: intervals of a plain set are half open (net/netfilter/nft_set_rbtree.c). */
static struct cnm_nft_key successor(const struct cnm_nft_key *end)
{
	struct cnm_nft_key key = *end;
	size_t i = cnm_nft_key_size(end);

	while (i-- > 0)
		if (++key.bytes[i] != 0)
			break;
	return key;
}

static int set_comment(struct nftnl_set_elem *item, const char *comment)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	char text[COMMENT_MAX + 1];
	int r = -1;

	if (!udata)
		return -1;
	snprintf(text, sizeof(text), "%s", comment);
	if (nftnl_udata_put_strz(udata, NFTNL_UDATA_SET_ELEM_COMMENT, text))
		r = nftnl_set_elem_set(item, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(udata),
		                       nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
	return r;
}

static int set_verdict(struct nftnl_set_elem *item, const char *chain)
{
	if (strcmp(chain, "accept") == 0) {
		nftnl_set_elem_set_u32(item, NFTNL_SET_ELEM_VERDICT, NF_ACCEPT);
		return 0;
	}
	if (strcmp(chain, "drop") == 0) {
		nftnl_set_elem_set_u32(item, NFTNL_SET_ELEM_VERDICT, NF_DROP);
		return 0;
	}
	nftnl_set_elem_set_u32(item, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_GOTO);
	return nftnl_set_elem_set_str(item, NFTNL_SET_ELEM_CHAIN, chain);
}

static int fill_begin(struct nftnl_set_elem *item, const struct cnm_nft_elem *elem)
{
	const struct cnm_nft_key *end = elem->end.len > 0 ? &elem->end : &elem->key;

	if (nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY, elem->key.bytes,
	                       (uint32_t)cnm_nft_key_size(&elem->key)) < 0)
		return -1;
	if (elem->concat &&
	    nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY_END, end->bytes, (uint32_t)cnm_nft_key_size(end)) < 0)
		return -1;
	if (elem->data.len > 0 && nftnl_set_elem_set(item, NFTNL_SET_ELEM_DATA, elem->data.bytes,
	                                             (uint32_t)cnm_nft_key_size(&elem->data)) < 0)
		return -1;
	if (elem->verdict_chain && set_verdict(item, elem->verdict_chain) < 0)
		return -1;
	return elem->comment ? set_comment(item, elem->comment) : 0;
}

static int fill_end(struct nftnl_set_elem *item, const struct cnm_nft_elem *elem)
{
	struct cnm_nft_key after = successor(&elem->end);

	nftnl_set_elem_set_u32(item, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	return nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY, after.bytes, (uint32_t)cnm_nft_key_size(&after));
}

struct nftnl_set *cnm_nft_set_new(const struct cnm_nft_elem *elem, bool end_mark)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elem *item;

	if (!set)
		return NULL;
	item = nftnl_set_elem_alloc();
	if (!item) {
		nftnl_set_free(set);
		return NULL;
	}
	nftnl_set_elem_add(set, item);
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, CNM_NFT_TABLE) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, elem->set) < 0 ||
	    (end_mark ? fill_end(item, elem) : fill_begin(item, elem)) < 0) {
		nftnl_set_free(set);
		return NULL;
	}
	return set;
}

/* Appends a whole message with its note. */
int cnm_nft_batch_append(struct cnm_nft_batch *batch, const struct nlmsghdr *nlh, enum cnm_nft_verb verb,
                         uint8_t family, const char *set, struct cnm_error *err)
{
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);

	if (batch->len + len > BATCH_BYTES_MAX)
		return cnm_fail(err, CNM_E_INVALID, "nftables transaction: more than %d bytes",
		                BATCH_BYTES_MAX);
	if (!batch->data || batch->len + len > batch->cap) {
		size_t cap = batch->cap * 2 + CNM_NFT_MESSAGE_MAX * 2;
		char *data = realloc(batch->data, cap);

		if (!data)
			return cnm_fail_nomem(err);
		batch->data = data;
		batch->cap = cap;
	}
	if (batch->count == batch->notes_cap) {
		size_t cap = batch->notes_cap * 2 + 16;
		struct cnm_nft_note *notes = realloc(batch->notes, cap * sizeof(*notes));

		if (!notes)
			return cnm_fail_nomem(err);
		batch->notes = notes;
		batch->notes_cap = cap;
	}
	memcpy(batch->data + batch->len, nlh, len);
	batch->len += len;
	batch->notes[batch->count].verb = verb;
	batch->notes[batch->count].family = family;
	snprintf(batch->notes[batch->count].set, sizeof(batch->notes[0].set), "%s", set);
	batch->count++;
	return 0;
}

int cnm_nft_batch_new(struct cnm_nft_batch **ret, struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = calloc(1, sizeof(*batch));
	char frame[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));

	if (!batch)
		return cnm_fail_nomem(err);
	if (cnm_nft_batch_append(batch, nftnl_batch_begin(frame, 0), CNM_NFT_ADD, 0, "", err) < 0)
		return -1;
	*ret = TAKE_PTR(batch);
	return 0;
}

void cnm_nft_batch_freep(struct cnm_nft_batch **batch)
{
	if (!*batch)
		return;
	free((*batch)->data);
	free((*batch)->notes);
	cnm_nft_noted_free((*batch)->noted);
	free(*batch);
}

bool cnm_nft_batch_is_empty(const struct cnm_nft_batch *batch)
{
	return batch->count <= 1;
}

static int append_elem(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, bool end_mark,
                       enum cnm_nft_verb verb, struct cnm_error *err)
{
	char message[CNM_NFT_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nftnl_set *set = cnm_nft_set_new(elem, end_mark);
	uint16_t type = verb == CNM_NFT_DELETE ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;
	uint16_t flags = 0;
	struct nlmsghdr *nlh;

	if (!set)
		return cnm_fail_nomem(err);
	if (verb != CNM_NFT_DELETE)
		flags = verb == CNM_NFT_ADD_EXCLUSIVE ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
	nlh = nftnl_nlmsg_build_hdr(message, type, cnm_nft_family(elem->family), flags, 0);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nftnl_set_free(set);
	return cnm_nft_batch_append(batch, nlh, verb, elem->family, elem->set, err);
}

static int append_interval(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem,
                           enum cnm_nft_verb verb, struct cnm_error *err)
{
	if (append_elem(batch, elem, false, verb, err) < 0)
		return -1;
	if (elem->concat || elem->end.len == 0 || cnm_nft_is_open_ended(&elem->end))
		return 0;
	return append_elem(batch, elem, true, verb, err);
}

int cnm_nft_add(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, bool exclusive,
                struct cnm_error *err)
{
	return append_interval(batch, elem, exclusive ? CNM_NFT_ADD_EXCLUSIVE : CNM_NFT_ADD, err);
}

int cnm_nft_delete(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, struct cnm_error *err)
{
	return append_interval(batch, elem, CNM_NFT_DELETE, err);
}
