/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small host for tests of the model. */
#include "tests/support/model.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cnm_test_host_make(struct cnm_test_host *host)
{
	struct cnm_settings settings;
	struct cnm_error err = CNM_ERROR_INIT;

	memset(host, 0, sizeof(*host));
	cnm_test_mounts_enter();
	cnm_test_netns_enter();
	cnm_test_roots_make(&host->roots);
	settings.root = host->roots.root;
	settings.state = host->roots.state;
	cr_assert_eq(cnm_controller_open(&host->controller, &settings, &err), 0, "%s", err.text);
	cr_assert_eq(cnm_controller_add_builtin_drivers(host->controller, &err), 0, "%s", err.text);
	host->baseline = cnm_test_host_snapshot(host);
}

void cnm_test_host_remove(struct cnm_test_host *host)
{
	cnm_controller_close(host->controller);
	free(host->baseline);
	cnm_test_roots_remove(&host->roots);
}

char *cnm_test_host_snapshot(const struct cnm_test_host *host)
{
	struct cnm_test_output output;

	/* Link-local addresses and neighbours come and go by themselves; what we make does not. */
	cnm_test_shell(&output,
	               "ip -o link | sed 's/<[^>]*>//;s/state [A-Z]*//'; ip -o -4 addr; ip route | sed 's, "
	               "linkdown,,'; nft list ruleset; "
	               "ls %s/netns %s/sandboxes; find %s/networks -mindepth 2 \\( -name '*.json' -o -path "
	               "'*/addresses/*' -o -name '*.joining' \\); cat /proc/sys/net/ipv4/ip_forward",
	               host->roots.state, host->roots.state, host->roots.state);
	free(output.err);
	return output.out;
}

void cnm_test_host_assert_clean(const struct cnm_test_host *host)
{
	char *now = cnm_test_host_snapshot(host);

	cr_assert_str_eq(now, host->baseline, "something is left:\n%s\n--- at the start:\n%s", now,
	                 host->baseline);
	free(now);
}

struct cnm_network *cnm_test_network(struct cnm_test_host *host, const struct cnm_network_spec *spec)
{
	struct cnm_network *network = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_create(host->controller, spec, &network, &err), 0, "%s", err.text);
	return network;
}

struct cnm_endpoint *cnm_test_connect(struct cnm_test_host *host, struct cnm_network *network,
                                      const char *container)
{
	struct cnm_sandbox_spec sandbox = {.id = container};
	struct cnm_endpoint *endpoint = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_connect(host->controller, network, &sandbox, NULL, NULL, CNM_CONNECT_NEW, &endpoint,
	                         &err),
	             0, "%s", err.text);
	return endpoint;
}

void cnm_test_disconnect(struct cnm_test_host *host, const char *network, const char *container)
{
	struct cnm_error err = CNM_ERROR_INIT;
	size_t count = 0;

	cr_assert_eq(cnm_disconnect(host->controller, network, container, NULL, &count, &err), 0, "%s",
	             err.text);
	cr_assert_eq(count, 1);
}

void cnm_test_network_delete(struct cnm_test_host *host, struct cnm_network *network)
{
	struct cnm_error err = CNM_ERROR_INIT;

	cr_assert_eq(cnm_network_delete(host->controller, network, &err), 0, "%s", err.text);
	cnm_network_free(network);
}
