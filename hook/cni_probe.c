/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What STATUS tries of the kernel. */
#include "hook/cni_probe.h"
#include "cnm/base/cleanup.h"
#include "cnm/model.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_link.h"
#include <errno.h>
#include <sched.h>

int cnm_cni_probe(const cnm_cni_probe_fn *tries, size_t count, struct cnm_error *err)
{
	_cleanup_close_ int own = cnm_netns_open_own(err);
	size_t i;
	int r = 0;

	if (own < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0)
		return cnm_fail_sys(err, errno, "cannot make a network namespace");
	for (i = 0; i < count && r == 0; i++)
		r = tries[i](err);
	cnm_netns_return(own);
	return r;
}

int cnm_cni_try_bridge(struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct cnm_rtnl_batch batch;
	struct cnm_mac mac;

	if (cnm_rtnl_open(&rtnl, err) < 0 || cnm_mac_random(&mac, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_bridge(&batch, "probe", &mac);
	if (cnm_rtnl_batch_send(rtnl, &batch, err) < 0)
		return cnm_wrap(err, "this kernel makes no bridges");
	return 0;
}

static int try_nftables(struct cnm_error *err)
{
	static const char rules[] =
	        "table inet probe {\n"
	        "	set s { typeof meta iifname; }\n"
	        "	chain c { type nat hook postrouting priority srcnat; oifname @s masquerade; }\n"
	        "}\n";

	return cnm_nft_run(rules, err) < 0 ? cnm_wrap(err, "nftables") : 0;
}

/* Where the table stands it was loaded, and needs no library any more. */
static int is_loaded(const struct cnm_cni_call *call, struct cnm_error *err)
{
	struct cnm_nft *nft = cnm_controller_nft(call->controller, err);

	return nft ? cnm_nft_table_exists(nft, err) : -1;
}

int cnm_cni_probe_bridges(const struct cnm_cni_call *call, struct cnm_error *err)
{
	static const cnm_cni_probe_fn tries[] = {cnm_cni_try_bridge, try_nftables};
	int loaded = is_loaded(call, err);

	return loaded < 0 ? -1 : cnm_cni_probe(tries, loaded ? 1 : CNM_ARRAY_SIZE(tries), err);
}

int cnm_cni_probe_nftables(const struct cnm_cni_call *call, struct cnm_error *err)
{
	static const cnm_cni_probe_fn tries[] = {try_nftables};
	int loaded = is_loaded(call, err);

	if (loaded != 0)
		return loaded < 0 ? -1 : 0;
	return cnm_cni_probe(tries, CNM_ARRAY_SIZE(tries), err);
}

int cnm_cni_not_usable(struct cnm_cni_error *err, unsigned code, const struct cnm_error *why)
{
	cnm_cni_fail_from(err, code, why);
	err->code = code;
	return -1;
}

int cnm_cni_status_nftables(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_probe_nftables(call, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "network %s: plugin %s", call->config->name, call->config->type);
	return cnm_cni_not_usable(err, CNM_CNI_E_UNAVAILABLE, &plain);
}
