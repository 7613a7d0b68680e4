/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges, gateways and reserved addresses find the subnet that contains them, and nothing else does. */
#include <criterion/criterion.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "hook/cli_pools.h"

/* A command line in miniature: words apart by blanks, the first letter says which option. */
static void fill(struct cnm_cli_pools_args *args, char *words)
{
	struct cnm_error err = CNM_ERROR_INIT;
	char *word;

	while ((word = strsep(&words, " "))) {
		struct cnm_cli_list *list = word[0] == 's'   ? &args->subnets
		                            : word[0] == 'r' ? &args->ranges
		                            : word[0] == 'g' ? &args->gateways
		                                             : &args->aux;

		cr_assert_eq(cnm_cli_list_add(list, word + 1, &err), 0, "%s", err.text);
	}
}

Test(cli_pools, each_finds_its_subnet)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cli_pools_args args = {0};
	_cleanup_pools_ struct cnm_cli_pools pools = {0};
	char words[] =
	        "gfd00::1 r10.2.0.10-10.2.0.20 ap=10.1.0.5 s10.1.0.0/24 s10.2.0.0/24 sfd00::/64 g10.2.0.254 "
	        "r10.1.0.128/25 ap=fd00::5";

	fill(&args, words);
	cr_assert_eq(cnm_cli_pools_make(&pools, &args, &err), 0, "%s", err.text);
	cr_assert_eq(pools.count, 3);
	cr_assert_str_eq(pools.specs[0].subnet, "10.1.0.0/24");
	cr_assert_str_eq(pools.specs[0].range, "10.1.0.128/25");
	cr_assert_null(pools.specs[0].gateway);
	cr_assert_eq(pools.specs[0].aux.count, 1);
	cr_assert_str_eq(pools.specs[0].aux.items[0].key, "p");
	cr_assert_str_eq(pools.specs[0].aux.items[0].value, "10.1.0.5");
	cr_assert_str_eq(pools.specs[1].range, "10.2.0.10-10.2.0.20");
	cr_assert_str_eq(pools.specs[1].gateway, "10.2.0.254");
	cr_assert_eq(pools.specs[1].aux.count, 0);
	cr_assert_str_eq(pools.specs[2].gateway, "fd00::1");
	cr_assert_str_eq(pools.specs[2].aux.items[0].value, "fd00::5");
	cnm_cli_pools_args_free(&args);
}

Test(cli_pools, nothing_is_nothing)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_cli_pools_args args = {0};
	_cleanup_pools_ struct cnm_cli_pools pools = {0};

	cr_assert_eq(cnm_cli_pools_make(&pools, &args, &err), 0, "%s", err.text);
	cr_assert_eq(pools.count, 0);
}

Test(cli_pools, refuses)
{
	static const struct {
		const char *words, *text;
	} rows[] = {
	        {"s10.1.0.1/24", "--subnet"},
	        {"sten", "--subnet"},
	        {"s10.1.0.0/24 g10.2.0.1", "--gateway 10.2.0.1: lies in no --subnet"},
	        {"s10.1.0.0/24 gfd00::1", "--gateway fd00::1: lies in no --subnet"},
	        {"s10.1.0.0/24 g10.1.0.1 g10.1.0.2", "subnet 10.1.0.0/24 has 10.1.0.1 already"},
	        {"g10.1.0.1", "needs the --subnet"},
	        {"s10.1.0.0/24 gten", "--gateway"},
	        {"s10.1.0.0/24 r10.1.0.0/16", "lies in no --subnet"},
	        {"s10.1.0.0/24 r10.1.0.9-10.1.1.9", "lies in no --subnet"},
	        {"s10.1.0.0/24 r10.1.0.9-", "--ip-range"},
	        {"s10.1.0.0/24 r10.1.0.9-fd00::1", "lies in no --subnet"},
	        {"s10.1.0.0/24 r10.1.0.0/25 r10.1.0.128/25", "has 10.1.0.0/25 already"},
	        {"s10.1.0.0/24 a10.1.0.5", "expected NAME=ADDRESS"},
	        {"s10.1.0.0/24 a=10.1.0.5", "expected NAME=ADDRESS"},
	        {"s10.1.0.0/24 ap=", "--aux-address"},
	        {"s10.1.0.0/24 ap=10.2.0.5", "lies in no --subnet"},
	        {"s10.1.0.0/24 ap=10.1.0.5 ap=10.1.0.6", "has that name already"},
	};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		struct cnm_error err = CNM_ERROR_INIT;
		struct cnm_cli_pools_args args = {0};
		_cleanup_pools_ struct cnm_cli_pools pools = {0};
		_cleanup_free_ char *words = strdup(rows[i].words);

		fill(&args, words);
		cr_assert_eq(cnm_cli_pools_make(&pools, &args, &err), -1, "%s: accepted", rows[i].words);
		cr_assert_eq(err.code, CNM_E_INVALID, "%s", rows[i].words);
		cr_assert_not_null(strstr(err.text, rows[i].text), "%s: %s", rows[i].words, err.text);
		cr_assert_eq(pools.count, 0);
		cnm_cli_pools_args_free(&args);
	}
}
