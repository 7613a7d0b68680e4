/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reserves endpoints on a network until it has COUNT more, in one process: a pool of 65,000 addresses is nearly full within seconds. They are what
 * `cnm endpoint create` makes, by the library's own function; nothing of them is in the kernel.
 *
 *	fill NETWORK FIRST COUNT
 */
#include <cnm/cnm.h>
#include <stdio.h>
#include <stdlib.h>

static int fill(struct cnm_controller *controller, const char *name, int first, int count,
                struct cnm_error *err)
{
	struct cnm_network *network = NULL;
	int result = 0;

	if (cnm_controller_add_builtin_drivers(controller, err) < 0 ||
	    cnm_network_find(controller, name, &network, err) < 0)
		return -1;
	for (int i = first; i < first + count && result == 0; i++) {
		struct cnm_endpoint *endpoint = NULL;
		char text[32];
		const struct cnm_endpoint_spec spec = {.name = text};

		snprintf(text, sizeof(text), "reserved-%d", i);
		result = cnm_endpoint_create(controller, network, &spec, &endpoint, err);
		cnm_endpoint_free(endpoint);
	}
	cnm_network_free(network);
	return result;
}

int main(int argc, char **argv)
{
	const struct cnm_settings settings = {.root = getenv("CNM_ROOT"), .state = getenv("CNM_STATE")};
	struct cnm_controller *controller = NULL;
	struct cnm_error err = CNM_ERROR_INIT;

	if (argc != 4) {
		fputs("usage: fill NETWORK FIRST COUNT\n", stderr);
		return 2;
	}
	if (cnm_controller_open(&controller, &settings, &err) < 0 ||
	    fill(controller, argv[1], atoi(argv[2]), atoi(argv[3]), &err) < 0) {
		fprintf(stderr, "fill: %s\n", err.text);
		return 1;
	}
	cnm_controller_close(controller);
	return 0;
}
