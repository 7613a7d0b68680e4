/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entry of libFuzzer. The program's name says which target it is: fuzz-NAME. */
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = strstr((*argv)[0], "fuzz-");

	for (chosen = fuzz_targets; name && chosen->name; chosen++)
		if (strcmp(chosen->name, name + strlen("fuzz-")) == 0)
			return 0;
	fprintf(stderr, "%s: no such target\n", (*argv)[0]);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	chosen->run(data, size);
	return 0;
}
