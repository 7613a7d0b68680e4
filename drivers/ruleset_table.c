/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constant tables, loaded and compared. What a chain should hold is counted in the very text that is loaded, so the two cannot disagree:
 * a rule is a line of its own in those files.
 */
#include "drivers/ruleset_table.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

/* The texts, each with a NUL behind it. */
__asm__(".section .rodata\n"
        "cnm_ruleset_text:\n"
        ".incbin \"drivers/ruleset.nft\"\n"
        ".byte 0\n"
        "cnm_ruleset_bridge_text:\n"
        ".incbin \"drivers/ruleset_bridge.nft\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char cnm_ruleset_text[] __attribute__((visibility("hidden")));
extern const char cnm_ruleset_bridge_text[] __attribute__((visibility("hidden")));

/* How a chain begins in a text. */
#define HEAD "\tchain "

const struct cnm_table cnm_table_inet = {NFPROTO_INET, "inet", cnm_ruleset_text, "forward", HEAD "forward {"};
const struct cnm_table cnm_table_bridge = {NFPROTO_BRIDGE, "bridge", cnm_ruleset_bridge_text, "prerouting",
                                           HEAD "prerouting {"};

#define TEXT_MAX   (64 * 1024)
#define CHAINS_MAX 64

struct chain {
	const char *name; /* in the text */
	size_t name_len;
	size_t wanted, found;
};

struct chains {
	struct chain items[CHAINS_MAX];
	size_t count;
};

/* Whether a line inside a chain is a rule: not its hook, not a comment, not its end. */
static bool is_rule(const char *line)
{
	return *line != '\n' && *line != '#' && *line != '}' && strncmp(line, "type ", 5) != 0;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	line += *line == '\n';
	return line + strspn(line, "\t ");
}

/* A chain from its first line on; the line that ends it. */
static const char *count_chain(const char *head, struct chain *ret)
{
	const char *line = next_line(head);

	*ret = (struct chain){.name = head + strlen(HEAD)};
	ret->name_len = strcspn(ret->name, " ");
	for (; *line && *line != '}'; line = next_line(line))
		ret->wanted += is_rule(line);
	return line;
}

/* The chains of a text with the number of their rules. */
static void count_rules(const char *text, struct chains *ret)
{
	const char *head = strstr(text, HEAD);

	for (ret->count = 0; head && ret->count < CHAINS_MAX; head = strstr(head, HEAD))
		head = count_chain(head, &ret->items[ret->count++]);
}

static struct chain *find_chain(struct chains *chains, const char *name)
{
	size_t i;

	for (i = 0; i < chains->count; i++) {
		struct chain *chain = &chains->items[i];

		if (strlen(name) == chain->name_len && memcmp(chain->name, name, chain->name_len) == 0)
			return chain;
	}
	return NULL;
}

int cnm_table_is_loaded(struct cnm_controller *controller, const struct cnm_table *table,
                        struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct chain lead;
	size_t rules;

	if (!nft || cnm_nft_base_chain_rules(nft, table->family, table->lead, &rules, err) < 0)
		return -1;
	count_chain(strstr(table->text, table->lead_head), &lead);
	return rules == lead.wanted;
}

/* `flush` removes rules alone; what is defined again and is there already is no error. */
static int load(const struct cnm_table *table, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(TEXT_MAX);
	const char *family = table->family_name;

	cnm_buf_printf(&text, "add table %s %s\nflush table %s %s\n%s", family, CNM_NFT_TABLE, family,
	               CNM_NFT_TABLE, table->text);
	if (text.failed)
		return cnm_fail_nomem(err);
	if (cnm_nft_run(cnm_buf_text(&text), err) < 0)
		return cnm_wrap(err, "load table %s %s", family, CNM_NFT_TABLE);
	return 0;
}

int cnm_table_ensure(struct cnm_controller *controller, const struct cnm_table *table, struct cnm_error *err)
{
	_cleanup_close_ int lock = -1;
	int loaded = cnm_table_is_loaded(controller, table, err);

	if (loaded != 0)
		return loaded < 0 ? -1 : 0;
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock < 0)
		return -1;
	loaded = cnm_table_is_loaded(controller, table, err);
	if (loaded != 0)
		return loaded < 0 ? -1 : 0;
	return load(table, err);
}

static void count_found(const char *name, void *arg)
{
	struct chain *chain = find_chain(arg, name);

	if (chain)
		chain->found++;
}

/* The first chain that differs in *ret; NULL when all are whole. */
static int compare(struct cnm_controller *controller, const struct cnm_table *table, struct chains *chains,
                   const struct chain **ret, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t i;

	*ret = NULL;
	count_rules(table->text, chains);
	if (!nft || cnm_nft_rules_list(nft, table->family, count_found, chains, err) < 0)
		return -1;
	for (i = 0; i < chains->count && !*ret; i++)
		if (chains->items[i].found != chains->items[i].wanted)
			*ret = &chains->items[i];
	return 0;
}

int cnm_table_check(struct cnm_controller *controller, const struct cnm_table *table, struct cnm_error *err)
{
	const struct chain *chain;
	struct chains chains;

	if (compare(controller, table, &chains, &chain, err) < 0)
		return -1;
	if (!chain)
		return 0;
	return cnm_fail(err, CNM_E_CONFLICT, "chain %.*s of table %s %s holds %zu rules instead of %zu",
	                (int)chain->name_len, chain->name, table->family_name, CNM_NFT_TABLE, chain->found,
	                chain->wanted);
}

int cnm_table_restore(struct cnm_controller *controller, const struct cnm_table *table, size_t *count,
                      struct cnm_error *err)
{
	_cleanup_close_ int lock = cnm_store_firewall_lock(controller->store, err);
	const struct chain *chain;
	struct chains chains;

	if (lock < 0 || compare(controller, table, &chains, &chain, err) < 0)
		return -1;
	if (!chain)
		return 0;
	(*count)++;
	return load(table, err);
}
