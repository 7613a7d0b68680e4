/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored records: what is read can be written, and reads as the same. */
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/codec.h"
#include "cnm/model.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define FUZZ_RECORD(noun)                                                                                    \
	void fuzz_##noun##_record(const uint8_t *data, size_t size)                                          \
	{                                                                                                    \
		_cleanup_free_ char *text = fuzz_text(data, size);                                           \
		_cleanup_##noun##_ struct cnm_##noun *first = NULL, *second = NULL;                          \
		_cleanup_json_ json_object *written = NULL, *again = NULL;                                   \
		struct cnm_error err = CNM_ERROR_INIT;                                                       \
		const char *printed;                                                                         \
                                                                                                             \
		if (cnm_##noun##_decode(&first, text, size, &err) < 0) {                                     \
			FUZZ_ASSERT(err.code == CNM_E_STORE && err.text[0]);                                 \
			return;                                                                              \
		}                                                                                            \
		written = cnm_##noun##_to_json(first, &err);                                                 \
		FUZZ_ASSERT(written);                                                                        \
		printed = json_object_to_json_string(written);                                               \
		FUZZ_ASSERT(cnm_##noun##_decode(&second, printed, strlen(printed), &err) == 0);              \
		again = cnm_##noun##_to_json(second, &err);                                                  \
		FUZZ_ASSERT(again &&json_object_equal(written, again));                                      \
	}

FUZZ_RECORD(network)
FUZZ_RECORD(endpoint)
FUZZ_RECORD(sandbox)
