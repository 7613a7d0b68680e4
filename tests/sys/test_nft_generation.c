/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transaction that expects a state of the ruleset: it goes through in that state, and in no other. */
#include "cnm/base/error.h"
#include "cnm/sys/nft.h"
#include "tests/support/support.h"
#include <criterion/criterion.h>

static struct cnm_nft *nft;
static struct cnm_nft_batch *batch;
static struct cnm_error err;

static void setup(void)
{
	cnm_test_netns_enter();
	cr_assert_eq(cnm_nft_open(&nft, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_run("table inet cnm { set names { type ifname; }; }", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_batch_new(&batch, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	cnm_nft_batch_freep(&batch);
	cnm_nft_close(nft);
}

TestSuite(nft_generation, .init = setup, .fini = teardown);

static uint32_t generation(void)
{
	uint32_t now = 0;

	cr_assert_eq(cnm_nft_generation(nft, &now, &err), 0, "%s", err.text);
	cr_assert_neq(now, 0);
	return now;
}

static struct cnm_nft_elem element(const char *name)
{
	struct cnm_nft_elem elem = {.set = "names"};

	cnm_nft_key_ifname(&elem.key, name);
	return elem;
}

Test(nft_generation, every_transaction_makes_another_one)
{
	uint32_t before = generation();

	cr_assert_eq(generation(), before, "asking changes nothing");
	cr_assert_eq(cnm_nft_run("add table ip other", &err), 0, "%s", err.text);
	cr_assert_neq(generation(), before);
}

Test(nft_generation, commit_in_the_expected_state_goes_through)
{
	struct cnm_nft_elem elem = element("a0");

	cnm_nft_batch_expect(batch, generation());
	cr_assert_eq(cnm_nft_add(batch, &elem, true, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_has(nft, &elem, &err), 1);
}

Test(nft_generation, commit_after_somebody_elses_changes_nothing)
{
	struct cnm_nft_elem elem = element("a0");

	cnm_nft_batch_expect(batch, generation());
	cr_assert_eq(cnm_nft_add(batch, &elem, true, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_run("add table ip other", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), -1);
	cr_assert_eq(err.code, CNM_E_TRY_AGAIN, "%s", err.text);
	cr_assert_eq(cnm_nft_has(nft, &elem, &(struct cnm_error)CNM_ERROR_INIT), 0);
}

Test(nft_generation, table_is_deleted_with_its_elements)
{
	struct cnm_nft_elem elem = element("a0");

	cr_assert_eq(cnm_nft_add(batch, &elem, true, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), 0, "%s", err.text);
	cnm_nft_batch_freep(&batch);
	batch = NULL;
	cr_assert_eq(cnm_nft_batch_new(&batch, &err), 0);
	cr_assert_eq(cnm_nft_delete_table(batch, 0, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_table_exists(nft, &err), 0);
}

Test(nft_generation, deleting_a_missing_table_is_not_found)
{
	cr_assert_eq(cnm_nft_run("delete table inet cnm", &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_delete_table(batch, 0, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_nft_commit(nft, batch, &err), -1);
	cr_assert_eq(err.code, CNM_E_NOT_FOUND, "%s", err.text);
}
