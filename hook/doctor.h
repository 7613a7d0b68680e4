/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `cnm doctor` looks at: each part tells what is wrong and what mends it, and changes nothing. */
#ifndef CNM_HOOK_DOCTOR_H
#define CNM_HOOK_DOCTOR_H

#include "cnm/model.h"
#include "spec/strings.h"

enum cnm_severity {
	CNM_SEVERITY_NOTE,    /* worth to know */
	CNM_SEVERITY_WARNING, /* something is left over */
	CNM_SEVERITY_ERROR,   /* something does not work */
};

struct cnm_finding {
	enum cnm_severity severity;
	const char *subject;
	const char *problem;
	const char *remedy;
};

typedef void (*cnm_finding_fn)(const struct cnm_finding *finding, void *arg);

struct cnm_doctor {
	struct cnm_controller *controller; /* NULL: the roots cannot be opened */
	const char *const *plugin_dirs;    /* each ends with NULL */
	const char *const *hooks_dirs;
	cnm_finding_fn fn;
	void *arg;
};

void cnm_doctor_tell(const struct cnm_doctor *doctor, enum cnm_severity severity, const char *subject,
                     const char *problem, const char *remedy);

/* What the kernel and libnftables can do, tried in a network namespace that ends with this process. */
void cnm_doctor_kernel(const struct cnm_doctor *doctor);
/* Plugin folders, and the hook files of podman and CRI-O. */
void cnm_doctor_plugins(const struct cnm_doctor *doctor);
void cnm_doctor_hooks(const struct cnm_doctor *doctor);
/* Records that cannot be read, what gc would take, and what the kernel lacks of networks and endpoints: forwarding and rules of others too. */
void cnm_doctor_records(const struct cnm_doctor *doctor);
/* Links and firewall elements that no record of these roots explains. */
void cnm_doctor_objects(const struct cnm_doctor *doctor);

#endif
