/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runtimeConfig`. */
#include "spec/cni_runtime_config.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/grammar.h"
#include <string.h>
#include <strings.h>

static int read_protocol(struct cnm_cni_port *port, json_object *obj, struct cnm_error *err)
{
	static const char *const known[] = {"tcp", "udp", "sctp"};
	const char *text = NULL;

	if (cnm_caseless_get_string(obj, "protocol", &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		text = "tcp";
	for (size_t i = 0; i < CNM_ARRAY_SIZE(known); i++) {
		if (strcasecmp(text, known[i]) == 0) {
			strcpy(port->protocol, known[i]);
			return 0;
		}
	}
	return cnm_fail(err, CNM_E_INVALID, "protocol \"%s\": expected tcp, udp or sctp", text);
}

static int read_port_number(json_object *obj, const char *key, uint16_t *ret, struct cnm_error *err)
{
	int value = 0;

	if (cnm_caseless_get_int(obj, key, 1, UINT16_MAX, &value, err) < 0)
		return -1;
	if (value == 0)
		return cnm_fail(err, CNM_E_INVALID, "no \"%s\"", key);
	*ret = (uint16_t)value;
	return 0;
}

static int read_port(struct cnm_cni_port *port, json_object *obj, struct cnm_error *err)
{
	const char *host_ip = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return cnm_fail(err, CNM_E_INVALID, "expected an object");
	if (read_port_number(obj, "hostPort", &port->host_port, err) < 0 ||
	    read_port_number(obj, "containerPort", &port->container_port, err) < 0 ||
	    read_protocol(port, obj, err) < 0 || cnm_caseless_get_string(obj, "hostIP", &host_ip, err) < 0)
		return -1;
	if (!host_ip || *host_ip == '\0')
		return 0;
	return cnm_addr_parse(&port->host_ip, host_ip, err) < 0 ? cnm_wrap(err, "hostIP") : 0;
}

static int read_ports(struct cnm_cni_runtime *runtime, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;
	size_t count;

	if (cnm_caseless_get_array(obj, "portMappings", &array, err) < 0)
		return -1;
	count = array ? json_object_array_length(array) : 0;
	if (count == 0)
		return 0;
	runtime->ports = calloc(count, sizeof(*runtime->ports));
	if (!runtime->ports)
		return cnm_fail_nomem(err);
	runtime->port_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_port(&runtime->ports[i], json_object_array_get_idx(array, i), err) < 0)
			return cnm_wrap(err, "portMappings[%zu]", i);
	}
	return 0;
}

/* A list, or lists by network as podman and CRI-O send them. */
static int read_aliases(struct cnm_cni_runtime *runtime, json_object *obj, const char *network,
                        struct cnm_error *err)
{
	json_object *aliases = cnm_json_get_caseless(obj, "aliases");
	json_object *list = NULL;

	if (!json_object_is_type(aliases, json_type_object))
		return cnm_caseless_get_strings(obj, "aliases", &runtime->aliases, err);
	/* The name of a network is data, not a key: its case counts. */
	if (cnm_json_get_array(aliases, network, &list, err) < 0)
		return cnm_wrap(err, "aliases");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *text;

		if (cnm_json_string_at(list, i, "aliases", &text, err) < 0 ||
		    cnm_strings_add(&runtime->aliases, text, err) < 0)
			return -1;
	}
	return 0;
}

static int read_ips(struct cnm_cni_runtime *runtime, json_object *obj, struct cnm_error *err)
{
	if (cnm_caseless_get_strings(obj, "ips", &runtime->ips, err) < 0)
		return -1;
	return cnm_addresses_check(&runtime->ips, "ips", err);
}

static int read_ranges(struct cnm_cni_runtime *runtime, json_object *obj, struct cnm_error *err)
{
	json_object *array = NULL;

	if (cnm_caseless_get_array(obj, "ipRanges", &array, err) < 0)
		return -1;
	if (cnm_cni_ranges_parse(&runtime->ranges, array, err) < 0)
		return cnm_wrap(err, "ipRanges");
	return 0;
}

static int read_objects(struct cnm_cni_runtime *runtime, json_object *obj, struct cnm_error *err)
{
	json_object *dns = NULL, *bandwidth = NULL;

	if (cnm_caseless_get_object(obj, "dns", &dns, err) < 0 ||
	    cnm_cni_dns_parse_runtime(&runtime->dns, dns, err) < 0 ||
	    cnm_caseless_get_object(obj, "bandwidth", &bandwidth, err) < 0)
		return -1;
	if (cnm_cni_bandwidth_parse(&runtime->bandwidth, bandwidth, err) < 0)
		return cnm_wrap(err, "bandwidth");
	return 0;
}

int cnm_cni_bandwidth_parse(struct cnm_cni_bandwidth *ret, json_object *obj, struct cnm_error *err)
{
	const struct {
		const char *key;
		uint64_t *value;
	} rows[] = {
	        {"ingressRate", &ret->ingress_rate},
	        {"ingressBurst", &ret->ingress_burst},
	        {"egressRate", &ret->egress_rate},
	        {"egressBurst", &ret->egress_burst},
	};

	*ret = (struct cnm_cni_bandwidth){0};
	for (size_t i = 0; i < CNM_ARRAY_SIZE(rows); i++) {
		int64_t value = -1;

		if (cnm_caseless_get_int64(obj, rows[i].key, 0, INT64_MAX, &value, err) < 0)
			return -1;
		if (value < 0)
			continue;
		*rows[i].value = (uint64_t)value;
		ret->given = true;
	}
	return 0;
}

static int read_members(struct cnm_cni_runtime *runtime, json_object *obj, const char *network,
                        struct cnm_error *err)
{
	if (read_ports(runtime, obj, err) < 0 || read_ips(runtime, obj, err) < 0 ||
	    read_ranges(runtime, obj, err) < 0 || cnm_caseless_get_mac(obj, "mac", &runtime->mac, err) < 0 ||
	    read_objects(runtime, obj, err) < 0 || read_aliases(runtime, obj, network, err) < 0)
		return -1;
	return cnm_caseless_dup_string(obj, "cgroupPath", &runtime->cgroup_path, err);
}

int cnm_cni_runtime_parse(struct cnm_cni_runtime *ret, json_object *obj, const char *network,
                          struct cnm_error *err)
{
	*ret = (struct cnm_cni_runtime){0};
	if (obj && read_members(ret, obj, network, err) < 0) {
		cnm_cni_runtime_free(ret);
		return cnm_wrap(err, "runtimeConfig");
	}
	return 0;
}

void cnm_cni_runtime_free(struct cnm_cni_runtime *runtime)
{
	if (!runtime)
		return;
	free(runtime->ports);
	cnm_strings_free(&runtime->ips);
	cnm_cni_ranges_free(&runtime->ranges);
	free(runtime->mac);
	cnm_cni_dns_free(&runtime->dns);
	cnm_strings_free(&runtime->aliases);
	free(runtime->cgroup_path);
	*runtime = (struct cnm_cni_runtime){0};
}
