/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A query and an asker to a response. Names of the asker's networks, NAME and NAME.NETWORK, are ours: one that nobody has is NXDOMAIN, one that has no
 * address of the family an empty answer (musl takes an NXDOMAIN for AAAA as the end of the name), and none is ever asked for elsewhere.
 */
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FOUND_MAX    512
#define NETWORKS_MAX 32 /* of one container */

/* Networks of the asker, the one that it asked by first. */
struct scope {
	const struct names_network *items[NETWORKS_MAX];
	size_t count;
};

struct found {
	const struct names_endpoint *items[FOUND_MAX];
	size_t count;
};

struct work {
	struct names *names;
	const struct cnm_dns_query *query;
	const struct scope *scope;
	struct cnm_dns_response *response;
	uint32_t ttl;
};

bool names_asker_find(struct names_asker *ret, struct names_network *network, const struct cnm_addr *source)
{
	const struct names_name *name =
	        names_hash_find(&network->by_addr, (const char *)source->bytes, cnm_addr_size(source));

	*ret = (struct names_asker){.network = network, .container = name ? name->endpoint->container : NULL};
	/* The host reaches every gateway by every address of its own: from another network's it gets nothing. */
	return name || names_network_contains(network, source);
}

static void add_scope(struct scope *scope, const struct names_network *network)
{
	size_t i;

	for (i = 0; i < scope->count; i++)
		if (scope->items[i] == network)
			return;
	if (scope->count < NETWORKS_MAX)
		scope->items[scope->count++] = network;
}

static void find_scope(struct scope *ret, const struct names_asker *asker)
{
	const struct names_endpoint *endpoint = asker->container ? asker->container->endpoints : NULL;

	ret->count = 0;
	add_scope(ret, asker->network);
	for (; endpoint; endpoint = endpoint->next_sibling)
		add_scope(ret, endpoint->network);
}

static void find_on(struct found *ret, const struct names_network *network, const char *name, size_t len)
{
	const struct names_name *at = names_hash_find(&network->by_name, name, len);

	for (; at && ret->count < FOUND_MAX; at = names_hash_next(at))
		ret->items[ret->count++] = at->endpoint;
}

/* What is before ".NETWORK" in the name; 0: it does not end so. */
static size_t cut_network(const struct names_network *network, const char *name, size_t len)
{
	size_t suffix = strlen(network->lower);

	if (len <= suffix + 1 || name[len - suffix - 1] != '.' ||
	    memcmp(name + len - suffix, network->lower, suffix) != 0)
		return 0;
	return len - suffix - 1;
}

static void find(struct found *ret, const struct scope *scope, const char *name)
{
	size_t len = strlen(name), i;

	ret->count = 0;
	for (i = 0; i < scope->count; i++)
		find_on(ret, scope->items[i], name, len);
	for (i = 0; i < scope->count && ret->count == 0; i++) {
		size_t cut = cut_network(scope->items[i], name, len);

		if (cut > 0)
			find_on(ret, scope->items[i], name, cut);
	}
}

/* Whether a name that nobody has is nevertheless ours. */
static bool is_own_zone(const struct cnm_dns_query *query, const struct scope *scope)
{
	size_t i;

	if (query->labels == 0)
		return false;
	/* Who asks for a top-level domain as such, a validating resolver, means the public one. */
	if (query->labels == 1)
		return query->type != CNM_DNS_NS && query->type != CNM_DNS_SOA && query->type != CNM_DNS_DS &&
		       query->type != CNM_DNS_DNSKEY;
	for (i = 0; query->is_text && i < scope->count; i++)
		if (cut_network(scope->items[i], query->name, strlen(query->name)) > 0)
			return true;
	return false;
}

/* Addresses, in turn: each answer begins one further. */
static void add_addresses(const struct work *work, const struct found *found, int family)
{
	size_t total = 0, i, j, at;
	const struct cnm_addr *all[FOUND_MAX];

	for (i = 0; i < found->count; i++)
		for (j = 0; j < found->items[i]->addr_count && total < FOUND_MAX; j++)
			if (found->items[i]->addrs[j].family == family)
				all[total++] = &found->items[i]->addrs[j];
	at = total ? work->names->turn % total : 0;
	for (i = 0; i < total; i++, at = at + 1 == total ? 0 : at + 1)
		if (!cnm_dns_add_address(work->response, work->ttl, all[at]))
			return;
}

static enum names_verdict answer_name(const struct work *work, enum cnm_dns_rcode *rcode)
{
	struct found found;

	find(&found, work->scope, work->query->name);
	if (found.count == 0) {
		*rcode = CNM_DNS_NXDOMAIN;
		return is_own_zone(work->query, work->scope) ? NAMES_ANSWERED : NAMES_FORWARD;
	}
	if (found.count > 1)
		work->names->turn++;
	if (work->query->type == CNM_DNS_A || work->query->type == CNM_DNS_ANY)
		add_addresses(work, &found, AF_INET);
	if (work->query->type == CNM_DNS_AAAA || work->query->type == CNM_DNS_ANY)
		add_addresses(work, &found, AF_INET6);
	return NAMES_ANSWERED;
}

static enum names_verdict answer_reverse(const struct work *work, const struct cnm_addr *addr,
                                         enum cnm_dns_rcode *rcode)
{
	bool ours = false, found = false;
	size_t i;

	for (i = 0; i < work->scope->count; i++) {
		const struct names_network *network = work->scope->items[i];
		const struct names_name *name =
		        names_hash_find(&network->by_addr, (const char *)addr->bytes, cnm_addr_size(addr));

		ours = ours || names_network_contains(network, addr);
		if (name && (work->query->type == CNM_DNS_PTR || work->query->type == CNM_DNS_ANY))
			cnm_dns_add_ptr(work->response, work->ttl, name->endpoint->called);
		found = found || name;
	}
	if (!found)
		*rcode = CNM_DNS_NXDOMAIN;
	return found || ours ? NAMES_ANSWERED : NAMES_FORWARD;
}

static const struct {
	const char *text;
	uint8_t protocol;
} protocols[] = {{"._tcp.", IPPROTO_TCP}, {"._udp.", IPPROTO_UDP}, {"._sctp.", IPPROTO_SCTP}};

/* "_80._tcp.NAME" or "_http._tcp.NAME": port and protocol, and where the name begins; NULL: it is none of those. A name that no port has is port 0, which
 * nobody publishes. */
static const char *parse_service(const struct names *names, const char *name, struct names_port *ret)
{
	size_t len, i;

	if (name[0] != '_')
		return NULL;
	name++;
	len = strcspn(name, ".");
	for (i = 0; i < CNM_ARRAY_SIZE(protocols); i++) {
		size_t size = strlen(protocols[i].text);
		unsigned long port;
		char *end;

		if (strncmp(name + len, protocols[i].text, size) != 0)
			continue;
		port = name[0] >= '0' && name[0] <= '9' ? strtoul(name, &end, 10) : 0;
		if (port == 0 || end != name + len || port > UINT16_MAX)
			port = names_services_find(names, name, len, protocols[i].protocol);
		*ret = (struct names_port){protocols[i].protocol, (uint16_t)port, (uint16_t)port};
		return name + len + size;
	}
	return NULL;
}

static bool has_port(const struct names_endpoint *endpoint, const struct names_port *port)
{
	size_t i;

	for (i = 0; i < endpoint->port_count; i++)
		if (endpoint->ports[i].protocol == port->protocol && port->first > 0 &&
		    endpoint->ports[i].first <= port->first && port->first <= endpoint->ports[i].last)
			return true;
	return false;
}

/* Ports that are published have a service record each; a name that exists has an empty answer for any other. */
static enum names_verdict answer_service(const struct work *work, const char *name,
                                         const struct names_port *port, enum cnm_dns_rcode *rcode)
{
	bool asked = work->query->type == CNM_DNS_SRV || work->query->type == CNM_DNS_ANY;
	struct found found;
	size_t i, j;

	find(&found, work->scope, name);
	if (found.count == 0) {
		*rcode = CNM_DNS_NXDOMAIN;
		return is_own_zone(work->query, work->scope) || !strchr(name, '.') ? NAMES_ANSWERED
		                                                                   : NAMES_FORWARD;
	}
	for (i = 0; asked && i < found.count; i++) {
		const struct names_endpoint *endpoint = found.items[i];

		if (!has_port(endpoint, port) ||
		    !cnm_dns_add_srv(work->response, work->ttl, port->first, endpoint->called))
			continue;
		/* Behind the last answer come its addresses only; an answer after them would be in the wrong section. */
		for (j = 0; i + 1 == found.count && j < endpoint->addr_count; j++)
			cnm_dns_add_target_address(work->response, work->ttl, &endpoint->addrs[j]);
	}
	return NAMES_ANSWERED;
}

static enum names_verdict answer(const struct work *work, enum cnm_dns_rcode *rcode)
{
	const struct cnm_dns_query *query = work->query;
	struct names_port port;
	struct cnm_addr addr;
	const char *name;

	if (query->class != CNM_DNS_IN) {
		*rcode = CNM_DNS_REFUSED;
		return NAMES_ANSWERED;
	}
	if (query->is_text && cnm_dns_reverse_parse(query->name, &addr))
		return answer_reverse(work, &addr, rcode);
	name = query->is_text ? parse_service(work->names, query->name, &port) : NULL;
	return name ? answer_service(work, name, &port, rcode) : answer_name(work, rcode);
}

static bool may_leave(const struct scope *scope)
{
	size_t i;

	for (i = 0; i < scope->count; i++)
		if (!scope->items[i]->internal)
			return true;
	return false;
}

enum names_verdict names_answer(struct names *names, const struct names_asker *asker, const uint8_t *bytes,
                                size_t len, uint8_t *ret, size_t size, bool tcp, size_t *ret_len)
{
	struct cnm_dns_response response;
	struct cnm_dns_query query;
	struct scope scope;
	struct work work = {.names = names, .query = &query, .scope = &scope, .response = &response};
	int malformed = cnm_dns_query_parse(&query, bytes, len);
	enum cnm_dns_rcode rcode = CNM_DNS_NOERROR;
	enum names_verdict verdict = NAMES_ANSWERED;

	if (malformed < 0)
		return NAMES_IGNORED;
	if (!tcp && cnm_dns_udp_limit(&query) < size)
		size = cnm_dns_udp_limit(&query);
	cnm_dns_response_begin(&response, ret, size, &query, bytes);
	work.ttl = names->agent->settings.ttl;
	find_scope(&scope, asker);
	if (malformed)
		rcode = (enum cnm_dns_rcode)malformed;
	else
		verdict = answer(&work, &rcode);
	if (verdict == NAMES_FORWARD) {
		if (may_leave(&scope))
			return NAMES_FORWARD;
		rcode = CNM_DNS_REFUSED;
	}
	*ret_len =
	        cnm_dns_response_end(&response, rcode, rcode == CNM_DNS_NOERROR || rcode == CNM_DNS_NXDOMAIN);
	return NAMES_ANSWERED;
}

size_t names_refuse(const uint8_t *bytes, size_t len, uint8_t *ret, enum cnm_dns_rcode rcode)
{
	struct cnm_dns_response response;
	struct cnm_dns_query query;

	if (cnm_dns_query_parse(&query, bytes, len) < 0)
		return 0;
	cnm_dns_response_begin(&response, ret, CNM_DNS_UDP_MIN, &query, bytes);
	return cnm_dns_response_end(&response, rcode, false);
}
