/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host ports that the user leaves to us, chosen out of those that the kernel itself gives to clients, and refusals before anything is changed. */
#include "cnm/base/cleanup.h"
#include "cnm/ports.h"
#include "cnm/sys/listener.h"
#include "cnm/sys/sysctl.h"
#include "drivers/ports_elements.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>

#define TRIES 128

/* net.ipv4.ip_local_port_range holds for both families. */
static int read_range(unsigned *first, unsigned *last, struct cnm_error *err)
{
	char text[64], *end;
	unsigned long low, high;

	if (cnm_sysctl_read("net/ipv4/ip_local_port_range", text, sizeof(text), err) < 0)
		return -1;
	low = strtoul(text, &end, 10);
	high = strtoul(end, NULL, 10);
	*first = (unsigned)low;
	*last = (unsigned)high;
	if (low == 0 || high > UINT16_MAX || low > high)
		return cnm_fail(err, CNM_E_SYSTEM, "net.ipv4.ip_local_port_range is \"%s\"", text);
	return 0;
}

/* A target's claim, looked for while a port is chosen. */
static int is_claimed(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	struct cnm_nft_elem claim;
	struct cnm_nft *nft = arg;

	if (target->routed)
		return 0;
	cnm_port_claim(target, NULL, &claim);
	return cnm_nft_has(nft, &claim, err);
}

/* 1: free, for this endpoint and this port alone; 0: not. */
static int is_free(struct cnm_nft *nft, const struct cnm_ports_policy *policy,
                   const struct cnm_endpoint *endpoint, struct cnm_port *port, struct cnm_error *err)
{
	struct cnm_endpoint alone = *endpoint;
	uint16_t number;
	int taken;

	alone.ports = port;
	alone.port_count = 1;
	taken = cnm_ports_each(&alone, policy, is_claimed, nft, err);
	if (taken == 0)
		taken = cnm_port_in_use(port->protocol, &port->host, port->first, port->last, &number, err);
	return taken < 0 ? -1 : !taken;
}

static int choose(struct cnm_nft *nft, const struct cnm_ports_policy *policy,
                  const struct cnm_endpoint *endpoint, struct cnm_port *port, struct cnm_error *err)
{
	unsigned first, last, span = port->last, i;
	uint32_t random;

	if (read_range(&first, &last, err) < 0)
		return -1;
	for (i = 0; i < TRIES && first + span <= last; i++) {
		int r;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return cnm_fail_sys(err, errno, "cannot choose a port");
		port->first = (uint16_t)(first + random % (last - span - first + 1));
		port->last = (uint16_t)(port->first + span);
		r = is_free(nft, policy, endpoint, port, err);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return cnm_fail(err, CNM_E_EXHAUSTED, "no free port of the host was found for port %u/%s",
	                port->first_inside, cnm_protocol_name(port->protocol));
}

static int count_target(const struct cnm_port_target *target, void *arg, struct cnm_error *err)
{
	(*(size_t *)arg)++;
	return 0;
}

/* A port for an IPv6 address of the host needs a container with one. */
static int check_families(const struct cnm_endpoint *endpoint, struct cnm_port *port, struct cnm_error *err)
{
	struct cnm_endpoint alone = *endpoint;
	char text[CNM_PORT_TEXT_MAX];
	size_t targets = 0;

	alone.ports = port;
	alone.port_count = 1;
	cnm_ports_each(&alone, NULL, count_target, &targets, err);
	if (targets > 0)
		return 0;
	return cnm_fail(err, CNM_E_INVALID, "port %s: the endpoint has no address of that family",
	                cnm_port_format(port, text));
}

int cnm_ports_prepare(struct cnm_controller *controller, const struct cnm_ports_policy *policy,
                      struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	struct cnm_nft *nft;
	size_t i;

	for (i = 0; i < endpoint->port_count; i++) {
		struct cnm_port *port = &endpoint->ports[i];

		if (check_families(endpoint, port, err) < 0)
			return -1;
		if (port->first != 0)
			continue;
		nft = cnm_controller_nft(controller, err);
		if (!nft || choose(nft, policy, endpoint, port, err) < 0)
			return -1;
	}
	return 0;
}
