/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name service of `cnm agent`. names_table.c: who is called what, on which network; names_store.c: that table kept equal to the store; names_answer.c:
 * a query and an asker to a response; names_remote.c: endpoints on other hosts; names_socket.c, names_tcp.c: the sockets of a network; names_forward.c: names that are not ours.
 *
 * Who asks decides what can be seen: a query comes in by a network's own socket, its source address names the container, and the container's networks are
 * searched. Everything that a client can make us keep is counted for each client, and bounded for all together.
 */
#ifndef CNM_HOOK_NAMES_H
#define CNM_HOOK_NAMES_H

#include "cnm/attach.h"
#include "cnm/store.h"
#include "cnm/sys/loop.h"
#include "hook/agent.h"
#include "spec/dns.h"
#include <netinet/in.h>

#define NAMES_SERVERS_MAX 3

/* Table ---------------------------------------------------------------------------------------- */

struct names_network;

/* A container's endpoints on all networks. */
struct names_container {
	struct names_container *next; /* in its bucket */
	struct names_endpoint *endpoints;
	struct cnm_addr servers[NAMES_SERVERS_MAX]; /* its --dns */
	size_t server_count;
	struct names_listener *listeners; /* inside of it, on 127.0.0.11 */
	char id[CNM_CONTAINER_MAX + 1];
};

struct names_port {
	uint8_t protocol;
	uint16_t first, last; /* the container's */
};

struct names_endpoint {
	struct names_endpoint *before, *next; /* on its network */
	struct names_endpoint *next_sibling;  /* of its container */
	struct names_network *network;
	struct names_container *container; /* NULL: it is on another host */
	struct names_remote *remote;       /* then this */
	struct names_name *names;          /* those that point here */
	struct names_name *addr_names;
	struct names_port *ports;
	size_t port_count;
	struct cnm_addr addrs[CNM_ENDPOINT_ADDRS];
	size_t addr_count;
	char key[CNM_KEY_MAX + 1];
	char called[CNM_DNS_TEXT_MAX + 1]; /* the name that an address leads back to: NAME.NETWORK */
};

/* A key of a hash, and the endpoint behind it: several may stand under one name. */
struct names_name {
	struct names_name *next;        /* in its bucket */
	struct names_name *next_of_one; /* of its endpoint */
	struct names_endpoint *endpoint;
	uint32_t hash;
	uint16_t len;
	char bytes[]; /* a name in lower case, or an address */
};

struct names_hash {
	const struct names *names; /* has the key */
	struct names_name **buckets;
	size_t size, count; /* size: a power of two */
};

struct names_network {
	struct names_network *next;
	struct names *names;
	char name[CNM_NAME_MAX + 1];
	char lower[CNM_NAME_MAX + 1];
	char id[CNM_ID_LEN + 1];
	bool internal;
	struct cnm_addr *subnets;
	size_t subnet_count;
	struct names_endpoint *endpoints;
	struct names_hash by_name, by_addr;

	/* names_store.c */
	int wd_record, wd_live, wd_endpoints;
	struct cnm_store_network live;
	/* names_socket.c */
	struct names_listener *listeners;
	bool loopback; /* its containers ask 127.0.0.11 */
	struct cnm_addr servers[NAMES_SERVERS_MAX];
	size_t server_count;
	int served_fd; /* the lock; -1: not served */
	bool complained;
	struct cnm_loop_timer retry;
};

/* What a record says about an endpoint, for the table. Borrowed. */
struct names_record {
	const struct cnm_endpoint *endpoint;
	const struct cnm_sandbox *sandbox; /* NULL: not known */
};

struct names_network *names_network_find(struct names *names, const char *name);
/* Adds an empty network; NULL without memory. */
struct names_network *names_network_add(struct names *names, const struct cnm_network *record);
void names_network_remove(struct names_network *network);
/* Adds the endpoint, or replaces the one of its key. One that has not joined is removed. */
int names_endpoint_put(struct names_network *network, const struct names_record *record,
                       struct cnm_error *err);
void names_endpoint_remove(struct names_network *network, const char *key);
/* An endpoint on another host; NULL on error. names_endpoint_free ends it, and so does the network's end. */
struct names_endpoint *names_endpoint_put_remote(struct names_network *network,
                                                 const struct cnm_remote_endpoint *record,
                                                 struct cnm_error *err);
void names_endpoint_free(struct names_endpoint *endpoint);
/* Adds an entry, to the endpoint's list too, and removes all of such a list. */
int names_hash_add(struct names *names, struct names_hash *hash, const void *bytes, size_t len,
                   struct names_endpoint *endpoint, struct names_name **list, struct cnm_error *err);
void names_hash_remove_all(struct names_hash *hash, struct names_name *list);
/* First entry under the key, then the next. NULL: no other. */
const struct names_name *names_hash_find(const struct names_hash *hash, const char *key, size_t len);
const struct names_name *names_hash_next(const struct names_name *name);
/* Whether the address lies in a subnet of the network. */
bool names_network_contains(const struct names_network *network, const struct cnm_addr *addr);

/* In lower case, of ASCII's letters only. */
void names_lower(char *ret, size_t size, const char *text);

/* Reads services(5); no such file is none to read. */
int names_services_load(struct names *names, const char *path, struct cnm_error *err);
/* The port that has the name; 0: none has. */
uint16_t names_services_find(const struct names *names, const char *name, size_t len, uint8_t protocol);

/* Other hosts ---------------------------------------------------------------------------------- */

/* Ready to be handed to others; names->remotes has what they put. */
struct cnm_remote_names names_remote_door(struct names *names);
/* Puts what is known of a network that has come into its table. */
void names_remote_attach(struct names_network *network);
/* The endpoint in a table that stood for it is gone. */
void names_remote_detach(struct names_remote *remote);
void names_remote_free_all(struct names *names);

/* Answers -------------------------------------------------------------------------------------- */

struct names_asker {
	struct names_network *network;     /* whose socket it was */
	struct names_container *container; /* NULL: an address of nobody that we know */
};

enum names_verdict { NAMES_ANSWERED, NAMES_FORWARD, NAMES_IGNORED };

/* The asker behind a source address; false: it cannot be one of this network. */
bool names_asker_find(struct names_asker *ret, struct names_network *network, const struct cnm_addr *source);
/* Writes a response of at most `size` bytes and its length, unless the query is to be forwarded, or deserves no answer. */
enum names_verdict names_answer(struct names *names, const struct names_asker *asker, const uint8_t *bytes,
                                size_t len, uint8_t *ret, size_t size, bool tcp, size_t *ret_len);
/* A response without answers. */
size_t names_refuse(const uint8_t *bytes, size_t len, uint8_t *ret, enum cnm_dns_rcode rcode);

/* Sockets -------------------------------------------------------------------------------------- */

/* A socket that queries come in by. */
struct names_listener {
	struct names_listener *next;
	struct names *names;
	struct names_network *network;     /* whose gateway it listens on; NULL: */
	struct names_container *container; /* it listens inside of a container */
	struct cnm_loop_source source;
	bool tcp;
};

union names_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

socklen_t names_sockaddr_make(union names_sockaddr *ret, const struct cnm_addr *addr, uint16_t port);
struct cnm_addr names_sockaddr_addr(const union names_sockaddr *from);

/* Opens the sockets of the network's gateways, if it has any, and says so in the store. What fails now is tried again. */
void names_network_serve(struct names_network *network);
void names_network_unserve(struct names_network *network);
/* Listens on 127.0.0.11 in the container's namespace, which the record names, unless that is done. */
void names_container_serve(struct names *names, struct names_container *container,
                           const struct cnm_endpoint *record);
void names_listeners_close(struct names *names, struct names_listener **list);
/* Who asks by this socket, from this source; false: nobody who may. */
bool names_listener_asker(struct names_asker *ret, const struct names_listener *listener,
                          const struct cnm_addr *source);
/* The address by which a client is counted: of those inside all sources are the same. */
struct cnm_addr names_listener_client(const struct names_listener *listener,
                                      const union names_sockaddr *peer);
void names_tcp_accept(struct cnm_loop_source *source, uint32_t events);

/* What one client address has with us. */
struct names_client {
	struct names_client *next;
	struct cnm_addr addr;
	unsigned forwards, streams;
};

/* The client with one more of what `counter` counts; NULL: it has enough, or memory is out. No client takes more than half of what the others left. */
struct names_client *names_client_take(struct names *names, const struct cnm_addr *addr, size_t counter,
                                       unsigned used, unsigned max);
void names_client_give(struct names *names, struct names_client *client, size_t counter);

/* Forwarding ----------------------------------------------------------------------------------- */

struct names_stream;

struct names_origin {
	struct names_listener *listener;
	union names_sockaddr client;
	socklen_t client_len;
	struct names_stream *stream; /* NULL: UDP */
};

/* Asks the asker's servers, or the host's. The response, one way or another, goes to the origin. */
void names_forward(struct names *names, const struct names_asker *asker, const struct names_origin *origin,
                   const uint8_t *query, size_t len);
/* The origin is gone: what is under way for it is given up. */
void names_forward_cancel_listener(struct names *names, const struct names_listener *listener);
void names_forward_cancel_stream(struct names *names, const struct names_stream *stream);
/* A response for a connection; len 0: there is none. */
void names_stream_respond(struct names_stream *stream, const uint8_t *bytes, size_t len);
void names_stream_cancel_listener(struct names *names, const struct names_listener *listener);

/* The host's servers, read anew when the file has changed; our own addresses are left out. Returns how many. */
size_t names_upstream_get(struct names *names, struct cnm_addr ret[NAMES_SERVERS_MAX]);

/* Store ---------------------------------------------------------------------------------------- */

int names_store_open(struct names *names, struct cnm_error *err);
/* Takes in all changes up to now. */
void names_store_drain(struct names *names);
void names_store_forget(struct names_network *network);
void names_store_close(struct names *names);

/* Service -------------------------------------------------------------------------------------- */

#define NAMES_BATCH       64
#define NAMES_QUERY_MAX   4096
#define NAMES_FORWARD_MAX 1024
#define NAMES_STREAMS_MAX 256
#define NAMES_BUCKETS     1024

/* A network's folder without a record yet. */
struct names_awaited {
	struct names_awaited *next;
	int wd;
	char name[CNM_NAME_MAX + 1];
};

struct names_upstream {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	off_t size;
	struct cnm_addr servers[NAMES_SERVERS_MAX];
	size_t count;
};

struct names {
	struct cnm_agent *agent;
	struct cnm_loop *loop;
	struct names_network *networks;
	struct names_network *dead; /* these two are freed when nobody on the stack can know them */
	struct names_listener *closed;
	struct cnm_loop_timer reap;
	struct names_container *containers[NAMES_BUCKETS];
	struct names_client *clients[NAMES_BUCKETS];
	struct names_remote *remotes[NAMES_BUCKETS];
	struct names_forward *forwards;
	struct names_stream *streams;
	unsigned forward_count, stream_count;
	struct names_upstream upstream;
	struct names_service *services; /* sorted */
	size_t service_count, service_room;
	unsigned turn; /* which of several addresses comes first */
	uint32_t hash_key;

	struct cnm_loop_source store_source; /* inotify */
	int wd_networks, wd_live;
	struct names_awaited *awaited;

	uint8_t received[NAMES_BATCH][NAMES_QUERY_MAX];
	uint8_t responses[NAMES_BATCH][CNM_DNS_UDP_MAX];
	uint8_t relay[2 + CNM_DNS_TCP_MAX];
};

uint32_t names_hash_bytes(const struct names *names, const void *bytes, size_t len);

#endif
