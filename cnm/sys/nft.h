/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables side: elements of the sets and maps of our one table, changed in one transaction
 * through libnftnl; the table itself is loaded as text through libnftables, opened on first use (dlopen:
 * it costs half a millisecond at start, and is needed only when the table is missing).
 * A socket belongs to the namespace in which it was opened.
 */
#ifndef CNM_SYS_NFT_H
#define CNM_SYS_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cnm_error;
struct cnm_nft;
struct cnm_nft_batch;

#define CNM_NFT_TABLE "cnm" /* its name in family inet, and in family bridge */

int cnm_nft_open(struct cnm_nft **ret, struct cnm_error *err);
void cnm_nft_close(struct cnm_nft *nft);
void cnm_nft_closep(struct cnm_nft **nft);
#define _cleanup_nft_ __attribute__((cleanup(cnm_nft_closep)))

/* A key or datum: concatenated fields, each padded to 4 bytes as the kernel keeps them. A sole field is sent with its own length. Builders append;
 * begin with CNM_NFT_KEY_INIT. */
#define CNM_NFT_KEY_MAX 64
struct cnm_nft_key {
	uint8_t bytes[CNM_NFT_KEY_MAX];
	size_t len;      /* 0: none */
	size_t sole_len; /* of the first field, without padding */
	unsigned fields;
};
#define CNM_NFT_KEY_INIT                                                                                     \
	{                                                                                                    \
		.bytes = {0}, .len = 0, .sole_len = 0, .fields = 0                                           \
	}
void cnm_nft_key_ifname(struct cnm_nft_key *key, const char *ifname); /* 16 bytes */
void cnm_nft_key_bytes(struct cnm_nft_key *key, const void *bytes,
                       size_t len); /* padded to a multiple of 4 */
void cnm_nft_key_u8(struct cnm_nft_key *key, uint8_t value);
void cnm_nft_key_be16(struct cnm_nft_key *key, uint16_t value);

/* One element. `end` (inclusive) makes it a range: in a concatenation set it is KEY_END; in a plain interval set (one field) two elements are written, the second
 * (end + 1) with the interval-end flag. */
struct cnm_nft_elem {
	const char *set;
	uint8_t family; /* NFPROTO_* of the table; 0: inet */
	struct cnm_nft_key key;
	struct cnm_nft_key end;  /* len 0: a single value */
	struct cnm_nft_key data; /* of a data map; len 0: none */
	const char *
	        verdict_chain; /* of a verdict map: goto this chain ("accept", "drop" are verdicts); NULL: none */
	bool concat;           /* the set's key is a concatenation with intervals (KEY_END form) */
	const char *comment; /* user data shown by nft, at most 128 bytes; NULL: none */
};

int cnm_nft_batch_new(struct cnm_nft_batch **ret, struct cnm_error *err);
void cnm_nft_batch_freep(struct cnm_nft_batch **batch);
#define _cleanup_nft_batch_ __attribute__((cleanup(cnm_nft_batch_freep)))
/* Notes that the element is in the batch: 1, or 0 where one of that set and key was noted already, -1 on error. */
int cnm_nft_batch_note(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, struct cnm_error *err);
bool cnm_nft_batch_is_empty(const struct cnm_nft_batch *batch);
/* Appends. `exclusive`: an element with this key that exists already (with whatever data) fails the transaction with EEXIST (NLM_F_EXCL);
 * otherwise an equal element is no error (the kernel's rule: same data). */
int cnm_nft_add(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, bool exclusive,
                struct cnm_error *err);
int cnm_nft_delete(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, struct cnm_error *err);
/* Deletes the table of a family (NFPROTO_*; 0: inet) with all that is in it. */
int cnm_nft_delete_table(struct cnm_nft_batch *batch, uint8_t family, struct cnm_error *err);
/* The number of the ruleset's state: another after every transaction in this namespace, whoever made it. */
int cnm_nft_generation(struct cnm_nft *nft, uint32_t *ret, struct cnm_error *err);
/* The batch was decided on by what the ruleset held in that state: where another transaction came since, the commit changes nothing and fails
 * with CNM_E_TRY_AGAIN (NFNL_BATCH_GENID). */
void cnm_nft_batch_expect(struct cnm_nft_batch *batch, uint32_t generation);
/* Commits all in one transaction: all or nothing. Errors: CNM_E_EXISTS (an exclusive element is there), CNM_E_NOT_FOUND (the table, set or an element to
 * delete is missing), CNM_E_SYSTEM; the text names the set. An empty batch sends nothing. */
int cnm_nft_commit(struct cnm_nft *nft, struct cnm_nft_batch *batch, struct cnm_error *err);

/* An element as the kernel keeps it. */
struct cnm_nft_found {
	struct cnm_nft_key key, end, data;
	bool interval_end;
	char comment[129];
};

/* 1 when the set holds the element (of a range set: one that covers the key), 0 when it or the set or the table is missing, -1 on error. */
int cnm_nft_has(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_error *err);
/* The same, and what is there goes to *ret. */
int cnm_nft_get(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_found *ret,
                struct cnm_error *err);
/* Appends the element where the set lacks it, and counts it then. */
int cnm_nft_add_missing(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_batch *batch,
                        size_t *count, struct cnm_error *err);
/* 1 when table inet cnm exists, 0 when not. */
int cnm_nft_table_exists(struct cnm_nft *nft, struct cnm_error *err);
/* Every element of a set (ranges of an interval set arrive as begin and end elements as the kernel keeps them; interval_end says so). */
typedef int (*cnm_nft_fn)(const struct cnm_nft_found *found, void *arg, struct cnm_error *err);
int cnm_nft_list(struct cnm_nft *nft, const char *set, cnm_nft_fn fn, void *arg, struct cnm_error *err);
/* The same of the table of a family (NFPROTO_*). */
int cnm_nft_list_in(struct cnm_nft *nft, uint8_t family, const char *set, cnm_nft_fn fn, void *arg,
                    struct cnm_error *err);

/* How many rules a base chain of the family's table holds: one question, however long the table. 0 when chain or table is missing. */
int cnm_nft_base_chain_rules(struct cnm_nft *nft, uint8_t family, const char *chain, size_t *ret,
                             struct cnm_error *err);
/* Names the chain of every rule of the family's table, in one dump; none when the table is missing. */
typedef void (*cnm_nft_rule_fn)(const char *chain, void *arg);
int cnm_nft_rules_list(struct cnm_nft *nft, uint8_t family, cnm_nft_rule_fn fn, void *arg,
                       struct cnm_error *err);

/* Runs nft language text as one transaction in the calling thread's namespace, by libnftables.
 * CNM_E_UNSUPPORTED names the package when the library is missing. */
int cnm_nft_run(const char *text, struct cnm_error *err);

#endif
