/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publishing and withdrawing. The kernel refuses a claim to a port that is claimed already; what it cannot see (a range around a
 * claim, one address of the host against all of them) is looked for first, under a lock that all publishers hold.
 */
#include "drivers/ports.h"
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include "cnm/store.h"
#include "cnm/sys/listener.h"
#include "drivers/ports_elements.h"
#include "drivers/ports_flows.h"
#include "drivers/ports_loopback.h"
#include "drivers/ports_share.h"
#include "drivers/ruleset.h"
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* One verb's work on all targets of an endpoint. */
#define PUBLISH_TRIES 256 /* each lost try is a transaction of somebody else that went through */

struct work {
	struct cnm_nft *nft;
	struct cnm_nft_batch *batch;
	char owner[CNM_PORT_OWNER_MAX];
	bool exclusive;
	size_t count; /* of targets that the batch changes */
};

static int open_work(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                     struct work *work, struct cnm_error *err)
{
	work->nft = cnm_controller_nft(controller, err);
	if (!work->nft || cnm_nft_batch_new(&work->batch, err) < 0)
		return -1;
	cnm_port_owner(endpoint, work->owner);
	return 0;
}

static int fail_taken(const struct cnm_port_target *target, const char *owner, struct cnm_error *err)
{
	const char *name = strchr(owner, ' ');
	char text[CNM_PORT_TEXT_MAX];

	return cnm_fail(err, CNM_E_EXISTS, "port %s is published by %s", cnm_port_format(target->port, text),
	                name ? name + 1 : "somebody else");
}

enum { FREE, OURS, SHARED };

/* OURS already, FREE, SHARED with another endpoint of the container, which has it; -1: another's. */
static int ask_claim(struct work *work, const struct cnm_port_target *target, struct cnm_error *err)
{
	struct cnm_nft_found found;
	struct cnm_nft_elem claim;
	int has;

	cnm_port_claim(target, NULL, &claim);
	has = cnm_nft_get(work->nft, &claim, &found, err);
	if (has <= 0)
		return has;
	if (strcmp(found.comment, work->owner) == 0)
		return OURS;
	has = cnm_port_is_shared(work->nft, target, &found, err);
	return has < 0 ? -1 : has ? SHARED : fail_taken(target, found.comment, err);
}

/* A search through the claims of one set for those that would share packets with a new one. */
struct search {
	const struct cnm_port_target *target;
	const char *owner;
	const char *set;
};

/* The last two fields of a key are the protocol and the port, padded to four bytes each. */
static uint8_t protocol_of(const struct cnm_nft_key *key)
{
	return key->len < 8 ? 0 : key->bytes[key->len - 8];
}

static uint16_t port_of(const struct cnm_nft_key *key)
{
	return key->len < 4 ? 0 : (uint16_t)(key->bytes[key->len - 4] << 8 | key->bytes[key->len - 3]);
}

/* The fields before them: the family, or the host's address. */
static bool same_host(const struct search *search, const struct cnm_nft_key *key)
{
	const struct cnm_port_target *target = search->target;

	if (strcmp(search->set, "claims") == 0)
		return key->bytes[0] == (target->addr->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	return !cnm_port_has_host(target->port) ||
	       memcmp(key->bytes, target->port->host.bytes, cnm_addr_size(&target->port->host)) == 0;
}

static int compare_claim(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	const struct search *search = arg;
	const struct cnm_port *port = search->target->port;

	if (protocol_of(&found->key) != port->protocol || port_of(&found->end) < port->first ||
	    port_of(&found->key) > port->last || !same_host(search, &found->key) ||
	    strcmp(found->comment, search->owner) == 0)
		return 0;
	return fail_taken(search->target, found->comment, err);
}

/* One address against all of them lies in another set; a range around a claim the kernel does not notice. */
static int check_overlap(struct work *work, const struct cnm_port_target *target, struct cnm_error *err)
{
	const char *of_host = target->addr->family == AF_INET ? "claims_of4" : "claims_of6";
	bool has_host = cnm_port_has_host(target->port);
	struct search search = {target, work->owner, has_host ? "claims" : of_host};

	if (cnm_nft_list(work->nft, search.set, compare_claim, &search, err) < 0)
		return -1;
	if (target->port->first == target->port->last)
		return 0;
	search.set = has_host ? of_host : "claims";
	return cnm_nft_list(work->nft, search.set, compare_claim, &search, err);
}

static int check_listeners(const struct cnm_port_target *target, struct cnm_error *err)
{
	const struct cnm_port *port = target->port;
	char user[128], text[CNM_PORT_TEXT_MAX];
	struct cnm_addr host = {.family = target->addr->family};
	uint16_t number = 0;
	int used = port->held ? 0
	                      : cnm_port_in_use(port->protocol, cnm_port_has_host(port) ? &port->host : &host,
	                                        port->first, port->last, &number, err);

	if (used <= 0)
		return used;
	cnm_port_user(port->protocol, number, user, sizeof(user));
	return cnm_fail(err, CNM_E_EXISTS, "port %s: %u is in use on this host%s%s",
	                cnm_port_format(port, text), number, user[0] ? " by " : "", user);
}

static int add_element(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err)
{
	struct work *work = arg;

	return cnm_nft_add(work->batch, elem, work->exclusive, err);
}

static int add_target(const struct cnm_port_target *target, struct work *work, struct cnm_error *err)
{
	struct cnm_nft_elem claim;

	cnm_port_claim(target, work->owner, &claim);
	work->count++;
	if (cnm_nft_add(work->batch, &claim, work->exclusive, err) < 0)
		return -1;
	return cnm_port_each_element(target, add_element, work, err);
}

static int publish_target(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	int has = ask_claim(work, target, err);

	if (has != FREE)
		return has < 0 ? -1 : 0;
	if (!target->routed && (check_overlap(work, target, err) < 0 || check_listeners(target, err) < 0))
		return -1;
	return add_target(target, work, err);
}

/* Who has the ports was looked up before the commit: it holds only while no other transaction came between (CNM_E_TRY_AGAIN). */
static int publish_once(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                        const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct work work = {.exclusive = true};
	uint32_t generation;
	int r = -1;

	if (open_work(controller, endpoint, &work, err) == 0 &&
	    cnm_nft_generation(work.nft, &generation, err) == 0 &&
	    cnm_ports_each(endpoint, policy, publish_target, &work, err) == 0 &&
	    cnm_ports_allow_loopback(controller, policy, endpoint, work.batch, err) == 0) {
		cnm_nft_batch_expect(work.batch, generation);
		r = cnm_nft_commit(work.nft, work.batch, err);
	}
	cnm_nft_batch_freep(&work.batch);
	if (r < 0 && err->code == CNM_E_EXISTS && err->sys_errno)
		return cnm_fail(err, CNM_E_EXISTS, "a published port was taken at the same moment");
	return r;
}

int cnm_ports_publish(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	_cleanup_close_ int lock = -1;
	unsigned tries;

	if (endpoint->port_count == 0)
		return 0;
	if (cnm_ruleset_ensure(controller, err) < 0)
		return -1;
	/* The lock spares controllers of the same roots most of the tries. */
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock < 0)
		return -1;
	for (tries = 1; publish_once(controller, policy, endpoint, err) < 0; tries++) {
		if (err->code != CNM_E_TRY_AGAIN || tries == PUBLISH_TRIES)
			return -1;
		cnm_error_clear(err);
	}
	return cnm_ports_forget_flows(endpoint, true, err);
}

static int delete_element(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err)
{
	struct work *work = arg;

	return cnm_nft_delete(work->batch, elem, err);
}

static int withdraw_target(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	struct cnm_error others = CNM_ERROR_INIT;
	struct cnm_nft_elem claim;
	int mine = ask_claim(work, target, &others);

	if (mine < 0 && others.code != CNM_E_EXISTS) {
		*err = others;
		return -1;
	}
	if (mine != OURS)
		return 0;
	cnm_port_claim(target, NULL, &claim);
	work->count++;
	if (cnm_nft_delete(work->batch, &claim, err) < 0)
		return -1;
	return cnm_port_each_element(target, delete_element, work, err);
}

int cnm_ports_withdraw(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                       struct cnm_error *err)
{
	struct work work = {.exclusive = false};
	_cleanup_close_ int lock = -1;
	int r = -1;

	if (endpoint->port_count == 0)
		return 0;
	lock = cnm_store_firewall_lock(controller->store, err);
	if (lock >= 0 && open_work(controller, endpoint, &work, err) == 0 &&
	    cnm_ports_each(endpoint, NULL, withdraw_target, &work, err) == 0 &&
	    cnm_nft_commit(work.nft, work.batch, err) == 0)
		r = 0;
	cnm_nft_batch_freep(&work.batch);
	/* Also where no element was left: a leave that was killed may have come as far as that. */
	return r < 0 ? r : cnm_ports_forget_flows(endpoint, false, err);
}

/* 1: it is there; 0: it is missing; 2: it leads elsewhere. */
static int has_element(struct cnm_nft *nft, const struct cnm_nft_elem *elem, struct cnm_error *err)
{
	struct cnm_nft_found found;
	int has = cnm_nft_get(nft, elem, &found, err);

	if (has <= 0)
		return has;
	return found.data.len == elem->data.len &&
	                       memcmp(found.data.bytes, elem->data.bytes, elem->data.len) == 0
	               ? 1
	               : 2;
}

static int miss_element(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	int has = has_element(work->nft, elem, err);

	return has < 0 ? -1 : has != 1;
}

static int delete_strayed(const struct cnm_nft_elem *elem, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	int has = has_element(work->nft, elem, err);

	return has == 2 ? cnm_nft_delete(work->batch, elem, err) : has < 0 ? -1 : 0;
}

static int check_target(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	char text[CNM_PORT_TEXT_MAX];
	int mine = ask_claim(work, target, err);
	int missing = mine == OURS ? cnm_port_each_element(target, miss_element, work, err) : 0;

	if (missing < 0 || (mine < 0 && err->code != CNM_E_EXISTS))
		return -1;
	if (mine > FREE && !missing)
		return 0;
	return cnm_fail(err, CNM_E_CONFLICT, "port %s is not published any more",
	                cnm_port_format(target->port, text));
}

int cnm_ports_check(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                    const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct work work = {.exclusive = false};
	int r;

	if (endpoint->port_count == 0)
		return 0;
	if (open_work(controller, endpoint, &work, err) < 0)
		return -1;
	r = cnm_ports_each(endpoint, policy, check_target, &work, err);
	cnm_nft_batch_freep(&work.batch);
	return r < 0 ? -1 : cnm_ports_check_loopback(controller, policy, endpoint, err);
}

/* Missing elements of a claim that stands are added with the claim's own key again, which is no error. */
static int restore_target(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	int mine = ask_claim(work, target, err);
	int missing = mine == OURS ? cnm_port_each_element(target, miss_element, work, err) : mine == FREE;
	struct cnm_nft_elem claim;

	if (mine < 0 || missing < 0)
		return -1;
	if (!missing)
		return 0;
	/* Of endpoints that share a port the first one gets it. */
	cnm_port_claim(target, NULL, &claim);
	missing = cnm_nft_batch_note(work->batch, &claim, err);
	if (missing <= 0)
		return missing;
	return cnm_port_each_element(target, delete_strayed, work, err) < 0 ? -1
	                                                                    : add_target(target, work, err);
}

int cnm_ports_restore(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      const struct cnm_endpoint *endpoint, struct cnm_nft_batch *batch, size_t *count,
                      struct cnm_error *err)
{
	struct work work = {.nft = cnm_controller_nft(controller, err), .batch = batch};

	if (!work.nft)
		return -1;
	cnm_port_owner(endpoint, work.owner);
	if (cnm_ports_each(endpoint, policy, restore_target, &work, err) < 0)
		return -1;
	*count += work.count;
	return cnm_ports_restore_loopback(controller, policy, endpoint, count, err);
}
