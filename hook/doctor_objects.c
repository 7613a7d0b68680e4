/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor: what is in the kernel under our name, and in no record. It may be of a controller with other roots, so nothing takes it away unasked. */
#include "cnm/base/cleanup.h"
#include "cnm/store.h"
#include "cnm/sys/nft.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/bridge.h"
#include "hook/doctor.h"
#include <stdio.h>
#include <string.h>

#define ALIAS "cnm:" /* before the id of what a link was made for */

/* All records: an array of networks, and their endpoints with them. */
struct records {
	struct cnm_network **networks;
	size_t network_count;
	struct cnm_endpoint ***endpoints; /* of each network */
	size_t *endpoint_counts;
};

struct search {
	const struct cnm_doctor *doctor;
	const struct records *records;
};

static void records_free(struct records *records)
{
	size_t i;

	for (i = 0; records->endpoints && i < records->network_count; i++)
		cnm_endpoint_list_free(records->endpoints[i], records->endpoint_counts[i]);
	free(records->endpoints);
	free(records->endpoint_counts);
	cnm_network_list_free(records->networks, records->network_count);
}

static int records_read(struct cnm_controller *controller, struct records *ret, struct cnm_error *err)
{
	size_t i;

	if (cnm_network_list(controller, &ret->networks, &ret->network_count, err) < 0)
		return -1;
	ret->endpoints = calloc(ret->network_count + 1, sizeof(*ret->endpoints));
	ret->endpoint_counts = calloc(ret->network_count + 1, sizeof(*ret->endpoint_counts));
	if (!ret->endpoints || !ret->endpoint_counts)
		return cnm_fail_nomem(err);
	for (i = 0; i < ret->network_count; i++)
		if (cnm_endpoint_list(controller, ret->networks[i], &ret->endpoints[i],
		                      &ret->endpoint_counts[i], err) < 0) {
			if (err->code != CNM_E_NOT_FOUND)
				return -1;
			cnm_error_clear(err); /* deleted meanwhile */
		}
	return 0;
}

static bool has_link(const struct records *records, const char *name)
{
	size_t i, j;

	for (i = 0; i < records->network_count; i++)
		for (j = 0; j < records->endpoint_counts[i]; j++)
			if (strcmp(records->endpoints[i][j]->host_ifname, name) == 0)
				return true;
	return false;
}

/* A network's parent that was made for it: a VLAN's link, or a pair of its own. Its alias has the network's id. */
static bool has_parent(const struct records *records, const struct cnm_link *link)
{
	size_t i;

	for (i = 0; i < records->network_count; i++)
		if (strcmp(records->networks[i]->id, link->alias + strlen(ALIAS)) == 0)
			return true;
	return false;
}

static bool has_bridge(const struct records *records, const char *name)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_bridge bridge;
	size_t i;

	for (i = 0; i < records->network_count; i++)
		if (strcmp(records->networks[i]->driver, "bridge") == 0 &&
		    cnm_bridge_settings(records->networks[i], &bridge, &ignored) == 0 &&
		    strcmp(bridge.name, name) == 0)
			return true;
	return false;
}

/* A comment begins with 12 digits of the endpoint's id. */
static bool has_owner(const struct records *records, const char *comment)
{
	size_t i, j;

	for (i = 0; i < records->network_count; i++)
		for (j = 0; j < records->endpoint_counts[i]; j++)
			if (strncmp(records->endpoints[i][j]->id, comment, CNM_SHORT_ID) == 0)
				return true;
	return false;
}

static int look_at_link(const struct cnm_link *link, void *arg, struct cnm_error *err)
{
	const struct search *search = arg;
	char subject[64], problem[CNM_LINK_ALIAS_MAX + 128], remedy[64];

	if (strncmp(link->alias, ALIAS, strlen(ALIAS)) != 0 || has_link(search->records, link->name) ||
	    has_parent(search->records, link))
		return 0;
	snprintf(subject, sizeof(subject), "link %s", link->name);
	snprintf(problem, sizeof(problem), "it was made for endpoint %s, of which these roots have no record",
	         link->alias + strlen(ALIAS));
	snprintf(remedy, sizeof(remedy), "ip link del %s, unless another root has it", link->name);
	cnm_doctor_tell(search->doctor, CNM_SEVERITY_WARNING, subject, problem, remedy);
	return 0;
}

static int look_at_bridge(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	const struct search *search = arg;
	char subject[64], name[IF_NAMESIZE], remedy[160];

	memcpy(name, found->key.bytes, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	if (has_bridge(search->records, name))
		return 0;
	snprintf(subject, sizeof(subject), "firewall of bridge %s", name);
	snprintf(remedy, sizeof(remedy),
	         "unless another root has it: ip link del %s, nft delete element inet cnm bridges { %s }",
	         name, name);
	cnm_doctor_tell(search->doctor, CNM_SEVERITY_WARNING, subject,
	                "these roots have no network with that bridge", remedy);
	return 0;
}

static int look_at_claim(const struct cnm_nft_found *found, void *arg, struct cnm_error *err)
{
	const struct search *search = arg;
	char subject[192];

	if (found->interval_end || !found->comment[0] || has_owner(search->records, found->comment))
		return 0;
	snprintf(subject, sizeof(subject), "published port of %s", found->comment);
	cnm_doctor_tell(search->doctor, CNM_SEVERITY_WARNING, subject,
	                "these roots have no record of that endpoint",
	                "unless another root has it: nft delete table inet cnm, then cnm reconcile");
	return 0;
}

static int look_at_firewall(struct search *search, struct cnm_error *err)
{
	static const char *const claims[] = {"claims", "claims_of4", "claims_of6", "open4", "open6"};
	struct cnm_nft *nft = cnm_controller_nft(search->doctor->controller, err);
	size_t i;

	if (!nft || cnm_nft_list(nft, "bridges", look_at_bridge, search, err) < 0)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(claims); i++)
		if (cnm_nft_list(nft, claims[i], look_at_claim, search, err) < 0)
			return -1;
	return 0;
}

void cnm_doctor_objects(const struct cnm_doctor *doctor)
{
	_cleanup_(records_free) struct records records = {0};
	struct search search = {.doctor = doctor, .records = &records};
	struct cnm_error err = CNM_ERROR_INIT;
	struct cnm_rtnl *rtnl = cnm_controller_rtnl(doctor->controller, &err);

	if (!rtnl || records_read(doctor->controller, &records, &err) < 0 ||
	    cnm_link_list(rtnl, look_at_link, &search, &err) < 0 || look_at_firewall(&search, &err) < 0)
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, "kernel", err.text, "run as root");
}
