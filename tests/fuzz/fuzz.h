/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is fuzzed: a function for each parser of input that others write. A target finds nothing by itself; sanitizers do, and what it asserts of what it
 * parsed. `make fuzz` runs them under libFuzzer (engine.c), `make check` replays the corpora (replay.c).
 */
#ifndef CNM_TESTS_FUZZ_H
#define CNM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name; /* of its corpus, and of the program */
	void (*run)(const uint8_t *data, size_t size);
};

extern const struct fuzz_target fuzz_targets[]; /* ends with a name that is NULL */

void fuzz_json(const uint8_t *data, size_t size);
void fuzz_oci_state(const uint8_t *data, size_t size);
void fuzz_cni_config(const uint8_t *data, size_t size);
void fuzz_cni_result(const uint8_t *data, size_t size);
void fuzz_cni_env(const uint8_t *data, size_t size);
void fuzz_arguments(const uint8_t *data, size_t size);
void fuzz_network_record(const uint8_t *data, size_t size);
void fuzz_endpoint_record(const uint8_t *data, size_t size);
void fuzz_sandbox_record(const uint8_t *data, size_t size);
void fuzz_netlink(const uint8_t *data, size_t size);
void fuzz_plugin_reply(const uint8_t *data, size_t size);
void fuzz_plugin_file(const uint8_t *data, size_t size);
void fuzz_dns(const uint8_t *data, size_t size);

/* A NUL-terminated copy, which the caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);
/* Ends the process where a promise is broken. */
#define FUZZ_ASSERT(condition)                                                                               \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			__builtin_trap();                                                                    \
	} while (0)

#endif
