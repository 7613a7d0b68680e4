/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs every file of every corpus once: replay CORPUS-FOLDER. Prints how many; a target without a corpus is an error. */
#include "tests/fuzz/fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1024 * 1024)

static void replay_file(const struct fuzz_target *target, const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* So that what crashes is known. */
	fprintf(stderr, "%s %s\n", target->name, path);
	target->run(data, size);
}

static unsigned replay_corpus(const struct fuzz_target *target, const char *root)
{
	char dir_path[4096], path[8192];
	const struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(dir_path, sizeof(dir_path), "%s/%s", root, target->name);
	dir = opendir(dir_path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name);
		replay_file(target, path);
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	const struct fuzz_target *target;
	int status = 0;

	for (target = fuzz_targets; argc == 2 && target->name; target++) {
		unsigned count = replay_corpus(target, argv[1]);

		printf("%s %u\n", target->name, count);
		if (count == 0)
			status = 1;
	}
	return argc == 2 ? status : 2;
}
