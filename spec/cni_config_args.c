/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `args.cni`. */
#include "spec/cni_config_args.h"
#include "cnm/base/error.h"
#include "spec/caseless.h"
#include "spec/grammar.h"
#include <limits.h>
#include <stdlib.h>

static int read_labels(struct cnm_cni_config_args *args, json_object *obj, struct cnm_error *err)
{
	json_object *list = NULL;

	if (cnm_caseless_get_array(obj, "labels", &list, err) < 0)
		return -1;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *item = json_object_array_get_idx(list, i);
		const char *key = NULL, *value = "";

		if (cnm_caseless_get_string(item, "key", &key, err) < 0 ||
		    cnm_caseless_get_string(item, "value", &value, err) < 0)
			return cnm_wrap(err, "labels[%zu]", i);
		if (!key || *key == '\0')
			return cnm_fail(err, CNM_E_INVALID, "labels[%zu]: expected {\"key\", \"value\"}", i);
		if (cnm_kvs_set(&args->labels, key, value, err) < 0)
			return -1;
	}
	return 0;
}

static int read_members(struct cnm_cni_config_args *args, json_object *obj, struct cnm_error *err)
{
	if (read_labels(args, obj, err) < 0 || cnm_caseless_get_strings(obj, "ips", &args->ips, err) < 0 ||
	    cnm_addresses_check(&args->ips, "ips", err) < 0 ||
	    cnm_caseless_get_mac(obj, "mac", &args->mac, err) < 0 ||
	    cnm_caseless_get_kvs(obj, "sysctl", &args->sysctl, err) < 0)
		return -1;
	if (cnm_caseless_get_int(obj, "mtu", 0, INT_MAX, &args->mtu, err) < 0 ||
	    cnm_caseless_get_int(obj, "txQLen", 0, INT_MAX, &args->txqlen, err) < 0 ||
	    cnm_caseless_get_switch(obj, "promisc", &args->promisc, err) < 0)
		return -1;
	return cnm_caseless_get_switch(obj, "allmulti", &args->allmulti, err);
}

int cnm_cni_config_args_parse(struct cnm_cni_config_args *ret, json_object *obj, struct cnm_error *err)
{
	*ret = (struct cnm_cni_config_args){.txqlen = -1, .promisc = -1, .allmulti = -1};
	if (obj && read_members(ret, obj, err) < 0) {
		cnm_cni_config_args_free(ret);
		return cnm_wrap(err, "args.cni");
	}
	return 0;
}

void cnm_cni_config_args_free(struct cnm_cni_config_args *args)
{
	if (!args)
		return;
	cnm_kvs_free(&args->labels);
	cnm_strings_free(&args->ips);
	free(args->mac);
	cnm_kvs_free(&args->sysctl);
	*args = (struct cnm_cni_config_args){.txqlen = -1, .promisc = -1, .allmulti = -1};
}
