/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of targets. */
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

const struct fuzz_target fuzz_targets[] = {
        {"json", fuzz_json},
        {"oci_state", fuzz_oci_state},
        {"cni_config", fuzz_cni_config},
        {"cni_result", fuzz_cni_result},
        {"cni_env", fuzz_cni_env},
        {"arguments", fuzz_arguments},
        {"network_record", fuzz_network_record},
        {"endpoint_record", fuzz_endpoint_record},
        {"sandbox_record", fuzz_sandbox_record},
        {"netlink", fuzz_netlink},
        {"plugin_reply", fuzz_plugin_reply},
        {"plugin_file", fuzz_plugin_file},
        {"dns", fuzz_dns},
        {NULL, NULL},
};

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_ASSERT(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
