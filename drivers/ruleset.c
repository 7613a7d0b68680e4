/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the base ruleset and takes it away with the last network. The table is made by `create`, which
 * fails where it exists, in the transaction that adds the rules: so the rules are never there twice.
 */
#include "drivers/ruleset.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/sysctl.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

/* The text of drivers/ruleset.nft, with a NUL behind it. */
__asm__(".section .rodata\n"
        "cnm_ruleset_text:\n"
        ".incbin \"drivers/ruleset.nft\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char cnm_ruleset_text[] __attribute__((visibility("hidden")));

#define RULESET_TEXT_MAX (64 * 1024)

static int load_table(struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(RULESET_TEXT_MAX);

	cnm_buf_printf(&text, "create table inet %s\n%s", CNM_NFT_TABLE, cnm_ruleset_text);
	if (text.failed)
		return cnm_fail_nomem(err);
	return cnm_nft_run(cnm_buf_text(&text), err);
}

int cnm_ruleset_ensure(struct cnm_controller *controller, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	_cleanup_close_ int lock = -1;
	int exists;

	if (!nft)
		return -1;
	exists = cnm_nft_table_exists(nft, err);
	if (exists != 0)
		return exists < 0 ? -1 : 0;
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock < 0)
		return -1;
	exists = cnm_nft_table_exists(nft, err);
	if (exists != 0)
		return exists < 0 ? -1 : 0;
	if (load_table(err) < 0)
		return cnm_wrap(err, "load table inet %s", CNM_NFT_TABLE);
	return 0;
}

/* Families in the order of the set's values. */
static const struct {
	int family;
	uint8_t nfproto;
	const char *sysctl;
} families[] = {
        {AF_INET, NFPROTO_IPV4, "net/ipv4/ip_forward"},
        {AF_INET6, NFPROTO_IPV6, "net/ipv6/conf/all/forwarding"},
};

static void transit_elem(struct cnm_nft_elem *elem, uint8_t nfproto)
{
	*elem = (struct cnm_nft_elem){.set = "no_transit"};
	cnm_nft_key_u8(&elem->key, nfproto);
}

/* An interface that listens to router advertisements (accept_ra 1) stops doing so on a router; 2 keeps
 * it listening (Documentation/networking/ip-sysctl.rst). */
static int keep_router_advertisements(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	char path[128], value[16];
	struct cnm_error ignored = CNM_ERROR_INIT;

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", link->name);
	if (cnm_sysctl_read(path, value, sizeof(value), &ignored) < 0 || strcmp(value, "1") != 0)
		return 0;
	return cnm_sysctl_write_if_present(path, "2", err);
}

int cnm_forwarding_ensure(struct cnm_controller *controller, int family, struct cnm_error *err)
{
	size_t i = family == AF_INET ? 0 : 1;
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft_elem elem;
	char value[16];

	if (!nft || !rtnl)
		return -1;
	if (cnm_sysctl_read(families[i].sysctl, value, sizeof(value), err) < 0)
		return -1;
	if (strcmp(value, "0") != 0)
		return 0;
	transit_elem(&elem, families[i].nfproto);
	if (cnm_nft_batch_new(&batch, err) < 0 || cnm_nft_add(batch, &elem, false, err) < 0 ||
	    cnm_nft_commit(nft, batch, err) < 0)
		return -1;
	if (family == AF_INET6 && cnm_link_list(rtnl, keep_router_advertisements, NULL, err) < 0)
		return -1;
	return cnm_sysctl_write(families[i].sysctl, "1", err);
}

static int count_element(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	(*(size_t *)arg)++;
	return 0;
}

static int restore_forwarding(struct cnm_nft *nft, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		struct cnm_nft_elem elem;
		int had;

		transit_elem(&elem, families[i].nfproto);
		had = cnm_nft_has(nft, &elem, err);
		if (had < 0)
			return -1;
		if (had && cnm_sysctl_write_if_present(families[i].sysctl, "0", err) < 0)
			return -1;
	}
	return 0;
}

int cnm_ruleset_release(struct cnm_controller *controller, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	static const char *const users[] = {"bridges", "foreign4", "foreign6"};
	_cleanup_close_ int lock = -1;
	size_t count = 0, i;
	int exists;

	if (!nft)
		return -1;
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock < 0)
		return -1;
	exists = cnm_nft_table_exists(nft, err);
	if (exists <= 0)
		return exists;
	for (i = 0; i < CNM_ARRAY_SIZE(users); i++)
		if (cnm_nft_list(nft, users[i], count_element, &count, err) < 0)
			return -1;
	if (count > 0)
		return 0;
	if (restore_forwarding(nft, err) < 0)
		return -1;
	return cnm_nft_run("delete table inet " CNM_NFT_TABLE "\n", err);
}
