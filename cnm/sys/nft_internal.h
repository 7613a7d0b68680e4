/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files cnm/sys/nft*.c only. */
#ifndef CNM_SYS_NFT_INTERNAL_H
#define CNM_SYS_NFT_INTERNAL_H

#include "cnm/sys/nft.h"
#include <libmnl/libmnl.h>
#include <libnftnl/set.h>

#define CNM_NFT_RECEIVE_BYTES (32 * 1024)
#define CNM_NFT_MESSAGE_MAX   2048 /* one element with its comment takes less than a quarter of it */

struct cnm_nft {
	struct mnl_socket *nl;
	uint32_t seq;
	char buf[CNM_NFT_RECEIVE_BYTES] __attribute__((aligned(8)));
};

enum cnm_nft_verb { CNM_NFT_ADD, CNM_NFT_ADD_EXCLUSIVE, CNM_NFT_DELETE };

/* What a message of the batch is about, for its error. */
struct cnm_nft_note {
	enum cnm_nft_verb verb;
	uint8_t family;
	char set[32];
};

/* Messages one behind the other, as they are sent; their sequence numbers count from 0 until then. */
struct cnm_nft_batch {
	char *data;
	size_t len, cap;
	struct cnm_nft_note *notes; /* one a message; the first stands for the frame that begins the batch */
	size_t count, notes_cap;
	bool expects;
	uint32_t generation; /* with `expects` */
	void *noted;         /* a tree of struct noted (nft_noted.c) */
};
void cnm_nft_noted_free(void *noted);

/* A set with one element in libnftnl's terms; NULL when memory is out. `end_mark`: the element that ends a plain interval. */
struct nftnl_set *cnm_nft_set_new(const struct cnm_nft_elem *elem, bool end_mark);
/* True where the interval reaches the last value of its type: then no element ends it. */
bool cnm_nft_is_open_ended(const struct cnm_nft_key *end);
size_t cnm_nft_key_size(const struct cnm_nft_key *key);

int cnm_nft_batch_append(struct cnm_nft_batch *batch, const struct nlmsghdr *nlh, enum cnm_nft_verb verb,
                         uint8_t family, const char *set, struct cnm_error *err);

/* "inet" or "bridge"; 0 stands for inet, as in an element. */
const char *cnm_nft_family_name(uint8_t family);
uint8_t cnm_nft_family(uint8_t family);

/* A question to the kernel, and how it ended. */
struct cnm_nft_reply {
	uint32_t seq;
	bool dump, done, interrupted;
	int error; /* the kernel's refusal, an errno */
};
/* Sends a request and hands every answer to fn. -1 is trouble with the socket. */
int cnm_nft_exchange(struct cnm_nft *nft, struct nlmsghdr *nlh, struct cnm_nft_reply *reply,
                     int (*fn)(const struct nlmsghdr *, void *), void *arg, const char *what,
                     struct cnm_error *err);

/* The same in short; fn returns -1 when memory is out. *ret_error: the kernel's refusal, or 0. -1: trouble with
 * the socket. */
int cnm_nft_ask(struct cnm_nft *nft, struct nlmsghdr *nlh, int (*fn)(const struct nlmsghdr *, void *),
                void *arg, const char *what, int *ret_error, struct cnm_error *err);

/* Sends and receives on the socket, EINTR retried. `what` begins the error's text. */
int cnm_nft_send(struct cnm_nft *nft, const void *data, size_t len, const char *what, struct cnm_error *err);
ssize_t cnm_nft_receive(struct cnm_nft *nft, const char *what, struct cnm_error *err);

#endif
