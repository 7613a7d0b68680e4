/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS settings: read and written. */
#include "spec/cni_dns.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "spec/caseless.h"
#include "spec/json_list.h"

int cnm_cni_dns_parse(struct cnm_cni_dns *ret, json_object *obj, struct cnm_error *err)
{
	*ret = (struct cnm_cni_dns){0};
	if (cnm_caseless_get_strings(obj, "nameservers", &ret->nameservers, err) < 0 ||
	    cnm_caseless_dup_string(obj, "domain", &ret->domain, err) < 0 ||
	    cnm_caseless_get_strings(obj, "search", &ret->search, err) < 0 ||
	    cnm_caseless_get_strings(obj, "options", &ret->options, err) < 0) {
		cnm_cni_dns_free(ret);
		return cnm_wrap(err, "dns");
	}
	return 0;
}

int cnm_cni_dns_parse_runtime(struct cnm_cni_dns *ret, json_object *obj, struct cnm_error *err)
{
	*ret = (struct cnm_cni_dns){0};
	if (cnm_caseless_get_strings(obj, "servers", &ret->nameservers, err) < 0 ||
	    cnm_caseless_get_strings(obj, "searches", &ret->search, err) < 0 ||
	    cnm_caseless_get_strings(obj, "options", &ret->options, err) < 0) {
		cnm_cni_dns_free(ret);
		return cnm_wrap(err, "dns");
	}
	return 0;
}

int cnm_cni_dns_build(json_object **ret, const struct cnm_cni_dns *dns, struct cnm_error *err)
{
	json_object *object _cleanup_json_ = json_object_new_object();

	if (!object)
		return cnm_fail_nomem(err);
	if (cnm_json_add_strings(object, "nameservers", &dns->nameservers, err) < 0 ||
	    cnm_json_add_string(object, "domain", dns->domain, err) < 0 ||
	    cnm_json_add_strings(object, "search", &dns->search, err) < 0 ||
	    cnm_json_add_strings(object, "options", &dns->options, err) < 0)
		return -1;
	*ret = TAKE_PTR(object);
	return 0;
}

bool cnm_cni_dns_is_set(const struct cnm_cni_dns *dns)
{
	return dns->nameservers.count || dns->domain || dns->search.count || dns->options.count;
}

void cnm_cni_dns_free(struct cnm_cni_dns *dns)
{
	if (!dns)
		return;
	cnm_strings_free(&dns->nameservers);
	free(dns->domain);
	cnm_strings_free(&dns->search);
	cnm_strings_free(&dns->options);
	*dns = (struct cnm_cni_dns){0};
}
