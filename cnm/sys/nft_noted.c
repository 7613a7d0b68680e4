/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which elements a batch has: for those that several callers may want, and that can be there once. */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft_internal.h"
#include <search.h>
#include <string.h>

struct noted {
	struct cnm_nft_key key, end;
	char set[32];
};

static int compare_keys(const struct cnm_nft_key *a, const struct cnm_nft_key *b)
{
	return a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->bytes, b->bytes, a->len);
}

static int compare(const void *left, const void *right)
{
	const struct noted *a = left, *b = right;
	int r = strcmp(a->set, b->set);

	if (r == 0)
		r = compare_keys(&a->key, &b->key);
	return r != 0 ? r : compare_keys(&a->end, &b->end);
}

int cnm_nft_batch_note(struct cnm_nft_batch *batch, const struct cnm_nft_elem *elem, struct cnm_error *err)
{
	_cleanup_free_ struct noted *noted = calloc(1, sizeof(*noted));
	struct noted **found;

	if (!noted)
		return cnm_fail_nomem(err);
	strncpy(noted->set, elem->set, sizeof(noted->set) - 1);
	noted->key = elem->key;
	noted->end = elem->end;
	found = tsearch(noted, &batch->noted, compare);
	if (!found)
		return cnm_fail_nomem(err);
	if (*found != noted)
		return 0;
	noted = NULL; /* the tree's */
	return 1;
}

void cnm_nft_noted_free(void *noted)
{
	tdestroy(noted, free);
}
