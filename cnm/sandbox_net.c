/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a sandbox. The namespace is entered once, to open a netlink socket and to write sysctls; everything else goes over that
 * socket from outside. The interface is known by its index, never by a name that the container may have changed.
 */
#include "cnm/sandbox_net.h"
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_addr.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/rtnl_route.h"
#include "cnm/sys/sysctl.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LOOPBACK_INDEX 1 /* loopback_net_init in drivers/net/loopback.c */

bool cnm_sandbox_net_knows(const char *option)
{
	return strcmp(option, CNM_SANDBOX_DAD) == 0 || strcmp(option, CNM_SANDBOX_DOWN) == 0;
}

static bool is_asked(const struct cnm_endpoint *endpoint, const char *option)
{
	const char *value = cnm_kvs_get(&endpoint->options, option);

	return value && strcmp(value, "true") == 0;
}

static bool has_ipv6(const struct cnm_endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (endpoint->addrs[i].addr.family == AF_INET6)
			return true;
	return false;
}

int cnm_sysctl_path(const char *key, const char *ifname, char *ret, size_t size, struct cnm_error *err)
{
	static const char token[] = "IFNAME";
	const char *at = key;
	size_t used = 0;

	if (strncmp(key, "net.", 4) != 0 || strstr(key, "..") || strpbrk(key, "/ \t\n"))
		return cnm_fail(err, CNM_E_INVALID, "sysctl \"%s\" is not a name below net.", key);
	while (*at) {
		bool is_token = strncmp(at, token, strlen(token)) == 0;
		const char *part = is_token ? ifname : at;
		size_t len = is_token ? strlen(ifname) : 1;

		if (used + len >= size)
			return cnm_fail(err, CNM_E_INVALID, "sysctl \"%s\" is too long", key);
		memcpy(ret + used, part, len);
		if (!is_token && *at == '.')
			ret[used] = '/';
		used += len;
		at += is_token ? strlen(token) : 1;
	}
	ret[used] = '\0';
	return 0;
}

static int write_user_sysctls(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < endpoint->sysctls.count; i++) {
		char path[256];

		if (cnm_sysctl_path(endpoint->sysctls.items[i].key, endpoint->ifname, path, sizeof(path),
		                    err) < 0 ||
		    cnm_sysctl_write(path, endpoint->sysctls.items[i].value, err) < 0)
			return -1;
	}
	return 0;
}

static int write_ipv6_sysctls(const struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	char path[128];

	/* Without any address of ours the interface is the container's own affair. */
	if (endpoint->addr_count == 0)
		return 0;
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", endpoint->ifname);
	if (cnm_sysctl_write_if_present(path, "0", err) < 0)
		return -1;
	/* The link-local address serves at once, as ours do (IFA_F_NODAD). */
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_dad", endpoint->ifname);
	if (has_ipv6(endpoint) && !is_asked(endpoint, CNM_SANDBOX_DAD) &&
	    cnm_sysctl_write_if_present(path, "0", err) < 0)
		return -1;
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/disable_ipv6", endpoint->ifname);
	return cnm_sysctl_write_if_present(path, has_ipv6(endpoint) ? "0" : "1", err);
}

/* What must be done inside, while the thread is inside; before the interface comes up. */
static int prepare_inside(const struct cnm_sandbox_net *net, struct cnm_rtnl **ret, struct cnm_error *err)
{
	if (cnm_rtnl_open(ret, err) < 0)
		return -1;
	if (!net->link.ifindex)
		return 0;
	if (write_ipv6_sysctls(net->endpoint, err) < 0)
		return -1;
	return write_user_sysctls(net->endpoint, err);
}

static int open_inside(const struct cnm_sandbox_net *net, struct cnm_rtnl **ret, struct cnm_error *err)
{
	_cleanup_close_ int own = cnm_netns_open_own(err);
	int r;

	if (own < 0 || cnm_netns_enter(net->netns_fd, err) < 0)
		return -1;
	r = prepare_inside(net, ret, err);
	cnm_netns_return(own);
	return r;
}

static void add_default(struct cnm_rtnl_batch *batch, const struct cnm_endpoint *endpoint, int family,
                        int ifindex)
{
	const struct cnm_addr *gateway = cnm_endpoint_gateway(endpoint, family);
	struct cnm_route route = {
	        .dst = {.family = (uint8_t)family, .prefix = 0},
	        .ifindex = ifindex,
	};

	if (!gateway)
		return;
	if (!cnm_addr_is_unspecified(gateway))
		route.gateway = *gateway;
	cnm_route_replace(batch, &route);
}

static void add_routes(struct cnm_rtnl_batch *batch, const struct cnm_endpoint *endpoint, int ifindex)
{
	size_t i;

	for (i = 0; i < endpoint->route_count; i++) {
		struct cnm_route route = {
		        .dst = endpoint->routes[i].dst,
		        .gateway = endpoint->routes[i].gateway,
		        .metric = endpoint->routes[i].metric,
		        .mtu = endpoint->routes[i].mtu,
		        .advmss = endpoint->routes[i].advmss,
		        .ifindex = ifindex,
		};

		cnm_route_add(batch, &route, true);
	}
}

static void build_interface(struct cnm_rtnl_batch *batch, const struct cnm_sandbox_net *net)
{
	struct cnm_link_change up = {.ifindex = net->link.ifindex, .up = CNM_ON};
	const struct cnm_endpoint *endpoint = net->endpoint;
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++)
		if (is_asked(endpoint, CNM_SANDBOX_DAD))
			cnm_ifaddr_add_checked(batch, net->link.ifindex, &endpoint->addrs[i].addr);
		else
			cnm_ifaddr_add(batch, net->link.ifindex, &endpoint->addrs[i].addr, false);
	if (!is_asked(endpoint, CNM_SANDBOX_DOWN))
		cnm_link_set(batch, &up);
	add_routes(batch, endpoint, net->link.ifindex);
	if (net->default4)
		add_default(batch, endpoint, AF_INET, net->link.ifindex);
	if (net->default6)
		add_default(batch, endpoint, AF_INET6, net->link.ifindex);
}

int cnm_sandbox_net_configure(struct cnm_controller *controller, const struct cnm_sandbox_net *net,
                              struct cnm_error *err)
{
	struct cnm_link_change lo = {.ifindex = LOOPBACK_INDEX, .up = CNM_ON};
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_rtnl_batch batch;
	char mac[CNM_MAC_TEXT_MAX];

	if (open_inside(net, &inside, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_set(&batch, &lo);
	if (net->link.ifindex)
		build_interface(&batch, net);
	if (cnm_rtnl_batch_send(inside, &batch, err) == 0)
		return 0;
	/* What macvlan says when the link is to come up (drivers/net/macvlan.c, macvlan_open). */
	if (net->link.ifindex && err->sys_errno == EADDRINUSE)
		return cnm_fail(err, CNM_E_EXISTS,
		                "interface %s: its MAC address %s is that of another link on the parent",
		                net->endpoint->ifname, cnm_mac_format(&net->endpoint->mac, mac));
	return -1;
}

/* The index of the endpoint's interface inside, asked of the host's end of the pair; by name where there is none. */
static int inside_ifindex(struct cnm_controller *controller, struct cnm_rtnl *inside,
                          const struct cnm_endpoint *endpoint, int *ret, struct cnm_error *err)
{
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(controller, err);
	struct cnm_link link;

	if (!rtnl)
		return -1;
	if (endpoint->host_ifname[0]) {
		if (cnm_link_get(rtnl, endpoint->host_ifname, 0, &link, err) < 0)
			return -1;
		*ret = link.peer_ifindex;
		return 0;
	}
	if (cnm_link_get(inside, endpoint->ifname, 0, &link, err) < 0)
		return -1;
	*ret = link.ifindex;
	return 0;
}

int cnm_sandbox_net_set_default(struct cnm_controller *controller, int netns_fd,
                                const struct cnm_endpoint *endpoint, int family, struct cnm_error *err)
{
	struct cnm_sandbox_net net = {.netns_fd = netns_fd, .endpoint = endpoint};
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_rtnl_batch batch;
	int ifindex = 0;

	if (open_inside(&net, &inside, err) < 0 ||
	    inside_ifindex(controller, inside, endpoint, &ifindex, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	add_default(&batch, endpoint, family, ifindex);
	return cnm_rtnl_batch_send(inside, &batch, err);
}

/* What a dump is searched for, and whether it was found. */
struct search {
	const struct cnm_addr *addr;
	int ifindex;
	bool found;
};

static int match_address(const struct cnm_ifaddr *ifaddr, void *arg, struct cnm_error *err)
{
	struct search *search = arg;

	if (cnm_addr_equal(&ifaddr->addr, search->addr) && ifaddr->addr.prefix == search->addr->prefix)
		search->found = true;
	return 0;
}

static int match_default(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	struct search *search = arg;

	if (route->dst.family == search->addr->family && route->dst.prefix == 0 &&
	    route->ifindex == search->ifindex &&
	    (cnm_addr_is_unspecified(search->addr) ? !cnm_addr_is_set(&route->gateway)
	                                           : cnm_addr_equal(&route->gateway, search->addr)))
		search->found = true;
	return 0;
}

static int check_addresses(struct cnm_rtnl *inside, const struct cnm_endpoint *endpoint, int ifindex,
                           struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < endpoint->addr_count; i++) {
		struct search search = {&endpoint->addrs[i].addr, ifindex, false};

		if (cnm_ifaddr_list(inside, ifindex, match_address, &search, err) < 0)
			return -1;
		if (!search.found)
			return cnm_fail(err, CNM_E_CONFLICT, "interface %s lacks address %s",
			                endpoint->ifname, cnm_addr_format_cidr(search.addr, text));
	}
	return 0;
}

static int check_default(struct cnm_rtnl *inside, const struct cnm_endpoint *endpoint, int family,
                         int ifindex, struct cnm_error *err)
{
	struct search search = {cnm_endpoint_gateway(endpoint, family), ifindex, false};
	char text[CNM_ADDR_TEXT_MAX];

	if (!search.addr)
		return 0;
	if (cnm_route_list(inside, match_default, &search, err) < 0)
		return -1;
	if (!search.found)
		return cnm_fail(err, CNM_E_CONFLICT, "interface %s lacks the default route via %s",
		                endpoint->ifname, cnm_addr_format(search.addr, text));
	return 0;
}

/* A route of the endpoint, and whether the kernel has it. */
struct route_search {
	const struct cnm_endpoint_route *route;
	int ifindex;
	bool found;
};

static int match_route(const struct cnm_route *route, void *arg, struct cnm_error *err)
{
	struct route_search *search = arg;
	const struct cnm_endpoint_route *want = search->route;

	if (route->ifindex == search->ifindex && route->dst.prefix == want->dst.prefix &&
	    cnm_addr_equal(&route->dst, &want->dst) &&
	    (!cnm_addr_is_set(&want->gateway) || cnm_addr_equal(&route->gateway, &want->gateway)))
		search->found = true;
	return 0;
}

static int check_routes(struct cnm_rtnl *inside, const struct cnm_endpoint *endpoint, int ifindex,
                        struct cnm_error *err)
{
	char text[CNM_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < endpoint->route_count; i++) {
		struct route_search search = {&endpoint->routes[i], ifindex, false};

		if (cnm_route_list(inside, match_route, &search, err) < 0)
			return -1;
		if (!search.found)
			return cnm_fail(err, CNM_E_CONFLICT, "interface %s lacks the route to %s",
			                endpoint->ifname,
			                cnm_addr_format_cidr(&endpoint->routes[i].dst, text));
	}
	return 0;
}

int cnm_sandbox_net_check(struct cnm_controller *controller, const struct cnm_sandbox_net *net,
                          struct cnm_error *err)
{
	struct cnm_sandbox_net bare = {.netns_fd = net->netns_fd, .endpoint = net->endpoint};
	const struct cnm_endpoint *endpoint = net->endpoint;
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_link link;

	if (open_inside(&bare, &inside, err) < 0)
		return -1;
	if (cnm_link_get(inside, endpoint->ifname, 0, &link, err) < 0)
		return err->code == CNM_E_NOT_FOUND
		               ? cnm_fail(err, CNM_E_CONFLICT, "interface %s is missing in the sandbox",
		                          endpoint->ifname)
		               : -1;
	if (!(link.flags & IFF_UP) && !is_asked(endpoint, CNM_SANDBOX_DOWN))
		return cnm_fail(err, CNM_E_CONFLICT, "interface %s is down", endpoint->ifname);
	if (check_addresses(inside, endpoint, link.ifindex, err) < 0 ||
	    check_routes(inside, endpoint, link.ifindex, err) < 0)
		return -1;
	if (net->default4 && check_default(inside, endpoint, AF_INET, link.ifindex, err) < 0)
		return -1;
	if (net->default6 && check_default(inside, endpoint, AF_INET6, link.ifindex, err) < 0)
		return -1;
	return 0;
}
