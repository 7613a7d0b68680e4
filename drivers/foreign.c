/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of other programs. Link, addresses and routes of an endpoint are theirs; cnm keeps a record of it, publishes its ports, and
 * opens the way to it where cnm or the host's FORWARD chain would cut it.
 */
#include "drivers/foreign.h"
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include "cnm/sys/nft_forward.h"
#include "drivers/builtin.h"
#include "drivers/plain.h"
#include "drivers/ports.h"
#include "drivers/ruleset.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const int families[] = {AF_INET, AF_INET6};

static struct cnm_ports_policy policy_of(const struct cnm_endpoint *endpoint)
{
	return (struct cnm_ports_policy){.mode4 = CNM_GATEWAY_NAT,
	                                 .mode6 = CNM_GATEWAY_NAT,
	                                 .bridge = cnm_kvs_get(&endpoint->options, CNM_FOREIGN_LINK)};
}

static void comment_of(const struct cnm_endpoint *endpoint, char ret[CNM_FORWARD_COMMENT_MAX])
{
	snprintf(ret, CNM_FORWARD_COMMENT_MAX, "cnm %.12s %s/%.40s", endpoint->id, endpoint->network,
	         endpoint->name);
}

/* Two elements for each address: that it is foreign, and that what comes from its own subnet by way of the host answers there. */
typedef int (*elem_fn)(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_batch *batch,
                       size_t *count, struct cnm_error *err);
static int each_element(struct cnm_nft *nft, const struct cnm_endpoint *endpoint, elem_fn fn,
                        struct cnm_nft_batch *batch, size_t *count, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_addr *addr = &endpoint->addrs[i].addr;
		struct cnm_addr first = cnm_addr_network(addr), last = cnm_addr_last(addr);
		bool is_ipv4 = addr->family == AF_INET;
		struct cnm_nft_elem foreign = {.set = is_ipv4 ? "foreign4" : "foreign6"};
		struct cnm_nft_elem inside = {.set = is_ipv4 ? "inside4" : "inside6", .concat = true};

		cnm_nft_key_bytes(&foreign.key, addr->bytes, cnm_addr_size(addr));
		cnm_nft_key_bytes(&inside.key, first.bytes, cnm_addr_size(addr));
		cnm_nft_key_bytes(&inside.key, addr->bytes, cnm_addr_size(addr));
		cnm_nft_key_bytes(&inside.end, last.bytes, cnm_addr_size(addr));
		cnm_nft_key_bytes(&inside.end, addr->bytes, cnm_addr_size(addr));
		if (fn(nft, &foreign, batch, count, err) < 0 || fn(nft, &inside, batch, count, err) < 0)
			return -1;
	}
	return 0;
}

static int delete_present(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_batch *batch,
                          size_t *count, struct cnm_error *err)
{
	int has = cnm_nft_has(nft, elem, err);

	if (has <= 0)
		return has;
	(*count)++;
	return cnm_nft_delete(batch, elem, err);
}

static int change_elements(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, elem_fn fn,
                           struct cnm_error *err)
{
	_cleanup_nft_batch_ struct cnm_nft_batch *batch = NULL;
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	size_t count = 0;

	if (!nft || cnm_nft_batch_new(&batch, err) < 0 ||
	    each_element(nft, endpoint, fn, batch, &count, err) < 0)
		return -1;
	return cnm_nft_commit(nft, batch, err);
}

static int close_forward(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                         struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	char comment[CNM_FORWARD_COMMENT_MAX];
	size_t i;

	comment_of(endpoint, comment);
	if (!nft)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++)
		if (cnm_forward_close(nft, families[i], comment, err) < 0)
			return -1;
	return 0;
}

/* Where nothing is dropped nothing is opened. */
static int open_forward(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                        struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	char comment[CNM_FORWARD_COMMENT_MAX];
	size_t i;

	comment_of(endpoint, comment);
	if (!nft || close_forward(controller, endpoint, err) < 0) /* a killed join's */
		return -1;
	for (i = 0; i < endpoint->addr_count; i++) {
		const struct cnm_addr *addr = &endpoint->addrs[i].addr;
		int drops = cnm_forward_drops(nft, addr->family, err);

		if (drops < 0 || (drops && cnm_forward_open(nft, addr, comment, err) < 0))
			return -1;
	}
	return 0;
}

static int parse_addresses(struct cnm_endpoint *endpoint, const char *list, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(list);
	char *item, *rest;

	if (!copy)
		return cnm_fail_nomem(err);
	endpoint->addr_count = 0;
	for (item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		struct cnm_endpoint_addr slot = {0};

		if (cnm_addr_parse_cidr(&slot.addr, item, err) < 0)
			return cnm_wrap(err, "option " CNM_FOREIGN_ADDRESSES);
		if (endpoint->addr_count == CNM_ENDPOINT_ADDRS)
			return cnm_fail(err, CNM_E_INVALID, "more than %d addresses", CNM_ENDPOINT_ADDRS);
		endpoint->addrs[endpoint->addr_count++] = slot;
	}
	return 0;
}

static int endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                            struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_ports_policy policy = policy_of(endpoint);
	size_t i;

	for (i = 0; i < endpoint->options.count; i++) {
		const char *key = endpoint->options.items[i].key;

		if (strcmp(key, CNM_FOREIGN_ADDRESSES) == 0) {
			if (parse_addresses(endpoint, endpoint->options.items[i].value, err) < 0)
				return -1;
		} else if (strcmp(key, CNM_FOREIGN_LINK) != 0) {
			return cnm_fail(err, CNM_E_INVALID, "unknown endpoint option \"%s\"", key);
		}
	}
	endpoint->no_gateway = true;
	return cnm_ports_prepare(controller, &policy, endpoint, err);
}

static int publish(struct cnm_controller *controller, const struct cnm_network *network,
                   const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_ports_policy policy = policy_of(endpoint);

	return cnm_ports_publish(controller, &policy, endpoint, err);
}

static int leave(struct cnm_controller *controller, const struct cnm_network *network,
                 const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	if (cnm_ports_withdraw(controller, endpoint, err) < 0 || close_forward(controller, endpoint, err) < 0)
		return -1;
	return change_elements(controller, endpoint, delete_present, err);
}

static int join(struct cnm_controller *controller, const struct cnm_network *network,
                const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                struct cnm_error *err)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (cnm_ruleset_ensure(controller, err) < 0)
		return -1;
	if (change_elements(controller, endpoint, cnm_nft_add_missing, err) == 0 &&
	    open_forward(controller, endpoint, err) == 0 && publish(controller, network, endpoint, err) == 0)
		return 0;
	leave(controller, network, endpoint, netns_fd, &ignored);
	return -1;
}

static int network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                          struct cnm_error *err)
{
	return cnm_ruleset_ensure(controller, err);
}

static int network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                            struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);

	return nft ? cnm_nft_table_exists(nft, err) : -1;
}

static int network_delete(struct cnm_controller *controller, struct cnm_network *network,
                          struct cnm_error *err)
{
	return cnm_ruleset_release(controller, network, err);
}

static int restore(struct cnm_controller *controller, const struct cnm_network *network,
                   const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch, size_t *count,
                   struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_ports_policy policy;

	if (!nft)
		return -1;
	if (!endpoint)
		return cnm_ruleset_restore(controller, count, err);
	policy = policy_of(endpoint);
	if (each_element(nft, endpoint, cnm_nft_add_missing, batch, count, err) < 0)
		return -1;
	return cnm_ports_restore(controller, &policy, endpoint, batch, count, err);
}

static int check_element(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_nft_batch *batch,
                         size_t *count, struct cnm_error *err)
{
	int has = cnm_nft_has(nft, elem, err);

	if (has == 0)
		return cnm_fail(err, CNM_E_CONFLICT, "it is missing in set %s of table inet " CNM_NFT_TABLE,
		                elem->set);
	return has < 0 ? -1 : 0;
}

static int check_forward(struct cnm_nft *nft, const struct cnm_endpoint *endpoint, int family,
                         struct cnm_error *err)
{
	char comment[CNM_FORWARD_COMMENT_MAX];
	int drops = cnm_forward_drops(nft, family, err), count, want = 0;
	size_t i;

	if (drops <= 0)
		return drops;
	comment_of(endpoint, comment);
	for (i = 0; i < endpoint->addr_count; i++)
		want += endpoint->addrs[i].addr.family == family ? 2 : 0;
	count = cnm_forward_count(nft, family, comment, err);
	if (count < 0)
		return -1;
	return count >= want ? 0
	                     : cnm_fail(err, CNM_E_CONFLICT,
	                                "iptables' chain FORWARD drops, and lacks the rules that open it");
}

static int check(struct cnm_controller *controller, const struct cnm_network *network,
                 const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_ports_policy policy = policy_of(endpoint);
	size_t i;

	if (!nft || each_element(nft, endpoint, check_element, NULL, NULL, err) < 0 ||
	    cnm_ruleset_check(controller, err) < 0)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++)
		if (check_forward(nft, endpoint, families[i], err) < 0)
			return -1;
	return cnm_ports_check(controller, &policy, endpoint, err);
}

/* The chains of others were loaded anew, without the rules that open them. */
static int repair(struct cnm_controller *controller, const struct cnm_network *network,
                  const struct cnm_endpoint *endpoint, size_t *count, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(controller, err);
	struct cnm_error why = CNM_ERROR_INIT;
	size_t i;

	if (!nft)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(families); i++) {
		if (check_forward(nft, endpoint, families[i], &why) == 0)
			continue;
		(*count)++;
		return open_forward(controller, endpoint, err);
	}
	return 0;
}

const struct cnm_driver cnm_driver_foreign = {
        .name = "foreign",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .no_addresses = true,
        .network_prepare = cnm_plain_network_prepare,
        .network_ensure = network_ensure,
        .network_is_ready = network_is_ready,
        .network_delete = network_delete,
        .endpoint_prepare = endpoint_prepare,
        .join = join,
        .leave = leave,
        .publish = publish,
        .withdraw = cnm_ports_withdraw,
        .firewall_restore = restore,
        .endpoint_repair = repair,
        .endpoint_check = check,
};
