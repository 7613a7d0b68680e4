/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is called what, on which network. */
#include "cnm/base/cleanup.h"
#include "cnm/endpoint_names.h"
#include "cnm/served.h"
#include "hook/names.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Containers ----------------------------------------------------------------------------------- */

static struct names_container **container_slot(struct names *names, const char *id)
{
	struct names_container **at =
	        &names->containers[names_hash_bytes(names, id, strlen(id)) % NAMES_BUCKETS];

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

static struct names_container *container_get(struct names *names, const char *id)
{
	struct names_container **slot = container_slot(names, id);

	if (!*slot) {
		*slot = calloc(1, sizeof(**slot));
		if (*slot)
			snprintf((*slot)->id, sizeof((*slot)->id), "%s", id);
	}
	return *slot;
}

/* A container without endpoints is none. */
static void container_release(struct names *names, struct names_container *container)
{
	struct names_container **slot = container_slot(names, container->id);

	if (container->endpoints || *slot != container)
		return;
	*slot = container->next;
	names_listeners_close(names, &container->listeners);
	free(container);
}

static void container_learn(struct names_container *container, const struct cnm_sandbox *sandbox)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	size_t i;

	container->server_count = 0;
	for (i = 0; sandbox && i < sandbox->dns.count && container->server_count < NAMES_SERVERS_MAX; i++)
		if (cnm_addr_parse(&container->servers[container->server_count], sandbox->dns.items[i].key,
		                   &ignored) == 0)
			container->server_count++;
}

/* Endpoints ------------------------------------------------------------------------------------ */

static void unlink_endpoint(struct names_endpoint *endpoint)
{
	struct names_endpoint **at;

	*(endpoint->before ? &endpoint->before->next : &endpoint->network->endpoints) = endpoint->next;
	if (endpoint->next)
		endpoint->next->before = endpoint->before;
	if (!endpoint->container)
		return;
	for (at = &endpoint->container->endpoints; *at; at = &(*at)->next_sibling)
		if (*at == endpoint) {
			*at = endpoint->next_sibling;
			break;
		}
}

void names_endpoint_free(struct names_endpoint *endpoint)
{
	struct names_network *network = endpoint->network;

	names_hash_remove_all(&network->by_name, endpoint->names);
	names_hash_remove_all(&network->by_addr, endpoint->addr_names);
	unlink_endpoint(endpoint);
	if (endpoint->container)
		container_release(network->names, endpoint->container);
	else
		names_remote_detach(endpoint->remote);
	free(endpoint->ports);
	free(endpoint);
}

void names_lower(char *ret, size_t size, const char *text)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		ret[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
	ret[i] = '\0';
}

#define LABEL_MAX 63

/* A random id is one character longer than a label. */
static bool is_askable(const char *name)
{
	for (; *name; name += strspn(name, "."))
		if (strcspn(name, ".") > LABEL_MAX)
			return false;
		else
			name += strcspn(name, ".");
	return true;
}

static int put_names(struct names_endpoint *endpoint, const char *const *items, size_t count,
                     struct cnm_error *err)
{
	struct names_network *network = endpoint->network;
	char name[CNM_DNS_TEXT_MAX + 1];
	size_t i;

	for (i = 0; i < count; i++) {
		names_lower(name, sizeof(name), items[i]);
		if (!endpoint->called[0] && is_askable(name))
			snprintf(endpoint->called, sizeof(endpoint->called), "%.180s.%s", name,
			         network->lower);
		if (names_hash_add(network->names, &network->by_name, name, strlen(name), endpoint,
		                   &endpoint->names, err) < 0)
			return -1;
	}
	return 0;
}

static int put_address(struct names_endpoint *endpoint, const struct cnm_addr *addr, struct cnm_error *err)
{
	struct names_network *network = endpoint->network;

	endpoint->addrs[endpoint->addr_count++] = *addr;
	return names_hash_add(network->names, &network->by_addr, addr->bytes, cnm_addr_size(addr), endpoint,
	                      &endpoint->addr_names, err);
}

static int put_ports(struct names_endpoint *endpoint, const struct cnm_endpoint *record,
                     struct cnm_error *err)
{
	size_t i;

	endpoint->ports = calloc(record->port_count + 1, sizeof(*endpoint->ports));
	if (!endpoint->ports)
		return cnm_fail_nomem(err);
	for (i = 0; i < record->port_count; i++) {
		const struct cnm_port *port = &record->ports[i];

		endpoint->ports[endpoint->port_count++] = (struct names_port){
		        .protocol = port->protocol,
		        .first = port->first_inside,
		        .last = (uint16_t)(port->first_inside + (port->last - port->first))};
	}
	return 0;
}

static void link_to_network(struct names_endpoint *endpoint, struct names_network *network)
{
	endpoint->network = network;
	endpoint->next = network->endpoints;
	if (endpoint->next)
		endpoint->next->before = endpoint;
	network->endpoints = endpoint;
}

static struct names_endpoint *link_new(struct names_network *network, const struct names_record *record)
{
	struct names_endpoint *endpoint = calloc(1, sizeof(*endpoint)), **end;
	struct names_container *container = container_get(network->names, record->endpoint->container);

	if (!endpoint || !container) {
		if (container)
			container_release(network->names, container);
		free(endpoint);
		return NULL;
	}
	snprintf(endpoint->key, sizeof(endpoint->key), "%s", record->endpoint->name);
	endpoint->container = container;
	container_learn(container, record->sandbox);
	link_to_network(endpoint, network);
	/* In the order of joining: the first network's names go first. */
	for (end = &container->endpoints; *end;)
		end = &(*end)->next_sibling;
	*end = endpoint;
	return endpoint;
}

static int fill(struct names_endpoint *endpoint, const struct names_record *record, struct cnm_error *err)
{
	_cleanup_endpoint_names_ struct cnm_endpoint_names all;
	size_t i;

	if (cnm_endpoint_names(&all, record->endpoint, record->sandbox, err) < 0 ||
	    put_names(endpoint, all.items, all.count, err) < 0)
		return -1;
	for (i = 0; i < record->endpoint->addr_count; i++)
		if (put_address(endpoint, &record->endpoint->addrs[i].addr, err) < 0)
			return -1;
	return put_ports(endpoint, record->endpoint, err);
}

int names_endpoint_put(struct names_network *network, const struct names_record *record,
                       struct cnm_error *err)
{
	struct names_endpoint *endpoint;

	names_endpoint_remove(network, record->endpoint->name);
	if (!record->endpoint->container[0] || record->endpoint->joining)
		return 0;
	endpoint = link_new(network, record);
	if (!endpoint)
		return cnm_fail_nomem(err);
	if (fill(endpoint, record, err) == 0) {
		if (network->loopback)
			names_container_serve(network->names, endpoint->container, record->endpoint);
		return 0;
	}
	names_endpoint_free(endpoint);
	return -1;
}

struct names_endpoint *names_endpoint_put_remote(struct names_network *network,
                                                 const struct cnm_remote_endpoint *record,
                                                 struct cnm_error *err)
{
	struct names_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int r;
	size_t i;

	if (!endpoint) {
		cnm_fail_nomem(err);
		return NULL;
	}
	link_to_network(endpoint, network);
	r = put_names(endpoint, record->names, record->name_count, err);
	for (i = 0; r == 0 && i < record->addr_count; i++)
		r = put_address(endpoint, &record->addrs[i], err);
	if (r == 0)
		return endpoint;
	names_endpoint_free(endpoint);
	return NULL;
}

void names_endpoint_remove(struct names_network *network, const char *key)
{
	struct names_endpoint *endpoint;

	for (endpoint = network->endpoints; endpoint; endpoint = endpoint->next)
		if (endpoint->container && strcmp(endpoint->key, key) == 0) {
			names_endpoint_free(endpoint);
			return;
		}
}

/* Networks ------------------------------------------------------------------------------------- */

struct names_network *names_network_find(struct names *names, const char *name)
{
	struct names_network *network;

	for (network = names->networks; network; network = network->next)
		if (strcmp(network->name, name) == 0)
			return network;
	return NULL;
}

struct names_network *names_network_add(struct names *names, const struct cnm_network *record)
{
	struct names_network *network = calloc(1, sizeof(*network));
	size_t i;

	if (!network)
		return NULL;
	network->subnets = calloc(record->pool_count + 1, sizeof(*network->subnets));
	if (!network->subnets) {
		free(network);
		return NULL;
	}
	network->names = names;
	network->by_name.names = network->by_addr.names = names;
	snprintf(network->name, sizeof(network->name), "%s", record->name);
	names_lower(network->lower, sizeof(network->lower), record->name);
	snprintf(network->id, sizeof(network->id), "%s", record->id);
	network->internal = record->internal;
	network->loopback = cnm_network_wants_loopback(record);
	for (i = 0; i < record->pool_count; i++)
		network->subnets[network->subnet_count++] = record->pools[i].subnet;
	network->wd_record = network->wd_live = network->wd_endpoints = -1;
	network->live = (struct cnm_store_network)CNM_STORE_NETWORK_INIT;
	network->served_fd = -1;
	network->next = names->networks;
	names->networks = network;
	return network;
}

/* Its memory stays until the loop's next round: whoever is on the stack may be working for it. */
void names_network_remove(struct names_network *network)
{
	struct names *names = network->names;
	struct names_network **at = &names->networks;

	names_network_unserve(network);
	names_store_forget(network);
	while (network->endpoints)
		names_endpoint_free(network->endpoints);
	while (*at != network)
		at = &(*at)->next;
	*at = network->next;
	network->next = names->dead;
	names->dead = network;
	cnm_loop_timer_set(names->loop, &names->reap, 0);
}

bool names_network_contains(const struct names_network *network, const struct cnm_addr *addr)
{
	size_t i;

	for (i = 0; i < network->subnet_count; i++)
		if (cnm_addr_contains(&network->subnets[i], addr))
			return true;
	return false;
}
