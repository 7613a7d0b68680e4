/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that uses libcnm: makes a network and a sandbox, connects them, shows what came of it, and takes
 * everything away again.
 *
 *	gcc -o attach attach.c $(pkg-config --cflags --libs libcnm)
 *	CNM_ROOT=/tmp/cnm-root CNM_STATE=/tmp/cnm-state ./attach
 */
#include <cnm/cnm.h>
#include <stdio.h>
#include <stdlib.h>

static int show(const struct cnm_endpoint *endpoint)
{
	char address[64];

	printf("endpoint  %s\n", cnm_endpoint_name(endpoint));
	printf("interface %s\n", cnm_endpoint_ifname(endpoint));
	for (size_t i = 0; cnm_endpoint_address(endpoint, i, address); i++)
		printf("address   %s\n", address);
	/* The key is a path: open it and setns(2), or `nsenter --net=KEY`. */
	printf("key       %s\n", cnm_endpoint_sandbox_key(endpoint));
	return 0;
}

/* Join a sandbox of our own making to the network. */
static int attach(struct cnm_controller *controller, struct cnm_network *network, struct cnm_error *err)
{
	const struct cnm_sandbox_spec sandbox = {.id = "example-container", .hostname = "example"};
	const struct cnm_endpoint_spec endpoint_spec = {0};
	const struct cnm_join_spec join = {.ifname = "eth0"};
	struct cnm_endpoint *endpoint = NULL;
	int result;

	if (cnm_connect(controller, network, &sandbox, &endpoint_spec, &join, CNM_CONNECT_NEW, &endpoint,
	                err) < 0)
		return -1;
	result = show(endpoint);
	cnm_endpoint_free(endpoint);
	/* The last leave deletes the sandbox, since we did not make it by cnm_sandbox_create. */
	if (cnm_disconnect(controller, cnm_network_name(network), sandbox.id, NULL, NULL, err) < 0)
		return -1;
	return result;
}

static int run(struct cnm_controller *controller, struct cnm_error *err)
{
	const struct cnm_network_spec spec = {.name = "example", .driver = "bridge"};
	struct cnm_network *network = NULL;
	struct cnm_error ignored = CNM_ERROR_INIT;
	int result;

	if (cnm_controller_add_builtin_drivers(controller, err) < 0 ||
	    cnm_network_create(controller, &spec, &network, err) < 0)
		return -1;
	printf("network   %s\n", cnm_network_id(network));
	result = attach(controller, network, err);
	/* Of two errors the first one is told. */
	if (cnm_network_delete(controller, network, result < 0 ? &ignored : err) < 0)
		result = -1;
	cnm_network_free(network);
	return result;
}

int main(void)
{
	const struct cnm_settings settings = {.root = getenv("CNM_ROOT"), .state = getenv("CNM_STATE")};
	struct cnm_controller *controller = NULL;
	struct cnm_error err = CNM_ERROR_INIT;
	int result = cnm_controller_open(&controller, &settings, &err);

	if (result == 0)
		result = run(controller, &err);
	cnm_controller_close(controller);
	if (result < 0)
		fprintf(stderr, "attach: %s\n", err.text);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
