/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the chained reference plugins: portmap, firewall, tuning, bandwidth. */
#include "spec/cni_plugin.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/cni_env.h"
#include <limits.h>
#include <string.h>

static int fail_config(struct cnm_cni_error *err, const struct cnm_cni_config *config, struct cnm_error *from)
{
	cnm_wrap(from, "network %s: plugin %s", config->name, *config->type ? config->type : "without type");
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, from);
}

/* One of a set of words; "" and absent leave *ret. */
static int read_word(json_object *root, const char *key, const char *const *words, size_t count,
                     const char **ret, struct cnm_error *err)
{
	const char *text = NULL;

	if (cnm_caseless_get_string(root, key, &text, err) < 0)
		return -1;
	if (!text || *text == '\0')
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = words[i];
			return 0;
		}
	}
	return cnm_fail(err, CNM_E_INVALID, "key \"%s\": unknown value \"%s\"", key, text);
}

static int read_portmap(struct cnm_cni_portmap *portmap, json_object *root, struct cnm_error *err)
{
	static const char *const backends[] = {"iptables", "nftables"};

	if (read_word(root, "backend", backends, CNM_ARRAY_SIZE(backends), &portmap->backend, err) < 0 ||
	    cnm_caseless_get_bool(root, "snat", &portmap->snat, err) < 0 ||
	    cnm_caseless_get_bool(root, "masqAll", &portmap->masq_all, err) < 0 ||
	    cnm_caseless_get_int(root, "markMasqBit", 0, 31, &portmap->mark_masq_bit, err) < 0 ||
	    cnm_caseless_get_string(root, "externalSetMarkChain", &portmap->external_set_mark_chain, err) < 0)
		return -1;
	if (cnm_caseless_get_strings(root, "conditionsV4", &portmap->conditions_v4, err) < 0)
		return -1;
	return cnm_caseless_get_strings(root, "conditionsV6", &portmap->conditions_v6, err);
}

int cnm_cni_portmap_parse(struct cnm_cni_portmap *ret, const struct cnm_cni_config *config,
                          struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_portmap){.snat = true, .mark_masq_bit = 13};
	if (read_portmap(ret, config->root, &plain) == 0)
		return 0;
	cnm_cni_portmap_free(ret);
	return fail_config(err, config, &plain);
}

void cnm_cni_portmap_free(struct cnm_cni_portmap *portmap)
{
	if (!portmap)
		return;
	cnm_strings_free(&portmap->conditions_v4);
	cnm_strings_free(&portmap->conditions_v6);
}

static int read_firewall(struct cnm_cni_firewall *firewall, json_object *root, struct cnm_error *err)
{
	static const char *const policies[] = {
	        [CNM_CNI_INGRESS_OPEN] = "open",
	        [CNM_CNI_INGRESS_SAME_BRIDGE] = "same-bridge",
	        [CNM_CNI_INGRESS_ISOLATED] = "isolated",
	};
	static const char *const backends[] = {"iptables", "firewalld", "nftables", "none"};
	const char *policy = policies[CNM_CNI_INGRESS_OPEN];

	if (read_word(root, "backend", backends, CNM_ARRAY_SIZE(backends), &firewall->backend, err) < 0 ||
	    cnm_caseless_get_string(root, "iptablesAdminChainName", &firewall->admin_chain, err) < 0 ||
	    cnm_caseless_get_string(root, "firewalldZone", &firewall->zone, err) < 0 ||
	    read_word(root, "ingressPolicy", policies, CNM_ARRAY_SIZE(policies), &policy, err) < 0)
		return -1;
	while (policies[firewall->ingress] != policy)
		firewall->ingress++;
	return 0;
}

int cnm_cni_firewall_parse(struct cnm_cni_firewall *ret, const struct cnm_cni_config *config,
                           struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_firewall){.backend = "", .admin_chain = "CNI-ADMIN", .zone = "trusted"};
	return read_firewall(ret, config->root, &plain) < 0 ? fail_config(err, config, &plain) : 0;
}

/* The plain keys first, then what the runtime says about this attachment. */
static int read_tuning(struct cnm_cni_tuning *tuning, const struct cnm_cni_config *config,
                       struct cnm_error *err)
{
	const struct cnm_cni_config_args *args = &config->args;
	json_object *root = config->root;

	if (cnm_caseless_get_kvs(root, "sysctl", &tuning->sysctl, err) < 0 ||
	    cnm_caseless_get_mac(root, "mac", &tuning->mac, err) < 0 ||
	    cnm_caseless_get_switch(root, "promisc", &tuning->promisc, err) < 0 ||
	    cnm_caseless_get_switch(root, "allmulti", &tuning->allmulti, err) < 0 ||
	    cnm_caseless_get_int(root, "mtu", 0, INT_MAX, &tuning->mtu, err) < 0 ||
	    cnm_caseless_get_int(root, "txQLen", 0, INT_MAX, &tuning->txqlen, err) < 0 ||
	    cnm_caseless_get_string(root, "dataDir", &tuning->data_dir, err) < 0)
		return -1;
	for (size_t i = 0; i < args->sysctl.count; i++) {
		if (cnm_kvs_set(&tuning->sysctl, args->sysctl.items[i].key, args->sysctl.items[i].value,
		                err) < 0)
			return -1;
	}
	if (args->promisc >= 0)
		tuning->promisc = args->promisc;
	if (args->allmulti >= 0)
		tuning->allmulti = args->allmulti;
	if (args->mtu > 0)
		tuning->mtu = args->mtu;
	if (args->txqlen >= 0)
		tuning->txqlen = args->txqlen;
	return 0;
}

int cnm_cni_tuning_parse(struct cnm_cni_tuning *ret, const struct cnm_cni_config *config,
                         struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = (struct cnm_cni_tuning){
	        .promisc = -1, .allmulti = -1, .txqlen = -1, .data_dir = "/run/cni/tuning"};
	if (read_tuning(ret, config, &plain) == 0)
		return 0;
	cnm_cni_tuning_free(ret);
	return fail_config(err, config, &plain);
}

void cnm_cni_tuning_free(struct cnm_cni_tuning *tuning)
{
	if (!tuning)
		return;
	cnm_kvs_free(&tuning->sysctl);
	free(TAKE_PTR(tuning->mac));
}

static int check_bandwidth(const struct cnm_cni_bandwidth *bandwidth, struct cnm_error *err)
{
	if (!bandwidth->ingress_rate != !bandwidth->ingress_burst)
		return cnm_fail(err, CNM_E_INVALID, "ingressRate and ingressBurst need each other");
	if (!bandwidth->egress_rate != !bandwidth->egress_burst)
		return cnm_fail(err, CNM_E_INVALID, "egressRate and egressBurst need each other");
	/* The kernel counts the burst of a tbf in 32 bits of bytes. */
	if (bandwidth->ingress_burst / 8 > UINT32_MAX || bandwidth->egress_burst / 8 > UINT32_MAX)
		return cnm_fail(err, CNM_E_INVALID, "a burst of more than 4 GiB");
	return 0;
}

int cnm_cni_bandwidth_of_config(struct cnm_cni_bandwidth *ret, const struct cnm_cni_config *config,
                                struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	*ret = config->runtime.bandwidth;
	if (!ret->given && cnm_cni_bandwidth_parse(ret, config->root, &plain) < 0)
		return fail_config(err, config, &plain);
	return check_bandwidth(ret, &plain) < 0 ? fail_config(err, config, &plain) : 0;
}

const char *cnm_cni_requested_mac(const struct cnm_cni_config *config, const struct cnm_cni_args *args)
{
	if (config->runtime.mac)
		return config->runtime.mac;
	if (config->args.mac)
		return config->args.mac;
	return args ? args->mac : NULL;
}

const struct cnm_strings *cnm_cni_requested_ips(const struct cnm_cni_config *config,
                                                const struct cnm_cni_args *args)
{
	static const struct cnm_strings none = {0};

	if (config->runtime.ips.count)
		return &config->runtime.ips;
	if (config->args.ips.count)
		return &config->args.ips;
	return args ? &args->ips : &none;
}
