/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small host for tests of the model: own namespaces, own roots, a controller with the built-in drivers. */
#ifndef CNM_TESTS_MODEL_H
#define CNM_TESTS_MODEL_H

#include "cnm/model.h"
#include "tests/support/support.h"

struct cnm_test_host {
	struct cnm_test_roots roots;
	struct cnm_controller *controller;
	char *baseline; /* of cnm_test_host_snapshot, when the host was made */
};

void cnm_test_host_make(struct cnm_test_host *host);
void cnm_test_host_remove(struct cnm_test_host *host);
/* Links, addresses, routes, rules, pinned namespaces and live records, as text; freed by the caller. */
char *cnm_test_host_snapshot(const struct cnm_test_host *host);
/* Fails the test when something is left. */
void cnm_test_host_assert_clean(const struct cnm_test_host *host);

/* Each fails the test with the error's text when the call does not succeed. */
struct cnm_network *cnm_test_network(struct cnm_test_host *host, const struct cnm_network_spec *spec);
struct cnm_endpoint *cnm_test_connect(struct cnm_test_host *host, struct cnm_network *network,
                                      const char *container);
void cnm_test_disconnect(struct cnm_test_host *host, const char *network, const char *container);
void cnm_test_network_delete(struct cnm_test_host *host, struct cnm_network *network);

#endif
