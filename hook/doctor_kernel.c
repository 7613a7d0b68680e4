/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor: what the kernel can do. Each thing is tried, in a namespace of its own, since no list of modules or version numbers tells. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_link.h"
#include "cnm/sys/sysctl.h"
#include "drivers/ruleset_table.h"
#include "hook/cni_probe.h"
#include "hook/doctor.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

static int try_veth(struct cnm_error *err)
{
	_cleanup_rtnl_ struct cnm_rtnl *rtnl = NULL;
	struct cnm_veth veth = {.name = "probe0", .peer_name = "probe1", .peer_netns_fd = -1};
	struct cnm_rtnl_batch batch;

	if (cnm_rtnl_open(&rtnl, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_add_veth(&batch, &veth);
	return cnm_rtnl_batch_send(rtnl, &batch, err);
}

static int try_ruleset(struct cnm_error *err)
{
	return cnm_nft_run(cnm_table_inet.text, err);
}

static int try_bridge_ruleset(struct cnm_error *err)
{
	return cnm_nft_run(cnm_table_bridge.text, err);
}

static int try_ipv6(struct cnm_error *err)
{
	char value[16];

	return cnm_sysctl_read("net/ipv6/conf/all/forwarding", value, sizeof(value), err);
}

static const struct {
	cnm_cni_probe_fn try;
	enum cnm_severity severity;
	const char *subject;
	const char *remedy;
} tries[] = {
        {cnm_cni_try_bridge, CNM_SEVERITY_ERROR, "kernel: bridges", "modprobe bridge"},
        {try_veth, CNM_SEVERITY_ERROR, "kernel: veth pairs", "modprobe veth"},
        {try_ruleset, CNM_SEVERITY_ERROR, "kernel: the firewall's table",
         "modprobe nf_tables nft_nat nft_masq nft_fib_inet, and install libnftables1"},
        {try_bridge_ruleset, CNM_SEVERITY_NOTE, "kernel: rules on bridges",
         "networks with anti_spoof need them: modprobe nft_meta_bridge"},
        {try_ipv6, CNM_SEVERITY_NOTE, "kernel: IPv6",
         "networks with IPv6 need it: boot without ipv6.disable=1"},
};

void cnm_doctor_kernel(const struct cnm_doctor *doctor)
{
	struct cnm_error err = CNM_ERROR_INIT;
	_cleanup_close_ int own = cnm_netns_open_own(&err);
	size_t i;

	if (own < 0 || unshare(CLONE_NEWNET) < 0) {
		if (own >= 0)
			cnm_fail_sys(&err, errno, "cannot make a network namespace");
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, "kernel: network namespaces", err.text,
		                "run as root; a kernel with CONFIG_NET_NS");
		return;
	}
	for (i = 0; i < CNM_ARRAY_SIZE(tries); i++) {
		cnm_error_clear(&err);
		if (tries[i].try(&err) < 0)
			cnm_doctor_tell(doctor, tries[i].severity, tries[i].subject, err.text,
			                tries[i].remedy);
	}
	cnm_netns_return(own);
}
