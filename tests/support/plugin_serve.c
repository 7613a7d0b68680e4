/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's plugin does: networks as bridges, endpoints as pairs of links, pools and addresses in its book. */
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "tests/support/plugin_book.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* The host's links, by netlink: programs started for each would take longer than a call may. */
static struct cnm_rtnl *rtnl_of(void)
{
	static struct cnm_rtnl *rtnl;
	struct cnm_error err = CNM_ERROR_INIT;

	if (!rtnl && cnm_rtnl_open(&rtnl, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return rtnl;
}

static void send_batch(struct cnm_rtnl_batch *batch)
{
	struct cnm_error err = CNM_ERROR_INIT;

	if (cnm_rtnl_batch_send(rtnl_of(), batch, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
}

static const char *link_name(char ret[IF_NAMESIZE], const char *prefix, const char *id)
{
	snprintf(ret, IF_NAMESIZE, "%s%.8s", prefix, id);
	return ret;
}

static int link_index(const char *name)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_link link = {0};

	return cnm_link_get(rtnl_of(), name, 0, &link, &err) == 0 ? link.ifindex : 0;
}

static void delete_link(const char *prefix, const char *id)
{
	struct cnm_rtnl_batch batch;
	char name[IF_NAMESIZE];

	cnm_rtnl_batch_init(&batch);
	cnm_link_delete(&batch, link_name(name, prefix, id));
	send_batch(&batch);
}

static void set_up(struct cnm_rtnl_batch *batch, int ifindex)
{
	struct cnm_link_change up = {.ifindex = ifindex, .up = CNM_ON};

	cnm_link_set(batch, &up);
}

static void make_bridge(const char *id, char gateways[2][64])
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_rtnl_batch batch;
	char name[IF_NAMESIZE];
	struct cnm_addr addr;
	int ifindex, i;

	cnm_rtnl_batch_init(&batch);
	cnm_link_add_bridge(&batch, link_name(name, "pb", id), &(struct cnm_mac){0});
	send_batch(&batch);
	ifindex = link_index(name);
	cnm_rtnl_batch_init(&batch);
	set_up(&batch, ifindex);
	for (i = 0; i < 2; i++)
		if (gateways[i][0] && cnm_addr_parse_cidr(&addr, gateways[i], &err) == 0)
			cnm_ifaddr_add(&batch, ifindex, &addr, false);
	send_batch(&batch);
}

static json_object *create_network(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "NetworkID");
	__typeof__(&b->networks[0]) network;
	json_object *pools = NULL;
	int i;

	if (FIND(b->networks, id))
		return cnm_test_refuse("network exists", no);
	network = FIND(b->networks, "");
	snprintf(network->id, sizeof(network->id), "%s", id);
	for (i = 0; i < 2; i++) {
		json_object_object_get_ex(request, i ? "IPv6Data" : "IPv4Data", &pools);
		if (json_object_array_length(pools) > 0)
			snprintf(network->gateways[i], sizeof(network->gateways[i]), "%s",
			         cnm_test_text(json_object_array_get_idx(pools, 0), "Gateway"));
	}
	make_bridge(id, network->gateways);
	return json_object_new_object();
}

static json_object *delete_network(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "NetworkID");

	if (!FIND(b->networks, id))
		return cnm_test_refuse("no such network", no);
	delete_link("pb", id);
	memset(FIND(b->networks, id), 0, sizeof(b->networks[0]));
	return json_object_new_object();
}

static void make_pair(const char *id, const char *network)
{
	char outer[IF_NAMESIZE], inner[IF_NAMESIZE], bridge[IF_NAMESIZE];
	struct cnm_veth veth = {.name = link_name(outer, "ps", id),
	                        .peer_name = link_name(inner, "pc", id),
	                        .peer_netns_fd = -1,
	                        .master_ifindex = link_index(link_name(bridge, "pb", network))};
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &veth);
	send_batch(&batch);
	cnm_rtnl_batch_init(&batch);
	set_up(&batch, link_index(outer));
	send_batch(&batch);
}

static json_object *create_endpoint(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "EndpointID");
	json_object *interface = NULL, *reply, *answer;
	__typeof__(&b->endpoints[0]) endpoint;

	if (!FIND(b->networks, cnm_test_text(request, "NetworkID")))
		return cnm_test_refuse("no such network", no);
	if (FIND(b->endpoints, id))
		return cnm_test_refuse("endpoint exists", no);
	endpoint = FIND(b->endpoints, "");
	snprintf(endpoint->id, sizeof(endpoint->id), "%s", id);
	snprintf(endpoint->network, sizeof(endpoint->network), "%s", cnm_test_text(request, "NetworkID"));
	json_object_object_get_ex(request, "Interface", &interface);
	snprintf(endpoint->address, sizeof(endpoint->address), "%s", cnm_test_text(interface, "Address"));
	make_pair(id, endpoint->network);
	reply = json_object_new_object();
	answer = json_object_new_object();
	json_object_object_add(reply, "Interface", answer);
	if (!*cnm_test_text(interface, "MacAddress"))
		json_object_object_add(answer, "MacAddress", json_object_new_string("02:42:0a:14:00:05"));
	if (!*cnm_test_text(interface, "Address"))
		json_object_object_add(answer, "Address", json_object_new_string("10.77.0.9/16"));
	return reply;
}

static json_object *delete_endpoint(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "EndpointID");

	if (!FIND(b->endpoints, id))
		return cnm_test_refuse("no such endpoint", no);
	delete_link("ps", id);
	memset(FIND(b->endpoints, id), 0, sizeof(b->endpoints[0]));
	return json_object_new_object();
}

static void add_gateways(struct cnm_test_book *b, const char *id, json_object *reply)
{
	__typeof__(&b->networks[0]) network = FIND(b->networks, id);
	int i;

	for (i = 0; network && i < 2; i++) {
		char address[64];

		snprintf(address, sizeof(address), "%s", network->gateways[i]);
		address[strcspn(address, "/")] = '\0';
		if (*address)
			json_object_object_add(reply, i ? "GatewayIPv6" : "Gateway",
			                       json_object_new_string(address));
	}
}

static json_object *join(struct cnm_test_book *b, json_object *request, const char **no)
{
	const char *id = cnm_test_text(request, "EndpointID");
	__typeof__(&b->endpoints[0]) endpoint = FIND(b->endpoints, id);
	json_object *reply, *name;
	char src[16];

	if (!endpoint)
		return cnm_test_refuse("no such endpoint", no);
	if (endpoint->joined)
		return cnm_test_refuse("it has joined", no);
	endpoint->joined = true;
	reply = json_object_new_object();
	if (b->no_link)
		return reply;
	name = json_object_new_object();
	snprintf(src, sizeof(src), "pc%.8s", id);
	json_object_object_add(reply, "InterfaceName", name);
	json_object_object_add(name, "SrcName", json_object_new_string(src));
	json_object_object_add(name, "DstPrefix", json_object_new_string(b->dst_prefix));
	add_gateways(b, endpoint->network, reply);
	return reply;
}

static json_object *leave(struct cnm_test_book *b, json_object *request, const char **no)
{
	__typeof__(&b->endpoints[0]) endpoint = FIND(b->endpoints, cnm_test_text(request, "EndpointID"));

	if (!endpoint || !endpoint->joined)
		return cnm_test_refuse("it has not joined", no);
	endpoint->joined = false;
	return json_object_new_object();
}

static json_object *external(struct cnm_test_book *b, json_object *request, bool on, const char **no)
{
	__typeof__(&b->endpoints[0]) endpoint = FIND(b->endpoints, cnm_test_text(request, "EndpointID"));

	if (!endpoint || !endpoint->joined || endpoint->external == on)
		return cnm_test_refuse("not now", no);
	endpoint->external = on;
	return json_object_new_object();
}

static json_object *info(struct cnm_test_book *b, json_object *request, const char **no)
{
	__typeof__(&b->endpoints[0]) endpoint = FIND(b->endpoints, cnm_test_text(request, "EndpointID"));
	json_object *reply, *value;

	if (!endpoint)
		return cnm_test_refuse("no such endpoint", no);
	reply = json_object_new_object();
	value = json_object_new_object();
	json_object_object_add(reply, "Value", value);
	json_object_object_add(value, "told.address", json_object_new_string(endpoint->address));
	return reply;
}

static json_object *discover(struct cnm_test_book *b, json_object *request, bool on)
{
	json_object *data = NULL;

	json_object_object_get_ex(request, "DiscoveryData", &data);
	snprintf(b->node, sizeof(b->node), "%s", on ? cnm_test_text(data, "Address") : "");
	return json_object_new_object();
}

static json_object *capabilities(const struct cnm_test_book *b, bool ipam)
{
	const char *scope = b->global ? "global" : "local";
	json_object *obj = json_object_new_object();

	if (ipam) {
		json_object_object_add(obj, "RequiresMACAddress", json_object_new_boolean(b->requires_mac));
		json_object_object_add(obj, "RequiresRequestReplay",
		                       json_object_new_boolean(b->requires_replay));
	} else {
		json_object_object_add(obj, "Scope", json_object_new_string(scope));
		json_object_object_add(obj, "ConnectivityScope", json_object_new_string(scope));
	}
	return obj;
}

static json_object *activate(void)
{
	json_object *kinds = json_object_new_array();

	json_object_array_add(kinds, json_object_new_string("NetworkDriver"));
	json_object_array_add(kinds, json_object_new_string("IpamDriver"));
	return cnm_test_one("Implements", kinds);
}

static json_object *spaces(void)
{
	json_object *obj = cnm_test_one("LocalDefaultAddressSpace", json_object_new_string("rl"));

	json_object_object_add(obj, "GlobalDefaultAddressSpace", json_object_new_string("rg"));
	return obj;
}

json_object *cnm_test_plugin_serve(struct cnm_test_plugin *plugin, const char *call, json_object *request,
                                   const char **no)
{
	static const struct {
		const char *call;
		json_object *(*serve)(struct cnm_test_book *b, json_object *request, const char **no);
	} calls[] = {
	        {"NetworkDriver.CreateNetwork", create_network},
	        {"NetworkDriver.DeleteNetwork", delete_network},
	        {"NetworkDriver.CreateEndpoint", create_endpoint},
	        {"NetworkDriver.DeleteEndpoint", delete_endpoint},
	        {"NetworkDriver.Join", join},
	        {"NetworkDriver.Leave", leave},
	        {"NetworkDriver.EndpointOperInfo", info},
	        {"IpamDriver.RequestPool", cnm_test_request_pool},
	        {"IpamDriver.ReleasePool", cnm_test_release_pool},
	        {"IpamDriver.RequestAddress", cnm_test_request_address},
	        {"IpamDriver.ReleaseAddress", cnm_test_release_address},
	};
	struct cnm_test_book *b = plugin->book;
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i].call, call) == 0)
			return calls[i].serve(b, request, no);
	if (strcmp(call, "Plugin.Activate") == 0)
		return activate();
	if (strcmp(call, "IpamDriver.GetDefaultAddressSpaces") == 0)
		return spaces();
	if (strstr(call, "GetCapabilities"))
		return capabilities(b, strncmp(call, "Ipam", 4) == 0);
	if (strstr(call, "Discover"))
		return discover(b, request, strstr(call, "New") != NULL);
	return external(b, request, strstr(call, "Program") != NULL, no);
}
