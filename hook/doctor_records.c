/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor: the records, by themselves and against the kernel. */
#include "cnm/base/cleanup.h"
#include "cnm/driver.h"
#include "cnm/store.h"
#include "hook/doctor.h"
#include <stdio.h>
#include <string.h>

#define ASIDE "it is set aside, and harms no other: restore it, or remove it by hand"

/* name NULL: none. */
static void tell_unreadable(const struct cnm_doctor *doctor, const struct cnm_error *err, const char *what,
                            const char *name, const char *key)
{
	char subject[512];

	if (err->code == CNM_E_NOT_FOUND)
		return; /* gone meanwhile */
	snprintf(subject, sizeof(subject), "%s%s%s%s%s", what, name ? " " : "", name ? name : "",
	         key ? "/" : "", key ? key : "");
	cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, err->text,
	                cnm_store_is_lost(err) ? ASIDE : "try again");
}

static void check_endpoint(const struct cnm_doctor *doctor, struct cnm_endpoint *endpoint)
{
	struct cnm_error err = CNM_ERROR_INIT;
	char subject[256];

	/* Half done is the matter of gc; of another program's endpoint the link is not ours. */
	if (!endpoint->container[0] || endpoint->joining ||
	    cnm_endpoint_check(doctor->controller, endpoint, &err) == 0 || err.code == CNM_E_NOT_FOUND)
		return;
	snprintf(subject, sizeof(subject), "endpoint %.63s/%.150s", endpoint->network, endpoint->name);
	cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, err.text,
	                err.code == CNM_E_NETNS ? "cnm gc" : "cnm reconcile; else start the container anew");
}

static void check_endpoints(const struct cnm_doctor *doctor, const char *network, bool works)
{
	_cleanup_store_network_ struct cnm_store_network net = CNM_STORE_NETWORK_INIT;
	_cleanup_names_ struct cnm_names keys = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_network_open_live(doctor->controller->store, network, &net, &err) < 0 ||
	    cnm_store_endpoint_keys(&net, &keys, &err) < 0) {
		tell_unreadable(doctor, &err, "endpoints of network", network, NULL);
		return;
	}
	for (i = 0; i < keys.count; i++) {
		_cleanup_endpoint_ struct cnm_endpoint *endpoint = NULL;
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_store_endpoint_load(&net, keys.items[i], &endpoint, &one) < 0)
			tell_unreadable(doctor, &one, "record of endpoint", network, keys.items[i]);
		else if (works)
			check_endpoint(doctor, endpoint);
	}
}

/* What the network lacks is told once, and not again of each of its endpoints. */
static bool check_network(const struct cnm_doctor *doctor, struct cnm_network *network)
{
	struct cnm_error err = CNM_ERROR_INIT;
	const struct cnm_driver *driver = cnm_controller_driver(doctor->controller, network->driver, &err);
	char subject[128];

	if (driver &&
	    (!driver->network_check || driver->network_check(doctor->controller, network, &err) == 0))
		return true;
	snprintf(subject, sizeof(subject), "network %s", network->name);
	cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, err.text,
	                driver ? "cnm reconcile" : "a build of cnm with that driver");
	return false;
}

static void check_networks(const struct cnm_doctor *doctor)
{
	_cleanup_names_ struct cnm_names names = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_network_names(doctor->controller->store, &names, &err) < 0)
		tell_unreadable(doctor, &err, "records of networks", NULL, NULL);
	for (i = 0; i < names.count; i++) {
		_cleanup_network_ struct cnm_network *network = NULL;
		struct cnm_error one = CNM_ERROR_INIT;
		bool works = false;

		if (cnm_store_network_load(doctor->controller->store, names.items[i], &network, &one) < 0)
			tell_unreadable(doctor, &one, "record of network", names.items[i], NULL);
		else
			works = check_network(doctor, network);
		check_endpoints(doctor, names.items[i], works);
	}
}

static void check_sandboxes(const struct cnm_doctor *doctor)
{
	_cleanup_names_ struct cnm_names ids = {0};
	struct cnm_error err = CNM_ERROR_INIT;
	size_t i;

	if (cnm_store_sandbox_ids(doctor->controller->store, &ids, &err) < 0)
		tell_unreadable(doctor, &err, "records of sandboxes", NULL, NULL);
	for (i = 0; i < ids.count; i++) {
		_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;
		struct cnm_error one = CNM_ERROR_INIT;

		if (cnm_store_sandbox_load(doctor->controller->store, ids.items[i], &sandbox, &one) < 0)
			tell_unreadable(doctor, &one, "record of sandbox", ids.items[i], NULL);
	}
}

static void tell_garbage(const char *what, const char *why, void *arg)
{
	cnm_doctor_tell(arg, CNM_SEVERITY_WARNING, what, why, "cnm gc");
}

void cnm_doctor_records(const struct cnm_doctor *doctor)
{
	struct cnm_doctor told = *doctor;
	struct cnm_error ignored = CNM_ERROR_INIT; /* what gc cannot read is told by the checks */

	check_networks(doctor);
	check_sandboxes(doctor);
	cnm_gc(doctor->controller, true, tell_garbage, &told, &ignored);
}
