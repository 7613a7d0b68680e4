/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching an OCI container to a list of networks. Runtimes do not always call poststop when a hook fails, so a failure releases what this
 * call attached; what an earlier stage attached stays.
 */
#include "hook/oci_networks.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/model.h"
#include "cnm/sys/file.h"
#include "hook/cli_dns.h"
#include "hook/ports_view.h"
#include "spec/oci_spec.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CONFIG_MAX       (1024 * 1024)
#define ANNOTATION_PORTS "cnm.ports"

/* Kata and its kin run the container in a virtual machine; its namespace is then named by an annotation (nerdctl's, for one). */
static const char *const netns_annotations[] = {"cnm.netns", "nerdctl/network-namespace"};

struct names {
	json_object *root; /* owns the strings */
	const char *hostname, *domainname;
};

/* The bundle's config.json for host name and domain name. Without it the container goes by its id. */
static void read_names(const char *bundle, struct names *ret)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CONFIG_MAX);
	_cleanup_close_ int dir = bundle ? open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	_cleanup_close_ int fd = -1;
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (dir >= 0)
		fd = openat(dir, "config.json", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || cnm_buf_read_fd(&text, fd, "config.json", &ignored) < 0 ||
	    cnm_json_parse_object(&ret->root, cnm_buf_text(&text), text.len, "config.json", &ignored) < 0)
		return;
	cnm_oci_spec_get_names(ret->root, &ret->hostname, &ret->domainname, &ignored);
}

static const char *netns_path(const struct cnm_oci_state *state, char *out, size_t size)
{
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(netns_annotations); i++) {
		const char *path = cnm_oci_state_annotation(state, netns_annotations[i]);

		if (path && path[0] == '/')
			return path;
	}
	if (state->pid <= 0)
		return NULL;
	snprintf(out, size, "/proc/%d/ns/net", (int)state->pid);
	return out;
}

static bool allows(const struct cnm_network *network, const char *what)
{
	const char *allow = cnm_kvs_get(&network->options, "cnm.allow");
	size_t len = strlen(what);

	while (allow && *allow) {
		size_t n = strcspn(allow, ",");

		if (n == len && strncmp(allow, what, n) == 0)
			return true;
		allow += n + (allow[n] == ',');
	}
	return false;
}

static int check_allowed(const struct cnm_network *network, const struct cnm_attach_arg *arg,
                         struct cnm_error *err)
{
	if (arg->addresses.count > 0 && !allows(network, "ip"))
		return cnm_fail(err, CNM_E_INVALID,
		                "network %s does not let an annotation choose addresses (option allow=ip)",
		                network->name);
	if (arg->mac && !allows(network, "mac"))
		return cnm_fail(
		        err, CNM_E_INVALID,
		        "network %s does not let an annotation choose a MAC address (option allow=mac)",
		        network->name);
	return 0;
}

/* The ports of the first network: the arguments', and the annotation's. */
static int collect_ports(const struct cnm_oci_container *container, const struct cnm_network *network,
                         struct cnm_port_args *ret, struct cnm_error *err)
{
	const char *text = cnm_oci_state_annotation(container->state, ANNOTATION_PORTS);
	size_t i;

	for (i = 0; i < container->ports->count; i++)
		if (cnm_port_args_append(ret, &container->ports->items[i], err) < 0)
			return -1;
	if (!text)
		return 0;
	if (!allows(network, "ports"))
		return cnm_fail(err, CNM_E_INVALID,
		                "network %s does not let an annotation publish ports (option allow=ports)",
		                network->name);
	return cnm_port_args_parse(ret, text, err) < 0 ? cnm_wrap(err, "annotation " ANNOTATION_PORTS) : 0;
}

static int attach_one(struct cnm_controller *controller, const struct cnm_oci_container *container,
                      const struct cnm_sandbox_spec *sandbox, const struct cnm_attach_arg *arg, bool first,
                      struct cnm_endpoint **ret, struct cnm_error *err)
{
	_cleanup_(cnm_port_args_free) struct cnm_port_args ports = {0};
	_cleanup_free_ struct cnm_port_spec *ports_view = NULL;
	_cleanup_network_ struct cnm_network *network = NULL;
	struct cnm_endpoint_spec endpoint = {
	        .addresses = (const char *const *)arg->addresses.items,
	        .address_count = arg->addresses.count,
	        .mac = arg->mac,
	        .aliases = (const char *const *)arg->aliases.items,
	        .alias_count = arg->aliases.count,
	};
	struct cnm_join_spec join = {.ifname = arg->ifname, .gateway_priority = arg->gateway_priority};

	if (cnm_network_find(controller, arg->network, &network, err) < 0)
		return cnm_wrap(err, "container %s", sandbox->id);
	if (container->annotated && check_allowed(network, arg, err) < 0)
		return cnm_wrap(err, "container %s", sandbox->id);
	if (first && (collect_ports(container, network, &ports, err) < 0 ||
	              cnm_ports_view(&ports_view, &ports, err) < 0))
		return cnm_wrap(err, "container %s", sandbox->id);
	endpoint.ports = ports_view;
	endpoint.port_count = ports.count;
	return cnm_connect(controller, network, sandbox, &endpoint, &join, CNM_CONNECT_IDEMPOTENT, ret, err);
}

static void release(struct cnm_controller *controller, const char *container,
                    struct cnm_endpoint *const *endpoints, size_t count)
{
	while (count-- > 0) {
		struct cnm_error ignored = CNM_ERROR_INIT;

		cnm_disconnect(controller, endpoints[count]->network, container, endpoints[count]->ifname,
		               NULL, &ignored);
	}
}

static bool is_attached(struct cnm_controller *controller, const char *container)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;

	return cnm_sandbox_find(controller, container, &sandbox, &ignored) == 0 &&
	       strcmp(sandbox->id, container) == 0;
}

static int attach_all(struct cnm_controller *controller, const struct cnm_oci_container *container,
                      const struct cnm_sandbox_spec *sandbox, const struct cnm_attach_list *networks,
                      struct cnm_error *err)
{
	/* What stood before this call is an earlier stage's. */
	bool before = is_attached(controller, sandbox->id);
	struct cnm_endpoint **endpoints = calloc(networks->count + 1, sizeof(struct cnm_endpoint *));
	size_t i, count = 0;
	int r = 0;

	if (!endpoints)
		return cnm_fail_nomem(err);
	for (i = 0; i < networks->count && r == 0; i++) {
		r = attach_one(controller, container, sandbox, &networks->items[i], i == 0, &endpoints[count],
		               err);
		if (r == 0)
			count++;
	}
	if (r < 0 && !before)
		release(controller, sandbox->id, endpoints, count);
	cnm_endpoint_list_free(endpoints, count);
	return r;
}

/* A repeated stage finds its attachments by network; only an interface name tells two of one network apart. */
static int check_repeated(const struct cnm_attach_list *networks, struct cnm_error *err)
{
	size_t i, j;

	for (i = 0; i < networks->count; i++) {
		const struct cnm_attach_arg *a = &networks->items[i];

		for (j = 0; j < i; j++) {
			const struct cnm_attach_arg *b = &networks->items[j];

			if (strcmp(a->network, b->network) == 0 &&
			    (!a->ifname || !b->ifname || strcmp(a->ifname, b->ifname) == 0))
				return cnm_fail(
				        err, CNM_E_INVALID,
				        "network %s is given twice: tell the interfaces apart by ifname=",
				        a->network);
		}
	}
	return 0;
}

int cnm_oci_attach(struct cnm_controller *controller, const struct cnm_oci_container *container,
                   const struct cnm_attach_list *networks, struct cnm_error *err)
{
	const struct cnm_oci_state *state = container->state;
	struct names names = {0};
	char path[64];
	struct cnm_sandbox_spec sandbox = {
	        .id = state->id,
	        .netns_path = netns_path(state, path, sizeof(path)),
	        .pid = state->pid,
	        .files_mirror = container->files_mirror,
	};
	int r;

	if (!sandbox.netns_path)
		return cnm_fail(err, CNM_E_NETNS, "container %s: its state names no process", state->id);
	if (check_repeated(networks, err) < 0)
		return cnm_wrap(err, "container %s", state->id);
	read_names(state->bundle, &names);
	sandbox.hostname = names.hostname;
	sandbox.domainname = names.domainname;
	cnm_cli_dns_spec(container->dns, &sandbox);
	r = attach_all(controller, container, &sandbox, networks, err);
	cnm_json_putp(&names.root);
	return r;
}
