/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base ruleset: there with the first network, gone with the last, and with it the host's forwarding. */
#include "drivers/ruleset.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "drivers/forwarding.h"
#include "drivers/ruleset_table.h"
#include <stdio.h>
#include <string.h>

#define RELEASE_TRIES 16

int cnm_ruleset_ensure(struct cnm_controller *controller, struct cnm_error *err)
{
	return cnm_table_ensure(controller, &cnm_table_inet, err);
}

int cnm_ruleset_check(struct cnm_controller *controller, struct cnm_error *err)
{
	return cnm_table_check(controller, &cnm_table_inet, err);
}

int cnm_ruleset_restore(struct cnm_controller *controller, size_t *count, struct cnm_error *err)
{
	return cnm_table_restore(controller, &cnm_table_inet, count, err);
}

static int count_element(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	(*(size_t *)arg)++;
	return 0;
}

/* Whether a network of this controller needs the table besides the one that leaves: after a flush it may have no element in it. */
static int is_needed_here(struct cnm_controller *controller, const struct cnm_network *leaving,
                          struct cnm_error *err)
{
	struct cnm_network **networks = NULL;
	size_t count = 0, i;
	int needed = 0;

	if (cnm_network_list(controller, &networks, &count, err) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (strcmp(networks[i]->name, leaving->name) != 0 &&
		    cnm_kvs_get(&networks[i]->driver_state, "bridge"))
			needed = 1;
	cnm_network_list_free(networks, count);
	return needed;
}

/* The networks of other controllers are known by their elements alone. */
static int has_elements(struct cnm_nft *nft, struct cnm_error *err)
{
	static const char *const users[] = {"bridges", "lans", "foreign4", "foreign6"};
	size_t count = 0, i;

	for (i = 0; i < CNM_ARRAY_SIZE(users); i++)
		if (cnm_nft_list(nft, users[i], count_element, &count, err) < 0)
			return -1;
	return count > 0;
}

/* 1 done, 0 the ruleset was changed meanwhile: look again, -1 error. */
static int release_once(struct cnm_controller *controller, struct cnm_nft *nft, struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_forwarding before;
	uint32_t generation;
	int exists, used = 0;

	if (cnm_nft_generation(nft, &generation, err) < 0)
		return -1;
	exists = cnm_nft_table_exists(nft, err);
	if (exists > 0)
		used = has_elements(nft, err);
	if (exists < 0 || used != 0)
		return exists < 0 || used < 0 ? -1 : 1;
	if (cnm_forwarding_release(controller, &before, err) < 0)
		return -1;
	if (exists) {
		if (cnm_nft_batch_new(&batch, err) < 0 || cnm_nft_delete_table(batch, 0, err) < 0)
			return -1;
		cnm_nft_batch_expect(batch, generation);
		if (cnm_nft_commit(nft, batch, err) < 0) {
			bool again = err->code == CNM_E_TRY_AGAIN || err->code == CNM_E_NOT_FOUND;
			struct cnm_error ignored = CNM_ERROR_INIT;

			cnm_forwarding_resume(&before, &ignored);
			if (!again)
				return -1;
			cnm_error_clear(err);
			return 0;
		}
	}
	return cnm_forwarding_forget(controller, err) < 0 ? -1 : 1;
}

int cnm_ruleset_release(struct cnm_controller *controller, const struct cnm_network *leaving,
                        struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	_cleanup_close_ int lock = -1;
	unsigned tries;
	int r = 0;

	if (!nft)
		return -1;
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock < 0)
		return -1;
	r = is_needed_here(controller, leaving, err);
	/* Then transit stays closed, which is what is left of the table. */
	if (r == 0)
		r = cnm_forwarding_is_shared(controller, err);
	for (tries = 0; tries < RELEASE_TRIES && r == 0; tries++)
		r = release_once(controller, nft, err);
	/* Who changes the ruleset all the time also uses it; the next release looks again. */
	return r < 0 ? -1 : 0;
}
