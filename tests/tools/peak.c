/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program and writes its peak memory in KiB to a file. A child has at least its parent's peak until it executes, and this parent's is small:
 * shells and interpreters can't ask this of what they start.
 *
 *	peak FILE COMMAND [ARGUMENT...]
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status, result;
	pid_t pid;
	FILE *out;

	if (argc < 3) {
		fputs("usage: peak FILE COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	result = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (result != 0 || wait4(pid, &status, 0, &usage) != pid) {
		fprintf(stderr, "peak: %s: %s\n", argv[2], strerror(result));
		return 1;
	}
	out = fopen(argv[1], "we");
	if (!out || fprintf(out, "%ld\n", usage.ru_maxrss) < 0 || fclose(out) != 0) {
		perror(argv[1]);
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
